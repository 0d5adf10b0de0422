"""A hundred questions that a board asks, each with its answer from SQL over the marts' files.

Nothing here uses the service's code: ranks are counted anew from values, people of Core20 are added
up from LSOAs, files are found by their hash in the manifest.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

Check = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Question:
    """What is asked, with which tool, and what must be answered."""

    text: str
    tool: str
    arguments: dict[str, Any]
    check: Check


class Marts:
    """The files of one release."""

    def __init__(self, release: Path) -> None:
        self.release = release
        self.manifest = json.loads((release / "manifest.json").read_text())
        self._con = duckdb.connect()
        for file in release.glob("*.parquet"):
            self._con.execute(f"create view {file.stem} as from '{file}'")

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """The rows of a query."""
        cursor = self._con.execute(sql)
        names = [column[0] for column in cursor.description or []]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def questions(release: Path) -> list[Question]:
    """The questions."""
    marts = Marts(release)
    return [
        *_values(marts), *_elsewhere(marts), *_refusals(marts), *_comparisons(marts), *_ranks(marts), *_trends(marts),
        *_gaps(marts), *_core20(marts), *_definitions(marts), *_unknown(),
    ]  # fmt: skip


# One row of each headline measure and sex, of Places in turn, so that every indicator is asked of.
_SPREAD = (
    "qualify row_number() over (partition by indicator_slug, measure, sex, age order by "
    "hash(place_code || indicator_slug)) = 1 order by indicator_id, measure, sex, age"
)


def _arguments(row: dict[str, Any]) -> dict[str, Any]:
    return {"indicator": row["indicator_slug"], "measure": row["measure"], "sex": row["sex"]}


def _one(answer: dict[str, Any], row: dict[str, Any], key: str = "figures") -> dict[str, Any]:
    """The figure of the row's age among those answered."""
    found = [item.get("figure", item) for item in answer[key]]
    (figure,) = [figure for figure in found if figure["age"] == row["age"]]
    return dict(figure)


def _says_where_from(answer: dict[str, Any], figure: dict[str, Any]) -> None:
    assert answer["release"]
    assert answer["fictional"] is True
    assert "invented" in answer["notice"]
    assert figure["trace_id"].partition(".")[2]
    if figure["value"] is not None:
        assert figure["licence"]
        assert figure["attribution"]
        assert figure["period"]


def _values(marts: Marts) -> list[Question]:
    rows = marts.rows(f"from scorecard where value is not null {_SPREAD}")[:30]

    def check(row: dict[str, Any]) -> Check:
        def holds(answer: dict[str, Any]) -> None:
            figure = _one(answer, row)
            _says_where_from(answer, figure)
            for name in ("value", "lower_95", "upper_95", "period", "unit"):
                assert figure[name] == row[name], name
            assert row["place_name"] in answer["said"]
            assert row["period"] in answer["said"]

        return holds

    return [
        Question(
            f"What is {row['measure_name']} in {row['place_name']}, {row['sex']}?",
            "read_values",
            {**_arguments(row), "area": row["place_name"]},
            check(row),
        )
        for row in rows
    ]


def _refusals(marts: Marts) -> list[Question]:
    rows = marts.rows(
        "from scorecard where value is null qualify row_number() over (partition by value_status "
        "order by indicator_id, place_code) <= 4 order by value_status, indicator_id, place_code"
    )

    def check(row: dict[str, Any]) -> Check:
        def refuses(answer: dict[str, Any]) -> None:
            figure = _one(answer, row)
            assert figure["value"] is None
            assert figure["lower_95"] is None
            assert figure["status"] == row["value_status"]
            assert "Give no number in its place" in answer["said"]
            if row["value_status"].startswith("suppressed"):
                assert "withheld" in answer["said"]
                assert "not zero" in answer["said"]

        return refuses

    return [
        Question(
            f"How high is {row['measure_name']} in {row['place_name']} ({row['value_status']})?",
            "read_values",
            {**_arguments(row), "area": row["place_code"]},
            check(row),
        )
        for row in rows
    ]


def _comparisons(marts: Marts) -> list[Question]:
    rows = marts.rows(
        "from scorecard where value is not null qualify row_number() over (partition by "
        "compared_with_nation, not_compared_reason order by hash(indicator_slug || place_code)) <= 3 "
        "order by compared_with_nation, indicator_id, place_code"
    )

    def check(row: dict[str, Any]) -> Check:
        def holds(answer: dict[str, Any]) -> None:
            (found,) = [r for r in answer["results"] if r["figure"]["age"] == row["age"]]
            word = row["compared_with_nation"]
            assert found["tested"] is (word != "not_compared")
            assert found["figure"]["nation_value"] == row["nation_value"]
            judged = {w for w in ("better than", "worse than", "similar to") if w in found["said"]}
            if word == "not_compared":
                assert not judged
                assert "Not compared with the nation" in found["said"]
            else:
                assert {w.split()[0] for w in judged} == {word}

        return holds

    return [
        Question(
            f"Is {row['measure_name']} in {row['place_name']} better than in the nation?",
            "compare_with_nation",
            {**_arguments(row), "areas": [row["place_name"]]},
            check(row),
        )
        for row in rows
    ]


def _ranks(marts: Marts) -> list[Question]:
    """Ranks counted from the indicator marts' own values, for twelve measures with one age group."""
    asked = marts.rows(
        "select distinct on (indicator_slug) * from scorecard "
        "where value is not null and (indicator_slug, measure) in "
        "(select (indicator_slug, measure) from indicator where value_type <> 'count') "
        "and (indicator_slug, measure, sex) in (select (indicator_slug, measure, sex) from scorecard "
        "group by all having count(distinct age) = 1) order by indicator_slug, measure, sex limit 12"
    )
    return [
        Question(
            f"Which Place is first in {row['measure_name']}?",
            "rank_places",
            _arguments(row),
            _ranked(_counted_ranks(marts, row)),
        )
        for row in asked
    ]


def _counted_ranks(marts: Marts, row: dict[str, Any]) -> dict[str, int]:
    names = ("indicator_slug", "measure", "sex", "age", "period")
    facts = marts.rows(
        "select area_code, value from (from beacon_indicator union all from core20plus5_indicator) "
        "where category = 'All' and area_type = 'place' and value is not null and "
        + " and ".join(f"{name} = '{row[name]}'" for name in names)
    )
    sign = 1 if row["polarity"] == "low_is_good" else -1
    return {
        one["area_code"]: 1 + sum(sign * other["value"] < sign * one["value"] for other in facts)
        for one in facts
    }


def _ranked(expected: dict[str, int]) -> Check:
    def holds(answer: dict[str, Any]) -> None:
        got = {r["figure"]["area_code"]: r["rank"] for r in answer["results"] if r["rank"]}
        assert got == expected
        assert answer["ranked"] == len(expected)
        assert answer["places"] == 9
        assert "no test" in answer["said"]

    return holds


def _trends(marts: Marts) -> list[Question]:
    rows = marts.rows(
        "from scorecard where value is not null qualify row_number() over (partition by "
        "recent_trend, recent_trend_reason order by hash(place_code || indicator_slug)) <= 2 "
        "order by recent_trend, recent_trend_reason, indicator_id, place_code"
    )

    def check(row: dict[str, Any]) -> Check:
        series = marts.rows(
            "select value from (from beacon_indicator union all from core20plus5_indicator) where "
            f"indicator_slug = '{row['indicator_slug']}' and measure = '{row['measure']}' and sex = "
            f"'{row['sex']}' and age = '{row['age']}' and area_code = '{row['place_code']}' and "
            "category = 'All' and value is not null order by period_end"
        )

        def holds(answer: dict[str, Any]) -> None:
            values = [f["value"] for f in answer["figures"] if f["value"] is not None]
            assert values == [item["value"] for item in series]
            assert answer["recent_trend"] == row["recent_trend"]
            if row["recent_trend"] == "Cannot be calculated":
                assert "No trend was tested" in answer["said"]
            else:
                assert f"Recent trend, tested: {row['recent_trend']}." in answer["said"]

        return holds

    return [
        Question(
            f"How has {row['measure_name']} moved in {row['place_name']}?",
            "read_trend",
            {**_arguments(row), "area": row["place_name"]},
            check(row),
        )
        for row in rows
    ]


def _gaps(marts: Marts) -> list[Question]:
    rows = marts.rows(
        "from inequality qualify period_end = max(period_end) over (partition by indicator_slug, "
        "measure, breakdown) and row_number() over (partition by breakdown, gap_is_clear, direction "
        "order by hash(indicator_slug || sex), period_end desc) = 1 order by breakdown, direction"
    )

    def check(row: dict[str, Any]) -> Check:
        names = ("area_code", "period", "sex", "age", "breakdown")

        def holds(answer: dict[str, Any]) -> None:
            (gap,) = [g for g in answer["results"] if all(g[n] == row[n] for n in names)]
            assert gap["absolute_gap"] == row["absolute_gap"]
            assert gap["gap_is_clear"] is row["gap_is_clear"]
            assert (", clear of chance:" in gap["said"]) is (row["gap_is_clear"] is True)
            assert (", not clear of chance:" in gap["said"]) is (row["gap_is_clear"] is False)

        return holds

    return [
        Question(
            f"How wide is the gap in {row['indicator_slug']} ({row['breakdown']})?",
            "read_gaps",
            {**_arguments(row), "area": row["area_code"]},
            check(row),
        )
        for row in rows
    ]


def _elsewhere(marts: Marts) -> list[Question]:
    """Values of the nation's other authorities and regions."""
    rows = marts.rows(
        "from observation where value is not null and category = 'All' "
        "and area_type in ('local_authority', 'region') "
        "qualify row_number() over (partition by area_type, indicator_id % 5 order by "
        "hash(area_code || indicator_slug || measure || period || sex || age)) = 1 "
        "order by area_code, indicator_id"
    )

    def check(row: dict[str, Any]) -> Check:
        def holds(answer: dict[str, Any]) -> None:
            figure = _one(answer, row)
            _says_where_from(answer, figure)
            for name in ("value", "lower_95", "upper_95", "area_code", "compared_with_nation"):
                assert figure[name] == row[name], name

        return holds

    return [
        Question(
            f"What was {row['measure_name']} in {row['area_name']}, {row['period']}?",
            "read_values",
            {**_arguments(row), "area": row["area_code"], "period": row["period"]},
            check(row),
        )
        for row in rows
    ]


def _core20(marts: Marts) -> list[Question]:
    """People added up from the LSOAs of the Places, of the board and of some wards."""
    rows = marts.rows(
        "with counted as (select place_code as area, place_name, people, core20_imd2025 from lsoa "
        "union all select icb_code, icb_name, people, core20_imd2025 from lsoa cross join "
        "(select distinct icb_code, icb_name from place) "
        "union all select ward24_code, ward24_name, people, core20_imd2025 from lsoa "
        "where hash(ward24_code) % 20 = 0) "
        "select area, place_name, sum(people) as people, "
        "sum(people) filter (core20_imd2025) as core20 from counted group by all order by area"
    )

    def check(row: dict[str, Any]) -> Check:
        def holds(answer: dict[str, Any]) -> None:
            assert answer["people"] == row["people"]
            assert answer["people_core20"] == (row["core20"] or 0)
            assert f"{int(row['people']):,}" in answer["said"]

        return holds

    return [
        Question(
            f"How many people of {row['place_name']} live in Core20?",
            "read_core20",
            {"area": row["area"]},
            check(row),
        )
        for row in rows
    ]


def _definitions(marts: Marts) -> list[Question]:
    rows = marts.rows("from indicator where is_headline order by hash(indicator_slug) limit 6")

    def check(row: dict[str, Any]) -> Check:
        def holds(answer: dict[str, Any]) -> None:
            found = [r for r in answer["results"] if r["measure"] == row["measure"]]
            assert [
                r["definition"] for r in found if r["indicator_slug"] == row["indicator_slug"]
            ] == [row["definition"]]

        return holds

    return [
        Question(
            f"What does {row['name']} mean?",
            "find_indicators",
            {"text": row["indicator_slug"]},
            check(row),
        )
        for row in rows
    ]


def _unknown() -> list[Question]:
    """What has to be refused, with a way on."""

    def says(*words: str) -> Check:
        def refuses(answer: dict[str, Any]) -> None:
            assert answer["is_error"]
            assert all(word in answer["text"] for word in words), answer["text"]

        return refuses

    return [
        Question(
            "What is lonelyness in Dunmarrow?",
            "read_values",
            {"indicator": "lonelyness", "area": "Dunmarrow"},
            says("Did you mean 'Loneliness'"),
        ),
        Question(
            "What is life expectancy in Liverpool?",
            "read_values",
            {"indicator": "1", "area": "Liverpool"},
            says("There is no area 'Liverpool'", "find_areas"),
        ),
        Question(
            "What was life expectancy in Dunmarrow in 1900?",
            "read_values",
            {"indicator": "1", "area": "Dunmarrow", "period": "1900"},
            says("no figure", "Do not give a number"),
        ),
        *(
            Question(
                "What is unemployment, which only other measures have figures of?",
                tool,
                {"indicator": "unemployment_16_64", **area},
                says(
                    "no figure",
                    "Do not give a number",
                    "model_based (Unemployed, model-based",
                    "claimant_count (Claimants",
                    "a proxy: it stands for Percentage unemployed",
                ),
            )
            for tool, area in (("read_values", {"area": "Dunmarrow"}), ("rank_places", {}))
        ),
        Question(
            "Which Place has the best life expectancy?",
            "rank_places",
            {"indicator": "life_expectancy"},
            says("Choose one of measure, sex and age", "Female"),
        ),
        Question(
            "What did the release of 1 January 2020 say?",
            "read_values",
            {"indicator": "1", "area": "Dunmarrow", "release": "v2020.01.01-1"},
            says("There is no release"),
        ),
    ]
