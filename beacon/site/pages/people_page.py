"""The People pages: one of the system and one of each Place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from beacon.site import people_figures as people
from beacon.site.charts import strips
from beacon.site.charts.scale import Scale, scale_for
from beacon.site.facts import ReleaseFacts
from beacon.site.page import Page, Shared

# Polarity to how its table is named and what is counted in it.
_TABLES = {
    "high_is_good": ("not-reached", "Not reached", "Not reached"),
    "low_is_good": ("happened", "To whom it happened, where fewer is good", "To whom it happened"),
    "no_judgement": ("undirected", "Counted without a direction", "Of whom it is so"),
}

# How many of the measures in which Core20 is worse a page begins with.
_FIRST = 6


@dataclass(frozen=True)
class Table:
    """The measures of one polarity.

    Attributes:
        identity: Identifier within a page.
        title: Heading.
        counted: What the count is called.
        rows: Each measure, and Core20 and elsewhere drawn.
        axis: Axis of what is drawn.
    """

    identity: str
    title: str
    counted: str
    rows: tuple[tuple[people.Measure, Markup], ...]
    axis: Markup


def people_pages(shared: Shared) -> Iterator[Page]:
    """A page of the system and one of each Place; none where no extract was supplied."""
    facts = shared.facts
    boards = {r["area_code"] for r in facts.rows("care_gap") if r["area_type"] == "icb"}
    for code in sorted(boards):
        measures = people.measures_of(facts, code)
        context = _context(facts, measures, facts.system_name, code)
        by_place = _by_place(facts, measures)
        yield Page(
            "people/index.html",
            "people.html.j2",
            "People: who is not reached",
            "people",
            {**context, "place": None, "by_place": by_place},
        )
    for place in facts.places:
        measures = people.measures_of(facts, place.code)
        if measures:
            yield Page(
                f"people/{place.slug}.html",
                "people.html.j2",
                f"People in {place.name}: who is not reached",
                "people",
                {
                    **_context(facts, measures, place.name, place.code),
                    "place": place,
                    "by_place": [],
                },
            )


def _context(
    facts: ReleaseFacts, measures: list[people.Measure], area: str, code: str
) -> dict[str, Any]:
    return {
        "segmentations": people.segmentations_of(facts, code),
        "area": area,
        "as_at": people.as_at(facts),
        "tables": _tables(measures),
        "measures": measures,
        "standing": people.standing_of(measures),
        "most": _FIRST,
        "counted": {key: counted for key, (_, _, counted) in _TABLES.items()},
        "unchecked": len({m.row["cohort"] for m in measures if m.unchecked}),
        "cohorts": len({m.row["cohort"] for m in measures}),
    }


def _tables(measures: list[people.Measure]) -> list[Table]:
    found = []
    for polarity, (identity, title, counted) in _TABLES.items():
        own = [m for m in measures if m.row["polarity"] == polarity]
        shares = [
            g.share
            for m in own
            for g in (m.core20, m.rest)
            if g is not None and g.share is not None
        ]
        if own:
            scale = scale_for(
                shares or [0.0, 100.0], strips.INSET, strips.WIDTH - strips.INSET, from_zero=True
            )
            rows = tuple((m, _pair(scale, m)) for m in own)
            axis = strips.axis(scale, suffix="%")
            found.append(Table(identity, title, counted, rows, axis))
    return found


def _pair(scale: Scale, measure: people.Measure) -> Markup:
    core20, rest = (None if g is None else g.share for g in (measure.core20, measure.rest))
    return strips.pair_strip(scale, core20, rest)


def _by_place(
    facts: ReleaseFacts, measures: list[people.Measure]
) -> list[tuple[people.Measure, list[people.Group | None]]]:
    """Core20 of every Place, of the measures that have a direction."""
    of_place = [
        {(m.row["cohort"], m.row["measure"]): m.core20 for m in people.measures_of(facts, p.code)}
        for p in facts.places
    ]
    return [
        (m, [own.get((m.row["cohort"], m.row["measure"])) for own in of_place])
        for m in measures
        if m.row["polarity"] != "no_judgement"
    ]
