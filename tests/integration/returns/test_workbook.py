"""Files that could harm or hide something are refused, with the reason, before a cell is used."""

from __future__ import annotations

import random
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from beacon.returns import CheckedReturn, ReturnContext, check_return
from beacon.returns import return_workbook as bounds
from beacon.returns.template import DATA_SHEET, LISTS_SHEET

from .conftest import spend, write_text, write_workbook

Check = Callable[..., CheckedReturn]


def _said(checked: CheckedReturn) -> str:
    return "\n".join(str(fault) for fault in checked.faults)


def _formula(_: Any, sheets: dict[str, Any]) -> None:
    sheets[DATA_SHEET].write_formula(1, 7, "=20+20", value=40)


def _hidden_list(_: Any, sheets: dict[str, Any]) -> None:
    sheets[LISTS_SHEET].write(0, 0, "names of people")
    sheets[LISTS_SHEET].very_hidden()


def _unknown(book: Any, _: Any) -> None:
    book.add_worksheet("Working").write(0, 0, "x")


def _hidden_row(_: Any, sheets: dict[str, Any]) -> None:
    sheets[DATA_SHEET].set_row(1, None, None, {"hidden": True})


def _beside(_: Any, sheets: dict[str, Any]) -> None:
    sheets[DATA_SHEET].write(1, 40, "A person's name")


def _far_cell(_: Any, sheets: dict[str, Any]) -> None:
    sheets[DATA_SHEET].write(1_000_000, 3, "x")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_formula, "Return!H2: the cell holds a formula (=20+20)."),
        (_hidden_list, "Lists: the sheet is hidden and holds 1 filled cells."),
        (_unknown, "Working: the sheet is not part of the template"),
        (_hidden_row, "Return!2: the row is hidden and holds data."),
        (_beside, "Return!AO2: the cell stands outside the columns of the return."),
        (_far_cell, "Return!D1000001: a cell stands outside the 5,000 rows"),
    ],
)
def test_what_a_spreadsheet_program_can_leave(
    check: Check, change: Callable[..., None], message: str
) -> None:
    assert message in _said(check(spend(), change=change))


def test_the_rest_is_checked_beside_a_formula(check: Check) -> None:
    said = _said(check(spend(value=1), change=_formula))
    assert "holds a formula" in said
    assert "not what the counts give" in said


def _repacked(path: Path, **parts: bytes) -> Path:
    """The same workbook with parts added or replaced (`__` stands for `/`, `_dot_` for `.`)."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    for name, data in parts.items():
        members[name.replace("__", "/").replace("_dot_", ".")] = data
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


_ROW_XX = (
    b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    b'<row r="xx"><c r="A1"><v>1</v></c></row></sheetData></worksheet>'
)
_LINKED = (
    b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    b'<Relationship Id="r1" Type="http://x/externalLinkPath" Target="file:///c:/a.xlsx"'
    b' TargetMode="External"/></Relationships>'
)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"xl__vbaProject_dot_bin": b"x"}, "holds a macro"),
        ({"xl__macrosheets__sheet1_dot_xml": b"<x/>"}, "holds a macro"),
        ({"[Content_Types]_dot_xml": b"<x>application/x.macroEnabled.main+xml</x>"}, ".xlsm"),
        ({"xl__externalLinks__externalLink1_dot_xml": b"<x/>"}, "links to another workbook"),
        ({"xl__worksheets___rels__sheet2_dot_xml_dot_rels": _LINKED}, "links to 'file:///c:/a"),
        ({"xl__connections_dot_xml": b"<x/>"}, "outside connection"),
        ({"xl__embeddings__oleObject1_dot_bin": b"x"}, "embedded object"),
        ({"xl__media__image1_dot_png": bytes(20_000_000)}, "as a bomb does"),
        ({"xl__sharedStrings_dot_xml": b'<!DOCTYPE a [<!ENTITY b "c">]><a/>'}, "document type"),
        ({"xl__workbook_dot_xml": b"<broken"}, "not valid XML"),
        ({"xl__worksheets__sheet1_dot_xml": _ROW_XX}, "the number 'xx', which is none"),
        ({"xl__worksheets__sheet2_dot_xml": _ROW_XX}, "the number 'xx', which is none"),
    ],
)
def test_archives_that_are_more_than_a_table(
    context: ReturnContext, tmp_path: Path, parts: dict[str, bytes], message: str
) -> None:
    path = _repacked(write_workbook(tmp_path / "r.xlsx", [spend()]), **parts)
    checked = check_return(path, context)
    assert message in _said(checked)
    assert not checked.rows, "no cell of such a file is used"


def test_sizes_are_bounded(
    context: ReturnContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_workbook(tmp_path / "r.xlsx", [spend()])
    for name, value, message in (
        ("MAX_ENTRIES", 3, "parts; at most 3"),
        ("MAX_UNPACKED_BYTES", 1000, "more than is safe to read"),
        ("MAX_FILE_BYTES", 1000, "a return has at most 1,000"),
    ):
        with monkeypatch.context() as patched:
            patched.setattr(bounds, name, value)
            assert message in _said(check_return(path, context))


def test_damaged_and_other_files(context: ReturnContext, tmp_path: Path) -> None:
    whole = write_workbook(tmp_path / "whole.xlsx", [spend()]).read_bytes()
    windows = write_text(tmp_path / "w.csv", [spend(scope_and_exclusions="caf\u00e9")], "cp1252")
    wide = write_text(tmp_path / "u.csv", [spend()], "utf-16")
    for name, data, message in (
        ("cut.xlsx", whole[: len(whole) // 2], "damaged or protected"),
        ("old.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "old format"),
        ("page.csv", b"<html><body>Sign in</body></html>", "neither an Excel workbook nor CSV"),
        ("empty.csv", b"", "the file is empty"),
        ("w.csv", windows.read_bytes(), "not UTF-8: byte"),
        ("u.csv", wide.read_bytes(), "UTF-16"),
        ("whole.xlsm", whole, "Workbooks that may hold macros are not taken"),
        ("whole.csv", whole, "does not end in .xlsx"),
        ("text.landing.json", b"a,b\n1,2\n", "does not end in .csv"),
        ("open.csv", b'a,"b\n', "not CSV"),
        ("ragged.csv", b"indicator_id,b\n21,2,3\n", "3 fields where the header has 2"),
    ):
        path = tmp_path / name
        path.write_bytes(data)
        assert message in _said(check_return(path, context)), name


def test_damage_inside_a_workbook_is_told_in_words(context: ReturnContext, tmp_path: Path) -> None:
    """The XML of a sheet changed before it is packed, so that no check sum tells."""
    whole = write_workbook(tmp_path / "whole.xlsx", [spend(), spend()])
    with zipfile.ZipFile(whole) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    parts = [name for name in members if re.search(r"sheet\d|workbook|shared|rels", name)]
    for number in range(240):
        chance = random.Random(number)
        victim, data = parts[number % len(parts)], bytearray(members[parts[number % len(parts)]])
        for _ in range(chance.randint(1, 4)):
            place = chance.randrange(len(data))
            data[place : place + chance.randint(0, 9)] = chance.choice(
                [b"x", b'"', b"<", b"-1", b"99999999999", b"", b"\xff", b'r="xx"']
            )
        path = tmp_path / "damaged.xlsx"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in members.items():
                archive.writestr(name, bytes(data) if name == victim else content)
        checked = check_return(path, context)
        assert checked.rows or checked.faults
