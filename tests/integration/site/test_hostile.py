"""Releases that try to break a page: markup in names, very long names, nothing but gaps."""

from __future__ import annotations

from tests.fixtures.dom import parse
from tests.fixtures.sites import LONG, MARKUP


def test_markup_in_a_name_is_text_on_every_page(hostile_site):
    _, site = hostile_site
    seen = 0
    for file in site.rglob("*.html"):
        text = file.read_text(encoding="utf-8")
        assert "<script>alert" not in text, file.name
        assert "<b>'" not in text, file.name
        page = parse(file)
        scripts = [s.attributes.get("src", "").split("/")[-1] for s in page.all("script")]
        assert scripts == (["", ""] if file.name == "explorer.html" else ["site.js"])
        seen += MARKUP in page.one("html").text
    assert seen > 20


def test_a_place_whose_name_is_markup_has_a_page_with_a_safe_address(hostile_site):
    _, site = hostile_site
    page = parse(site / "places" / "script-alert-x-script-co-b-place.html")
    assert page.one("h1").text == MARKUP


def test_a_very_long_name_is_shown_whole(hostile_site):
    _, site = hostile_site
    page = parse(site / "indicators" / "activity-levels.html")
    assert page.one("h1").text == LONG.strip()


def test_a_place_with_everything_suppressed_says_so_and_shows_no_zero(hostile_site):
    release, site = hostile_site
    place = release.rows("place", "true order by place_code")
    scorecard = release.rows("scorecard", "value_status = 'suppressed'")
    name = next(
        p["place_name"]
        for p in place
        if all(
            row["value"] is None
            for row in release.rows("scorecard", f"place_code = '{p['place_code']}'")
        )
    )
    assert scorecard
    page = parse(site / "places" / f"{name.lower().replace(' ', '-')}.html")
    assert not page.all("table", "spine")
    assert "No figure of this Place is judged worse" in page.one("main").text
    absent = {cell.text for cell in page.all("td", "absent")}
    assert absent == {"Suppressed"}
    briefing = parse(site / "places" / f"{name.lower().replace(' ', '-')}-briefing.html")
    assert "0 better" in briefing.one("main").text


def test_an_indicator_without_a_single_row_says_why(hostile_site):
    _, site = hostile_site
    page = parse(site / "indicators" / "loneliness.html")
    assert not page.all("table", "bars")
    assert not page.all("svg", "panel")
    assert page.all("p", "absent-note")


def test_a_download_defuses_formulas(own_release, tmp_path):
    from beacon.site.downloads import csv_text

    text = csv_text([{"name": "=1+1", "value": -1.5, "geometry": b"x", "flag": True, "none": None}])
    assert text.splitlines() == ["name,value,flag,none", "'=1+1,-1.5,true,"]
