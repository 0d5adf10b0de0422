"""A Place's page sets its figures beside those of its statistical neighbours."""

from pathlib import Path

import duckdb

from beacon.core.home import Home
from beacon.release.layout import get_release
from beacon.release.query import connect_release
from tests.fixtures.dom import parse


def _con(home: Path) -> duckdb.DuckDBPyConnection:
    return connect_release(get_release(Home(home)))


def test_the_section_says_whose_neighbours_they_are_and_shows_the_marts_figures(
    sample_site: Path, published_sample: Path
) -> None:
    page = parse(sample_site / "places" / "dunmarrow.html")
    (section,) = page.all("section", aria_labelledby="neighbours")
    with _con(published_sample) as con:
        names = con.execute(
            "select neighbour_name from neighbour where place_name = 'Dunmarrow' order by neighbour_rank"
        ).fetchall()
        rows = con.execute(
            "select rank_among_neighbours, neighbours_with_value from neighbour_comparison "
            "where place_name = 'Dunmarrow' and neighbours_median is not null "
            "order by indicator_id, measure, sex, age"
        ).fetchall()
    text = section.text
    assert "Beacon’s own neighbours: the 15 authorities most alike in" in text
    assert "They are no official list" in text
    assert all(name in text for (name,) in names)
    (body,) = section.all("tbody")
    ranks = [row.all("td")[-1].text for row in body.all("tr")]
    assert len(ranks) == len(rows) > 10
    for shown, (rank, others) in zip(ranks, rows, strict=True):
        assert shown.startswith(f"{rank} of {others + 1}")
    assert "A rank is no test" in text


def test_nothing_is_judged_by_its_neighbours(sample_site: Path) -> None:
    for page in (sample_site / "places").glob("*.html"):
        for section in parse(page).all("section", aria_labelledby="neighbours"):
            assert not section.all("span", "worse")
            assert not section.all("span", "better")
