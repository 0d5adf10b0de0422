"""The People pages: figures of the marts, what is suppressed said, directions only where tested."""

from __future__ import annotations

from csv import reader
from pathlib import Path

import pytest

from tests.fixtures.dom import Node, parse
from tests.fixtures.sites import SmallRelease

# Every page of a site with people holds to the same rules: these run on the fixtures below.
from tests.integration.site.test_site import (  # noqa: F401
    test_every_drawing_is_named_or_repeats_a_table,
    test_every_link_resolves_within_the_site,
    test_every_page_has_language_title_landmarks_and_one_main_heading,
    test_every_table_has_a_caption_and_headings_with_a_scope,
    test_headings_never_skip_a_level,
    test_identifiers_are_unique_and_every_reference_to_one_resolves,
    test_nothing_is_inline_but_what_the_policy_names_by_its_hash,
)


@pytest.fixture(scope="module")
def sample_site(people_release: SmallRelease) -> Path:
    """The site of the release with people."""
    return people_release.path / "site"


@pytest.fixture(scope="module")
def pages(sample_site: Path) -> dict[str, Node]:
    return {
        p.relative_to(sample_site).as_posix(): parse(p) for p in sorted(sample_site.rglob("*.html"))
    }


@pytest.fixture(scope="module")
def areas(people_release: SmallRelease, pages: dict[str, Node]) -> list[tuple[str, Node]]:
    """Code and page of the board and each Place."""
    (board,) = {r["area_code"] for r in people_release.rows("care_gap", "area_type = 'icb'")}
    found = [(board, pages["people/index.html"])]
    for place in people_release.rows("place"):
        slug = place["place_name"].lower().replace(" ", "-")
        found.append((place["place_code"], pages[f"people/{slug}.html"]))
    return found


def test_each_region_has_a_name_of_its_own(pages):
    """What a screen reader lists as landmarks: two of one name cannot be told apart."""
    for name, page in pages.items():
        texts = {n.attributes["id"]: n.text for n in page.all("caption") if "id" in n.attributes}
        regions = [n.attributes.get("aria-labelledby", "") for n in page.all("div", role="region")]
        named = [texts[identity] for identity in regions if identity in texts]
        assert len(named) == len(set(named)), name


def _rows_of(release: SmallRelease, code: str, where: str) -> list[dict[str, object]]:
    """The mart's rows of an area, of the latest extract."""
    own = release.rows("care_gap", f"area_code = '{code}' and {where}")
    latest = max(row["as_at"] for row in own)
    return [row for row in own if row["as_at"] == latest]


def _values(node: Node) -> list[float]:
    return [float(found.attributes["value"]) for found in node.all("data")]


def test_one_page_of_the_system_and_one_of_each_place(pages, areas):
    assert len([name for name in pages if name.startswith("people/")]) == 10 == len(areas)
    for _, page in areas:
        nav = page.one("nav", aria_label="Main")
        (current,) = [a for a in nav.all("a") if "aria-current" in a.attributes]
        assert current.text == "People"
        text = page.one("main").text
        assert "local person-level data, as at 31 March 2025" in text
        assert "fictional people" in text
        assert "have not been held against the current edition of their rules" in text


def test_without_an_extract_there_is_no_page_of_people(release_path, tmp_path):
    from beacon.site import build_site

    build_site(release_path, tmp_path / "site")
    assert not (tmp_path / "site" / "people").exists()
    nav = parse(tmp_path / "site" / "index.html").one("nav", aria_label="Main")
    assert "People" not in [a.text for a in nav.all("a")]


def test_every_group_is_the_marts(people_release, areas):
    for code, page in areas:
        rows = _rows_of(people_release, code, "true")
        shown = 0
        for measure in {(r["cohort"], r["measure"]) for r in rows}:
            anchor = "-".join(measure).replace("_", "-")
            table = page.one("details", id=anchor).one("table")
            own = [r for r in rows if (r["cohort"], r["measure"]) == measure]
            bodies = [row for body in table.all("tbody") for row in body.all("tr")]
            bodies = [row for row in bodies if "theme" not in row.classes]
            assert len(bodies) == len(own)
            texts = [row.text for row in bodies]
            suppressed = [r for r in own if r["value_status"] == "suppressed"]
            assert sum("Suppressed" in text for text in texts) == len(suppressed)
            figures = sorted(_values(row)[:3] for row in bodies if row.all("data"))
            judged = own[0]["polarity"] != "no_judgement"
            assert figures == sorted(
                [
                    r["eligible"],
                    r["not_reached"] if judged else r["done"],
                    r["not_reached_percent"] if judged else r["value"],
                ]
                for r in own
                if r["value"] is not None
            )
            shown += len(figures)
        assert shown > 100


def test_better_and_worse_are_said_just_where_the_mart_has_tested_it(people_release, areas):
    said = 0
    for code, page in areas:
        groups = page.one("section", aria_labelledby="groups").all("details")
        tables = [details.one("table") for details in groups if "id" in details.attributes]
        for word in ("better", "worse"):
            expected = [
                r for r in _rows_of(people_release, code, "true") if r["compared_with_rest"] == word
            ]
            for row in expected:
                outside = row["gap_lower_95"] > 0 or row["gap_upper_95"] < 0
                assert outside, "the limits of a gap with a direction leave out zero"
            found = sum(
                1 for table in tables for node in table.all("span", "trend") if word in node.classes
            )
            assert found == len(expected)
            said += found
    assert said > 50


def test_the_first_table_sets_core20_against_those_elsewhere(people_release, areas):
    for code, page in areas:
        rows = _rows_of(people_release, code, "breakdown = 'core20' and breakdown_group = 'Core20'")
        core20 = {r["measure_name"]: r for r in rows if r["cohort"] == "hypertension_register"}
        table = page.one("section", aria_labelledby="not-reached").one("table")
        for name, row in core20.items():
            (shown,) = [
                tr for tr in table.one("tbody").all("tr")
                if tr.one("th").attributes["data-value"] == name and "diagnosed hypertension" in tr.one("th").text
            ]  # fmt: skip
            cells = shown.all("td")
            if row["value"] is None:
                assert "Suppressed" in cells[3].text
            else:
                assert _values(cells[3]) == [row["not_reached"]]
                assert _values(cells[4]) == [row["not_reached_percent"]]
                assert _values(cells[7]) == [row["people_to_close_gap"]]


def test_a_page_begins_with_what_is_worse_in_core20_most_people_first(people_release, areas):
    for code, page in areas:
        rows = _rows_of(people_release, code, "breakdown_group = 'Core20' and breakdown = 'core20'")
        worse = sorted(
            (r["people_to_close_gap"] for r in rows if r["compared_with_rest"] == "worse"),
            reverse=True,
        )
        section = page.one("main").all("section")[0]
        better, similar = (
            sum(r["compared_with_rest"] == word for r in rows) for word in ("better", "similar")
        )
        said = f"worse in {len(worse)}, better in {better}, and no difference is clear in {similar}"
        assert said in section.text
        shown = [_values(tr)[-1] for body in section.all("tbody") for tr in body.all("tr")]
        assert shown == worse[:6]


def test_core20_of_each_place_is_a_count_or_said_why_not(people_release, areas):
    table = areas[0][1].one("section", aria_labelledby="where").one("table")
    where = "area_type = 'place' and breakdown_group = 'Core20' and polarity <> 'no_judgement'"
    rows = people_release.rows("care_gap", where)
    latest = max(row["as_at"] for row in rows)
    own = [row for row in rows if row["as_at"] == latest]
    cells = [cell for tr in table.one("tbody").all("tr") for cell in tr.all("td")]
    shown = sorted(value for cell in cells for value in _values(cell))
    assert shown == sorted(row["not_reached"] for row in own if row["value"] is not None)
    for status, word in (("suppressed", "Suppressed"), ("not_applicable", "Nobody eligible")):
        expected = sum(row["value_status"] == status for row in own)
        assert sum(cell.text == word for cell in cells) == expected
        assert expected > 0 or status == "not_applicable"


def test_care_gaps_are_downloaded_in_one_order(sample_site):
    """In the order of their columns: without one the bytes of a site differ from build to build."""
    with (sample_site / "data" / "care_gap.csv").open(encoding="utf-8", newline="") as file:
        keys = [tuple(row[:5]) for row in list(reader(file))[1:]]
    assert len(keys) > 1000
    assert keys == sorted(keys)


def test_segments_are_the_marts(people_release, areas):
    for code, page in areas:
        where = f"area_code = '{code}' and breakdown = 'all'"
        rows = people_release.rows("segment", where)
        latest = max(row["as_at"] for row in rows)
        own = [row for row in rows if row["as_at"] == latest]
        section = page.one("section", aria_labelledby="segments")
        shown = {
            tr.one("th").text: _values(tr) for body in section.all("tbody") for tr in body.all("tr")
        }
        assert len(shown) == len(own) == 17
        for row in own:
            figures = shown[row["segment_name"]]
            if row["people"] is not None:
                assert figures[:2] == [row["people"], row["share_percent"]]
