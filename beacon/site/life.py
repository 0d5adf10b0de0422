"""Life expectancy, healthy life expectancy and the years between, always together."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from beacon.site import words
from beacon.site.charts import strips
from beacon.site.charts.scale import scale_for
from beacon.site.facts import ReleaseFacts
from beacon.site.indicator_facts import Row

_DECIMALS = 1


@dataclass(frozen=True)
class LifeRow:
    """One area, period and sex.

    Attributes:
        area: Name of the area.
        place_slug: Address of the Place, or None.
        sex: Female or Male.
        period: The years, in words.
        life: Life expectancy in years, or None.
        life_limits: Its 95% limits, or None.
        healthy: Healthy life expectancy in years, or None.
        healthy_limits: Its 95% limits, or None.
        years: Years not in good health, or None where either figure is missing.
        strip: From healthy life expectancy to life expectancy, drawn.
        row: The mart's row; empty where it has none.
    """

    area: str
    place_slug: str | None
    sex: str
    period: str
    life: str | None
    life_limits: str | None
    healthy: str | None
    healthy_limits: str | None
    years: str | None
    strip: Markup | None
    row: Row


@dataclass(frozen=True)
class LifeTable:
    """Rows on one scale, with its axis."""

    title: str
    axis: Markup
    rows: tuple[LifeRow, ...]


def latest_period(facts: ReleaseFacts, sex: str | None = None) -> str | None:
    """The latest period at which some Place has both figures."""
    codes = {place.code for place in facts.places}
    both = [
        (str(row["period_end"]), str(row["period"]))
        for row in facts.rows("life_and_health")
        if row["years_not_in_good_health"] is not None
        and row["area_code"] in codes
        and sex in {None, row["sex"]}
    ]
    return max(both)[1] if both else None


def life_by_place(facts: ReleaseFacts) -> list[LifeTable]:
    """A table a sex: the nation, then every Place, at the latest period with both figures."""
    tables = []
    for sex in ("Female", "Male"):
        period = latest_period(facts, sex)
        if period is not None:
            wanted = [("nation", facts.nation, None), *_places(facts)]
            keys = [(area, name, slug, sex, period) for area, name, slug in wanted]
            tables.append(_table(facts, f"{sex}, {words.period_text(period)}", keys))
    return tables


def life_of_place(facts: ReleaseFacts, code: str) -> LifeTable | None:
    """A Place beside the nation for both sexes, at the latest period with both figures."""
    keys = []
    for sex in ("Female", "Male"):
        period = latest_period(facts, sex)
        if period is None:
            continue
        for area, name, slug in _places(facts):
            if area == code:
                keys.append((area, name, slug, sex, period))
        keys.append(("nation", facts.nation, None, sex, period))
    return _table(facts, "", keys) if keys else None


def _places(facts: ReleaseFacts) -> list[tuple[str, str, str | None]]:
    return [(place.code, place.name, place.slug) for place in facts.places]


def _table(
    facts: ReleaseFacts, title: str, keys: list[tuple[str, str, str | None, str, str]]
) -> LifeTable:
    rows = {}
    for row in facts.rows("life_and_health"):
        area = row["area_code"] if row["area_type"] == "place" else row["area_type"]
        rows[area, row["sex"], row["period"]] = row
    found = [rows.get((area, sex, period), {}) for area, _, _, sex, period in keys]
    values = [
        row.get(name) for row in found for name in ("life_expectancy", "healthy_life_expectancy")
    ]
    scale = scale_for(values, strips.INSET, strips.WIDTH - strips.INSET, from_zero=False)
    return LifeTable(
        title,
        strips.axis(scale),
        tuple(
            LifeRow(
                area=name,
                place_slug=slug,
                sex=sex,
                period=words.period_text(period),
                life=_number(row.get("life_expectancy")),
                life_limits=_limits(row, "life_expectancy"),
                healthy=_number(row.get("healthy_life_expectancy")),
                healthy_limits=_limits(row, "healthy_life_expectancy"),
                years=_number(row.get("years_not_in_good_health")),
                strip=strips.pair_strip(
                    scale, row.get("healthy_life_expectancy"), row.get("life_expectancy")
                ),
                row=row,
            )
            for (_, name, slug, sex, period), row in zip(keys, found, strict=True)
        ),
    )


def _number(value: float | None) -> str | None:
    return None if value is None else words.number(value, _DECIMALS)


def _limits(row: Row, name: str) -> str | None:
    lower, upper = row.get(f"{name}_lower_95"), row.get(f"{name}_upper_95")
    if lower is None or upper is None:
        return None
    return f"{words.number(lower, _DECIMALS)} to {words.number(upper, _DECIMALS)}"
