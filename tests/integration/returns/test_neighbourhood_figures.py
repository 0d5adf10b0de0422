"""What the sample's neighbourhood programme returned, against what was planted and an attacker."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.stats import binomtest, chi2

from beacon.disclosure import small_area_counts
from beacon.ingest.landing_store import LandingStore
from beacon.returns.neighbourhood_context import load_neighbourhood_context
from beacon.returns.neighbourhood_table import collect_neighbourhood_returns

Key = tuple[str, str, str]
Row = dict[str, Any]

# Metric: numerator, denominator, per how many; of the percentage the people that it tells of.
METRICS = {
    "people_supported": ("n_supported", None, None),
    "reach": ("n_supported", "n_eligible", 100),
    "care_plan": ("n_care_plan", "n_supported", 100),
    "blood_pressure": ("n_blood_pressure", "n_eligible", 100),
    "stopped_smoking": ("n_stopped_smoking", "n_supported", 100),
    "emergency_admissions": ("n_emergency_admissions", "n_eligible", 1000),
    "lonely": ("n_lonely", "n_asked", 100),
}
GROUPS = {
    "age": ("18 to 39", "40 to 64", "65 and over"),
    "ethnicity": ("Asian", "Black", "Mixed", "White", "Other", "Not known"),
    "deprivation": ("Core20", "Elsewhere"),
}
NEIGHBOURHOODS = {
    "Z06000001": ("brackenmouth_north", "brackenmouth_south"),
    "Z06000002": ("cawlderwick_harbour", "cawlderwick_moor"),
}


@pytest.fixture(scope="module")
def planted(published_sample: Path) -> dict[Key, dict[str, int]]:
    truths = json.loads((published_sample / "sample" / "TRUTHS.json").read_text())
    return {
        (row["area_code"], row["breakdown"], row["breakdown_group"]): row
        for row in truths["neighbourhoods"]
    }


@pytest.fixture(scope="module")
def figures(published_sample: Path) -> dict[tuple[str, Key], Row]:
    with duckdb.connect(str(published_sample / "beacon.duckdb"), read_only=True) as con:
        cursor = con.execute("select * from neighbourhood_return")
        names = [column[0] for column in cursor.description or []]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return {
        (row["metric"], (row["area_code"], row["breakdown"], row["breakdown_group"])): row
        for row in rows
    }


def test_what_is_shown_is_what_was_planted(
    figures: dict[tuple[str, Key], Row], planted: dict[Key, dict[str, int]]
) -> None:
    shown = 0
    for (metric, key), row in figures.items():
        if row["value_status"] != "published":
            continue
        shown += 1
        top, bottom, per = METRICS[metric]
        right = (
            planted[key][top] if bottom is None else per * planted[key][top] / planted[key][bottom]
        )
        # The percentage was returned with one decimal.
        assert row["value"] == pytest.approx(right, abs=0.0501 if metric == "lonely" else 1e-9)
        if metric != "lonely":
            assert row["numerator"] == planted[key][top]
        assert row["denominator"] == (None if bottom is None else planted[key][bottom])
    assert shown > 300


def test_every_reason_is_there(
    figures: dict[tuple[str, Key], Row], planted: dict[Key, dict[str, int]]
) -> None:
    everybody = ("all", "All")
    assert figures["reach", ("cawlderwick_vale", *everybody)]["value_status"] == "not_supplied"
    assert figures["blood_pressure", ("cawlderwick_moor", *everybody)]["value_status"] == "missing"
    withheld = ("brackenmouth_north", "ethnicity", "Other")
    assert figures["stopped_smoking", withheld]["value_status"] == "suppressed"
    for (metric, key), row in figures.items():
        if key not in planted or row["value_status"] == "missing":
            continue
        top, bottom, _ = METRICS[metric]
        counts = [planted[key][top], planted[key][bottom or top]]
        if bottom is not None and metric != "emergency_admissions":
            counts.append(counts[1] - counts[0])
        if any(0 < count < 5 for count in counts):
            assert row["value_status"] == "suppressed", (metric, key)


def test_limits_are_those_of_other_libraries(figures: dict[tuple[str, Key], Row]) -> None:
    reach = figures["reach", ("brackenmouth_north", "all", "All")]
    right = binomtest(768, 2400).proportion_ci(0.95, "wilson")
    assert reach["lower_95"] == pytest.approx(100 * right.low, abs=1e-9)
    assert reach["upper_95"] == pytest.approx(100 * right.high, abs=1e-9)
    rate = figures["emergency_admissions", ("brackenmouth_south", "all", "All")]
    # Byar's limits are within a thousandth of the exact ones of a count of hundreds.
    exact = chi2.ppf(0.025, 2 * 414) / 2, chi2.ppf(0.975, 2 * 415) / 2
    assert rate["lower_95"] == pytest.approx(1000 * exact[0] / 1800, rel=1e-3)
    assert rate["upper_95"] == pytest.approx(1000 * exact[1] / 1800, rel=1e-3)
    assert figures["lonely", ("brackenmouth_north", "all", "All")]["lower_95"] is None


def _equations(keys: dict[tuple[str, Key], int]) -> Iterator[tuple[list[int], int]]:
    """Parts and their whole, as anybody can write them down who reads the form."""
    columns = sorted({name for name, _ in keys})
    for column in columns:
        for place, members in NEIGHBOURHOODS.items():
            groups = [("all", "All"), *((b, g) for b, gs in GROUPS.items() for g in gs)]
            if place == "Z06000001":
                yield from (
                    (
                        [keys[column, (area, *group)] for area in members],
                        keys[column, (place, *group)],
                    )
                    for group in groups
                )
            for area in (place, *members):
                yield from (
                    ([keys[column, (area, b, g)] for g in gs], keys[column, (area, "all", "All")])
                    for b, gs in GROUPS.items()
                )


def _worked_out(
    figures: dict[tuple[str, Key], Row], planted: dict[Key, dict[str, int]]
) -> tuple[int, list[Any]]:
    """Counts of 1 to 4, and those that follow from what adds up and every figure that is shown."""
    columns = ["n_eligible", "n_supported", *{one[0] for one in METRICS.values()}, "n_asked"]
    names = sorted(set(columns))
    keys = {(name, key): n for n, (name, key) in enumerate((n, k) for n in names for k in planted)}
    low, high = np.zeros(len(keys)), np.full(len(keys), 4000.0)
    for (metric, key), row in figures.items():
        if row["value_status"] != "published":
            continue
        top, bottom, _ = METRICS[metric]
        if bottom is not None:
            at = keys[bottom, key]
            low[at] = high[at] = row["denominator"]
        at = keys[top, key]
        if metric == "lonely":
            low[at] = np.ceil((row["value"] - 0.05) / 100 * row["denominator"] - 1e-9)
            high[at] = np.floor((row["value"] + 0.05) / 100 * row["denominator"] + 1e-9)
        else:
            low[at] = high[at] = row["numerator"]
    rows, right = [], []
    for parts, whole in _equations(keys):
        line = np.zeros(len(keys))
        line[parts] += 1
        line[whole] -= 1
        rows.append(line)
        right.append(0.0)
    inside = []
    for metric, (top, bottom, _) in METRICS.items():
        for key in planted if bottom and metric != "emergency_admissions" else ():
            line = np.zeros(len(keys))
            line[keys[top, key]], line[keys[bottom, key]] = 1, -1
            inside.append(line)
    attacked, found_out = 0, []
    for (name, key), at in keys.items():
        if not 0 < planted[key][name] < 5:
            continue
        attacked += 1
        reach = []
        for sign in (1.0, -1.0):
            cost = np.zeros(len(keys))
            cost[at] = sign
            found = linprog(
                cost,
                A_ub=np.array(inside),
                b_ub=np.zeros(len(inside)),
                A_eq=np.array(rows),
                b_eq=np.array(right),
                bounds=np.column_stack([low, high]),
            )
            assert found.status == 0, found.message
            reach.append(sign * found.fun)
        if reach[1] - reach[0] < 1:
            found_out.append((name, key, reach))
    return attacked, found_out


def test_no_small_count_can_be_worked_out(
    figures: dict[tuple[str, Key], Row], planted: dict[Key, dict[str, int]]
) -> None:
    attacked, found_out = _worked_out(figures, planted)
    assert attacked > 20
    assert found_out == []


def test_the_attacker_finds_them_where_only_small_counts_are_hidden(
    published_sample: Path,
    tmp_path: Path,
    planted: dict[Key, dict[str, int]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(small_area_counts, "hide_linked", lambda counts, equations, must: must)
    store = LandingStore(published_sample / "landing")
    context = load_neighbourhood_context("sample")
    (table,) = collect_neighbourhood_returns(context, store, tmp_path)
    with table.path.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    unsafe = {
        (row["metric"], (row["area_code"], row["breakdown"], row["breakdown_group"])): {
            **row,
            **{n: float(row[n]) if row[n] else None for n in ("numerator", "denominator", "value")},
        }
        for row in rows
    }
    attacked, found_out = _worked_out(unsafe, planted)
    assert len(found_out) >= attacked / 10
