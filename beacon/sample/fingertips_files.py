"""Fingertips' `all_data` CSV, parent area type 15 (England), child area type 502.

Belongs here: the 27 columns and the values planted in them. Does not belong here: any other
publisher's layout.

The column names and the England rows given twice are the real export's, and so is "England" in
column 22; only codes, names and numbers are invented. Count and Denominator are filled for
indicators that count people and blank for survey estimates and life expectancy.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from beacon.sample.fingertips_series import SERIES, Series
from beacon.sample.formats import number, opened
from beacon.sample.outcomes import (
    Z95,
    Z998,
    Area,
    byar,
    deprivation_class,
    deprivation_position,
    wilson,
)
from beacon.sample.world import Floats, World

HEADER = (
    "Indicator ID",
    "Indicator Name",
    "Parent Code",
    "Parent Name",
    "Area Code",
    "Area Name",
    "Area Type",
    "Sex",
    "Age",
    "Category Type",
    "Category",
    "Time period",
    "Value",
    "Lower CI 95.0 limit",
    "Upper CI 95.0 limit",
    "Lower CI 99.8 limit",
    "Upper CI 99.8 limit",
    "Count",
    "Denominator",
    "Value note",
    "Recent Trend",
    "Compared to England value or percentiles",
    "Compared to percentiles",
    "Time period Sortable",
    "New data",
    "Compared to goal",
    "Time period range",
)
AREA_TYPE = "Counties & UAs (from Apr 2023)"
NATION_TYPE = "Country"
"""Fingertips has called this level both "Country" and "England"; the nation is not England."""
DECILE_TYPE = "County & UA deprivation deciles in England (IMD2019, 4/23 geography)"
DECILES = (
    "Most deprived decile (IMD2019)",
    "Second most deprived decile (IMD2019)",
    "Third more deprived decile (IMD2019)",
    "Fourth more deprived decile (IMD2019)",
    "Fifth more deprived decile (IMD2019)",
    "Fifth less deprived decile (IMD2019)",
    "Fourth less deprived decile (IMD2019)",
    "Third less deprived decile (IMD2019)",
    "Second least deprived decile (IMD2019)",
    "Least deprived decile (IMD2019)",
)
SUPPRESSED = "Value suppressed for disclosure control due to small count"
NOT_PRESENTED = (
    "Not presented due to a fictional trust submitting no records for this fictional year"
)

SEXES = ("Female", "Male")
LE_INTERCEPT = {"Female": 79.5, "Male": 75.0}
LE_PLACE_SLOPE = {"Female": 6.0, "Male": 8.0}
"""Years of life expectancy from the most to the least deprived end of the nine Places."""
LE_NATION_SLOPE = {"Female": 7.0, "Male": 9.0}
"""Years from the most to the least deprived end of the nation: the SII of its decile rows."""

POSITIVE_OUTLIER = 93758
"""On this indicator the most deprived Place is planted better than the nation."""
TREND_INDICATOR, TREND_PLACE, TREND_STEP, FLAT_PLACE = 93436, 7, 2.5, 5
"""On this indicator one Place gains 2.5 points a year, and another does not move."""
SUPPRESSED_PLACE, NOT_PRESENTED_PLACE = 4, 8
"""Places whose latest 93436 (and 92623) and 90810 values are withheld, with different reasons."""


@dataclass
class Cell:
    """One published value before printing; `value` is None where nothing was published."""

    value: float | None
    low95: float | None = None
    high95: float | None = None
    low998: float | None = None
    high998: float | None = None
    count: int | None = None
    base: int | None = None
    note: str = ""


@dataclass
class Planted:
    """What was planted in one indicator, for `TRUTHS.json`."""

    indicator: int
    latest: str
    nation: dict[str, float] = field(default_factory=dict)
    places: dict[str, dict[str, float | None]] = field(default_factory=dict)
    judgement: dict[str, dict[str, str]] = field(default_factory=dict)
    missing: list[dict[str, str]] = field(default_factory=list)


def write_fingertips(directory: Path, world: World, areas: list[Area]) -> list[Planted]:
    """Write one CSV an indicator.

    Returns:
        What was planted, one element an indicator.
    """
    planted = []
    for series in SERIES:
        cells, deciles = _invent(series, world, areas)
        labels = _periods(series, world)
        path = directory / f"FICTIONAL_{series.indicator}_{series.file}_at502.csv"
        with opened(path) as out:
            out.write((",".join(HEADER) + "\r\n").encode())
            for t, (label, sortable) in enumerate(labels):
                if sortable // 10_000 in series.skipped:
                    continue
                text = io.StringIO()
                csv.writer(text, lineterminator="\r\n").writerows(
                    _rows(series, areas, cells, deciles, t, label, sortable)
                )
                out.write(text.getvalue().encode())
        planted.append(_plant(series, areas, cells, labels))
    return planted


def _periods(series: Series, world: World) -> list[tuple[str, int]]:
    if series.period == "rolling":
        years = range(2024 - world.size.rolling_periods, 2024)
        return [(f"{y} - {(y + 2) % 100:02d}", y * 10_000) for y in years]
    years = range(2025 - world.size.annual_periods, 2025)
    if series.period == "financial":
        return [(f"{y}/{(y + 1) % 100:02d}", y * 10_000) for y in years]
    return [(str(y), y * 10_000) for y in years]


def _sexes(series: Series) -> tuple[str, ...]:
    return SEXES if series.model in ("life expectancy", "slope") else (series.sex,)


Cells = dict[tuple[str, str], list[Cell]]


def _invent(series: Series, world: World, areas: list[Area]) -> tuple[Cells, Cells]:
    """Cells by (area code, sex), and nation cells by (decile label, sex), one a period."""
    upper = [a for a in areas if a.upper_tier]
    if series.model == "life expectancy":
        return _life_expectancy(world, areas[0], upper)
    if series.model == "slope":
        return _slopes(world, areas[0], upper), {}
    return _shares(series, world, areas[0], upper)


def _spread(value: float, error: float) -> Cell:
    value = round(value, 5)
    return Cell(
        value,
        value - Z95 * error,
        value + Z95 * error,
        value - Z998 * error,
        value + Z998 * error,
    )


def period_level(periods: int) -> Floats:
    """Common rise and fall of life expectancy over the periods, in years; 0 in the last."""
    t = np.arange(periods) - (periods - 1)
    return np.asarray(np.round(0.05 * t - 0.6 * np.exp(-(((t + 3) / 1.2) ** 2)), 2)) + 0.0


def _life_expectancy(world: World, nation: Area, upper: list[Area]) -> tuple[Cells, Cells]:
    rng = world.rng("life expectancy")
    position = deprivation_position(world)
    level = period_level(world.size.rolling_periods)
    people = np.array([a.people for a in upper], dtype=np.float64)
    order = np.argsort([-a.deprivation for a in upper], kind="stable")
    relative = np.empty(len(upper))
    relative[order] = (np.cumsum(people[order]) - people[order] / 2) / people.sum()
    cells: Cells = {}
    deciles: Cells = {}
    for sex in SEXES:
        noise = rng.normal(0.0, 0.25, (len(upper), len(level)))
        values = np.zeros((len(upper), len(level)))
        for u, area in enumerate(upper):
            if area.place >= 0:
                flat = LE_INTERCEPT[sex] + LE_PLACE_SLOPE[sex] * position[area.place]
                values[u] = flat + level
            else:
                values[u] = LE_INTERCEPT[sex] + 6.0 * relative[u] + level + noise[u]
            error = 0.25 * np.sqrt(100_000 / area.people)
            cells[area.code, sex] = [_spread(float(v), error) for v in values[u]]
        whole = people @ values / people.sum()
        error = 0.25 * np.sqrt(100_000 / nation.people)
        cells[nation.code, sex] = [_spread(float(v), error) for v in whole]
        slope = LE_NATION_SLOPE[sex]
        for d, label in enumerate(DECILES):
            shift = slope * (d - 4.5) / 10
            deciles[label, sex] = [
                _spread(round(float(v), 5) + shift, error * np.sqrt(10)) for v in whole
            ]
    # One small authority outside the footprint has no life expectancy in any period.
    silent = min((a for a in upper if a.place < 0), key=lambda a: a.people)
    for sex in SEXES:
        cells[silent.code, sex] = [Cell(None, note=SUPPRESSED) for _ in level]
    return cells, deciles


def _slopes(world: World, nation: Area, upper: list[Area]) -> Cells:
    rng = world.rng("slopes")
    periods = world.size.rolling_periods
    cells: Cells = {}
    for sex in SEXES:
        slope = LE_NATION_SLOPE[sex]
        cells[nation.code, sex] = [_spread(slope, 0.05) for _ in range(periods)]
        for area in upper:
            level = slope + 0.4 * (area.place - 4) if area.place >= 0 else rng.normal(slope, 1.5)
            level = max(float(level), 1.0)
            cells[area.code, sex] = [
                _spread(level + float(v), 0.9) for v in rng.normal(0, 0.15, periods)
            ]
    silent = min((a for a in upper if a.place < 0), key=lambda a: a.people)
    for sex in SEXES:
        cells[silent.code, sex] = [Cell(None) for _ in range(periods)]
    return cells


def _shares(series: Series, world: World, nation: Area, upper: list[Area]) -> tuple[Cells, Cells]:
    """Percentages and rates. Places sit a planted gap from the nation, others on a gradient."""
    rng = world.rng(f"fingertips {series.indicator}")
    periods = world.size.annual_periods
    people = np.array([a.people for a in upper], dtype=np.float64)
    mix = people / people.sum()
    gap = _planted_gap(series, world)
    wobble = rng.normal(0.0, 0.004 * series.base, (len(upper), periods))
    drift = rng.normal(0.0, 0.05 * series.base, len(upper))
    level = series.base + series.step * np.arange(periods)
    values = np.zeros((len(upper), periods))
    nationwide = level.copy()
    inside = np.array([a.place >= 0 for a in upper])
    for _ in range(30):  # the nation contains the Places that are placed against it
        for u, area in enumerate(upper):
            if area.place >= 0:
                jump = gap[area.place]
                values[u] = nationwide * (1 + jump) if series.model == "rate" else nationwide + jump
            else:
                values[u] = level + series.gradient * area.deprivation + drift[u]
        nationwide = mix @ values
    values += np.where(inside[:, None] & (series.model != "survey"), 0.0, wobble)
    for u, area in enumerate(upper):
        if series.indicator == TREND_INDICATOR and area.place == TREND_PLACE:
            values[u] = values[u, -1] - TREND_STEP * (periods - 1 - np.arange(periods))
        if series.indicator == TREND_INDICATOR and area.place == FLAT_PLACE:
            values[u] = values[u, -1]
    floor = 0.3 if series.model != "rate" else 20.0
    values = np.maximum(values, floor)

    scale = 100_000.0 if series.model == "rate" else 100.0
    cells: Cells = {}
    total = np.zeros((2, periods))
    for u, area in enumerate(upper):
        row = []
        for t in range(periods):
            if series.model == "survey":
                base = series.exposed
                row.append(_estimate(float(values[u, t]), base))
                continue
            base = round(area.people * series.exposed)
            count = round(float(values[u, t]) * base / scale)
            total[:, t] += (count, base)
            row.append(_counted(series, count, base))
        cells[area.code, series.sex] = row
    nation_row = []
    for t in range(periods):
        if series.model == "survey":
            base = series.exposed * len(upper)
            nation_row.append(_estimate(float(mix @ values[:, t]), base))
        else:
            nation_row.append(_counted(series, int(total[0, t]), int(total[1, t])))
    cells[nation.code, series.sex] = nation_row
    _withhold(series, upper, cells)
    return cells, _decile_cells(series, nation_row)


def _planted_gap(series: Series, world: World) -> Floats:
    planted = deprivation_class(world).astype(np.float64)
    if series.indicator == POSITIVE_OUTLIER:
        planted[int(np.argmin(deprivation_position(world)))] = 1.0
    return planted * series.class_gap * series.polarity


def _estimate(percent: float, respondents: float) -> Cell:
    count = percent / 100 * respondents
    low95, high95 = wilson(count, respondents, Z95)
    low998, high998 = wilson(count, respondents, Z998)
    return Cell(round(percent, 5), 100 * low95, 100 * high95, 100 * low998, 100 * high998)


def _counted(series: Series, count: int, base: int) -> Cell:
    if series.model == "rate":
        scale = 100_000 / base
        (low95, high95), (low998, high998) = byar(count, Z95), byar(count, Z998)
        # Hospital counts are published to the nearest 5; the rate is of the true count.
        shown = 5 * round(count / 5)
    else:
        scale = 100.0
        (low95, high95), (low998, high998) = wilson(count, base, Z95), wilson(count, base, Z998)
        shown = count
    value = count * scale if series.model == "rate" else count * scale / base
    return Cell(value, low95 * scale, high95 * scale, low998 * scale, high998 * scale, shown, base)


def _withhold(series: Series, upper: list[Area], cells: Cells) -> None:
    for area in upper:
        row = cells[area.code, series.sex]
        if series.indicator in (93436, 92623) and area.place == SUPPRESSED_PLACE:
            row[-1] = Cell(None, note=SUPPRESSED)
        if series.indicator == 90810 and area.place == NOT_PRESENTED_PLACE:
            row[-1] = Cell(None, note=NOT_PRESENTED)
        if series.model == "rate":
            for t, cell in enumerate(row):
                if cell.count is not None and 0 < cell.count < 10:
                    row[t] = Cell(None, base=cell.base, note=SUPPRESSED)


def _decile_cells(series: Series, nation: list[Cell]) -> Cells:
    if not series.deciles:
        return {}
    cells: Cells = {}
    for d, label in enumerate(DECILES):
        row = []
        for whole in nation:
            if whole.base is None or whole.value is None:
                raise AssertionError(f"{series.indicator} has deciles but no counts")
            base = whole.base // 10
            shift = series.gradient * (4.5 - d) * 0.3
            row.append(_counted(series, round((whole.value + shift) * base / 100), base))
        cells[label, series.sex] = row
    return cells


def judge(series: Series, cell: Cell, nation: Cell) -> str:
    """Column 22: the area's 95 % limits against the nation's value as a point."""
    if series.model == "slope" or cell.value is None or nation.value is None:
        return "Not compared"
    low, high = float(number(cell.low95 or 0.0)), float(number(cell.high95 or 0.0))
    reference = float(number(nation.value))
    if low <= reference <= high:
        return "Similar"
    good = (low > reference) == (series.polarity > 0)
    suffix = "" if series.model == "rate" else " 95%"
    return ("Better" if good else "Worse") + suffix


def _rows(
    series: Series,
    areas: list[Area],
    cells: Cells,
    deciles: Cells,
    t: int,
    label: str,
    sortable: int,
) -> Iterator[list[str]]:
    nation = areas[0]
    children = [a for a in areas if a.upper_tier]
    for parent in (("", ""), (nation.code, nation.name)):
        for sex in _sexes(series):
            whole = cells[nation.code, sex][t]
            yield _row(series, parent, nation, NATION_TYPE, sex, "", label, whole, sortable)
            for category in DECILES if deciles else ():
                cell = deciles[category, sex][t]
                row = _row(
                    series, parent, nation, NATION_TYPE, sex, category, label, cell, sortable
                )
                row[21] = judge(series, cell, whole)
                yield row
    for area in children:
        for sex in _sexes(series):
            cell = cells[area.code, sex][t]
            row = _row(
                series,
                (nation.code, nation.name),
                area,
                AREA_TYPE,
                sex,
                "",
                label,
                cell,
                sortable,
            )
            row[21] = judge(series, cell, cells[nation.code, sex][t])
            yield row


def _row(
    series: Series,
    parent: tuple[str, str],
    area: Area,
    area_type: str,
    sex: str,
    category: str,
    label: str,
    cell: Cell,
    sortable: int,
) -> list[str]:
    def printed(value: float | None) -> str:
        return "" if value is None else number(value)

    return [
        str(series.indicator),
        series.title,
        *parent,
        area.code,
        area.name,
        area_type,
        sex,
        series.age,
        DECILE_TYPE if category else "",
        category,
        label,
        printed(cell.value),
        printed(cell.low95),
        printed(cell.high95),
        printed(cell.low998),
        printed(cell.high998),
        printed(cell.count),
        printed(cell.base),
        cell.note,
        "",
        "Not compared",
        "Not compared",
        str(sortable),
        "",
        "",
        "3y" if series.period == "rolling" else "1y",
    ]


def _plant(
    series: Series, areas: list[Area], cells: Cells, labels: list[tuple[str, int]]
) -> Planted:
    nation = areas[0]
    planted = Planted(series.indicator, labels[-1][0])
    for sex in _sexes(series):
        whole = cells[nation.code, sex][-1]
        planted.nation[sex] = float(number(whole.value or 0.0))
        planted.places[sex] = {}
        planted.judgement[sex] = {}
        for area in areas:
            if not area.upper_tier:
                continue
            for (label, _), cell in zip(labels, cells[area.code, sex], strict=True):
                if cell.value is None:
                    planted.missing.append(
                        {"area_code": area.code, "sex": sex, "period": label, "note": cell.note}
                    )
            if area.place >= 0:
                last = cells[area.code, sex][-1]
                value = None if last.value is None else float(number(last.value))
                planted.places[sex][area.code] = value
                planted.judgement[sex][area.code] = judge(series, last, whole).removesuffix(" 95%")
    return planted
