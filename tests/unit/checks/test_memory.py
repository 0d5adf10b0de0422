from datetime import date
from typing import Any

import pandas as pd
import polars as pl
import pytest

from beacon.checks import validate_frame
from beacon.checks.engine import run_suite
from beacon.checks.result import to_results
from beacon.contracts import Contract

from .conftest import ROWS


def _rows() -> list[dict[str, Any]]:
    return [{**row, "published_on": date.fromisoformat(row["published_on"])} for row in ROWS]


def _failed(results: Any) -> list[Any]:
    return [result for result in results if not result.passed]


@pytest.mark.parametrize("library", [pd, pl])
def test_a_right_frame_passes(contract: Contract, library: Any) -> None:
    assert _failed(validate_frame(library.DataFrame(_rows()), contract)) == []


@pytest.mark.parametrize("library", [pd, pl])
def test_a_wrong_value_fails_its_check(contract: Contract, library: Any) -> None:
    rows = _rows()
    rows[2]["area_code"] = "E0800001"
    (failure,) = _failed(validate_frame(library.DataFrame(rows), contract))
    assert failure.name == "area_code__pattern"
    assert failure.examples[0] == {"area_code": "E0800001", "year": 2021}


@pytest.mark.parametrize("library", [pd, pl])
def test_a_wrong_type_fails(contract: Contract, library: Any) -> None:
    rows = _rows()
    for row in rows:
        row["published_on"] = row["published_on"].isoformat()
    failures = {r.name: r for r in _failed(validate_frame(library.DataFrame(rows), contract))}
    assert "types" in failures
    assert "published_on" in failures["types"].message


def test_columns_in_another_order_fail(contract: Contract) -> None:
    frame = pl.DataFrame(_rows())
    (failure,) = _failed(validate_frame(frame.select(reversed(frame.columns)), contract))
    assert failure.name == "columns"


def test_an_empty_frame_fails(contract: Contract) -> None:
    (failure,) = _failed(validate_frame(pl.DataFrame(_rows()).clear(), contract))
    assert failure.name == "row_count"
    assert failure.observed == 0


def test_mixed_types_and_non_frames_fail_rather_than_raise(contract: Contract) -> None:
    frame = pd.DataFrame(_rows())
    frame["sex"] = pd.Series(["Female", 1, None], dtype=object)
    for wrong in (frame, "no frame"):
        results = validate_frame(wrong, contract)  # type: ignore[arg-type]
        assert results
        assert not any(result.passed for result in results)


def test_an_empty_suite_is_a_failure(contract: Contract) -> None:
    outcomes = run_suite(pd.DataFrame(_rows()), [])
    (result,) = to_results(contract, [], outcomes)
    assert not result.passed
    assert result.blocks
    assert "empty suite" in result.message
