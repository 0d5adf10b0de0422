"""What the explorer carries with it: every value of the indicator marts, packed into columns."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from beacon.site import words
from beacon.site.facts import ReleaseFacts
from beacon.site.figures import BASES, short_series_name, why_not_compared
from beacon.site.indicator_facts import IndicatorFacts, Row, Series
from beacon.site.maps import MapMaker
from beacon.site.neighbourhood_data import neighbourhoods
from beacon.site.pages.rugs import DIRECTIONS, badges_of

# Columns of a packed row. Those of words hold its index in a list of their own.
COLUMNS = (
    "series", "area", "period", "category", "value", "lower_95", "upper_95", "numerator",
    "denominator", "state", "note", "basis", "trend",
)  # fmt: skip
# Zero means something for these: a bar from zero is honest.
BARS = {"proportion", "modelled_proportion", "crude_rate", "directly_standardised_rate", "count"}
EVERYONE = "All"
_FUNNEL_POINTS = 24
_FEWEST_IN_A_FUNNEL = 4


class _Words:
    """Texts by their index in a list: each is carried once."""

    def __init__(self) -> None:
        self._indices: dict[str, int] = {}

    def index(self, text: str | None) -> int | None:
        """Its index; a new text is added. None stays None."""
        return None if not text else self._indices.setdefault(text, len(self._indices))

    @property
    def texts(self) -> list[str]:
        """All texts, in the order of their indices."""
        return list(self._indices)


def explorer_data(facts: ReleaseFacts, maps: MapMaker) -> dict[str, Any]:
    """Everything that the explorer shows, ready for JSON.

    Args:
        facts: The release.
        maps: Makes the outlines of the Places.

    Returns:
        Areas, series, words, and `rows`: one list of `COLUMNS` for each row of the two indicator
        marts. Values, limits and counts are the marts' own, in full precision.
    """
    series = _all_series(facts)
    areas = _areas(facts, maps)
    index_of_area = {area["code"]: at for at, area in enumerate(areas)}
    notes, bases, trends, categories = _Words(), _Words(), _Words(), _Words()
    categories.index(EVERYONE)
    periods = _periods(facts.observations)
    index_of_period = {period: at for at, period in enumerate(periods)}
    rows: list[list[Any]] = []
    authorities = _Words()
    others = _authorities(facts)
    described = []
    for at, (item, key) in enumerate(series):
        own = facts.series_rows(key, category=None)
        spread = _spread(facts, key, others.get(key, []), authorities)
        described.append({**_series(facts, item, key, own), "spread": spread})
        for row in own:
            state = words.state_of(row["value"], row["value_status"], row["compared_with_nation"])
            trend = _trend(facts, key, row)
            rows.append(
                [
                    at,
                    index_of_area[row["area_code"]],
                    index_of_period[row["period"]],
                    categories.index(_category(row)),
                    *(
                        row[name]
                        for name in ("value", "lower_95", "upper_95", "numerator", "denominator")
                    ),
                    state.key,
                    notes.index(_note(facts, item, row, state)),
                    bases.index(BASES.get(row.get("comparison_method") or "")),
                    trends.index(trend),
                ]
            )
    return {
        "release": facts.label,
        "system": facts.system_name,
        "nation": facts.nation,
        "fictional": facts.fictional,
        "columns": COLUMNS,
        "areas": areas,
        "map": maps.frame_height,
        "neighbourhoods": neighbourhoods(facts, index_of_area),
        "series": described,
        "authorities": authorities.texts,
        "periods": [[period, words.period_text(period)] for period in periods],
        "categories": categories.texts,
        "states": {
            state.key: {"word": state.word, "missing": state.missing}
            for state in words.STATES.values()
        },
        "notes": notes.texts,
        "bases": bases.texts,
        "trends": [_trend_words(text) for text in trends.texts],
        "rows": rows,
    }


def as_json(data: dict[str, Any]) -> str:
    """JSON that may stand in an HTML element: no character in it ends the element."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), default=str)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _all_series(facts: ReleaseFacts) -> list[tuple[IndicatorFacts, Series]]:
    return [
        (item, key)
        for item in facts.indicators
        for measure in item.measures
        for key in facts.series_of(item.slug, measure["measure"])
    ]


def _periods(rows: Iterable[Row]) -> list[str]:
    """All periods, the earliest first; those of the same end by their label.

    A row that is missing may not say when its period ends, and one label, such as 2024/25, ends on
    other days in other sources: a label stands where the last of its ends does.
    """
    ends: dict[str, str] = {}
    for row in rows:
        period = row["period"]
        ends[period] = max(ends.get(period, ""), str(row["period_end"] or ""))
    for period, end in ends.items():
        if not end and period[:4].isdigit():
            ends[period] = f"{period[:4]}-12-31"
    return sorted(ends, key=lambda period: (ends[period], period))


def _areas(facts: ReleaseFacts, maps: MapMaker) -> list[dict[str, Any]]:
    """Nation, region and system, then the Places; with outlines where the release has them."""
    outlines = maps.place_paths
    found: dict[str, dict[str, Any]] = {}
    for kind in ("nation", "region", "icb"):
        for row in facts.observations:
            if row["area_type"] == kind and row["area_code"] not in found:
                name = facts.area_name(kind) or row["area_name"]
                found[row["area_code"]] = {"code": row["area_code"], "name": name, "kind": kind}
    for place in facts.places:
        entry: dict[str, Any] = {
            "code": place.code,
            "name": place.name,
            "kind": "place",
            "page": place.slug,
        }
        if place.code in outlines:
            path, x, y = outlines[place.code]
            entry |= {"path": path, "x": x, "y": y}
        found[place.code] = entry
    for row in facts.observations:
        found.setdefault(
            row["area_code"],
            {"code": row["area_code"], "name": row["area_name"], "kind": row["area_type"]},
        )
    return list(found.values())


def _series(
    facts: ReleaseFacts, item: IndicatorFacts, key: Series, rows: list[Row]
) -> dict[str, Any]:
    measure = item.measure(key.measure)
    unit = rows[0]["unit"] if rows else measure["unit"]
    breaks = item.registry.known_breaks if item.registry else ()
    return {
        "id": ".".join((key.slug, key.measure, key.sex, key.age)),
        "slug": key.slug,
        "measure": key.measure,
        "sex": key.sex,
        "age": key.age,
        "name": short_series_name(item, key),
        "long": item.measure_name(key.measure).replace(", female, male", ""),
        "programme": item.row["programme"],
        "page": item.page,
        "unit": words.unit_text(unit),
        "difference_unit": words.difference_unit(unit),
        "issued": facts.issued(rows),
        "percent": words.is_percent(unit),
        "decimals": item.decimals(key.measure),
        "polarity": measure["polarity"],
        "direction": DIRECTIONS.get(measure["polarity"], ""),
        "bars": measure["value_type"] in BARS,
        "badges": [
            word
            for word, _ in badges_of(
                item, key.measure, modelled=any(row["modelled"] for row in rows)
            )
        ],
        "breaks": [
            [b.period, words.sentence(b.note)] for b in breaks if b.measure in {None, key.measure}
        ],
        "funnels": _funnels(measure, rows),
    }


def _authorities(facts: ReleaseFacts) -> dict[Series, list[Row]]:
    """Values of the nation's authorities at each series' latest period."""
    found: dict[Series, list[Row]] = {}
    for row in facts.rows("observation"):
        key = Series(row["indicator_slug"], row["measure"], row["sex"], row["age"] or "")
        found.setdefault(key, []).append(row)
    return found


def _spread(
    facts: ReleaseFacts, key: Series, others: list[Row], names: _Words
) -> dict[str, Any] | None:
    """How the nation's authorities are spread, as the scorecard says, and each of their values."""
    row = next(
        (
            shown
            for shown in facts.scorecard(key).values()
            if shown["value"] is not None and shown.get("nation_lowest") is not None
        ),
        None,
    )
    if row is None:
        return None
    # Authorities of both tiers belong to either kind.
    tiers = {"single_tier", row["nation_area_type"]}
    own = {place.code for place in facts.places}
    values = [
        [names.index(other["area_name"]), other["value"]]
        for other in others
        if other["period"] == row["period"]
        and other["authority_tier"] in tiers
        and other["area_code"] not in own
    ]
    return {
        "period": row["period"],
        "areas": row["nation_areas"],
        **{
            name: row[f"nation_{name}"]
            for name in ("lowest", "quartile_1", "median", "quartile_3", "highest")
        },
        "values": sorted(values, key=lambda pair: (pair[1], pair[0])),
    }


def _funnels(measure: Row, rows: list[Row]) -> dict[str, Any]:
    """Control limits by period, for proportions whose counts give their values.

    Wilson limits around the nation's value at 95% and 99.8% (Spiegelhalter 2005, Stat Med 24:
    1185-1202), at sizes from below the smallest Place to above the largest.
    """
    if measure["value_type"] != "proportion":
        return {}
    found = {}
    everyone = [row for row in rows if row["category"] == EVERYONE]
    for period in dict.fromkeys(row["period"] for row in everyone):
        at = [row for row in everyone if row["period"] == period]
        nation = next(
            (r["value"] for r in at if r["area_type"] == "nation" and r["value"] is not None), None
        )
        sizes = [row["denominator"] for row in at if _counted(row)]
        if nation is not None and 0 < nation < 100 and len(sizes) >= _FEWEST_IN_A_FUNNEL:
            found[period] = _control_limits(nation, min(sizes) * 0.8, max(sizes) * 1.1)
    return found


def _counted(row: Row) -> bool:
    """Whether a Place's counts give its percentage, to the decimal that publishers round to."""
    numbers = (row["value"], row["numerator"], row["denominator"])
    if row["area_type"] != "place" or None in numbers or not row["denominator"]:
        return False
    return bool(abs(100 * row["numerator"] / row["denominator"] - row["value"]) <= 0.1)


def _control_limits(centre: float, smallest: float, largest: float) -> dict[str, Any]:
    import numpy as np

    from beacon.statistics.intervals import wilson_limits, z_score

    sizes = np.geomspace(max(smallest, 1.0), largest, _FUNNEL_POINTS).round()
    curves: dict[str, Any] = {"centre": centre, "sizes": sizes.tolist()}
    for name, level in (("95", 0.95), ("998", 0.998)):
        limits = wilson_limits(centre / 100 * sizes, sizes, z_score(level))
        curves[f"lower_{name}"], curves[f"upper_{name}"] = (
            np.round(100 * edge, 4).tolist() for edge in limits
        )
    return curves


def _category(row: Row) -> str:
    kind, category = row["category_type"], row["category"]
    return EVERYONE if category == EVERYONE else f"{kind}: {category}"


def _note(facts: ReleaseFacts, item: IndicatorFacts, row: Row, state: words.State) -> str | None:
    """Why a value is missing, or why it is not compared."""
    if state.missing:
        return words.sentence(row["value_note"] or state.meaning.format(nation=facts.nation))
    if state.key == "not_compared" and row["area_type"] == "place" and _category(row) == EVERYONE:
        return words.sentence(why_not_compared(facts, item, row))
    return None


def _trend(facts: ReleaseFacts, key: Series, row: Row) -> str | None:
    """The scorecard's recent trend, beside the period that it shows."""
    shown = facts.scorecard(key).get(row["area_code"])
    if shown is None or shown["period"] != row["period"] or _category(row) != EVERYONE:
        return None
    trend = words.trend_of(shown.get("recent_trend"), shown.get("recent_trend_reason"))
    return None if trend is None or not trend.arrow else f"{trend.key}|{trend.arrow}|{trend.word}"


def _trend_words(text: str) -> dict[str, str]:
    return dict(zip(("key", "arrow", "word"), text.split("|"), strict=True))
