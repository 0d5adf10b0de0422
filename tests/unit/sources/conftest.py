"""Small replicas of each publisher's layout, and the official files where they are at hand."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from beacon.core.errors import InputRefusedError
from beacon.registry.sources import DatasetSpec, RowBounds, SourceRegister, load_source_register
from beacon.sample.formats import write_ods, write_xlsx
from beacon.sources.readers import READERS
from beacon.sources.recognise import recognise
from tests.conftest import given_directory

INPUTS = Path(os.environ.get("BEACON_TEST_INPUTS", "../shared/inputs"))

Rows = Iterable[Sequence[Any]]
Read = Callable[[Path], pl.DataFrame]
ReadMore = Callable[[str, str], pl.DataFrame]


@pytest.fixture(scope="session")
def register() -> SourceRegister:
    return load_source_register()


def _loosened(spec: DatasetSpec) -> DatasetSpec:
    """The same dataset for a replica of a few rows."""
    options = dict(spec.dataset.options)
    for rows in ("lsoa_rows", "practice_rows"):
        if rows in options:
            options[rows] = {"min": 1}
    dataset = spec.dataset.model_copy(update={"rows": RowBounds(), "options": options})
    return DatasetSpec(source=spec.source, dataset=dataset)


@pytest.fixture(scope="session")
def read_replica(register: SourceRegister) -> Read:
    """Recognise and read a replica, whose number of rows is not the official one."""

    def read(path: Path) -> pl.DataFrame:
        found = recognise(path, register)
        if found.problems:
            raise InputRefusedError(found.problems)
        assert found.key is not None, f"{path.name} is not recognised"
        assert found.container is not None
        spec = _loosened(register.datasets[found.key])
        return READERS[spec.dataset.reader](path, found.container, spec, False)

    return read


def _read_official(path: Path, register: SourceRegister, key: str | None = None) -> pl.DataFrame:
    found = recognise(path, register)
    assert found.key is not None
    assert key in (None, found.key)
    assert not found.problems
    assert found.container is not None
    spec = register.datasets[found.key]
    return READERS[spec.dataset.reader](path, found.container, spec, False)


@pytest.fixture(scope="session")
def read_given(register: SourceRegister) -> Read:
    """Recognise and read an official file, or skip the test where it is not at hand."""
    return lambda relative: _read_official(given_path(str(relative)), register)


@pytest.fixture(scope="session")
def read_more_given(register: SourceRegister) -> ReadMore:
    """The same of one of the further official files, which is recognised as the dataset named."""

    def read(relative: str, key: str) -> pl.DataFrame:
        folder = given_directory("BEACON_TEST_MORE_INPUTS", "more_inputs")
        return _read_official(folder / relative, register, key)

    return read


def given_path(relative: str) -> Path:
    """An official file; the name may end in * where the publisher's is odd."""
    found = sorted(INPUTS.glob(relative))
    if not found:
        pytest.skip(f"{INPUTS / relative} is missing (set BEACON_TEST_INPUTS)")
    return found[0]


def given_sheet(relative: str, sheet: str) -> list[list[Any]]:
    """Cells of an official spreadsheet, by a path that shares nothing with the readers."""
    from python_calamine import CalamineWorkbook

    workbook = CalamineWorkbook.from_path(str(given_path(relative)))
    rows: list[list[Any]] = workbook.get_sheet_by_name(sheet).to_python(skip_empty_area=False)
    return rows


def ods(path: Path, sheets: dict[str, Rows]) -> Path:
    write_ods(path, sheets)
    return path


def xlsx(path: Path, sheets: dict[str, Rows]) -> Path:
    write_xlsx(path, {}, sheets, title="Replica for a test")
    return path


def csv(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def only(frame: pl.DataFrame, **values: str) -> dict[str, Any]:
    """The one row that has these values."""
    found = frame.filter(pl.all_horizontal(pl.col(k) == v for k, v in values.items()))
    assert found.height == 1, f"{found.height} rows with {values}"
    return found.row(0, named=True)


def messages(error: pytest.ExceptionInfo[InputRefusedError]) -> str:
    return str(error.value)
