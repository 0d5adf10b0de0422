"""Tartan rugs: indicators in rows, Places in columns, a judgement in each cell."""

from __future__ import annotations

from dataclasses import dataclass, replace

from beacon.site import words
from beacon.site.facts import ReleaseFacts
from beacon.site.figures import Figure, figure, short_series_name
from beacon.site.indicator_facts import IndicatorFacts, Place, Series


@dataclass(frozen=True)
class RugRow:
    """One series across the Places."""

    indicator: IndicatorFacts
    name: str
    unit: str
    period: str
    direction: str
    badges: tuple[tuple[str, str], ...]
    benchmarks: tuple[Figure, ...]
    cells: tuple[tuple[Place, Figure], ...]

    @property
    def has_values(self) -> bool:
        """Whether any Place has a value."""
        return any(item.value is not None for _, item in self.cells)

    @property
    def shows_anything(self) -> bool:
        """Whether a Place or a larger area has a value."""
        return self.has_values or any(item.value is not None for item in self.benchmarks)

    @property
    def absence(self) -> Figure | None:
        """The one reason that all Places share for having no value; None where they differ."""
        if self.has_values or not self.cells:
            return None
        reasons = {(item.state.key, item.note) for _, item in self.cells}
        return self.cells[0][1] if len(reasons) == 1 else None


@dataclass(frozen=True)
class Rug:
    """A whole rug."""

    identity: str
    caption: str
    themes: tuple[tuple[str, tuple[RugRow, ...]], ...]
    benchmark_names: tuple[str, ...]
    places: tuple[Place, ...]

    @property
    def rows(self) -> list[RugRow]:
        """All rows."""
        return [row for _, rows in self.themes for row in rows]

    @property
    def without_figures(self) -> list[RugRow]:
        """Rows in which neither a Place nor a larger area has a value."""
        return [row for row in self.rows if not row.shows_anything]

    def of_figures(self) -> Rug:
        """The same rug without those rows, and without themes that have no other."""
        kept = ((theme, tuple(r for r in rows if r.shows_anything)) for theme, rows in self.themes)
        return replace(self, themes=tuple((theme, rows) for theme, rows in kept if rows))


DIRECTIONS = {
    "high_is_good": "higher is better",
    "low_is_good": "lower is better",
    "no_judgement": "no better direction",
}


def badges_of(
    indicator: IndicatorFacts, measure: str, *, modelled: bool
) -> tuple[tuple[str, str], ...]:
    """Labels that a reader must see beside the name, each with its meaning."""
    row = indicator.measure(measure)
    found = []
    if row["role"] == "proxy":
        found.append(("Proxy", "Stands in for the indicator; it measures something else."))
    elif row["role"] == "context":
        found.append(("Context", "Shown beside the indicator; it is not the indicator."))
    if modelled or row["value_type"].startswith("modelled"):
        found.append(
            ("Modelled", "An estimate from a model, not a count or a survey's own figure.")
        )
    if indicator.row["name_status"] != "confirmed":
        found.append(
            ("Name unconfirmed", "The wording has not been checked against the source document.")
        )
    return tuple(found)


def make_rug(facts: ReleaseFacts, identity: str, caption: str, *programmes: str) -> Rug:
    """A rug of the scorecard's series of some programmes, by theme."""
    all_series = facts.scorecard_series(*programmes)
    # A column without a single figure would only take the room of the Places.
    names = {
        kind: facts.area_name(kind) or kind
        for kind in facts.benchmark_kinds
        if any((facts.benchmark_row(s, kind) or {}).get("value") is not None for s in all_series)
    }
    themes: dict[str, list[RugRow]] = {}
    for series in all_series:
        themes.setdefault(facts.by_slug[series.slug].row["theme"], []).append(
            _row(facts, series, names)
        )
    return Rug(
        identity,
        caption,
        tuple((theme, tuple(rows)) for theme, rows in themes.items()),
        tuple(names.values()),
        tuple(facts.places),
    )


def _row(facts: ReleaseFacts, series: Series, names: dict[str, str]) -> RugRow:
    indicator = facts.by_slug[series.slug]
    shown = facts.scorecard(series)
    cells = tuple(
        (place, figure(facts, indicator, shown.get(place.code), place.name))
        for place in facts.places
    )
    any_row = next(iter(shown.values()))
    dated = next((row for row in shown.values() if row["value"] is not None), any_row)
    benchmarks = tuple(
        figure(facts, indicator, facts.benchmark_row(series, kind), name)
        for kind, name in names.items()
    )
    return RugRow(
        indicator=indicator,
        name=short_series_name(indicator, series),
        unit=words.unit_text(any_row["unit"]),
        period=words.period_text(dated["period"]),
        direction=DIRECTIONS.get(any_row["polarity"], ""),
        badges=badges_of(
            indicator, series.measure, modelled=any(row["modelled"] for row in shown.values())
        ),
        benchmarks=benchmarks,
        cells=cells,
    )
