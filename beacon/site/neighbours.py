"""A Place beside its statistical neighbours: who they are, and each figure among theirs."""

from __future__ import annotations

from dataclasses import dataclass

from beacon.site import words
from beacon.site.facts import ReleaseFacts
from beacon.site.figures import short_series_name
from beacon.site.indicator_facts import Series


@dataclass(frozen=True)
class NeighbourRow:
    """One headline figure.

    Attributes:
        name: The series, in few words.
        page: File name of its indicator's page.
        unit: Unit, in words.
        period: The years, in words.
        value: The Place's value, as shown.
        median: The neighbours' median, or None where fewer than five have a value.
        ends: Their lowest and highest value.
        difference: The Place's value less the median, with its sign and unit.
        rank: Rank of how many.
        no_direction: Whether rank 1 is the highest and not the best.
    """

    name: str
    page: str
    unit: str
    period: str
    value: str
    median: str | None
    ends: str | None
    difference: str | None
    rank: str | None
    no_direction: bool


@dataclass(frozen=True)
class Neighbours:
    """The section of a Place page.

    Attributes:
        names: Names of the neighbours, the most alike first.
        is_supplied: Whether they are those of a supplied list.
        characteristics: What our own are alike in, in words.
        rows: Figures that at least five neighbours have too.
        without: How many figures of the Place fewer than five neighbours have.
    """

    names: tuple[str, ...]
    is_supplied: bool
    characteristics: str
    rows: tuple[NeighbourRow, ...]
    without: int


_WORDS = {
    "aged_65_and_over": "share of people aged 65 and over",
    "aged_under_15": "share of people under 15",
    "deprivation_average_rank": "average rank of deprivation",
    "deprivation_most_deprived_tenth": "share of neighbourhoods in the most deprived tenth",
    "residents_logarithm": "number of people",
    "rural": "share of people in rural areas",
}


def neighbours_of(facts: ReleaseFacts, place_code: str) -> Neighbours | None:
    """The section of one Place; None where the release names no neighbours."""
    near = sorted(
        (row for row in facts.rows("neighbour") if row["place_code"] == place_code),
        key=lambda row: (row["neighbour_rank"], row["neighbour_code"]),
    )
    if not near:
        return None
    rows = [
        row
        for row in facts.rows("neighbour_comparison")
        if row["place_code"] == place_code and row["indicator_slug"] in facts.by_slug
    ]
    known = (near[0]["characteristics"] or "").split(", ")
    shown = [row for row in rows if row["neighbours_median"] is not None]
    return Neighbours(
        names=tuple(row["neighbour_name"] for row in near),
        is_supplied=near[0]["method"] == "supplied",
        characteristics=words.listed([_WORDS[name] for name in known if name in _WORDS]),
        rows=tuple(
            _row(facts, row)
            for row in sorted(
                shown, key=lambda r: (r["indicator_id"], r["measure"], r["sex"], r["age"])
            )
        ),
        without=len(rows) - len(shown),
    )


def _row(facts: ReleaseFacts, row: dict[str, object]) -> NeighbourRow:
    slug, measure, unit = str(row["indicator_slug"]), str(row["measure"]), str(row["unit"])
    indicator = facts.by_slug[slug]
    decimals = indicator.decimals(measure)

    def cell(key: str) -> str:
        return words.in_cell(float(str(row[key])), unit, decimals)

    difference = words.signed(float(str(row["difference_from_median"])), decimals)
    return NeighbourRow(
        name=short_series_name(indicator, Series(slug, measure, str(row["sex"]), str(row["age"]))),
        page=indicator.page,
        unit=words.unit_text(unit),
        period=words.period_text(str(row["period"])),
        value=cell("value"),
        median=cell("neighbours_median"),
        ends=f"{cell('neighbours_lowest')} to {cell('neighbours_highest')}",
        difference=f"{difference} {words.difference_unit(unit)}"
        if words.is_percent(unit)
        else difference,
        rank=f"{row['rank_among_neighbours']} of {int(str(row['neighbours_with_value'])) + 1}",
        no_direction=row["polarity"] == "no_judgement",
    )
