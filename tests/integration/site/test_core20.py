"""Wards, pockets, movement, concentration, domains and PLUS groups on the pages."""

from __future__ import annotations

import pytest

from beacon.site import build_site
from tests.fixtures.dom import Node, parse
from tests.fixtures.sites import MARKUP

DETAIL = ("core20_ethnicity", "core20_movement", "core20_movement_area", "core20_pocket",
          "core20_ward", "deprivation_domain", "plus_cohort")  # fmt: skip


def _values(row: Node) -> list[float]:
    return [float(node.attributes["value"]) for node in row.all("data")]


def _body(page: Node, identity: str) -> list[Node]:
    return page.one("table", id=identity).one("tbody").all("tr")


@pytest.fixture(scope="module")
def places(sample_release, sample_site):
    """Each Place's row and page."""
    rows = sample_release.rows("place", "true order by place_name")
    pages = [
        parse(sample_site / "places" / f"{r['place_name'].lower().replace(' ', '-')}.html")
        for r in rows
    ]
    return list(zip(rows, pages, strict=True))


def test_wards_are_the_marts_most_people_first(sample_release, places):
    for place, page in places:
        expected = sample_release.rows(
            "core20_ward",
            f"place_code = '{place['place_code']}' and imd_vintage = 2025 and core20 and people > 0 "
            "and sex = 'Persons' and age_band = 'All ages' order by people desc, lsoas desc, ward24_name",
        )
        # Those after the first seven are folded, and none is left out.
        shown = _body(page, "wards-table") if expected else []
        assert len(shown) <= 7
        shown += _body(page, "more-wards-table") if len(expected) > 7 else []
        assert [row.one("th").text for row in shown] == [r["ward24_name"] for r in expected]
        for row, mart in zip(shown, expected, strict=True):
            names = ("people", "share_percent", "people_in_ward", "lsoas", "lsoas_in_ward")
            assert _values(row) == [mart[name] for name in names]
        numbered = page.one("section", aria_labelledby="core20").one("ul", "numbered").all("li")
        assert [li.text for li in numbered] == [
            f"{n} {r['ward24_name']}" for n, r in enumerate(expected[:5], start=1)
        ]


def test_ethnic_groups_are_the_marts_most_in_core20_first(sample_release, places):
    for place, page in places:
        expected = sample_release.rows(
            "core20_ethnicity",
            f"area_code = '{place['place_code']}' order by people_core20 desc, ethnic_group",
        )
        assert len(expected) == 5
        for row, mart in zip(_body(page, "ethnicity-table"), expected, strict=True):
            assert row.one("th").text == mart["ethnic_group"]
            names = ("people", "people_core20", "core20_share_percent", "share_of_core20_percent")
            assert _values(row) == [mart[name] for name in names]


def test_movement_is_the_marts_with_its_caution(sample_release, places):
    moved = 0
    for place, page in places:
        rows = {
            r["movement"]: r
            for r in sample_release.rows(
                "core20_movement_area", f"area_code = '{place['place_code']}'"
            )
        }
        shown = _body(page, "movement-table")
        order = ("entered", "left", "stayed_in", "stayed_out")
        assert [_values(row) for row in shown] == [
            [rows[key]["lsoas"], rows[key]["people"]] for key in order
        ]
        assert "A rank is relative" in page.one("main").text
        listed = sample_release.rows(
            "core20_movement",
            f"place_code = '{place['place_code']}' and movement in ('entered', 'left')",
        )
        moved += len(listed)
        if listed:
            table = page.one("caption", id="movers-caption").parent
            assert table is not None
            names = {row.one("th").attributes["data-value"] for row in table.all("tr")[1:]}
            assert names == {r["lsoa21_name"] for r in listed}
    assert moved > 5


def test_pockets_are_those_of_the_mart_with_the_rule(sample_release, places):
    found = 0
    for place, page in places:
        expected = sample_release.rows(
            "core20_pocket",
            f"place_code = '{place['place_code']}' and imd_vintage = 2025 and is_pocket",
        )
        names = {r["lsoa_name"]: r["people"] for r in expected}
        shown = _body(page, "pockets-table") if expected else []
        assert {row.one("th").attributes["data-value"]: _values(row)[0] for row in shown} == names
        found += len(names)
        text = page.one("main").text
        assert "None of the other people of its ward" in text
        assert "At most 20% of the other people of its Place" in text
    assert found > 5


def test_concentration_movement_and_pockets_of_all_places_in_one_table(sample_release, sample_site):
    page = parse(sample_site / "core20plus5.html")
    shown = {
        row.one("th").text: _values(row)
        for row in _body(page, "across-table")
        if "place" in row.classes
    }
    for place in sample_release.rows("place"):
        code = place["place_code"]
        (total,) = sample_release.rows(
            "core20_cohort",
            f"area_code = '{code}' and imd_vintage = 2025 and core20 and sex = 'Persons' "
            "and age_band = 'All ages'",
        )
        moves = {
            r["movement"]: r
            for r in sample_release.rows("core20_movement_area", f"area_code = '{code}'")
        }
        pockets = [
            len(
                sample_release.rows(
                    "core20_pocket",
                    f"place_code = '{code}' and imd_vintage = 2025 and is_pocket "
                    f"and surroundings = '{kind}'",
                )
            )
            for kind in ("ward", "place")
        ]
        assert shown[place["place_name"]] == [
            total["share_percent"],
            total["share_of_board_percent"],
            total["share_of_nation_percent"],
            *(moves[key][name] for key in ("entered", "left") for name in ("lsoas", "people")),
            *pockets,
        ]


def test_domains_are_counted_by_index(sample_release, places):
    place, page = places[0]
    shown = {row.one("th").text: row.all("td")[0].text for row in _body(page, "domains-table")}
    rows = sample_release.rows(
        "deprivation_domain",
        f"place_code = '{place['place_code']}' and imd_vintage = 2025 and domain = 'income'",
    )
    worst = sum(r["is_most_deprived_fifth"] for r in rows)
    assert shown["Income"] == f"{worst} of {len(rows)}"


def test_no_plus_group_is_said_in_one_line(places, sample_site):
    for page in (places[0][1], parse(sample_site / "core20plus5.html")):
        assert "No PLUS group has been chosen." in page.one("main").text
        assert not page.all("table", "plus")


def test_a_plus_group_that_is_on_is_shown_and_empty_or_absent_marts_are_said(own_release, tmp_path):
    areas = own_release.rows("place", "true order by place_name")
    quoted = MARKUP.replace("'", "''")
    parts = ", ".join(
        f"('{part}', {count})"
        for part, count in (
            ("core20_only", 10), ("plus_only", 20), ("core20_and_plus", 30), ("neither", 40)
        )
    )  # fmt: skip
    own_release.rewrite(
        "plus_cohort",
        f"""from mart union all by name
        select 'place' as area_type, '{areas[0]["place_code"]}' as area_code, 'X' as area_name,
            'coast' as plus_group, '{quoted}' as plus_group_name, 2025 as imd_vintage,
            2021 as lsoa_vintage, 'census_2021' as population_base, 'Persons' as sex,
            'All ages' as age_band, part, people, 100 as people_in_area,
            people::double as share_percent, 1 as lsoas, true as fictional
        from (values {parts}) as t(part, people)""",
    )
    for mart in DETAIL[:-1]:
        own_release.rewrite(mart, "from mart where false")
    build_site(own_release.path, tmp_path / "site")
    slug = areas[0]["place_name"].lower().replace(" ", "-")
    page = parse(tmp_path / "site" / "places" / f"{slug}.html")
    assert _values(page.one("table", "plus")) == [10, 20, 30, 40]
    assert MARKUP in page.one("table", "plus").text
    text = page.one("main").text
    assert "does not say what moved" in text
    assert "does not look for pockets" in text
    assert "does not count Core20 by ward" in text
    for mart in DETAIL:
        (own_release.path / f"{mart}.parquet").unlink()
    build_site(own_release.path, tmp_path / "without")
    for file in (tmp_path / "without").rglob("*.html"):
        parse(file)
