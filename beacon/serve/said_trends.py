"""The test of a series' recent trend in words: only where it is of now and of everybody."""

from __future__ import annotations

from typing import Any, NamedTuple

import duckdb

from beacon.serve.said_figures import Figure
from beacon.serve.served_release import ServedRelease
from beacon.serve.trace_rows import records

NOT_COMPUTED = "Cannot be calculated"
ENDED_EARLIER = "no_value_at_the_latest_period"


class SaidTrend(NamedTuple):
    """What may be said of a series' trend.

    Attributes:
        said: In a sentence.
        recent_trend: Result of the test at the latest period; None where none was made.
        reason: Why there is none.
    """

    said: str
    recent_trend: str | None = None
    reason: str | None = None


def say_trend(
    con: duckdb.DuckDBPyConnection, served: ServedRelease, figure: Figure | None
) -> SaidTrend:
    """The test of the series of a figure; None stands for a series without values."""
    test = _find_test(con, served, figure) if figure else None
    if test is None:
        return SaidTrend(_not_tested("no_test_for_this_area"))
    words, reason = test["recent_trend"], test["recent_trend_reason"]
    if not test["is_latest"]:
        said = (
            "No trend was tested for the latest period, because there is no value then: "
            "do not call it rising or falling."
        )
        if words != NOT_COMPUTED:
            said += f" An earlier trend, of the years up to {test['period']}, was tested: {words}."
        return SaidTrend(said, None, ENDED_EARLIER)
    if words == NOT_COMPUTED:
        return SaidTrend(_not_tested(reason), words, reason)
    said = f"Recent trend, tested: {words}. It is of the years up to {test['period']}."
    return SaidTrend(said, words, reason)


def _not_tested(reason: str) -> str:
    return f"No trend was tested ({reason.replace('_', ' ')}), so do not call it rising or falling."


def _find_test(
    con: duckdb.DuckDBPyConnection, served: ServedRelease, figure: Figure
) -> dict[str, Any] | None:
    """The test of a series: of a Place from its scorecard, which says why there is none."""
    series = [figure.indicator_slug, figure.measure]
    one = [figure.area_code, figure.sex, figure.age]
    found: list[dict[str, Any]] = []
    if "scorecard" in served.marts:
        found = records(
            con,
            "select recent_trend, recent_trend_reason, period, true as is_latest "
            "from read_parquet(?) where indicator_slug = ? and measure = ? and place_code = ? "
            "and sex = ? and age = ? and recent_trend is not null",
            [str(served.path_of("scorecard")), *series, *one],
        )
    if not found and "observation" in served.marts:
        # Each series has its test in the row that it ends with, and some ended years ago. The
        # latest period is that of the measure, in the Places, the nation or this area.
        found = records(
            con,
            "select recent_trend, recent_trend_reason, period, period_end = latest as is_latest "
            "from (select *, max(period_end) filter (value is not null and category = 'All' and "
            "(area_type in ('place', 'nation') or area_code = ?)) over () as latest "
            "from read_parquet(?) where indicator_slug = ? and measure = ?) "
            "where area_code = ? and sex = ? and age = ? and category = 'All' "
            "and recent_trend is not null order by period_end desc limit 1",
            [figure.area_code, str(served.path_of("observation")), *series, *one],
        )
    return found[0] if found else None
