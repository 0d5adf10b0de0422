"""Tables that give percentages or scores alone: what the truths say, read from the files alone."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from python_calamine import CalamineWorkbook

from beacon.sample.lait_files import MEASURES, UNSHOWN_GROUP
from beacon.sample.outcomes import list_areas
from beacon.sample.percentages import Shape, invent
from beacon.sample.sizes import SMALL
from beacon.sample.world import build_world
from tests.unit.sample.conftest import Sample


def found(sample: Sample, pattern: str) -> Path:
    (path,) = sample.root.glob(pattern)
    return path


def sheet(path: Path, name: str) -> list[list[Any]]:
    return CalamineWorkbook.from_path(path).get_sheet_by_name(name).to_python()


def test_every_table_has_a_value_for_eight_places_of_nine_at_least(sample: Sample) -> None:
    assert len(sample.truths.latest) == 6
    for slug, values in sample.truths.latest.items():
        assert list(values) == sample.truths.place_codes, slug
        # Two Places share a sub-ICB location, which is what the workbooks of health checks are by.
        least = 7 if slug == "smi_annual_health_checks" else 8
        assert sum(value is not None for value in values.values()) >= least, slug


def test_health_checks_by_location(sample: Sample) -> None:
    book = CalamineWorkbook.from_path(found(sample, "gp/*SMI-Q4-2023-24.xlsx"))
    rows = book.get_sheet_by_name("Sub ICB").to_python(skip_empty_area=False)
    header = next(row for row in rows if "Region Code" in row)
    # As in the publisher's workbooks, a title stands well above and the first column is empty.
    assert (rows.index(header), header[0]) == (14, "")
    counted = {row[3]: (row[5], row[6]) for row in rows[15:]}
    checked, register = counted["Z0003"]
    cawlderwick = sample.truths.latest["smi_annual_health_checks"]["Z06000002"]
    assert cawlderwick == 100 * checked / register
    assert len(counted) == 17


def test_scores_of_the_interactive_tool(sample: Sample) -> None:
    frame = pl.read_parquet(found(sample, "dfe/*bds_long*.parquet"))
    assert set(frame["Short Desc"]) == set(MEASURES)
    for slug, series, year in (
        ("progress8", "AVG_Prog8_Score", "2024"),
        ("attainment8", "AVG_Attain8_Score", "2025"),
    ):
        rows = frame.filter((pl.col("Short Desc") == series) & (pl.col("Years") == year))
        shown = dict(rows.select("LA Number", "Values").iter_rows())
        for code, value in sample.truths.latest[slug].items():
            assert shown[code] == "-" if value is None else float(shown[code]) == value
    scores = frame.filter(pl.col("Short Desc") == "AVG_Prog8_Score")
    cancelled = scores.filter(pl.col("Years").is_in(["2020", "2021"]))
    assert set(cancelled["Values"]) == {"-"}
    small = frame.filter((pl.col("Short Desc") == UNSHOWN_GROUP) & (pl.col("Values") == "-"))
    assert set(small["LA Number"]) >= {"Z06000002"}
    # As in the real tool, a measure is named beside its first year only.
    named = frame.filter(pl.col("Data item") != "").group_by("Short Desc").agg(pl.n_unique("Years"))
    assert set(named["Years"]) == {1}


def test_jobs_below_the_living_wage(sample: Sample) -> None:
    path = found(sample, "other_official/*LWF.1a*.xlsx")
    rows = sheet(path, "All")
    assert rows[0][0].endswith(", 2025")
    shown = {row[1]: row[3] for row in rows[5:] if row[1]}
    truths = sample.truths.latest["below_real_living_wage"]
    assert [code for code, value in truths.items() if value is None] == ["Z08000001"]
    assert {code: shown[code] for code in truths} == {
        code: "x" if value is None else value for code, value in truths.items()
    }


def test_walking_or_cycling_for_travel(sample: Sample) -> None:
    rows = sheet(found(sample, "other_official/*cw0301*.ods"), "CW0301_Travel")
    assert rows[2][5:] == [str(year) for year in range(2024, 2015, -1)]
    thrice = {row[0]: row[5:] for row in rows[3:] if row[4] == "At least 3 times per week"}
    truths = sample.truths.latest["active_travel"]
    assert {code: thrice[code][0] for code in truths} == truths
    marked = {code: row.count("[note 6]") for code, row in thrice.items() if "[note 6]" in row}
    assert marked == {"Z06000004": 4}
    for code in truths:
        often = {row[4]: row[5] for row in rows if row[0] == code}
        assert list(often.values()) == sorted(often.values(), reverse=True)


def test_children_in_workless_households(sample: Sample) -> None:
    with found(sample, "other_official/*NM_136_1*").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert {row["RECORD_COUNT"] for row in rows} == {str(len(rows))}
    latest = [row for row in rows if row["DATE_NAME"] == "Jan 2024-Dec 2024"]
    for code, value in sample.truths.latest["children_workless_households"].items():
        here = {
            row["COMBINED_EA_STATUS_NAME"]: row for row in latest if row["GEOGRAPHY_CODE"] == code
        }
        shown = here["Workless households"]
        if value is None:
            assert {row["OBS_VALUE"] for row in here.values()} == {""}
            assert "too small" in shown["OBS_STATUS_NAME"]
        else:
            assert float(shown["OBS_VALUE"]) == value
            assert abs(sum(float(row["OBS_VALUE"]) for row in here.values()) - 100) < 1e-9


def test_groups_of_authorities_lie_between_their_members_and_streams_are_apart() -> None:
    world = build_world(7, SMALL)
    areas = list_areas(world)
    values = invent(world, areas, "one", Shape(10.0, 1.0, 1.0, 0.5, noise=0.1), 3)
    alone = [values[a.code] for a in areas if a.kind == "authority"]
    nation = values[areas[0].code]
    assert nation.shape == (3,)
    assert (np.min(alone, axis=0) < nation).all()
    assert (nation < np.max(alone, axis=0)).all()
    again = invent(world, areas, "one", Shape(10.0, 1.0, 1.0, 0.5, noise=0.1), 3)
    other = invent(world, areas, "two", Shape(10.0, 1.0, 1.0, 0.5, noise=0.1), 3)
    assert (again[areas[0].code] == nation).all()
    assert (other[areas[0].code] != nation).all()
