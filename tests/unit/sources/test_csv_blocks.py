"""CSV in blocks: the cells of the whole-file reader, and nothing of a file with a fault."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import polars as pl
import pytest

from beacon.core.errors import InputRefusedError
from beacon.sources.tabular import csv_blocks, tables
from beacon.sources.tabular.tables import ROW, read_csv

HEADER = ["code", "count", "text"]


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_blocks, "BLOCK_BYTES", 256)


def _body(lines: list[str]) -> pl.DataFrame:
    return csv_blocks.read_body("\n".join(lines).encode(), io.BytesIO(), 3)


def _lines(count: str = "{}", rows: int = 200) -> list[str]:
    return [f'E{row},{count.format(row)},"a, {row}\nb"' for row in range(rows)]


def test_numbers_stand_for_their_text() -> None:
    found = _body(_lines())
    assert found.schema == {"c0": pl.String, "c1": pl.Int32, "c2": pl.String}
    assert found["c1"].cast(pl.String).to_list() == [str(row) for row in range(200)]
    assert found["c2"][199] == "a, 199\nb"


@pytest.mark.parametrize(
    "cell", ["+5", "05", "-0", "-5", " 5", "5.0", "5,000", "", "x", "0x5", "٣"]
)
def test_numbers_that_are_written_otherwise_stay_text(cell: str) -> None:
    for place in (0, 150):
        lines = _lines()
        lines[place] = f'E,"{cell}",x'
        found = _body(lines)
        assert found["c1"].dtype == pl.String
        assert found["c1"][place] == cell
        assert found["c1"].to_list()[1:150] == [str(row) for row in range(1, 150)]


def _table(path: Path, lines: list[str], container: str = "csv") -> tables.TextTable:
    data = ("\ufefftitle\n" + ",".join(HEADER) + "\n\n" + "\n".join(lines) + "\n").encode()
    path.write_bytes(gzip.compress(data) if container == "csv.gz" else data)
    return read_csv(path, container, lambda names: names == HEADER)  # type: ignore[arg-type]


@pytest.mark.parametrize("container", ["csv", "csv.gz"])
def test_blocks_give_the_table_of_the_whole_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, container: str
) -> None:
    found = _table(tmp_path / "a.csv", _lines(), container)

    def give_up(*_: object) -> None:
        raise csv_blocks.UnsoundCsvError

    monkeypatch.setattr(tables, "read_body", give_up)
    expected = _table(tmp_path / "a.csv", _lines(), container)
    assert expected.frame["c1"].dtype == pl.String
    assert found.frame.with_columns(pl.col("c1").cast(pl.String)).equals(expected.frame)
    assert found.frame[ROW].to_list() == list(range(4, 204))
    assert (found.header, found.header_row) == (expected.header, expected.header_row)


def test_a_ragged_row_far_down_is_told_with_its_row(tmp_path: Path) -> None:
    lines = [f"E{row},{row},x" for row in range(500)]
    lines[400] = "E400,400"
    with pytest.raises(InputRefusedError) as refused:
        _table(tmp_path / "a.csv", lines)
    (problem,) = refused.value.problems
    assert problem.row == 404
    assert "has 2 fields where the header has 3" in problem.message


def test_bytes_that_are_no_text_far_down_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    rows = b"\n".join(b"E%d,%d,x" % (row, row) for row in range(500))
    path.write_bytes(b"code,count,text\n" + rows + b"\nE,1,\xff\n")
    with pytest.raises(InputRefusedError, match="cannot be read as CSV in UTF-8"):
        read_csv(path, "csv", lambda names: names == HEADER)


def test_a_compressed_file_cut_short_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    text = "code,count,text\n" + "\n".join(f"E{row},{row * 7919},x" for row in range(90_000))
    path.write_bytes(gzip.compress(text.encode())[:-2000])
    with pytest.raises(InputRefusedError, match="damaged or cut short"):
        read_csv(path, "csv.gz", lambda names: names == HEADER)


def test_notes_below_a_table_with_numbers_are_cut(tmp_path: Path) -> None:
    table = _table(tmp_path / "a.csv", ["E1,1,x", "E2,2,y", "Note,,"])
    assert tables.without_notes(table).frame.height == 2
    table = _table(tmp_path / "a.csv", ["E1,1,x", "E2,2,y"])
    assert table.frame["c1"].dtype == pl.Int32
    assert tables.without_notes(table).frame.height == 2


def test_a_return_inside_the_header_is_told_with_its_row(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"title\ncode,co\runt,text\nE1,1,x\n")
    with pytest.raises(InputRefusedError, match=r"row 2: the line cannot be read as CSV"):
        read_csv(path, "csv", lambda names: names == HEADER)


def test_a_return_above_the_header_is_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"a ti\rtle\ncode,count,text\nE1,1,x\n")
    table = read_csv(path, "csv", lambda names: names == HEADER)
    assert table.header_row == 2
    assert table.frame.height == 1
