"""Invariances that hold for any input (Hypothesis)."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from beacon.statistics import standardisation
from beacon.statistics.aggregation import sum_of_children
from beacon.statistics.inequality import fit, inequality
from beacon.statistics.intervals import byar_limits, poisson_limits, wilson_limits, z_score
from beacon.statistics.life_tables import START_AGES, life_expectancy
from beacon.statistics.methods import METHODS, Options
from beacon.statistics.quantiles import imd_quantile, local_quantiles
from beacon.statistics.rates import rate
from beacon.statistics.standardisation import (
    directly_standardised_rate,
    european_standard_population,
)
from beacon.statistics.trend import recent_trend, weighted_trend

Z95, Z998 = z_score(0.95), z_score(0.998)

# The same examples in every run: a failure is then a change of ours.
quick = settings(max_examples=50, deadline=None, derandomize=True)
few = settings(max_examples=4, deadline=None, derandomize=True)


@st.composite
def counts_of(draw: st.DrawFn) -> tuple[int, int]:
    n = draw(st.integers(1, 10**7))
    return draw(st.integers(0, n)), n


@quick
@given(counts_of())
def test_wilson_mirrors_and_nests(pair: tuple[int, int]) -> None:
    x, n = pair
    low, high = wilson_limits([x], [n], Z95)
    mirrored_low, mirrored_high = wilson_limits([n - x], [n], Z95)
    assert low[0] == pytest.approx(1 - mirrored_high[0], abs=1e-12)
    assert high[0] == pytest.approx(1 - mirrored_low[0], abs=1e-12)
    wide_low, wide_high = wilson_limits([x], [n], Z998)
    assert 0 <= wide_low[0] <= low[0] <= x / n <= high[0] <= wide_high[0] <= 1


@quick
@given(st.floats(0, 1e6))
def test_poisson_limits_nest_around_the_count(x: float) -> None:
    low, high = poisson_limits([x], 0.95)
    wide_low, wide_high = poisson_limits([x], 0.998)
    assert 0 <= wide_low[0] <= low[0] <= x < high[0] < wide_high[0]


@quick
@given(st.integers(0, 10**6), st.floats(1, 1e8), st.floats(1e-3, 1e6))
def test_rates_scale_with_their_multiplier(x: int, n: float, k: float) -> None:
    frame = pl.DataFrame({"numerator": [float(x)], "denominator": [n]})
    one, scaled = rate(frame, multiplier=1.0), rate(frame, multiplier=k)
    for name in ("value", "lower95_0cl", "upper95_0cl", "lower99_8cl", "upper99_8cl"):
        assert scaled[name][0] == pytest.approx(one[name][0] * k, rel=1e-12)


def standardised(counts: list[float], population: list[float]) -> dict[str, float]:
    bands = european_standard_population()
    frame = bands.with_columns(
        pl.col("stdpop").cast(pl.Float64),
        count=pl.Series(counts, dtype=pl.Float64),
        pop=pl.Series(population, dtype=pl.Float64),
    )
    return directly_standardised_rate(frame).row(0, named=True)


POPULATIONS = st.lists(st.integers(100, 100_000), min_size=19, max_size=19)


@quick
@given(POPULATIONS, st.floats(0.001, 0.5))
def test_equal_age_rates_make_the_standardised_rate_crude(pops: list[int], r: float) -> None:
    assume(sum(pops) * r >= 10)
    row = standardised([p * r for p in pops], [float(p) for p in pops])
    assert row["value"] == pytest.approx(r * 100_000, rel=1e-10)


@quick
@given(st.lists(st.integers(0, 50), min_size=19, max_size=19), st.floats(0.5, 50))
def test_population_like_the_standard_makes_it_crude(counts: list[int], k: float) -> None:
    assume(sum(counts) >= 10)
    weights = european_standard_population()["stdpop"].to_list()
    row = standardised([float(c) for c in counts], [w * k for w in weights])
    assert row["value"] == pytest.approx(sum(counts) / (sum(weights) * k) * 1e5, rel=1e-10)
    # Dobson's limits are then Byar's, as Var = O / n^2.
    low, high = byar_limits([sum(counts)], Z95)
    assert row["lower95_0cl"] == pytest.approx(low[0] / (sum(weights) * k) * 1e5, rel=1e-9)
    assert row["upper95_0cl"] == pytest.approx(high[0] / (sum(weights) * k) * 1e5, rel=1e-9)


@quick
@given(st.integers(10, 10_000), st.floats(100, 1e6), st.floats(0.1, 1e5))
def test_a_single_band_has_byars_limits(x: int, n: float, weight: float) -> None:
    frame = pl.DataFrame({"ageband": ["all"], "count": [float(x)], "pop": [n], "stdpop": [weight]})
    row = directly_standardised_rate(frame, multiplier=1.0).row(0, named=True)
    low, high = byar_limits([x], Z95)
    assert row["lower95_0cl"] == pytest.approx(low[0] / n, rel=1e-9)
    assert row["upper95_0cl"] == pytest.approx(high[0] / n, rel=1e-9)


@st.composite
def tables(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    population = np.array(draw(st.lists(st.integers(2_000, 50_000), min_size=20, max_size=20)))
    share = np.array(draw(st.lists(st.floats(0.001, 0.15), min_size=20, max_size=20)))
    return np.maximum(1, (population * share).astype(int)), population


def expectancy(
    deaths: np.ndarray, population: np.ndarray, order: list[int] | None = None
) -> pl.DataFrame:
    frame = pl.DataFrame({"start_age": START_AGES, "population": population, "deaths": deaths})
    rows = frame if order is None else frame[order]
    return life_expectancy(rows.cast(pl.Float64))


@quick
@given(tables(), st.integers(0, 19))
def test_a_further_death_shortens_life(table: tuple[np.ndarray, np.ndarray], band: int) -> None:
    deaths, population = table
    more = deaths.copy()
    more[band] += 1
    before, after = expectancy(deaths, population), expectancy(more, population)
    # The value itself may be hidden as too uncertain; the limits' middle is it.
    middles = [(f["lower95_0cl"][0] + f["upper95_0cl"][0]) / 2 for f in (before, after)]
    assert middles[1] < middles[0]


@quick
@given(tables(), st.permutations(range(20)))
def test_life_expectancy_does_not_depend_on_row_order(
    table: tuple[np.ndarray, np.ndarray], order: list[int]
) -> None:
    assert expectancy(*table, order).equals(expectancy(*table))


@quick
@given(tables(), st.integers(2, 50))
def test_scaling_deaths_and_population(table: tuple[np.ndarray, np.ndarray], k: int) -> None:
    one, many = expectancy(*table), expectancy(table[0] * k, table[1] * k)
    for age in (0, 10, 19):
        spans = [f["upper95_0cl"][age] - f["lower95_0cl"][age] for f in (one, many)]
        middles = [(f["upper95_0cl"][age] + f["lower95_0cl"][age]) / 2 for f in (one, many)]
        assert middles[1] == pytest.approx(middles[0], rel=1e-9)
        assert spans[1] == pytest.approx(spans[0] / math.sqrt(k), rel=1e-9)


DECILES = st.tuples(
    st.lists(st.integers(100, 100_000), min_size=10, max_size=10),
    st.lists(st.floats(50, 100), min_size=10, max_size=10),
)


def line(population: list[int], y: np.ndarray) -> tuple[float, float]:
    fitted = fit(np.array([population], dtype=float), y[None])
    return float(fitted.slope[0]), float(fitted.ends[1][0] / fitted.ends[0][0])


@quick
@given(DECILES, st.floats(1, 1_000), st.floats(0.1, 100))
def test_sii_shifts_scales_and_turns(
    deciles: tuple[list[int], list[float]], shift: float, scale: float
) -> None:
    population, values = deciles
    y = np.array(values)
    slope, ratio = line(population, y)
    tolerance = 1e-7 * (1 + abs(slope) + scale + shift)
    shifted, shifted_ratio = line(population, y + shift)
    assert shifted == pytest.approx(slope, abs=tolerance)
    if abs(slope) > 0.1:
        assert abs(shifted_ratio - 1) < abs(ratio - 1)
    scaled, scaled_ratio = line(population, y * scale)
    assert scaled == pytest.approx(slope * scale, abs=tolerance * scale)
    assert scaled_ratio == pytest.approx(ratio, rel=1e-8)
    turned, _ = line(population[::-1], y[::-1])
    assert turned == pytest.approx(-slope, abs=tolerance)


@quick
@given(
    st.lists(st.integers(100, 10_000), min_size=5, max_size=5), st.floats(1, 90), st.floats(-9, 9)
)
def test_sii_of_a_straight_line_is_its_rise(
    population: list[int], base: float, rise: float
) -> None:
    share = np.array(population) / sum(population)
    middle = np.cumsum(share) - share / 2
    assert line(population, base + rise * middle)[0] == pytest.approx(rise, abs=1e-9)


def regions(seed: int) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "area": np.repeat(["n", "s", "w"], 10),
            "quantile": np.tile(np.arange(1.0, 11), 3),
            "population": rng.integers(1_000, 9_000, 30).astype(float),
            "value": np.tile(np.linspace(300, 120, 10), 3) + rng.normal(0, 9, 30),
            "standarderror": rng.uniform(0.02, 0.09, 30),
        }
    )


@few
@given(st.permutations(range(30)))
def test_simulated_limits_do_not_depend_on_row_or_area_order(order: list[int]) -> None:
    frame = regions(1)
    arguments = {"by": ["area"], "value_type": 1, "repetitions": 2_000, "indicator": "deaths"}
    everything = inequality(frame, **arguments)
    assert inequality(frame[order], **arguments).equals(everything)
    alone = inequality(frame.filter(pl.col("area") == "s"), **arguments)
    assert alone.equals(everything.filter(pl.col("area") == "s"))


@quick
@given(
    st.lists(st.floats(1, 100), min_size=5, max_size=5),
    st.lists(st.floats(0.1, 5), min_size=5, max_size=5),
    st.integers(-1_000, 1_000),
)
def test_trend_does_not_depend_on_which_years(
    values: list[float], sigma: list[float], shift: int
) -> None:
    def trend(first: int, reverse: bool = False) -> pl.DataFrame:
        frame = pl.DataFrame(
            {
                "period": [str(first + i) for i in range(5)],
                "value": values,
                "lower95": [v - Z95 * s for v, s in zip(values, sigma, strict=True)],
                "upper95": [v + Z95 * s for v, s in zip(values, sigma, strict=True)],
            }
        )
        return recent_trend(frame.reverse() if reverse else frame, value_type="other")

    assert trend(2_000 + shift, reverse=True).equals(trend(2_000))
    # A scale of the years, or of the values with their limits, changes no chi-squared.
    y, s = np.array([values]), np.array([sigma])
    assert weighted_trend(y * 7, s * 7)[1][0] == pytest.approx(weighted_trend(y, s)[1][0], rel=1e-9)


@quick
@given(st.integers(5, 400), st.integers(2, 20), st.booleans())
def test_quantiles_without_ties_differ_in_size_by_at_most_one(n: int, q: int, invert: bool) -> None:
    assume(n >= q)
    ranks = np.arange(1.0, n + 1)
    official, _ = imd_quantile(ranks, n, q)
    frame = pl.DataFrame({"value": ranks, "nquantiles": [float(q)] * n, "invert": [invert] * n})
    local = local_quantiles(frame)["quantile"].to_numpy()
    for each in (official, local):
        sizes = np.bincount(each.astype(int), minlength=q + 1)[1:]
        assert sizes.min() > 0
        assert sizes.max() - sizes.min() <= 1
        assert len(sizes) == q


@quick
@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 999)), min_size=1, max_size=40))
def test_children_sum_to_their_parent(children: list[tuple[str, int]]) -> None:
    frame = pl.DataFrame(children, schema=["place", "numerator"], orient="row").with_columns(
        system=pl.lit("s"), denominator=pl.lit(1_000)
    )
    places = sum_of_children(frame, by=["place"])
    system = sum_of_children(frame, by=["system"])
    assert places["numerator"].sum() == system["numerator"][0] == frame["numerator"].sum()
    assert places["children"].sum() == system["children"][0]


@quick
@given(st.lists(st.tuples(st.integers(0, 60), st.integers(-5, 60)), min_size=1, max_size=25))
def test_one_bad_row_never_touches_another(pairs: list[tuple[int, int]]) -> None:
    frame = pl.DataFrame(pairs, schema=["numerator", "denominator"], orient="row").cast(pl.Float64)
    together = rate(frame)
    apart = pl.concat([rate(frame[i : i + 1]) for i in range(frame.height)])
    assert together.equals(apart)
    assert together["value"].is_null().equals(together["reason"].is_not_null())


def whole_method_inputs() -> dict[str, tuple[pl.DataFrame, str]]:
    """A sound frame of two groups for each grouped method, and the column that answers."""
    bands = european_standard_population()
    ages = pl.DataFrame({"start_age": START_AGES})
    index = pl.int_range(pl.len()).cast(pl.Float64)
    frames = {
        "dsr": (
            bands.with_columns(pl.col("stdpop").cast(pl.Float64), count=index + 3, pop=900 + index),
            "value",
        ),
        "life_expectancy": (ages.with_columns(population=5e4 - index, deaths=90 + index), "value"),
        "trend": (
            pl.DataFrame({"period": [str(y) for y in range(2019, 2024)]}).with_columns(
                numerator=index + 5, denominator=50 + index
            ),
            "chi2",
        ),
        "sii_rii": (
            pl.DataFrame({"quantile": [str(q) for q in range(1, 6)]}).with_columns(
                population=900 + index, value=70 + index, lower95=69 + index, upper95=71 + index
            ),
            "sii",
        ),
        "isr": (
            bands.select("ageband").with_columns(
                count=index, pop=900 + index, refcount=9 + index, refpop=9_000 + index
            ),
            "ratio_value",
        ),
        "mean": (pl.DataFrame({"values": [1.0, 2.0, 4.0]}), "value"),
    }
    return {
        name: (pl.concat([frame.with_columns(area=pl.lit(a)) for a in ("bad", "good")]), column)
        for name, (frame, column) in frames.items()
    }


SOUND = whole_method_inputs()
ODD = st.sampled_from([None, 0.0, -1.0, 0.5, 1e12, float("nan"), math.inf, 10.0])


@quick
@given(st.sampled_from(sorted(SOUND)), st.data())
def test_whatever_is_wrong_with_one_area(name: str, data: st.DataObject) -> None:
    """Never an exception, a NULL always has its reason, and the other area answers as before."""
    frame, column = SOUND[name]
    numeric = [c for c in frame.columns if frame[c].dtype == pl.Float64]
    broken = frame
    for _ in range(data.draw(st.integers(1, 3))):
        row = data.draw(st.integers(0, frame.height // 2 - 1))
        target = data.draw(st.sampled_from(numeric))
        values = broken[target].to_list()
        values[row] = data.draw(ODD)
        broken = broken.with_columns(pl.Series(target, values, dtype=pl.Float64))
    run, options = METHODS[name].run, Options()
    before, after = run(frame, ["area"], options), run(broken, ["area"], options)
    good = pl.col("area") == "good"
    assert after.filter(good).equals(before.filter(good))
    bad = after.filter(~good)
    assert bad.height >= 1
    assert bad.filter(pl.col(column).is_null() & pl.col("reason").is_null()).height == 0
    for each in bad.select(pl.selectors.float()).iter_columns():
        assert each.is_finite().all(ignore_nulls=True)
    shuffled = run(broken.sample(fraction=1, shuffle=True, seed=1), ["area"], options)
    assert shuffled.equals(after)


@pytest.mark.parametrize("seed", range(12))
def test_bands_of_one_row_need_no_summing(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(seed)
    rows = 300
    frame = pl.DataFrame(
        {
            "area": [f"area {number}" for number in random.integers(0, 20, rows)],
            "sex": random.integers(1, 3, rows),
            "ageband": [None if band == 9 else f"{band}" for band in random.integers(0, 10, rows)],
            "count": random.integers(-1 if seed % 3 == 0 else 0, 30, rows).astype(float),
            "pop": random.integers(0 if seed % 3 == 1 else 1, 90, rows).astype(float),
            "stdpop": random.integers(1, 90, rows),
        }
    ).unique(["area", "sex", "ageband"], maintain_order=True)
    holes = pl.Series(random.random(frame.height) < 0.02)
    frame = frame.with_columns(
        pl.when(~holes).then(pl.col("count")), pl.when(~holes.reverse()).then(pl.col("pop"))
    )
    if seed % 2:
        frame = frame.with_columns(
            event_frequency=pl.Series(random.integers(1, 4, frame.height)),
            multiplier=pl.Series(random.choice([100.0, 1000.0], frame.height, p=[0.95, 0.05])),
        )

    def answer() -> pl.DataFrame:
        return directly_standardised_rate(frame, by=["area", "sex"], confidences=(0.95, 0.9))

    quickly = answer()
    monkeypatch.setattr(standardisation, "one_row_each", lambda *_: None)
    assert_frame_equal(quickly, answer(), check_exact=True)
