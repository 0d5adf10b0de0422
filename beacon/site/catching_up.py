"""Gaps within each Place, now and earlier: are the poorest catching up?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date

from beacon.site import words
from beacon.site.facts import ReleaseFacts
from beacon.site.figures import short_series_name
from beacon.site.indicator_facts import IndicatorFacts, Place, Row, Series
from beacon.site.inequality_facts import BETWEEN_PLACES, breakdown_text

# Long enough that pooled periods of three years do not overlap.
YEARS_BETWEEN = 3
SLOPE_OF_LIFE = "inequality_in_life_expectancy"


_WORDS = {
    "widening": "Widening",
    "closing": "Closing",
    "no_clear_change": "No clear change",
}
_WAYS = {"Widening": "up", "Closing": "down", "No clear change": "level"}


@dataclass(frozen=True)
class Change:
    """A gap now and before; which way it went is said only where a mart has tested it.

    Attributes:
        now: The gap in the indicator's unit, to the disadvantage of the disadvantaged; None where
            there is none.
        text: The same as it is shown, or None.
        limits: Its 95% limits as text, or None.
        before: The earlier gap as it is shown, or None.
        word: Widening, Closing or No clear change, as the mart tested it; None where it did not.
        since: The earlier period, where it is not that of the whole series.
    """

    now: float | None
    text: str | None = None
    limits: str | None = None
    before: str | None = None
    word: str | None = None
    since: str | None = None

    @property
    def way(self) -> str:
        """The arrow that goes with the word: up, down or level; nothing without one."""
        return _WAYS.get(self.word or "", "")


@dataclass(frozen=True)
class GapSeries:
    """One gap in every Place.

    Attributes:
        name: The indicator, and the sex where it is not everyone.
        what: Between whom the gap lies.
        page: The indicator's page.
        unit: Unit of the gap.
        period: The latest period, in words.
        before: The earlier period, in words, or None where there is none on the same basis.
        nation: The nation's gap.
        places: Each Place's.
        sex: Persons, Female or Male.
        slug: The registry's name of the indicator.
        groups: The two groups, the better-off less the disadvantaged; nothing where `what` says.
        tested: Whether the words are those of the mart's test of all years since `before`.
    """

    name: str
    what: str
    page: str
    unit: str
    period: str
    before: str | None
    nation: Change
    places: tuple[tuple[Place, Change], ...]
    sex: str
    slug: str
    groups: str = ""
    tested: bool = False

    def count(self, way: str) -> int:
        """Places whose gap went that way: up, down or level; nothing counts those not tested."""
        return sum(change.way == way for _, change in self.places)

    @property
    def known(self) -> list[tuple[Place, Change]]:
        """Places with a gap now."""
        return [(place, change) for place, change in self.places if change.now is not None]


def gaps_within_places(facts: ReleaseFacts) -> list[GapSeries]:
    """The published slope index of life expectancy by sex, then gaps between groups of people."""
    found = []
    item = facts.by_slug.get(SLOPE_OF_LIFE)
    if item is not None:
        for series in facts.series_of(item.slug, item.measures[0]["measure"]):
            rows = facts.series_rows(series)
            ends = "from the most to the least deprived, by a line"
            made = _series(facts, item, series, rows, _from_value, ends)
            if made is not None:
                found.append(made)
    groups: dict[tuple[Series, str], list[Row]] = {}
    for row in facts.rows("inequality"):
        if (
            row["indicator_slug"] in facts.by_slug
            and not row["ecological"]
            and row["breakdown"] != BETWEEN_PLACES
            and row["polarity"] != "no_judgement"
        ):
            of = Series(row["indicator_slug"], row["measure"], row["sex"], row["age"] or "")
            groups.setdefault((of, row["breakdown"]), []).append(row)
    tests = _tests(facts)
    order = {indicator.slug: n for n, indicator in enumerate(facts.indicators)}
    for key, rows in sorted(
        groups.items(), key=lambda g: (order[g[0][0].slug], g[0][1], g[0][0].sex)
    ):
        series, breakdown = key
        item = facts.by_slug[series.slug]
        made = _series(facts, item, series, rows, _from_gap, breakdown_text(breakdown).lower())
        if made is not None:
            named = replace(made, groups=_groups(rows[-1]))
            found.append(_tested(named, item.decimals(series.measure), tests, key))
    return found


_Key = tuple[Series, str]


def _groups(row: Row) -> str:
    better, worse = str(row["comparison_group"]).lower(), str(row["disadvantaged_group"]).lower()
    if row["polarity"] == "high_is_good":
        return f"{better} less {worse}"
    return f"{worse} less {better}"


def _tests(facts: ReleaseFacts) -> dict[_Key, dict[str, Row]]:
    """Rows of `inequality_trend` by series and breakdown, then by area."""
    found: dict[_Key, dict[str, Row]] = {}
    for row in facts.rows("inequality_trend"):
        series = Series(row["indicator_slug"], row["measure"], row["sex"], row["age"] or "")
        found.setdefault((series, row["breakdown"]), {})[row["area_code"]] = row
    return found


def _tested(
    gap: GapSeries, decimals: int, tests: dict[_Key, dict[str, Row]], key: _Key
) -> GapSeries:
    """The same gaps with the mart's words, where it tested any Place's."""
    rows = {
        code: row
        for code, row in tests.get(key, {}).items()
        if words.period_text(row["period"]) == gap.period
    }
    places = {place.code for place, _ in gap.places}
    assessed = [r for c, r in rows.items() if c in places and r["closing"] != "not_assessed"]
    if not assessed:
        return gap
    starts = Counter(row["first_period"] for row in assessed)
    start = min(starts, key=lambda period: (-starts[period], period))

    def change(shown: Change, row: Row | None) -> Change:
        if shown.now is None:
            return shown
        if row is None or row["closing"] == "not_assessed":
            return replace(shown, since=gap.before if shown.before else None)
        first = row["first_period"]
        return Change(
            shown.now,
            shown.text,
            shown.limits,
            words.number(row["disadvantage_at_first"], decimals),
            _WORDS[row["closing"]],
            None if first == start else words.period_text(first),
        )

    nation = next((c for c, row in rows.items() if row["area_type"] == "nation"), "")
    return replace(
        gap,
        before=words.period_text(start),
        nation=change(gap.nation, rows.get(nation)),
        places=tuple((place, change(shown, rows.get(place.code))) for place, shown in gap.places),
        tested=True,
    )


_REASONS = {
    "fewer_than_five_points": "Not tested: fewer than five years",
    "periods_overlap": "Not tested: its periods are not single years",
    "no_direction_is_better": "Not tested: neither direction is better",
    "chosen_by_their_values": "Not tested: chosen by their values",
}


def trend_text(row: Row | None) -> str:
    """What a row of `inequality_trend` says of its gap, with the years that it rests on."""
    if row is None:
        return ""
    if row["closing"] == "not_assessed":
        return _REASONS.get(row["closing_reason"] or "", "Not tested")
    first, last = words.period_text(row["first_period"]), words.period_text(row["period"])
    return f"{_WORDS[row['closing']]}, {first} to {last}"


_Reader = Callable[[Row], tuple[float, float | None, float | None] | None]


def _from_value(row: Row) -> tuple[float, float | None, float | None] | None:
    if row["value"] is None:
        return None
    return row["value"], row["lower_95"], row["upper_95"]


def _from_gap(row: Row) -> tuple[float, float | None, float | None] | None:
    """A gap signed so that more is worse for the disadvantaged."""
    gap = row["absolute_gap"]
    if gap is None:
        return None
    lower, upper = row["absolute_gap_lower_95"], row["absolute_gap_upper_95"]
    if row["polarity"] == "high_is_good":
        return gap, lower, upper
    return (
        -gap,
        None if upper is None else -upper,
        None if lower is None else -lower,
    )


def _series(
    facts: ReleaseFacts,
    item: IndicatorFacts,
    series: Series,
    rows: list[Row],
    read: _Reader,
    what: str,
) -> GapSeries | None:
    codes = {place.code for place in facts.places}
    of_places = [r for r in rows if r["area_code"] in codes and read(r) and r["period_end"]]
    if not of_places:
        return None
    latest = max(of_places, key=lambda r: (r["period_end"], r["period"]))
    earlier = _earlier(item, series.measure, latest, of_places)
    cells = {(r["area_code"], r["period"]): r for r in rows}
    nation = next((r["area_code"] for r in rows if r["area_type"] == "nation"), "")
    decimals = item.decimals(series.measure)

    def change(code: str) -> Change:
        now = cells.get((code, latest["period"]))
        then = cells.get((code, earlier["period"])) if earlier else None
        return both_gaps(read(now) if now else None, read(then) if then else None, decimals)

    return GapSeries(
        name=short_series_name(item, series),
        what=what,
        page=item.page,
        unit=words.difference_unit(latest["unit"]),
        period=words.period_text(latest["period"]),
        before=words.period_text(earlier["period"]) if earlier else None,
        nation=change(nation),
        places=tuple((place, change(place.code)) for place in facts.places),
        sex=series.sex,
        slug=series.slug,
    )


def _earlier(item: IndicatorFacts, measure: str, latest: Row, rows: Iterable[Row]) -> Row | None:
    """The latest row that ends three years or more before, with no break in between."""
    end = latest["period_end"]
    try:
        until = date(end.year - YEARS_BETWEEN, end.month, end.day)
    except ValueError:
        until = date(end.year - YEARS_BETWEEN, end.month, end.day - 1)
    breaks = [
        b.period
        for b in (item.registry.known_breaks if item.registry else ())
        if b.measure in {None, measure}
    ]
    found = [
        row
        for row in rows
        if row["period_end"] <= until
        and not any(row["period"] < b <= latest["period"] for b in breaks)
    ]
    return max(found, key=lambda r: (r["period_end"], r["period"]), default=None)


def both_gaps(
    now: tuple[float, float | None, float | None] | None,
    before: tuple[float, float | None, float | None] | None,
    decimals: int,
) -> Change:
    """A gap now and before as they are shown, without a word on which way it went.

    Args:
        now: Gap and its 95% limits, more being worse for the disadvantaged; None where missing.
        before: The same, earlier.
        decimals: Decimals that are shown.
    """
    earlier = None if before is None else words.number(before[0], decimals)
    if now is None:
        return Change(None, before=earlier)
    limits = None
    if now[1] is not None and now[2] is not None:
        limits = f"{words.number(now[1], decimals)} to {words.number(now[2], decimals)}"
    return Change(now[0], words.number(now[0], decimals), limits, earlier)
