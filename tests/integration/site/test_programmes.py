"""What neighbourhood programmes returned, on the page of their Place."""

from __future__ import annotations

from tests.fixtures.dom import parse

WORDS = {"missing": "Not counted", "not_supplied": "No return", "suppressed": "Suppressed"}


def _page(sample_site, name: str):
    return parse(sample_site / "places" / f"{name}.html")


def test_a_place_shows_what_was_returned_for_it(sample_release, sample_site) -> None:
    table = _page(sample_site, "cawlderwick").one("table", class_="programme")
    heads = [node.text for node in table.one("thead").all("th")]
    assert heads == [
        "Metric", "Cawlderwick", "Cawlderwick Harbour", "Cawlderwick Moor", "Cawlderwick Vale",
    ]  # fmt: skip
    expected = sample_release.rows(
        "neighbourhood_return",
        "breakdown = 'all' and place_code = 'Z06000002' "
        "order by metric_order, area_kind <> 'place', area_name",
    )
    cells = [cell for row in table.one("tbody").all("tr") for cell in row.all("td")]
    assert len(cells) == len(expected) == 7 * 4
    for cell, mart in zip(cells, expected, strict=True):
        if mart["value"] is None:
            assert cell.text == WORDS[mart["value_status"]]
        else:
            assert float(cell.one("data").attributes["value"]) == mart["value"]
    texts = [cell.text for cell in cells]
    assert texts[0] == "2,051"
    assert texts[5] == "41.0 (39.3 to 42.7)"
    assert texts.count("No return") == 7


def test_a_place_without_a_programme_says_nothing_of_one(sample_site) -> None:
    page = _page(sample_site, "dunmarrow")
    assert page.all("details", id="programmes") == []
    assert page.all("table", class_="programme") == []
