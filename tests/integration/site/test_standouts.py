"""Which Place is furthest behind, where a source covers too few authorities for a national spread."""

from __future__ import annotations

import pytest

from beacon.site.facts import ReleaseFacts
from beacon.site.indicator_facts import Row
from beacon.site.insights import place_insights
from beacon.site.read_release import read_release
from beacon.site.standouts import moving, worst

_PROGRAMMES = ("marmot_beacon",)


@pytest.fixture
def facts(sample_release) -> ReleaseFacts:
    """The sample without the nation's quartiles."""
    found = read_release(sample_release.path)
    for row in found.tables["scorecard"]:
        row.update(nation_quartile_1=None, nation_quartile_3=None)
    return found


def test_the_place_furthest_from_the_nation_comes_first(facts):
    judged: dict[tuple[str, ...], list[Row]] = {}
    for row in facts.rows("scorecard"):
        if row["compared_with_nation"] == "worse" and row["programme"] in _PROGRAMMES:
            of = (row["indicator_slug"], row["measure"], row["sex"], row["age"] or "")
            judged.setdefault(of, []).append(row)
    expected: dict[str, list[list[str]]] = {}
    for (slug, *_), rows in judged.items():
        rows.sort(key=lambda row: -abs(row["value"] - row["nation_value"]))
        expected.setdefault(facts.by_slug[slug].page, []).append([r["place_code"] for r in rows])
    shown = worst(facts, _PROGRAMMES)
    for standout in shown:
        assert [place.code for place in standout.places] in expected[standout.page]
    assert sum(len(standout.places) > 1 for standout in shown) >= 3


def test_a_place_that_is_better_than_the_nation_is_not_furthest_behind(facts):
    """A figure that gets worse may still be the best of all Places."""
    rows = [r for r in facts.rows("scorecard") if r["indicator_slug"] == "fuel_poverty"][:2]
    for row, value in zip(rows, (5.0, 20.0), strict=True):
        row.update(value=value, nation_value=20.0, recent_trend="Increasing and getting worse")
    (standout,) = (s for s in moving(facts, _PROGRAMMES, "worse") if s.furthest.startswith("20"))
    assert [place.code for place in standout.places] == [
        rows[1]["place_code"],
        rows[0]["place_code"],
    ]


def test_concerns_of_a_place_are_in_order_of_distance_and_not_of_name(facts):
    told = 0
    for place in facts.places:
        worse = place_insights(facts, place, _PROGRAMMES).get("worse", [])
        assert all(item.distance > 0 for item in worse)
        told += [item.name for item in worse] != sorted(item.name for item in worse)
    assert told
