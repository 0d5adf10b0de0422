"""Slides of a Place say what its page says."""

from __future__ import annotations

import re
import sys

import pytest
from typer.testing import CliRunner

from beacon.cli.main import app
from beacon.site.read_release import SiteError
from beacon.site.slides import write_slides
from tests.fixtures.dom import parse

pptx = pytest.importorskip("pptx", reason="python-pptx is not installed (extra `slides`)")


@pytest.fixture(scope="module")
def deck(release_path, tmp_path_factory):
    file = tmp_path_factory.mktemp("slides") / "hallowick.pptx"
    count = write_slides(release_path, "hallowick", file)
    read = pptx.Presentation(str(file))
    assert len(read.slides) == count
    return read


def texts_of(slide):
    return [shape.text_frame.text for shape in slide.shapes if shape.has_text_frame]


def tables_of(deck):
    return [
        [[cell.text for cell in row.cells] for row in shape.table.rows]
        for slide in deck.slides
        for shape in slide.shapes
        if shape.has_table
    ]


def test_every_slide_bears_the_release_and_that_it_is_fictional(deck, sample_release):
    for slide in deck.slides:
        said = " ".join(texts_of(slide))
        assert f"release {sample_release.path.name}" in said
        assert "FICTIONAL SAMPLE" in said


def test_the_figures_are_those_of_the_place_s_page(deck, sample_site):
    page = parse(sample_site / "places" / "hallowick.html")
    beacons = page.all("table", "spine")
    on_page = {
        re.sub(r"(Proxy|Context|Modelled|Name unconfirmed).*", "", row.one("a").text): (
            row.all("td")[0].text.strip(), row.one("data").text, row.all("td", "num")[-1].text
        )
        for table in beacons
        for row in table.one("tbody").all("tr")
    }  # fmt: skip
    shown = [row for t in tables_of(deck) if t[0][0] == "Indicator" for row in t[1:]]
    assert len(shown) > 15
    for name, period, value, _, _, _, rank in shown:
        assert on_page[name] == (period, value, rank if rank != "–" else "")


def test_the_sentences_are_those_of_the_page(deck, sample_site):
    page = parse(sample_site / "places" / "hallowick.html").one("main").text
    slide = next(s for s in deck.slides if "worse than" in s.shapes.title.text_frame.text)
    lines = [p.text for p in slide.shapes[2].text_frame.paragraphs] or texts_of(slide)
    told = [line for text in texts_of(slide) for line in text.split("\n") if "worse than" in line]
    assert lines
    assert len(told) >= 4
    # The page has the limits in its table.
    for line in told[1:]:
        assert line.partition(" (95")[0] in page


def test_the_chart_over_time_holds_the_marts_values(deck, sample_release):
    charts = [s.chart for slide in deck.slides for s in slide.shapes if s.has_chart]
    assert len(charts) == 1
    place, nation = charts[0].plots[0].series
    code = sample_release.rows("place", "place_name = 'Hallowick'")[0]["place_code"]
    known = {
        (row["area_code"], row["value"])
        for mart in ("beacon_indicator", "core20plus5_indicator")
        for row in sample_release.rows(mart, "value is not null")
    }
    assert all((code, value) in known for value in place.values)
    assert len(place.values) == len(nation.values) >= 2


def test_a_place_that_is_not_there_is_refused_with_a_suggestion(release_path, tmp_path):
    with pytest.raises(SiteError, match="Hallowick"):
        write_slides(release_path, "Halowick", tmp_path / "x.pptx")
    assert not (tmp_path / "x.pptx").exists()


def test_without_the_package_the_command_says_what_to_install(sample_home, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pptx", None)
    out = tmp_path / "x.pptx"
    asked = ["site", "slides", "Hallowick", "--home", str(sample_home), "--out", str(out)]
    refused = CliRunner().invoke(app, asked)
    assert refused.exit_code != 0
    assert "beacon[slides]" in refused.output + str(refused.exception)


def test_the_command_writes_the_file_and_names_it(sample_home, tmp_path):
    out = tmp_path / "slides.pptx"
    asked = ["site", "slides", "Hallowick", "--home", str(sample_home), "--out", str(out)]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 0, done.output
    assert str(out) in done.output.replace("\n", "")
    assert out.stat().st_size > 20_000
