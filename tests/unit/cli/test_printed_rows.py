"""Rows as JSON: nothing is lost, and every reader of JSON takes it."""

import json
from collections.abc import Sequence
from datetime import date
from typing import Any

import duckdb
import pytest

from beacon.cli.common import Format, print_rows
from beacon.cli.options import with_columns
from beacon.core.errors import BeaconError


def answer(sql: str) -> tuple[Sequence[str], list[tuple[Any, ...]]]:
    found = duckdb.sql(sql)
    return found.columns, found.fetchall()


def show(form: Format) -> None:
    print_rows(*answer("select 1 as a, 2 as a, 3 as b"), form)


def strict(text: str) -> Any:
    """What a reader makes of JSON that knows no NaN, as the standard has none."""

    def refuse(name: str) -> None:
        raise ValueError(name)

    return json.loads(text, parse_constant=refuse)


def test_what_json_has_no_number_for_is_null(capsys: pytest.CaptureFixture[str]) -> None:
    sql = (
        "select 'NaN'::double as a, 'Infinity'::double as b, [1.5, '-Infinity'::double] as c, "
        "{'x': 'NaN'::float, 'y': [2.5::double]} as d, 0.1::double as e, 'ab'::blob as f, "
        "date '2025-03-31' as g, true as h, null as i, 7 as j"
    )
    print_rows(*answer(sql), Format.json)
    (row,) = strict(capsys.readouterr().out)
    assert row == {
        "a": None, "b": None, "c": [1.5, None], "d": {"x": None, "y": [2.5]}, "e": 0.1,
        "f": b"ab".hex(), "g": date(2025, 3, 31).isoformat(), "h": True, "i": None, "j": 7,
    }  # fmt: skip


def test_two_columns_of_one_name_are_refused_in_json_and_both_are_in_csv(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(BeaconError, match="2 columns have the name 'a'"):
        show(Format.json)
    assert capsys.readouterr().out == ""
    show(Format.csv)
    assert capsys.readouterr().out.splitlines() == ["a,a,b", "1,2,3"]


def test_a_chosen_column_is_the_only_one_of_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    chosen = with_columns(show)
    with pytest.raises(BeaconError, match="2 columns have the name 'a'"):
        chosen(columns="a", as_json=False, form=Format.csv)
    chosen(columns="b", as_json=True, form=Format.table)
    assert strict(capsys.readouterr().out) == [{"b": 3}]
