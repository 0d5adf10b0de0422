"""Department for Education: early years profile, level 2 and 3 at 19, NEET at 16 and 17.

Belongs here: the three local authority tables. Does not belong here: any other publisher's.

All three give upper-tier authorities, regions and the nation, and key them by the 9-character
code; the 3-character code is DfE's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from beacon.sample.formats import number, write_csv
from beacon.sample.outcomes import Area
from beacon.sample.world import Floats, Ints, World

EYFSP_HEADER = (
    "time_identifier",
    "time_period",
    "geographic_level",
    "country_code",
    "country_name",
    "region_code",
    "region_name",
    "old_la_code",
    "new_la_code",
    "la_name",
    "gender",
    "number_of_children",
    "point_score",
    "average_point_score",
    "elg_number",
    "elg_percent",
    "gld_number",
    "gld_percent",
    "comm_lang_lit_number",
    "comm_lang_lit_percent",
)
EYFSP_YEARS = tuple(range(2012, 2019))
"""September of each academic year: the profile before the framework changed."""

LEVEL2_HEADER = (
    "cohort_19_in",
    "number_in_ss_cohort",
    "region",
    "la_code_9",
    "la_code_3",
    "la_name",
    "gender",
    "fsm",
    "sen",
    "l2_by19",
    "l2_with_em_by19",
    "l3_by19",
    "l2_em_by16",
    "l2_em_by19_belowat16",
    "l2_by19_rate",
    "l2_with_em_by19_rate",
    "l3_by19_rate",
    "l2_em_by19_belowat16_rate",
)
LEVEL2_COHORTS = tuple(range(2005, 2026))
LEVEL2_LAST_REAL = 2022
"""Later cohorts are zero-filled placeholders, as in DfE's own file. A zero there is not a value."""

_ALL = "ALL"
# gender, fsm, sen, share of the cohort, odds of reaching level 2 against everyone's
_BREAKDOWNS = (
    (_ALL, _ALL, _ALL, 1.0, 1.0),
    (_ALL, "Not eligible for FSM", _ALL, 0.86, 1.25),
    (_ALL, "Eligible for FSM", _ALL, 0.14, 0.40),
    ("Female", _ALL, _ALL, 0.49, 1.25),
    ("Male", _ALL, _ALL, 0.51, 0.80),
    (_ALL, _ALL, "No SEN", 0.84, 1.40),
    (_ALL, _ALL, "SEN without statements or EHC plans", 0.12, 0.35),
    (_ALL, _ALL, "SEN with statements or EHC plans", 0.04, 0.08),
)

_NEET_BEFORE = (
    "time_period",
    "time_identifier",
    "geographic_level",
    "country_code",
    "country_name",
    "region_code",
    "region_name",
    "old_la_code",
    "new_la_code",
    "la_name",
    "Age",
)
# column: (level, change for each SD of deprivation, spread)
_NEET_VALUES: dict[str, tuple[float, float, float]] = {
    "Cohort_DJFavg": (0.0, 0.0, 0.0),
    "NEET_not_known_percent": (0.0, 0.0, 0.0),
    "NEET_percent": (3.2, 0.9, 0.4),
    "Notknown_percent": (2.1, 0.4, 0.5),
    "annual_change_ppts_NEET_not_known": (0.0, 0.0, 0.0),
    "annualchange_NEET": (0.2, 0.0, 0.3),
    "annualchange_notknown": (0.0, 0.0, 0.4),
    "cohort_March": (0.0, 0.0, 0.0),
    "TOTAL_participating_in_education_and_training_percent": (92.0, -1.2, 0.8),
    "Full_time_education_percent": (85.8, -1.5, 1.0),
    "Apprenticeship_percent": (4.3, 0.1, 0.4),
    "Other_education_and_training_percent": (1.9, 0.1, 0.3),
    "annual_change_Participation_in_education_training": (-0.2, 0.0, 0.5),
    "annual_change_FTE": (0.1, 0.0, 0.6),
    "annual_change_apprenticeship": (-0.2, 0.0, 0.3),
    "annual_change_other_education_training": (0.0, 0.0, 0.2),
    "September_guarantee_Offer_made_percent": (94.6, -0.6, 1.0),
    "September_guarantee_annual_change_ppts": (0.0, 0.0, 0.7),
    "cohort_noSEN_percent": (85.0, -0.8, 1.0),
    "NEET_NK_noSEN_percent": (4.7, 1.0, 0.4),
    "cohort_EHCP_percent": (5.2, 0.3, 0.4),
    "NEET_NK_EHCP_percent": (10.1, 1.0, 1.0),
    "cohort_SENDsupport_percent": (9.6, 0.5, 0.6),
    "NEET_NK_SENDsupport_percent": (9.4, 1.2, 0.8),
    "VG_cohort_DJF_avg": (0.0, 0.0, 0.0),
    "VG_cohort_percentage": (2.7, 0.6, 0.3),
    "VG_NEET_NK_percentage": (27.0, 3.0, 3.0),
    "Level_3": (57.6, -4.0, 2.0),
    "L2_em_GCSE_othL2": (20.0, 1.0, 2.0),
    "avg_att8": (46.1, -2.5, 1.0),
    "pt_l2basics_94": (65.4, -4.0, 1.5),
    "sess_overall_percent": (8.9, 0.5, 0.3),
}
_QUINTILES = {
    "NEET_NK_quintile": "NEET_not_known_percent",
    "NEET_quintile": "NEET_percent",
    "Notknown_quintile": "Notknown_percent",
    "Participation_ET_quintile": "TOTAL_participating_in_education_and_training_percent",
    "Sep_guarantee_quintile": "September_guarantee_Offer_made_percent",
}


@dataclass(frozen=True)
class _Level:
    """One row of any of the three tables, before its figures."""

    area: Area
    level: str
    region_code: str
    region_name: str
    dfe_code: str


def neet_header(year: int) -> tuple[str, ...]:
    """Columns of the NEET dashboard file: 50 in 2023, 49 in the one for 2025."""
    last = (
        ("sess_overall_percent_pa_10_exact", "Age1617_ONS_population")
        if year < 2025
        else ("enrolments_pa_10_exact_percent",)
    )
    return (*_NEET_BEFORE, *_NEET_VALUES, *last, *_QUINTILES)


def write_dfe(directory: Path, world: World, areas: list[Area]) -> dict[str, dict[str, float]]:
    """Write the three tables.

    Returns:
        Place code to the latest published value, by measure: `gld_percent` (2018/19, Total),
        `l2_by19_rate` (cohort of 2022, everyone), `NEET_not_known_percent` (2025).
    """
    levels = _levels(world, areas)
    planted = {
        "gld_percent": _write_eyfsp(directory, world, levels),
        "l2_by19_rate": _write_level2(directory, world, levels),
    }
    for year, stem in ((2023, "UD_NEETNK_LA_dashboard_2023_final"), (2025, _NEET_LATEST)):
        planted["NEET_not_known_percent"] = _write_neet(
            directory / f"FICTIONAL_{stem}.csv", world, levels, year
        )
    return planted


_NEET_LATEST = "UD_NEETNK_LA_dashboard_final"


def _levels(world: World, areas: list[Area]) -> list[_Level]:
    levels = []
    upper = 0
    for area in areas:
        if area.kind == "nation":
            levels.append(_Level(area, "National", "", "", ""))
            continue
        code, name = world.region_codes[area.region], world.region_names[area.region]
        if area.kind == "region":
            levels.append(_Level(area, "Regional", code, name, ""))
        elif area.upper_tier:
            # DfE's own numbers are three digits; these start with a letter.
            levels.append(_Level(area, "Local authority", code, name, f"Z{upper:02d}"))
            upper += 1
    return levels


def _sum_up(levels: list[_Level], of_authorities: Ints) -> Ints:
    """Give regions and the nation the sum of their authorities' counts, along axis 0."""
    everyone = np.array([row.level == "Local authority" for row in levels])
    region = np.array([row.area.region for row in levels])
    full: Ints = np.zeros((len(levels), *of_authorities.shape[1:]), dtype=np.int64)
    full[everyone] = of_authorities
    for i, row in enumerate(levels):
        if row.level == "Regional":
            full[i] = full[everyone & (region == row.area.region)].sum(axis=0)
        elif row.level == "National":
            full[i] = of_authorities.sum(axis=0)
    return full


def _local(levels: list[_Level]) -> tuple[Floats, Floats]:
    """People and deprivation of the authorities among the rows."""
    local = [row.area for row in levels if row.level == "Local authority"]
    return (
        np.array([a.people for a in local], dtype=np.float64),
        np.array([a.deprivation for a in local]),
    )


def _text(columns: Sequence[str], rows: list[list[str]]) -> pl.DataFrame:
    blank_is_null = [[cell or None for cell in row] for row in rows]  # else printed as ""
    return pl.DataFrame(blank_is_null, schema=dict.fromkeys(columns, pl.String), orient="row")


def _write_eyfsp(directory: Path, world: World, levels: list[_Level]) -> dict[str, float]:
    rng = world.rng("eyfsp")
    people, depth = _local(levels)
    genders = ("Girls", "Boys")
    children = np.rint(people[:, None] * 0.0118 * np.array([0.487, 0.513])).astype(np.int64)
    drift = rng.normal(0.0, 1.2, len(people))
    rows: list[list[str]] = []
    planted: dict[str, float] = {}
    for year in reversed(EYFSP_YEARS):
        level = 71.8 - 20.0 * np.exp(-(year - 2012) / 2.2)
        percent = level + (-2.5 * depth + drift)[:, None] + np.array([7.0, -6.7])
        measures: dict[str, Ints] = {"children": children}
        for name, shift in (("elg", -1.1), ("gld", 0.0), ("comm", 0.8)):
            share = np.clip(percent + shift, 2.0, 98.0) / 100
            measures[name] = np.rint(share * children).astype(np.int64)
        points = 34.6 + (percent - 71.8) * 0.12
        measures["points"] = np.rint(points * children).astype(np.int64)
        whole = {name: _with_total(_sum_up(levels, counts)) for name, counts in measures.items()}
        for i, row in enumerate(levels):
            local = row.level == "Local authority"
            for g, gender in enumerate(("Total", *genders)):
                base = int(whole["children"][i, g])
                figures = [str(base), str(whole["points"][i, g])]
                figures.append(number(whole["points"][i, g] / base, 1))
                for name in ("elg", "gld", "comm"):
                    count = int(whole[name][i, g])
                    figures += [str(count), number(100 * count / base, 1)]
                if local and row.area.place >= 0 and gender == "Total" and year == 2018:
                    planted[row.area.code] = float(figures[6])
                rows.append(
                    [
                        "Academic year" if year == 2018 else "Academic Year",
                        f"{year}{(year + 1) % 100:02d}",
                        "Local Authority" if local else row.level,
                        levels[0].area.code,
                        levels[0].area.name,
                        row.region_code or " ",
                        row.region_name or " ",
                        row.dfe_code or " ",
                        row.area.code if local else " ",
                        row.area.name if local else " ",
                        gender,
                        *figures,
                    ]
                )
    write_csv(
        directory / "FICTIONAL_EYFSP_APS_GLD_ELG_EXP_2013_2019.csv",
        _text(EYFSP_HEADER, rows),
        line_end="\r\n",
    )
    return planted


def _with_total(counts: Ints) -> Ints:
    return np.concatenate([counts.sum(axis=1, keepdims=True), counts], axis=1)


def _write_level2(directory: Path, world: World, levels: list[_Level]) -> dict[str, float]:
    rng = world.rng("level 2 at 19")
    people, depth = _local(levels)
    drift = rng.normal(0.0, 0.08, len(people))
    share = np.array([b[3] for b in _BREAKDOWNS])
    odds = np.array([b[4] for b in _BREAKDOWNS])
    cohort = np.rint(people[:, None] * 0.0112 * share).astype(np.int64)
    rows: list[list[str]] = []
    planted: dict[str, float] = {}
    for year in LEVEL2_COHORTS:
        growth = min(year, 2015) - 2005
        level = 0.65 + 0.11 * growth - 0.02 * max(year - 2015, 0)
        chance = 1 / (1 + np.exp(-(level - 0.22 * depth + drift)))
        likely = (chance / (1 - chance))[:, None] * odds
        by19 = likely / (1 + likely)
        counts = np.stack(
            [cohort, *(np.rint(by19 * f * cohort).astype(np.int64) for f in (1.0, 0.8, 0.68, 0.7))],
            axis=2,
        )
        # Those who had English and maths at 19 but not at 16.
        counts = np.concatenate([counts, (counts[:, :, 2] - counts[:, :, 4])[:, :, None]], axis=2)
        if year > LEVEL2_LAST_REAL:
            counts[:, :, [1, 2, 3, 5]] = 0
        whole = _sum_up(levels, counts)
        for i, row in enumerate(levels):
            local = row.level == "Local authority"
            for b, (gender, fsm, sen, _, _) in enumerate(_BREAKDOWNS):
                base, l2, l2_em, l3, em16, later = (int(v) for v in whole[i, b])
                below = base - em16
                rates = [
                    number(100 * part / of, 8) if of else "0"
                    for part, of in ((l2, base), (l2_em, base), (l3, base), (later, below))
                ]
                if local and row.area.place >= 0 and b == 0 and year == LEVEL2_LAST_REAL:
                    planted[row.area.code] = float(rates[0])
                rows.append(
                    [
                        str(year),
                        str(base),
                        row.region_name or _ALL,
                        row.area.code if local else _ALL,
                        row.dfe_code or _ALL,
                        row.area.name if local else _ALL,
                        gender,
                        fsm,
                        sen,
                        *(str(v) for v in (l2, l2_em, l3, em16, later)),
                        *rates,
                    ]
                )
    write_csv(
        directory / "FICTIONAL_L2_L3_attainment_age19_LA_Dashboard_2022.csv",
        _text(LEVEL2_HEADER, rows),
    )
    return planted


def _one_place(column: str, value: float, year: int) -> str:
    """DfE printed `69.0` until 2023 and `69` in the file for 2025; cohorts are whole in both."""
    if year < 2025 and "ohort" not in column.removesuffix("_percent").removesuffix("_percentage"):
        return f"{value + 0.0:.1f}"
    return number(float(value), 1)


def _write_neet(path: Path, world: World, levels: list[_Level], year: int) -> dict[str, float]:
    rng = world.rng(f"neet {year}")
    people, depth = _local(levels)
    weight = people / people.sum()
    local = np.array([row.level == "Local authority" for row in levels])
    region = np.array([row.area.region for row in levels])
    everyone = np.array([row.area.people for row in levels], dtype=np.float64)
    figures: dict[str, Floats] = {}
    for column, (level, slope, spread) in _NEET_VALUES.items():
        values = np.zeros(len(levels))
        values[local] = level + slope * depth + rng.normal(0.0, spread, len(people))
        if not column.startswith("annual") and not column.endswith("change_ppts"):
            values[local] = np.clip(values[local], 0.2, 99.8)
        for i, row in enumerate(levels):
            if row.level == "Regional":
                here = region[local] == row.area.region
                values[i] = (weight[here] @ values[local][here]) / weight[here].sum()
            elif row.level == "National":
                values[i] = weight @ values[local]
        figures[column] = np.round(values, 1)
    figures["Cohort_DJFavg"] = np.rint(everyone * 0.0235)
    figures["cohort_March"] = np.rint(everyone * 0.0236)
    figures["VG_cohort_DJF_avg"] = np.rint(
        figures["Cohort_DJFavg"] * figures["VG_cohort_percentage"] / 100
    )
    figures["NEET_not_known_percent"] = figures["NEET_percent"] + figures["Notknown_percent"]
    figures["annual_change_ppts_NEET_not_known"] = (
        figures["annualchange_NEET"] + figures["annualchange_notknown"]
    )
    quintile: dict[str, Ints] = {}
    for name, column in _QUINTILES.items():
        order = np.argsort(np.argsort(figures[column][local], kind="stable"))
        quintile[name] = order * 5 // len(order) + 1
    header = neet_header(year)
    rows: list[list[str]] = []
    planted: dict[str, float] = {}
    nth = 0
    for i, row in enumerate(levels):
        is_local = row.level == "Local authority"
        record = dict(zip(_NEET_BEFORE, [""] * len(_NEET_BEFORE), strict=True))
        record |= {
            "time_period": str(year),
            "time_identifier": "Calendar year",
            "geographic_level": row.level,
            "country_code": levels[0].area.code,
            "country_name": levels[0].area.name,
            "region_code": row.region_code,
            "region_name": row.region_name,
            "old_la_code": row.dfe_code,
            "new_la_code": row.area.code if is_local else "",
            "la_name": row.area.name if is_local else "",
            "Age": "16-17",
        }
        record |= {
            column: _one_place(column, values[i], year) for column, values in figures.items()
        }
        absent = number(22.0 + 2.0 * row.area.deprivation, 1)
        record |= {
            "sess_overall_percent_pa_10_exact": absent,
            "enrolments_pa_10_exact_percent": absent,
            "Age1617_ONS_population": "z",
        }
        record |= dict.fromkeys(_QUINTILES, "z")
        if is_local:
            record |= {name: str(values[nth]) for name, values in quintile.items()}
            nth += 1
        if row.area.place == 0:  # too few young people with support to publish their share
            record["NEET_NK_SENDsupport_percent"] = "c"
        if row.area.place >= 0:
            planted[row.area.code] = float(record["NEET_not_known_percent"])
        rows.append([record[column] for column in header])
    write_csv(path, _text(header, rows))
    return planted
