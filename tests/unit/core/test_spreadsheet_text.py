"""Text that a spreadsheet would run, in every CSV and workbook that Beacon writes, and back again."""

import csv
import io
import json
from pathlib import Path

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import beacon
from beacon.cli.common import Format, print_rows
from beacon.contracts import load_contracts
from beacon.core.home import Home
from beacon.core.spreadsheet_text import ESCAPED, csv_cell_sql, from_csv_cell, to_csv_cell
from beacon.release.layout import latest_release
from beacon.release.workbook import write_csvs
from beacon.site.downloads import csv_text
from beacon.statistics.stats_tables import write_table

HOSTILE = (
    "=1+1", "+44 151", "-2", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠x",
    "=HYPERLINK(\"http://x.example\",\"y\")", "=cmd|' /C calc'!A0", "'=1", "''@x", "-", "+",
)  # fmt: skip
HARMLESS = ("", "Halton", "a=b", "'quoted'", "'", "1", "2025-03-31", "O'Neil", "St. Helens", " =1")
TEXTS = st.text(st.characters(codec="utf-8") | st.sampled_from("'=+-@\t\r\n＝＋－＠"), max_size=12)


@pytest.mark.parametrize("text", HOSTILE)
def test_what_would_be_run_gets_an_apostrophe(text: str) -> None:
    assert to_csv_cell(text) == f"'{text}"


@pytest.mark.parametrize("text", HARMLESS)
def test_other_text_stays(text: str) -> None:
    assert to_csv_cell(text) == text


@pytest.mark.parametrize("value", [-1, -0.5, 1e-7, None, True, b"=1"])
def test_only_text_is_touched(value: object) -> None:
    assert to_csv_cell(value) is value


@settings(deadline=None)
@given(TEXTS)
def test_no_written_text_is_run_and_each_comes_back(text: str) -> None:
    written = to_csv_cell(text)
    assert not written or written[0] not in "=+-@\t\r\n＝＋－＠"
    assert from_csv_cell(written) == text


@settings(deadline=None)
@given(TEXTS)
def test_duckdb_and_polars_follow_the_same_rule(text: str) -> None:
    row = duckdb.execute(f"select {csv_cell_sql('t')} from (select ? as t)", [text]).fetchone()
    assert row == (to_csv_cell(text),)
    back = pl.Series([to_csv_cell(text)]).str.replace(ESCAPED, "$1")
    assert back[0] == text


def test_the_csvs_of_a_release(tmp_path: Path) -> None:
    contract = load_contracts()["marts.place"]
    columns = [column for column in contract.columns if column.duck_type.family != "binary"]
    values = {
        column.name: {"text": "=1+1", "integer": -5, "float": -0.5, "decimal": -1}.get(
            column.duck_type.family
        )
        for column in columns
    }
    select = ", ".join(f"? ::{column.type} as {column.name}" for column in columns)
    file = tmp_path / "place.parquet"
    duckdb.execute(f"copy (select {select}) to '{file}'", list(values.values()))
    write_csvs(tmp_path, [contract])
    with (tmp_path / "csv" / "place.csv").open(encoding="utf-8", newline="") as stream:
        (row,) = csv.DictReader(stream)
    for column in columns:
        if column.duck_type.name == "VARCHAR":
            assert row[column.name] == "'=1+1"
        elif column.duck_type.family == "integer":
            assert row[column.name] == "-5"


def test_a_published_csv_holds_what_beacon_read_gives(published_sample: Path) -> None:
    release = latest_release(Home(published_sample))
    for mart in ("place", "scorecard", "target"):
        frame = beacon.read(mart, home=published_sample)
        texts = [name for name, kind in frame.schema.items() if kind == pl.String]
        file = release.path / "csv" / f"{mart}.csv"
        written = pl.read_csv(file, infer_schema=False)
        back = written.with_columns(pl.col(texts).str.replace(ESCAPED, "$1"))
        assert back.select(pl.col(texts).fill_null("")).equals(
            frame.select(pl.col(texts).fill_null(""))
        )


def test_format_csv(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(["=name", "value"], [(text, -1.5) for text in HOSTILE], Format.csv)
    header, *rows = csv.reader(io.StringIO(capsys.readouterr().out, newline=""))
    assert header == ["'=name", "value"]
    assert [(from_csv_cell(name), value) for name, value in rows] == [(t, "-1.5") for t in HOSTILE]
    assert all(name.startswith("'") for name, _ in rows)
    print_rows(["name"], [("=1",)], Format.json)
    assert json.loads(capsys.readouterr().out) == [{"name": "=1"}]


def test_csvs_of_pages_and_of_statistics(tmp_path: Path) -> None:
    text = csv_text([{"name": name, "value": -1.5} for name in HOSTILE])
    _, *rows = csv.reader(io.StringIO(text, newline=""))
    assert rows == [[f"'{name}", "-1.5"] for name in HOSTILE]
    frame = pl.DataFrame({"name": HOSTILE, "value": [-1.5] * len(HOSTILE)})
    write_table(frame, tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as stream:
        assert list(csv.reader(stream))[1:] == [[f"'{name}", "-1.5"] for name in HOSTILE]
