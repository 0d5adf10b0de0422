"""Gaps within each Place, now and three years earlier: are the poorest catching up?

What belongs here: choosing the two periods and saying which way a gap went. What does not: any gap
that no mart holds, or a test of the change, because no source gives the covariance.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from beacon.site import words
from beacon.site.facts import BEACONS, IndicatorFacts, Place, ReleaseFacts, Row, Series
from beacon.site.figures import series_name
from beacon.site.inequality import BETWEEN_PLACES, breakdown_text, gap_unit

# Long enough that pooled periods of three years do not overlap.
YEARS_BETWEEN = 3
SLOPE_OF_LIFE = "inequality_in_life_expectancy"


@dataclass(frozen=True)
class Change:
    """A gap now and before.

    Attributes:
        now: The gap in the indicator's unit, to the disadvantage of the disadvantaged; None where
            there is none.
        text: The same as it is shown, or None.
        limits: Its 95% limits as text, or None.
        before: The earlier gap as it is shown, or None.
        word: Wider, Narrower or Unchanged as shown; None where one of the two is missing.
        clear: Whether the two 95% intervals do not overlap; None where there are none.
    """

    now: float | None
    text: str | None = None
    limits: str | None = None
    before: str | None = None
    word: str | None = None
    clear: bool | None = None

    @property
    def said(self) -> str:
        """The change in words."""
        if self.word is None:
            return ""
        return f"Clearly {self.word.lower()}" if self.clear else self.word


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

    def count(self, word: str) -> int:
        """Places whose gap went that way."""
        return sum(change.word == word for _, change in self.places)

    @property
    def known(self) -> list[tuple[Place, Change]]:
        """Places with a gap now."""
        return [(place, change) for place, change in self.places if change.now is not None]

    @property
    def has_limits(self) -> bool:
        """Whether any gap has an interval."""
        return any(change.limits for _, change in self.places)


def gaps_within_places(facts: ReleaseFacts) -> list[GapSeries]:
    """The published slope index of life expectancy by sex, then the beacons' gaps of people."""
    found = []
    item = facts.by_slug.get(SLOPE_OF_LIFE)
    if item is not None:
        for series in facts.series_of(item.slug, item.measures[0]["measure"]):
            rows = facts.series_rows(series)
            made = _series(facts, item, series, rows, _from_value, "most and least deprived tenths")
            if made is not None:
                found.append(made)
    groups: dict[tuple[Series, str], list[Row]] = {}
    for row in facts.rows("inequality"):
        if (
            row["programme"] == BEACONS
            and row["indicator_slug"] in facts.by_slug
            and not row["ecological"]
            and row["breakdown"] != BETWEEN_PLACES
            and row["polarity"] != "no_judgement"
        ):
            key = Series(row["indicator_slug"], row["measure"], row["sex"], row["age"] or "")
            groups.setdefault((key, row["breakdown"]), []).append(row)
    order = {indicator.slug: n for n, indicator in enumerate(facts.indicators)}
    for (series, breakdown), rows in sorted(
        groups.items(), key=lambda g: (order[g[0][0].slug], g[0][1], g[0][0].sex)
    ):
        item = facts.by_slug[series.slug]
        made = _series(facts, item, series, rows, _from_gap, breakdown_text(breakdown).lower())
        if made is not None:
            found.append(made)
    return found


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
        return change_between(read(now) if now else None, read(then) if then else None, decimals)

    return GapSeries(
        name=series_name(item, series),
        what=what,
        page=item.page,
        unit=gap_unit(latest["unit"]),
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


def change_between(
    now: tuple[float, float | None, float | None] | None,
    before: tuple[float, float | None, float | None] | None,
    decimals: int,
) -> Change:
    """Which way a gap went, as the shown figures have it, so that no sentence contradicts them.

    Args:
        now: Gap and its 95% limits, more being worse for the disadvantaged; None where missing.
        before: The same, earlier.
        decimals: Decimals that are shown.
    """
    earlier = None if before is None else words.number(before[0], decimals)
    if now is None:
        return Change(None, before=earlier)
    text = words.number(now[0], decimals)
    limits = None
    if now[1] is not None and now[2] is not None:
        limits = f"{words.number(now[1], decimals)} to {words.number(now[2], decimals)}"
    if before is None:
        return Change(now[0], text, limits)
    if text == earlier:
        return Change(now[0], text, limits, earlier, "Unchanged")
    word = "Wider" if now[0] > before[0] else "Narrower"
    clear = None
    if None not in (*now, *before):
        clear = now[1] > before[2] or now[2] < before[1]  # type: ignore[operator]
    return Change(now[0], text, limits, earlier, word, clear)
