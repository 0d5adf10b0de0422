"""The templates hold the registry's fields, the same bytes every time, and nothing that runs."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from python_calamine import CalamineWorkbook
from typer.testing import CliRunner

from beacon.cli.main import app
from beacon.core.files import sha256_of
from beacon.core.home import Home
from beacon.release.layout import Release, point_to
from beacon.returns import ReturnContext, csv_template, load_return_context, xlsx_template
from beacon.returns.template import DATA_SHEET, LISTS_SHEET, NOTES_SHEET


@pytest.mark.parametrize("number", ["11", "12", "20", "21"])
def test_the_template_has_the_fields_of_the_registry(context: ReturnContext, number: str) -> None:
    kind = context.kind(number)
    names = [field.name for field in kind.template.all_fields]
    data = xlsx_template(context, kind)
    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    assert book.sheet_names == [NOTES_SHEET, DATA_SHEET, LISTS_SHEET]
    assert book.get_sheet_by_name(DATA_SHEET).to_python() == [names]
    assert csv_template(kind.template.all_fields).decode("utf-8-sig").splitlines() == [
        ",".join(names)
    ]
    notes = [row[0] for row in book.get_sheet_by_name(NOTES_SHEET).to_python()]
    assert set(names) <= set(notes)


def test_the_same_registry_gives_the_same_bytes(context: ReturnContext) -> None:
    kind = context.kind("20")
    assert xlsx_template(context, kind) == xlsx_template(context, kind)


def test_cells_choose_from_lists_and_nothing_runs(context: ReturnContext) -> None:
    data = io.BytesIO(xlsx_template(context, context.kind("20")))
    archive = zipfile.ZipFile(data)
    sheet = archive.read("xl/worksheets/sheet2.xml").decode()
    assert "<f>" not in sheet
    assert 'state="frozen"' in sheet
    assert sheet.count('type="list"') == 8
    assert not [name for name in archive.namelist() if "vba" in name or "external" in name]
    data.seek(0)
    lists = CalamineWorkbook.from_filelike(data).get_sheet_by_name(LISTS_SHEET).to_python()
    places = [row[lists[0].index("place_code")] for row in lists[1:]]
    assert [place for place in places if place] == list(context.places)


def test_the_official_footprint_lists_its_councils_and_board() -> None:
    official = load_return_context("cheshire_merseyside")
    known = official.organisations(official.kind("21"))
    assert known["E08000012"].expected_in == {"E08000012"}
    assert not known["QYG"].expected_in
    assert len(known) == 10


def test_every_return_that_is_asked_for_has_a_dataset_and_series(context: ReturnContext) -> None:
    assert sorted(context.kinds) == [
        *(8, 11, 12, 15, 20, 21),
        *(201, 202, 203, 302, 303, 304, 306, 308, 309),
    ]
    for kind in context.kinds.values():
        bound = {
            selection.series
            for binding in kind.indicator.sources
            if binding.source == "local_return"
            for selection in binding.select
        }
        assert bound == set(kind.rules.series)
        assert kind.rules.is_count == (kind.indicator.value_type == "count")
        fields = {field.name for field in kind.template.all_fields}
        named = {part for parts in kind.rules.series.values() for part in parts}
        named |= {*kind.rules.row_key, *kind.rules.sums, *kind.rules.people, *kind.rules.agree}
        named |= {*kind.rules.not_above, *kind.rules.not_above.values()}
        assert named <= fields


def test_a_form_is_for_the_places_of_the_homes_release(tmp_path, monkeypatch):
    """A fictional form beside a real release would be filled in by real people."""
    monkeypatch.delenv("BEACON_FOOTPRINT", raising=False)
    monkeypatch.delenv("BEACON_INPUTS", raising=False)
    release = tmp_path / "home" / "releases" / "v2026.01.01-1"
    release.mkdir(parents=True)
    (release / "manifest.json").write_text(
        json.dumps(
            {
                "release": release.name,
                "footprint": {"id": "cheshire_merseyside"},
                "marts": [],
                "files": {},
            }
        )
    )
    digest = sha256_of(release / "manifest.json")
    point_to(Home(tmp_path / "home"), Release(release.name, release), digest)
    out = tmp_path / "form.xlsx"
    call = ["returns", "template", "12", "--out", str(out), "--home", str(tmp_path / "home")]
    done = CliRunner().invoke(app, call)
    assert done.exit_code == 0, done.output
    assert "for Cheshire and Merseyside" in done.output
    named = CliRunner().invoke(app, [*call, "--footprint", "sample"])
    assert "(fictional)" in named.output
