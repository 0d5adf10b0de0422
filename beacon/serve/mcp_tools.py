"""What assistants may ask: fixed questions about one release, answered from its marts.

A word that judges (better, worse, increasing, a clear gap) stands in an answer only where the
release holds the test. There is no SQL.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import duckdb
from pydantic import Field

from beacon.core.home import Home
from beacon.serve import tool_answers as answers
from beacon.serve.area_list import UnknownNameError, find_area, list_areas
from beacon.serve.limits import MOST_TEXT, Limits, QueryGate
from beacon.serve.said_comparisons import compared, gap_of
from beacon.serve.said_figures import (
    Figure,
    find_figures,
    find_measures,
    indicator_rows,
    number,
)
from beacon.serve.said_trends import say_trend
from beacon.serve.served_release import LATEST, ServedRelease, ServedReleases
from beacon.serve.trace_rows import records, trace_id_sql, trace_row

Text = Annotated[str, Field(max_length=MOST_TEXT)]
Indicator = Annotated[str, Field(max_length=MOST_TEXT, description="Number, short name or name.")]
Area = Annotated[str, Field(max_length=MOST_TEXT, description="Name or code.")]
Measure = Annotated[
    str | None, Field(max_length=MOST_TEXT, description="The one that heads it by default.")
]
Sex = Annotated[str | None, Field(max_length=MOST_TEXT, description="Persons, Female or Male.")]
Release = Annotated[str, Field(max_length=MOST_TEXT, description="A label, or latest.")]

_MOST_FOUND = 200
NOT_TESTED = (
    "No difference between areas was tested: a rank or two values side by side are no test."
)


class Tools:
    """The questions, over the releases of one home."""

    def __init__(self, home: Home, limits: Limits | None = None) -> None:
        self._releases = ServedReleases(home)
        self._gate = QueryGate(limits or Limits())

    @contextmanager
    def _reading(self, release: str) -> Iterator[tuple[ServedRelease, duckdb.DuckDBPyConnection]]:
        served = self._releases.find(release)
        with self._gate.connection() as con:
            yield served, con

    def list_releases(self) -> list[str]:
        """Labels of the releases, the newest first."""
        return [release.label for release in self._releases.every()[::-1]]

    def find_indicators(self, text: Text = "", release: Release = LATEST) -> answers.Indicators:
        """Indicators whose name, theme, programme or definition has a text; all without one."""
        with self._reading(release) as (served, con):
            rows = indicator_rows(con, served)
        names = ("indicator_id", "indicator_slug", "name", "theme", "programme", "measure",
                 "measure_name", "definition")  # fmt: skip
        wanted = text.strip().casefold()
        found = [
            row for row in rows if wanted in " ".join(str(row[name]) for name in names).casefold()
        ]
        said = f"{len({row['indicator_slug'] for row in found})} indicators, {len(found)} measures."
        return answers.Indicators(**served.about, said=said, results=found[:_MOST_FOUND])

    def find_areas(
        self, text: Text = "", kind: Text | None = None, release: Release = LATEST
    ) -> answers.Areas:
        """Areas by a part of their name or code, and by kind.

        Kinds: nation, region, board, sub_icb_location, place, upper_tier_authority,
        lower_tier_authority, combined_authority, constituency, ward, pcn, msoa, lsoa.
        """
        with self._reading(release) as (served, con):
            found = list_areas(con, served, kind=kind, name=text.strip() or None)
        said = f"{len(found)} areas" + (
            f", of which {_MOST_FOUND} are given." if len(found) > _MOST_FOUND else "."
        )
        return answers.Areas(**served.about, said=said, results=found[:_MOST_FOUND])

    def read_values(
        self,
        indicator: Indicator,
        area: Area,
        period: Annotated[Text, Field(description="As published, latest, or all.")] = "latest",
        measure: Measure = None,
        sex: Sex = None,
        release: Release = LATEST,
    ) -> answers.Values:
        """Values with limits, status, source and licence; or why there are none."""
        with self._reading(release) as (served, con):
            figures, _ = find_figures(con, served, indicator, area, period, measure, sex)
        return answers.Values(**served.about, said=_together(figures), figures=figures)

    def compare_with_nation(
        self,
        indicator: Indicator,
        areas: Annotated[list[Area], Field(min_length=1, max_length=20)],
        measure: Measure = None,
        sex: Sex = None,
        release: Release = LATEST,
    ) -> answers.Comparisons:
        """Areas beside the nation, each with the result of its test, at the latest period."""
        with self._reading(release) as (served, con):
            results = [
                compared(figure)
                for area in areas
                for figure in find_figures(con, served, indicator, area, "latest", measure, sex)[0]
            ]
        said = " ".join(result.said for result in results)
        said += f" {NOT_TESTED}" if len(areas) > 1 else ""
        return answers.Comparisons(**served.about, said=said, results=results)

    def rank_places(
        self,
        indicator: Indicator,
        measure: Measure = None,
        sex: Sex = None,
        release: Release = LATEST,
    ) -> answers.Ranking:
        """The Places in order of the latest value.

        1 is the best, or the highest where there is no direction. Give measure and sex where there
        is more than one.
        """
        with self._reading(release) as (served, con):
            figures, about = find_figures(con, served, indicator, None, "latest", measure, sex)
        groups = sorted({(f.measure, f.sex, f.age) for f in figures})
        if len(groups) > 1:
            named = "; ".join(", ".join(group) for group in groups)
            raise UnknownNameError(f"Choose one of measure, sex and age: {named}.")
        polarity, is_count = about[0]["polarity"], about[0]["value_type"] == "count"
        low_first = polarity == "low_is_good"
        with_value = [f for f in figures if f.value is not None]
        with_value.sort(key=lambda f: ((f.value or 0) * (1 if low_first else -1), f.area_code))
        ranked = [
            answers.Ranked(
                # A count is more where more people live, so it has no rank.
                rank=None if is_count else 1 + sum(_before(o, f, low_first) for o in with_value),
                figure=f,
            )
            for f in with_value
        ]
        without = [f for f in figures if f.value is None]
        order = "none" if is_count else "highest_first"
        order = "best_first" if not is_count and polarity != "no_judgement" else order
        said = f"{len(with_value)} of {len(figures)} Places have a value. "
        if ranked and not is_count:
            word = "best" if order == "best_first" else "highest"
            said += f"1 is the {word}: {ranked[0].figure.said} "
        elif ranked:
            said += "A count is more where more people live, so it is not ranked. "
        said += " ".join([NOT_TESTED, *(f.said for f in without)])
        return answers.Ranking(
            **served.about,
            said=said,
            order=order,
            ranked=len(with_value),
            places=len(figures),
            results=[*ranked, *(answers.Ranked(rank=None, figure=f) for f in without)],
        )

    def read_trend(
        self,
        indicator: Indicator,
        area: Area,
        measure: Measure = None,
        sex: Sex = None,
        release: Release = LATEST,
    ) -> answers.Trend:
        """All periods, and the test of the recent trend where one was made."""
        with self._reading(release) as (served, con):
            figures, _ = find_figures(con, served, indicator, area, "all", measure, sex)
            series = {(f.measure, f.sex, f.age) for f in figures if f.value is not None}
            if len(series) > 1:
                named = "; ".join(", ".join(group) for group in sorted(series))
                raise UnknownNameError(f"Choose one of measure, sex and age: {named}.")
            valued = [f for f in figures if f.value is not None]
            trend = say_trend(con, served, valued[-1] if valued else None)
        # The last row of the series that was tested, though it has no value.
        shown = [f for f in figures if not series or (f.measure, f.sex, f.age) in series]
        return answers.Trend(
            **served.about,
            said=f"{trend.said} {shown[-1].said}",
            recent_trend=trend.recent_trend,
            recent_trend_reason=trend.reason,
            figures=figures,
        )

    def read_gaps(
        self,
        indicator: Indicator,
        area: Area | None = None,
        measure: Measure = None,
        sex: Sex = None,
        release: Release = LATEST,
    ) -> answers.Gaps:
        """Gaps between groups or Places at the latest period, and whether each is clear of chance.

        Places stand for their people here (`places_by_core20_share`): a gap between Places is not
        one between persons.
        """
        with self._reading(release) as (served, con):
            about = find_measures(indicator_rows(con, served), indicator, measure)
            code = find_area(con, served, area)["code"] if area else None
            rows = records(
                con,
                f"select *, {trace_id_sql('inequality')} as trace_id from read_parquet(?) "  # noqa: S608
                "where indicator_slug = ? and list_contains(?, measure) "
                "and (? is null or area_code = ?) and (? is null or lower(sex) = lower(?)) "
                "qualify period_end = max(period_end) over (partition by measure, breakdown) "
                "order by measure, breakdown, area_code, sex, age limit 200",
                [str(served.path_of("inequality")), about[0]["indicator_slug"],
                 [row["measure"] for row in about], code, code, sex, sex],
            )  # fmt: skip
        gaps = [gap_of(row) for row in rows]
        said = " ".join(gap.said for gap in gaps[:20]) or "No gap was computed. Do not infer one."
        return answers.Gaps(**served.about, said=said, results=gaps)

    def read_core20(self, area: Area, release: Release = LATEST) -> answers.Core20:
        """How many people of an area live in Core20 LSOAs.

        Of any board, authority or constituency of the nation, and of the Places and their wards.
        """
        with self._reading(release) as (served, con):
            found = find_area(con, served, area)
            rows = records(
                con,
                f"select *, {trace_id_sql('area')} as trace_id from read_parquet(?) "  # noqa: S608
                "where area_code = ? and people is not null order by vintage desc limit 1",
                [str(served.path_of("area")), found["code"]],
            )
        if not rows:
            raise UnknownNameError(
                f"Core20 is not given for {found['name']}, a {found['type'].replace('_', ' ')}. "
                "Do not give a number."
            )
        row = rows[0]
        share = row["core20_share_percent"]
        part = "" if share is None else f", {number(round(share, 1))} %"
        base = row["population_base"].replace("_", " ")
        said = (
            f"{row['people_core20']:,} of {row['people']:,} people of {found['name']}{part}, live "
            f"in the most deprived fifth of the nation's LSOAs (IMD {row['imd_vintage']}, {base})."
        )
        return answers.Core20.model_validate(
            {**row, **served.about, "area_name": found["name"], "said": said}
        )

    def trace(self, trace_id: Text, release: Release = LATEST) -> answers.Traced:
        """Where the number of a trace id comes from: publishers' files, licences, and the SQL."""
        served = self._releases.find(release)
        chain = trace_row(self._gate, served, trace_id)
        files = "; ".join(
            f"{entry['original_name']} of {entry['publisher']} ({entry['licence']}, SHA-256 "
            f"{entry['sha256'][:12]}…)"
            for entry in chain["inputs"]
        )
        said = f"Made by {chain['derivation']['sql']} from {files or 'tables of the release'}."
        return answers.Traced(**served.about, said=said, **chain)


def _together(figures: list[Figure]) -> str:
    return " ".join(figure.said for figure in figures[:30])


def _before(other: Figure, figure: Figure, low_first: bool) -> bool:
    left, right = other.value or 0, figure.value or 0
    return left < right if low_first else left > right
