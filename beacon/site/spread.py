"""How the nation's authorities are spread on an indicator, in words."""

from __future__ import annotations

from dataclasses import dataclass

from beacon.site import words
from beacon.site.facts import ReleaseFacts
from beacon.site.indicator_facts import IndicatorFacts, Row

_AUTHORITIES = {
    "upper_tier": "upper-tier authorities",
    "lower_tier": "lower-tier authorities",
    "single_tier": "single-tier authorities",
}


@dataclass(frozen=True)
class Spread:
    """How the nation's authorities are spread on one indicator, from the worst to the best.

    Attributes:
        ends: Lowest and highest value in words.
        cells: Lowest, first quartile, median, third quartile and highest, as a table shows them.
        areas: How many authorities, and of which kind.
        where: In which quarter of them the Place lies; None in the middle half or without value.
        story: All of it in words, for those who do not see the drawing.
    """

    ends: str
    cells: tuple[str, ...]
    areas: str
    where: str | None
    story: str


def spread_of(facts: ReleaseFacts, indicator: IndicatorFacts, row: Row) -> Spread | None:
    """The spread of the nation's authorities in words; None where the mart gives none."""
    names = ("lowest", "quartile_1", "median", "quartile_3", "highest")
    values = [row.get(f"nation_{name}") for name in names]
    if any(value is None for value in values):
        return None
    decimals = indicator.decimals(row["measure"])
    cells = tuple(words.in_cell(value, row["unit"], decimals) for value in values)  # type: ignore[arg-type]
    kind = _AUTHORITIES.get(row["nation_area_type"], "authorities")
    total = row.get("nation_areas_total")
    areas = f"{row['nation_areas']:,} {f'of {total:,} ' if total else ''}{kind}"
    whose = f"{facts.nation}’s authorities ({areas})"
    where = quarter_of(row)
    return Spread(
        ends=f"{cells[0]} to {cells[4]}",
        cells=cells,
        areas=areas,
        where=f"in the {where} quarter of {facts.nation}’s authorities ({areas})"
        if where
        else None,
        story=(
            f"{whose} range from {cells[0]} to {cells[4]}, "
            f"the middle half from {cells[1]} to {cells[3]}"
            + (f"; {row['place_name']} is in the {where} quarter" if where else "")
            + "."
        ),
    )


_NO_SPREAD = {
    "source_covers_part_of_the_nation": "the source covers only {part}",
    "fewer_than_12_authorities": "fewer than 12 authorities have a value",
    "fewer_than_95_percent_of_authorities": "only {areas} of {total} authorities have a value",
}


def why_no_spread(row: Row) -> str | None:
    """Why the spread of the nation's authorities is not given, in words."""
    reason = _NO_SPREAD.get(row.get("nation_spread_reason") or "")
    if reason is None:
        return None
    return reason.format(
        part=row.get("source_coverage"),
        areas=row.get("nation_areas"),
        total=row.get("nation_areas_total"),
    )


def quarter_of(row: Row) -> str | None:
    """In which quarter of the nation's authorities a Place's figure lies.

    Worst or best where the indicator has a direction, else lowest or highest; None in the middle
    half, without a value, and where the mart gives no spread. It needs no confidence limits and is
    no judgement: chance may have put an area there.
    """
    value, first, third = row["value"], row.get("nation_quartile_1"), row.get("nation_quartile_3")
    if value is None or first is None or third is None or first >= third:
        return None
    # The first quartile is the highest value of the lowest quarter: it belongs to it.
    low, high = value <= first, value > third
    if not (low or high):
        return None
    if row["polarity"] == "no_judgement":
        return "lowest" if low else "highest"
    return "worst" if low == (row["polarity"] == "high_is_good") else "best"
