"""The nation's spread, figures of the board, and life with health, against other code."""

from __future__ import annotations

import math
from collections import defaultdict
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from scipy.stats import chi2

pytestmark = pytest.mark.slow

Row = dict[str, Any]


def rows(home: Path, query: str) -> list[Row]:
    con = duckdb.connect(str(home / "warehouse.duckdb"), read_only=True)
    try:
        cursor = con.execute(query)
        names = [column[0] for column in cursor.description or []]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    finally:
        con.close()


@pytest.fixture(
    scope="module", params=["sample", pytest.param("official", marks=pytest.mark.given)]
)
def home(request: pytest.FixtureRequest) -> Path:
    """A published home: of the sample, and of the official files where they are."""
    name = {"sample": "_published_sample", "official": "official_home"}[request.param]
    path: Path = request.getfixturevalue(name)
    return path


def _authorities(values: dict[str, float], nation: str) -> tuple[str, list[float]]:
    """Values of the authorities that a Place is set beside, and which they are."""
    kinds: dict[str, list[float]] = defaultdict(list)
    for code, value in values.items():
        if code[0] == nation[0]:
            kinds[code[1:3]].append(value)
    whole = kinds["06"] + kinds["08"] + kinds["09"]
    if kinds["10"]:
        return "upper_tier", whole + kinds["10"]
    return ("lower_tier", whole + kinds["07"]) if kinds["07"] else ("single_tier", whole)


def _authorities_of_england(kind: str, day: date) -> int:
    """Counties, districts and single-tier authorities, from the Orders that changed them."""
    counties, districts, single = 27, 201, 125
    for since, fewer_counties, fewer_districts, more_single in (
        (date(2019, 4, 1), 1, 9, 0),  # Dorset; Somerset West and Taunton; East and West Suffolk
        (date(2020, 4, 1), 1, 4, 1),  # Buckinghamshire
        (date(2021, 4, 1), 1, 7, 2),  # Northamptonshire
        (date(2023, 4, 1), 3, 17, 4),  # Cumbria, North Yorkshire, Somerset
    ):
        if day >= since:
            counties -= fewer_counties
            districts -= fewer_districts
            single += more_single
    return single + {"upper_tier": counties, "lower_tier": districts, "single_tier": 0}[kind]


def test_the_spread_is_that_of_the_nations_authorities(home):
    (nation,) = (r["nation_code"] for r in rows(home, "from registry.footprint"))
    key = ("indicator_slug", "measure", "sex", "age", "period")
    figures: dict[tuple[Any, ...], dict[str, float]] = defaultdict(dict)
    for row in rows(
        home, "from indicators.fact where category = 'All' and value is not null"
    ):  # fmt: skip
        figures[tuple(row[k] for k in key)][row["area_code"]] = row["value"]
    kinds = set()
    shown = rows(home, "from marts.scorecard")
    assert len(shown) > 300
    for row in shown:
        kind, values = _authorities(figures[tuple(row[k] for k in key)], nation)
        assert row["nation_areas"] == len(values)
        if not values:
            assert row["nation_area_type"] is None
            continue
        kinds.add(kind)
        assert row["nation_area_type"] == kind
        spread = [
            row[f"nation_{name}"]
            for name in ("lowest", "quartile_1", "median", "quartile_3", "highest")
        ]
        total = row["nation_areas_total"]
        if nation == "E92000001":
            assert total == max(len(values), _authorities_of_england(kind, row["period_end"]))
        if len(values) < 12 or len(values) / total < 0.95 or row["source_coverage"]:
            assert spread == [None] * 5
            assert row["nation_quarter"] is None
            assert row["nation_spread_reason"] is not None
            continue
        assert row["nation_spread_reason"] is None
        # NumPy, too, gives the first parts one more where areas do not divide by four.
        quarters = np.array_split(np.sort(np.array(values)), 4)
        assert spread == [min(values), *(quarter.max() for quarter in quarters)]
    assert kinds >= {"upper_tier"}


@pytest.mark.parametrize("n", [4, 5, 6, 7, 8, 21, 152, 153])
def test_quartiles_of_areas_are_ntiles_own(n):
    values = [float((7 * i) % n) for i in range(n)]
    con = duckdb.connect()
    for statement in Path("sql/macros/60_quantiles.sql").read_text().split(";\n"):
        if "CREATE" in statement:
            con.execute(statement)
    ((first, median, third),) = con.execute(
        "select quartile_of_areas($1, 1), quartile_of_areas($1, 2), quartile_of_areas($1, 3)",
        [values],
    ).fetchall()
    expected = con.execute(
        "select max(v) from (select v, ntile(4) over (order by v) as q from unnest($1) as t(v)) "
        "group by q order by q",
        [values],
    ).fetchall()
    assert [(first,), (median,), (third,)] == expected[:3]
    assert con.execute("select quartile_of_areas([1.0, 2.0, 3.0], 1)").fetchall() == [(None,)]


def _wilson(x: float, n: float, z: float) -> tuple[float, float]:
    p = x / n
    centre, spread = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return (centre - spread) / (1 + z * z / n), (centre + spread) / (1 + z * z / n)


def _poisson(x: float) -> tuple[float, float]:
    return chi2.ppf(0.025, 2 * x) / 2, chi2.ppf(0.975, 2 * x + 2) / 2


def test_a_figure_of_the_board_is_the_counts_of_all_places_added_up(home):
    places = {r["place_code"] for r in rows(home, "from registry.place")}
    key = ("indicator_slug", "measure", "sex", "age", "period")
    parts: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in rows(home, "from indicators.published where category = 'All'"):
        if row["area_code"] in places:
            parts[tuple(row[k] for k in key)].append(row)
    made = [r for r in rows(home, "from indicators.system") if r["value"] is not None]
    assert len(made) >= 30
    for row in made:
        found = parts[tuple(row[k] for k in key)]
        assert {r["area_code"] for r in found} == places
        x, n = (sum(r[k] for r in found) for k in ("numerator", "denominator"))
        factor = found[0]["value"] / (found[0]["numerator"] / found[0]["denominator"])
        factor = 10 ** round(math.log10(factor))
        assert (row["numerator"], row["denominator"]) == (x, n)
        assert row["value"] == pytest.approx(x / n * factor, rel=1e-12)
        # A sum of parts lies between them; an average of rates would too, so both are looked at.
        assert min(r["value"] for r in found) <= row["value"] <= max(r["value"] for r in found)
        if row["limits_method"] == "wilson":
            lower, upper = _wilson(x, n, 1.959963984540054)
            assert (row["lower_95"], row["upper_95"]) == pytest.approx(
                (lower * factor, upper * factor), rel=1e-9
            )
        elif row["limits_method"] == "byar":
            lower, upper = _poisson(x)
            assert (row["lower_95"], row["upper_95"]) == pytest.approx(
                (lower / n * factor, upper / n * factor), rel=2e-3
            )
        else:
            assert row["lower_95"] is None
        assert row["value_method"] == "sum_of_places"
        assert "added up" in row["value_note"]


def test_nothing_is_added_up_that_does_not_add_up(home):
    found = rows(
        home,
        "select s.*, m.value_type from indicators.system s "
        "inner join registry.measure m using (indicator_slug, measure)",
    )
    for row in found:
        if row["value"] is not None:
            assert row["value_type"] in {"proportion", "modelled_proportion", "crude_rate"}
        else:
            assert row["value_note"].startswith("No figure is published for the board, and ")
            assert row["value_method"] is row["numerator"] is None
    notes = {(r["indicator_slug"], r["sex"]): r["value_note"] for r in found if r["value"] is None}
    assert "life expectancy cannot be made" in notes["life_expectancy", "Female"]
    assert "a sum would lack" in notes["temporary_accommodation", "Persons"]


def test_places_that_do_not_cover_the_board_are_not_added_up(sample_home):
    from beacon.core.settings import Settings
    from beacon.warehouse.connection import open_warehouse
    from beacon.warehouse.transform import derive_table
    from beacon.workspace import Workspace

    with open_warehouse(Workspace(Settings(home=sample_home, inputs="sample"))) as warehouse:
        con = warehouse.con
        con.execute(
            "update geography.lsoa21 set place_code = null where lsoa21_code = "
            "(select min(lsoa21_code) from geography.lsoa21 where place_code is not null)"
        )
        derive_table(warehouse, "indicators.system")
        made = con.execute(
            "select count(value), max(value_note) filter (indicator_slug = 'fuel_poverty') "
            "from indicators.system"
        ).fetchall()
    assert made == [
        (
            0,
            "No figure is published for the board, and the Places are not known to cover the "
            "board exactly.",
        )
    ]


def test_the_boards_figures_are_in_the_marts_and_judged(home):
    (row, *_) = rows(
        home,
        "from marts.beacon_indicator where area_type = 'icb' and indicator_slug = 'gld_reception' "
        "and sex = 'Female' order by period_end desc",
    )
    assert row["value_method"] == "sum_of_places"
    judged = (
        "better"
        if row["lower_95"] > row["nation_value"]
        else "worse"
        if row["upper_95"] < row["nation_value"]
        else "similar"
    )
    assert row["compared_with_nation"] == judged


def test_a_sum_is_traced_to_the_places_it_is_made_of(home):
    from beacon.core.home import Home
    from beacon.release.layout import latest_release
    from beacon.release.trace import trace

    release = latest_release(Home(home))
    assert release is not None
    (board,) = (r["icb_code"] for r in rows(home, "from registry.footprint"))
    whole, *parts = trace(Home(home), release, "fuel_poverty", board, "latest")
    assert whole.row["value_method"] == "sum_of_places"
    assert len(parts) == 9
    assert sum(part.row["numerator"] for part in parts) == whole.row["numerator"]
    assert all(part.input is not None and part.intact for part in parts)


def test_life_and_health_are_the_published_figures_of_the_same_years(home):
    figures = {
        (r["indicator_slug"], r["area_code"], r["period"], r["sex"]): r["value"]
        for r in rows(home, "from marts.beacon_indicator where value is not null")
        if r["indicator_slug"] in {"life_expectancy", "healthy_life_expectancy"}
        and r["category"] == "All"
    }
    found = rows(home, "from marts.life_and_health")
    assert {(r["area_code"], r["period"], r["sex"]) for r in found} == {
        (area, period, sex) for _, area, period, sex in figures
    }
    both = 0
    for row in found:
        key = (row["area_code"], row["period"], row["sex"])
        life, healthy = (
            figures.get((name, *key)) for name in ("life_expectancy", "healthy_life_expectancy")
        )
        assert (row["life_expectancy"], row["healthy_life_expectancy"]) == (life, healthy)
        if life is None or healthy is None:
            assert row["years_not_in_good_health"] is None
            assert "for the same years" in row["value_note"]
        else:
            both += 1
            assert row["years_not_in_good_health"] == pytest.approx(life - healthy, abs=1e-6)
            assert row["value_note"] is None
    assert both >= 100


@pytest.mark.given
def test_knowsleys_women_live_26_6_years_not_in_good_health(official_home):
    # Fingertips 90366, 2022-24: 80.3 years; ONS Explore Local Statistics, 2022-24: 53.7 years.
    (row,) = rows(
        official_home,
        "from marts.life_and_health where area_code = 'E08000011' and period = '2022-24' "
        "and sex = 'Female'",
    )
    assert (row["life_expectancy"], row["healthy_life_expectancy"]) == (80.3, 53.7)
    assert row["years_not_in_good_health"] == 26.6
