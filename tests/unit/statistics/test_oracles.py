"""Each method against an independent second oracle; nothing here needs a given file."""

from __future__ import annotations

import io
import math
from contextlib import redirect_stdout
from fractions import Fraction

import numpy as np
import pandas as pd
import polars as pl
import pytest

from beacon.statistics.aggregation import share_in_most_deprived_decile, sum_of_children
from beacon.statistics.benchmark import (
    compare_with_benchmark,
    funnel_significance_proportion,
    funnel_significance_ratio,
)
from beacon.statistics.inequality import (
    closed_limits,
    fieller_limits,
    inequality,
    simulated_limits,
)
from beacon.statistics.intervals import byar_limits, exact_poisson_limits, wilson_limits, z_score
from beacon.statistics.life_tables import START_AGES, health_expectancy, life_expectancy
from beacon.statistics.quantiles import imd_quantile, local_quantiles
from beacon.statistics.rates import interval_primitives, mean, proportion, rate
from beacon.statistics.standardisation import (
    directly_standardised_rate,
    european_standard_population,
    indirectly_standardised,
)
from beacon.statistics.trend import proportion_trend, recent_trend, weighted_trend

LIMITS = ["lower95_0cl", "upper95_0cl", "lower99_8cl", "upper99_8cl"]


def peer(result: pd.DataFrame, names: list[str]) -> np.ndarray:
    """The peer's limits in the order of ours; it names 95% without its decimal."""
    found = [next(c for c in result.columns if c.lower().startswith(n)) for n in names]
    return result[found].to_numpy(dtype=float)


def peer_limits(result: pd.DataFrame) -> np.ndarray:
    return peer(result, ["lower_95", "upper_95", "lower_99", "upper_99"])


def test_z_is_computed_not_typed() -> None:
    from scipy.stats import norm

    assert z_score(0.95) == pytest.approx(norm.ppf(0.975), rel=1e-15)
    assert z_score(0.998) == pytest.approx(3.090232306167813, rel=1e-15)
    with pytest.raises(ValueError, match="between 0 and 1"):
        z_score(1.0)


def test_wilson_against_statsmodels() -> None:
    from statsmodels.stats.proportion import proportion_confint

    rng = np.random.default_rng(1)
    n = rng.integers(1, 10_000, 500)
    x = rng.integers(0, n + 1)
    for level in (0.95, 0.998, 0.9):
        low, high = wilson_limits(x, n, z_score(level))
        theirs = proportion_confint(x, n, alpha=1 - level, method="wilson")
        np.testing.assert_allclose(low, theirs[0], rtol=1e-11, atol=1e-15)
        np.testing.assert_allclose(high, theirs[1], rtol=1e-11)


def test_wilson_worked_example() -> None:
    """Newcombe 1998, Stat Med 17: 857-872, table I, method 3: 81/263, 15/148, 0/20, 1/29."""
    low, high = wilson_limits([81, 15, 0, 1], [263, 148, 20, 29], z_score(0.95))
    np.testing.assert_allclose(low, [0.2553, 0.0624, 0.0000, 0.0061], atol=5e-5)
    np.testing.assert_allclose(high, [0.3662, 0.1605, 0.1611, 0.1718], atol=5e-5)


def test_exact_poisson_against_statsmodels() -> None:
    from statsmodels.stats.rates import confint_poisson

    for level in (0.95, 0.998):
        low, high = exact_poisson_limits(np.arange(40), (1 - level) / 2)
        for x in range(40):
            theirs = confint_poisson(x, 1, method="exact-c", alpha=1 - level)
            assert (low[x], high[x]) == pytest.approx(theirs, rel=1e-12)


def test_exact_poisson_of_a_count_that_is_not_whole() -> None:
    """The lower limit is where a gamma variable of shape x stands at its tail, by integration."""
    from scipy.integrate import quad

    low, high = exact_poisson_limits([9.7], 0.025)
    shape = 9.7
    inside = quad(lambda t: t ** (shape - 1) * math.exp(-t) / math.gamma(shape), 0, low[0])[0]
    above = quad(lambda t: t**shape * math.exp(-t) / math.gamma(shape + 1), high[0], 200)[0]
    assert inside == pytest.approx(0.025, rel=1e-8)
    assert above == pytest.approx(0.025, rel=1e-8)


def test_byar_is_close_to_exact() -> None:
    counts = np.arange(10, 2000, 37)
    exact = exact_poisson_limits(counts, 0.025)
    for ours, theirs in zip(byar_limits(counts, z_score(0.95)), exact, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=2e-3)


def test_primitives_choose_by_row() -> None:
    frame = pl.DataFrame(
        {
            "method": ["Wilson", "byars", "Exact", "Fisher", "Byars", "Byars"],
            "x": [81.0, 100.0, 5.0, 5.0, 1.0, 1.0],
            "n": [263.0, None, None, None, None, None],
            "conf": [0.95, 0.95, 0.95, 0.95, 0.998, 1.5],
        }
    )
    result = interval_primitives(frame)
    assert result["lowercl"][0] == pytest.approx(0.2553, abs=5e-5)
    assert result["uppercl"][2] == pytest.approx(11.668332079, rel=1e-9)
    assert result["lowercl"].to_list()[3:] == [None, None, None]
    assert result["uppercl"][4] is not None
    assert result["reason"].to_list() == [
        None, None, None, "unknown_method", "lower_limit_negative", "invalid_confidence",
    ]  # fmt: skip


def test_proportions_and_rates_against_phstatsmethods() -> None:
    import PHStatsMethods as Peer

    rng = np.random.default_rng(2)
    n = rng.integers(50, 5_000, 60)
    # The peer's rates crash on a count of zero, so there is none here.
    x = rng.integers(1, 40, 60)
    theirs = pd.DataFrame({"x": x, "n": n})
    ours = pl.DataFrame({"numerator": x, "denominator": n}).cast(pl.Float64)
    for function, mine, k in (
        (Peer.ph_proportion, proportion, 100),
        (Peer.ph_rate, rate, 100_000),
    ):
        answer = function(theirs, "x", "n", confidence=[0.95, 0.998], multiplier=k, metadata=False)
        result = mine(ours, multiplier=k)
        np.testing.assert_allclose(result.select(LIMITS).to_numpy(), peer_limits(answer), rtol=1e-9)


def test_mean_against_scipy() -> None:
    from scipy.stats import t

    rng = np.random.default_rng(3)
    values = rng.normal(50, 10, 30)
    result = mean(pl.DataFrame({"values": values}))
    for level, names in ((0.95, LIMITS[:2]), (0.998, LIMITS[2:])):
        theirs = t.interval(level, 29, values.mean(), values.std(ddof=1) / math.sqrt(30))
        assert result.select(names).row(0) == pytest.approx(theirs, rel=1e-10)


def banded(areas: int, seed: int) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    bands = european_standard_population()
    size = areas * bands.height
    pop = rng.integers(500, 9_000, size)
    return pl.DataFrame(
        {
            "area": np.repeat([f"a{i:02}" for i in range(areas)], bands.height),
            "ageband": bands["ageband"].to_list() * areas,
            "count": rng.poisson(pop * 0.004).astype(float),
            "pop": pop.astype(float),
            "stdpop": bands["stdpop"].cast(pl.Float64).to_list() * areas,
            "refcount": np.tile(rng.integers(50, 900, bands.height), areas).astype(float),
            "refpop": np.tile(rng.integers(90_000, 200_000, bands.height), areas).astype(float),
        }
    )


def test_direct_standardisation_against_phstatsmethods() -> None:
    import PHStatsMethods as Peer

    frame = banded(8, 4)
    with redirect_stdout(io.StringIO()):
        answer = Peer.ph_dsr(
            frame.to_pandas(), "count", "pop", "stdpop", "area",
            confidence=[0.95, 0.998], euro_standard_pops=False, metadata=False,
        ).sort_values("area")  # fmt: skip
    result = directly_standardised_rate(frame, by=["area"])
    np.testing.assert_allclose(result.select(LIMITS).to_numpy(), peer_limits(answer), rtol=1e-9)


def test_non_independent_events_by_counting_persons() -> None:
    """Var = sum over persons of their squared share of the rate, person by person."""
    persons = {("0-64", 1): 40, ("0-64", 3): 6, ("65+", 1): 30, ("65+", 2): 11}
    pop, weight = {"0-64": 9_000.0, "65+": 2_500.0}, {"0-64": 80.0, "65+": 20.0}
    frame = pl.DataFrame(
        [
            {"ageband": b, "event_frequency": float(f), "count": float(n), "pop": pop[b],
             "stdpop": weight[b]}
            for (b, f), n in persons.items()
        ]
    )  # fmt: skip
    shares = [f * weight[b] / pop[b] / 100 for (b, f), n in persons.items() for _ in range(n)]
    events = sum(f * n for (_, f), n in persons.items())
    value, scale = sum(shares), math.sqrt(sum(s * s for s in shares) / events)
    low, high = byar_limits([events], z_score(0.95))
    result = directly_standardised_rate(frame, multiplier=1.0).row(0, named=True)
    assert result["total_count"] == events
    assert not result["independent_events"]
    assert result["value"] == pytest.approx(value, rel=1e-12)
    assert result["lower95_0cl"] == pytest.approx(value + scale * (low[0] - events), rel=1e-12)
    assert result["upper95_0cl"] == pytest.approx(value + scale * (high[0] - events), rel=1e-12)


def test_indirect_standardisation_against_phstatsmethods() -> None:
    import PHStatsMethods as Peer

    frame = banded(8, 5)
    theirs = frame.to_pandas()
    arguments = ("count", "pop", "refcount", "refpop", "area")
    ratio = Peer.ph_ISRatio(
        theirs, *arguments, confidence=[0.95, 0.998], refvalue=100, metadata=False
    )
    rates = Peer.ph_ISRate(theirs, *arguments, confidence=[0.95, 0.998], metadata=False)
    result = indirectly_standardised(frame, by=["area"])
    for prefix, answer in (("ratio_", ratio), ("rate_", rates)):
        ours = result.select(prefix + name for name in LIMITS).to_numpy()
        np.testing.assert_allclose(ours, peer_limits(answer.sort_values("area")), rtol=1e-9)


def test_observed_total_may_be_stated_once() -> None:
    frame = banded(2, 6)
    by_band = indirectly_standardised(frame, by=["area"])
    totals = frame.group_by("area").agg(pl.col("count").sum().alias("observed"))
    stated = frame.drop("count").join(totals, on="area")
    assert indirectly_standardised(stated, by=["area"]).equals(by_band)
    once = stated.with_columns(
        pl.when(pl.col("ageband") == "0-4").then("observed").alias("observed")
    )
    assert indirectly_standardised(once, by=["area"]).equals(by_band)


def life_table_by_hand(deaths: list[float], population: list[float]) -> list[float]:
    """Expectation of life at each age, one person-year at a time through plain loops."""
    ages = list(START_AGES)
    alive, lived = [100_000.0], []
    for i, age in enumerate(ages):
        rate_ = deaths[i] / population[i]
        if i == len(ages) - 1:
            lived.append(alive[-1] / rate_)
            break
        width, a = ages[i + 1] - age, 0.1 if age == 0 else 0.5
        q = min(1.0, width * rate_ / (1 + width * (1 - a) * rate_))
        alive.append(alive[-1] * (1 - q))
        lived.append(width * alive[-1] + a * width * (alive[-2] - alive[-1]))
    return [sum(lived[i:]) / alive[i] for i in range(len(ages))]


DEATHS = [20, 3, 2, 2, 9, 11, 14, 21, 33, 48, 71, 110, 160, 240, 350, 500, 690, 820, 760, 640]
POPULATION = [
    4_000, 16_500, 21_000, 22_000, 21_500, 22_500, 24_000, 25_000, 25_500, 24_000, 25_500,
    26_500, 25_000, 22_000, 19_500, 18_500, 13_500, 9_000, 4_800, 2_300,
]  # fmt: skip


def mortality(deaths: list[float] | None = None) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "start_age": START_AGES,
            "population": [float(p) for p in POPULATION],
            "deaths": [float(d) for d in deaths or DEATHS],
        }
    )


def test_life_expectancy_by_hand() -> None:
    result = life_expectancy(mortality())
    assert result["value"].to_list() == pytest.approx(
        life_table_by_hand(DEATHS, POPULATION), rel=1e-12
    )


def test_life_expectancy_of_constant_mortality() -> None:
    """At a constant rate M the table gives exactly 1/M at every age, whatever a."""
    population = pl.col("population") * 100
    frame = mortality().with_columns(population=population, deaths=population * 0.02)
    assert life_expectancy(frame)["value"].to_list() == pytest.approx([50.0] * 20, rel=1e-12)


def test_variance_of_life_expectancy_by_the_delta_method() -> None:
    """Var(e0) = sum (de0/dq)^2 q^2 (1 - q)/d + (de0/dM)^2 M^2/d of the open band, numerically."""
    ages, widths = START_AGES, np.diff(START_AGES)
    m = np.array(DEATHS) / np.array(POPULATION)
    a = np.array([0.1] + [0.5] * 18)
    q = m[:-1] * widths / (1 + m[:-1] * widths * (1 - a))

    def e0(q_: np.ndarray, m_last: float) -> float:
        alive = np.concatenate([[1.0], np.cumprod(1 - q_)])
        return float(
            (widths * (alive[1:] + a * (alive[:-1] - alive[1:]))).sum() + alive[-1] / m_last
        )

    variance = 0.0
    for i in range(len(ages) - 1):
        step = q[i] * 1e-4
        up, down = q.copy(), q.copy()
        up[i], down[i] = q[i] + step, q[i] - step
        slope = (e0(up, m[-1]) - e0(down, m[-1])) / (2 * step)
        variance += slope**2 * q[i] ** 2 * (1 - q[i]) / DEATHS[i]
    step = m[-1] * 1e-4
    slope = (e0(q, m[-1] + step) - e0(q, m[-1] - step)) / (2 * step)
    variance += slope**2 * m[-1] ** 2 / DEATHS[-1]
    row = life_expectancy(mortality()).row(0, named=True)
    half = (row["upper95_0cl"] - row["lower95_0cl"]) / 2
    assert half == pytest.approx(z_score(0.95) * math.sqrt(variance), rel=1e-6)


def health(prevalence: list[float]) -> pl.DataFrame:
    return (
        mortality()
        .rename({"start_age": "age"})
        .with_columns(prevalence=pl.Series(prevalence), surveyed=pl.lit(300.0))
    )


def test_healthy_life_expectancy_of_constant_prevalence() -> None:
    """A share p in bad health at every age leaves (1 - p) of life expectancy."""
    lived = life_expectancy(mortality())["value"].to_numpy()
    result = health_expectancy(health([0.3] * 20))
    np.testing.assert_allclose(result["ex"].to_numpy(), lived, rtol=1e-12)
    np.testing.assert_allclose(result["dfle"].to_numpy(), 0.7 * lived, rtol=1e-12)
    good = health([0.3] * 20).with_columns(good_health_prevalence=pl.lit(0.7)).drop("prevalence")
    np.testing.assert_allclose(
        health_expectancy(good)["dfle"].to_numpy(), result["dfle"].to_numpy(), rtol=1e-12
    )


def test_variance_of_healthy_life_expectancy_by_moving_one_prevalence() -> None:
    prevalence = [0.05 + 0.02 * i for i in range(20)]
    base = health_expectancy(health(prevalence)).row(0, named=True)
    variance = 0.0
    for i, p in enumerate(prevalence):
        moved = [*prevalence]
        moved[i] = p + 0.01
        slope = (health_expectancy(health(moved))["dfle"][0] - base["dfle"]) / 0.01
        variance += slope**2 * p * (1 - p) / 300
    assert base["var_prev"] == pytest.approx(variance, rel=1e-8)
    assert base["se_prev"] == pytest.approx(math.sqrt(variance), rel=1e-8)


def deciles(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    population = rng.integers(5_000, 15_000, 10).astype(float)
    return population, 72 + np.arange(10) + rng.normal(0, 0.5, 10), rng.uniform(0.3, 1.0, 10)


def test_sii_against_weighted_least_squares_of_statsmodels() -> None:
    from statsmodels.api import WLS, add_constant

    population, y, se = deciles(7)
    share = population / population.sum()
    middle = np.cumsum(share) - share / 2
    model = WLS(y, add_constant(middle), weights=share).fit()
    frame = pl.DataFrame(
        {"quantile": np.arange(1.0, 11), "population": population, "value": y, "standarderror": se}
    )
    row = inequality(frame, value_type=0).row(0, named=True)
    assert row["sii"] == pytest.approx(model.params[1], rel=1e-9)
    assert row["intercept"] == pytest.approx(model.params[0], rel=1e-9)
    assert row["rii"] == pytest.approx(model.params.sum() / model.params[0], rel=1e-9)
    # Var = (X'WX)^-1 X'W V W X (X'WX)^-1 with the values' own variances.
    x, w = add_constant(middle), np.diag(share)
    bread = np.linalg.inv(x.T @ w @ x)
    variance = (bread @ x.T @ w @ np.diag(se**2) @ w @ x @ bread)[1, 1]
    assert row["sii_se_analytic"] == pytest.approx(math.sqrt(variance), rel=1e-9)


def test_closed_limits_against_a_simulation() -> None:
    population, y, se = deciles(8)
    rng = np.random.default_rng(9)
    draws = rng.normal(y, se, (200_000, 10))
    share = population / population.sum()
    middle = np.cumsum(share) - share / 2
    centred = middle - 0.5
    slope = draws @ (share * centred) / (share * centred**2).sum()
    average = draws @ share
    ratio = (average + slope / 2) / (average - slope / 2)
    for values, limits in ((slope, closed_limits), (ratio, fieller_limits)):
        low, high = limits(population[None], y[None], se[None], 0.95)
        theirs = np.quantile(values, [0.025, 0.975])
        assert [low[0], high[0]] == pytest.approx(theirs, abs=0.02 * (theirs[1] - theirs[0]))


def test_simulated_limits_meet_closed_ones_where_variation_is_small() -> None:
    """With tiny standard errors exp is linear, so that the delta method gives the limits."""
    population, _, _ = deciles(10)
    rates = np.linspace(300, 150, 10)
    se = np.full(10, 0.002)
    found = simulated_limits(population, np.log(rates), se, False, [0.95], 100_000, seed=1)[0]
    low, high = closed_limits(population[None], rates[None], (rates * se)[None], 0.95)
    assert found[:2] == pytest.approx([low[0], high[0]], abs=0.02 * (high[0] - low[0]))


@pytest.mark.parametrize("kind", [1, 2])
def test_transformed_inequality_by_numpy(kind: int) -> None:
    population, _, _ = deciles(11)
    value = np.linspace(0.4, 0.2, 10)
    link = np.log(value) if kind == 1 else np.log(value / (1 - value))
    share = population / population.sum()
    middle = np.cumsum(share) - share / 2
    slope, height = np.polyfit(middle, link, 1, w=np.sqrt(share))
    back = np.exp if kind == 1 else (lambda v: 1 / (1 + np.exp(-v)))
    frame = pl.DataFrame(
        {"quantile": np.arange(1.0, 11), "population": population, "value": value,
         "standarderror": np.full(10, 0.05)}
    )  # fmt: skip
    row = inequality(frame, value_type=kind, transform=True, multiplier=-100).row(0, named=True)
    first, last = back(height), back(height + slope)
    assert row["sii"] == pytest.approx(-100 * (last - first), rel=1e-9)
    assert row["rii"] == pytest.approx(first / last, rel=1e-9)
    assert row["intercept"] == pytest.approx(100 * first, rel=1e-9)
    assert row["sii_lower"] < row["sii"] < row["sii_upper"]
    assert row["rii_lower"] < row["rii"] < row["rii_upper"]


@pytest.mark.parametrize("lsoas", [32_844, 33_755])
def test_imd_quantiles_by_exact_fractions(lsoas: int) -> None:
    ranks = np.arange(1.0, lsoas + 1)
    for q in (5, 10):
        ours, _ = imd_quantile(ranks, lsoas, q)
        assert ours.tolist() == [math.ceil(Fraction(r * q, lsoas)) for r in range(1, lsoas + 1)]


def test_local_quantiles_against_phstatsmethods() -> None:
    import PHStatsMethods as Peer

    rng = np.random.default_rng(12)
    frame = pd.DataFrame(
        {"area": np.repeat(["a", "b"], [37, 53]), "value": rng.normal(0, 1, 90).round(1)}
    )
    for q, invert in ((5, True), (10, False)):
        answer = Peer.ph_quantile(frame.copy(), "value", "area", nquantiles=q, invert=invert)
        theirs = next(answer[c] for c in answer.columns if c.lower() == "quantile")
        mine = local_quantiles(
            pl.DataFrame(frame).with_columns(nquantiles=pl.lit(float(q)), invert=pl.lit(invert)),
            by=["area"],
        )
        ours = mine.sort("area", "value")["quantile"].to_list()
        ordered = answer.assign(theirs=theirs).sort_values(["area", "value"], kind="stable")
        assert ours == ordered["theirs"].astype(int).tolist()


def test_trend_in_proportions_is_the_squared_correlation() -> None:
    """Armitage's chi-squared is N r^2 over all persons (Agresti, Categorical Data Analysis)."""
    x, n = np.array([[30, 41, 38, 55, 60]]), np.array([[210, 230, 190, 240, 205]])
    yes_no = np.concatenate(
        [np.r_[np.ones(a), np.zeros(b - a)] for a, b in zip(x[0], n[0], strict=True)]
    )
    year = np.repeat(np.arange(5), n[0])
    gradient, chi2 = proportion_trend(x, n)
    assert chi2[0] == pytest.approx(n.sum() * np.corrcoef(yes_no, year)[0, 1] ** 2, rel=1e-10)
    fitted = np.polyfit(np.arange(5), np.log(x[0] / (n[0] - x[0])), 1)
    assert gradient[0] == pytest.approx(fitted[0], rel=1e-10)


def test_weighted_trend_against_statsmodels() -> None:
    from statsmodels.api import WLS, add_constant

    y, sigma = np.array([[5.0, 5.4, 5.9, 5.7, 6.6]]), np.array([[0.2, 0.3, 0.25, 0.4, 0.2]])
    model = WLS(y[0], add_constant(np.arange(2019.0, 2024)), weights=sigma[0] ** -2).fit()
    gradient, chi2 = weighted_trend(y, sigma)
    assert gradient[0] == pytest.approx(model.params[1], rel=1e-8)
    # Years as they are cost the oracle some digits.
    assert chi2[0] == pytest.approx(
        model.params[1] ** 2 / model.normalized_cov_params[1, 1], rel=1e-6
    )


def test_outlier_rule_by_refitting_with_statsmodels() -> None:
    from statsmodels.api import WLS, add_constant

    rng = np.random.default_rng(13)
    words = set()
    for _ in range(60):
        y, sigma = rng.normal(0, 3, 5) + np.arange(5) * rng.normal(), rng.uniform(0.2, 0.6, 5)

        def slope(keep: list[int], y: np.ndarray = y, sigma: np.ndarray = sigma) -> float:
            t = add_constant(np.array(keep, dtype=float) - 2)
            return float(WLS(y[keep], t, weights=sigma[keep] ** -2).fit().params[1])

        full = slope([0, 1, 2, 3, 4])
        steady = all(
            np.sign(slope([i for i in range(5) if i != out])) == np.sign(full) for out in range(5)
        )
        _, chi2 = weighted_trend(y[None], sigma[None])
        expected = "No significant change"
        if steady and chi2[0] > z_score(0.998) ** 2:
            expected = "Increasing" if full > 0 else "Decreasing"
        margin = z_score(0.95) * sigma
        frame = pl.DataFrame(
            {"period": [2019, 2020, 2021, 2022, 2023], "value": y, "lower95": y - margin,
             "upper95": y + margin}
        )  # fmt: skip
        assert recent_trend(frame, value_type="other")["recent_trend"][0] == expected
        words.add(expected)
    assert words == {"Increasing", "Decreasing", "No significant change"}


def test_control_limits_against_scipy() -> None:
    from scipy.stats import chi2
    from statsmodels.stats.proportion import proportion_confint

    n, centre = 1_200.0, 0.15
    low, high = proportion_confint(centre * n, n, alpha=0.05, method="wilson")
    expected = 40.0
    low_rate = chi2.ppf(0.001, 2 * expected) / 2 / expected
    high_rate = chi2.ppf(0.999, 2 * expected + 2) / 2 / expected
    rows = []
    for value, word in ((low * 0.999, "better"), (low * 1.001, "similar"),
                        (high * 0.999, "similar"), (high * 1.001, "worse")):  # fmt: skip
        rows.append(("spc_wilson", 100 * value, 100 * centre, n, 100.0, z_score(0.95), None, word))
    for value, word in ((low_rate * 0.999, "better"), (low_rate * 1.001, "similar"),
                        (high_rate * 0.999, "similar"), (high_rate * 1.001, "worse")):  # fmt: skip
        rows.append(("spc_poisson", value * 4.0, 4.0, 1_000_000.0, 1e5, None, 0.001, word))
    names = ["method", "value", "benchmark", "denominator", "unit", "z", "tail", "word"]
    frame = pl.DataFrame(rows, schema=names, orient="row").with_columns(
        polarity=pl.lit("low_is_good")
    )
    result = compare_with_benchmark(frame)
    assert result["comparison"].to_list() == frame["word"].to_list()


def test_funnel_of_proportions_is_a_score_test() -> None:
    """Outside Wilson limits around B at n means beyond z in the score test with p's own variance.

    |p - B| > z sqrt(p(1-p)/n) is what inverting the Wilson interval of B gives.
    """
    rng = np.random.default_rng(14)
    n = rng.integers(100, 4_000, 300).astype(float)
    x = rng.binomial(n.astype(int), rng.uniform(0.2, 0.4, 300)).astype(float)
    result = funnel_significance_proportion(pl.DataFrame({"numerator": x, "denominator": n}))
    p, centre = x / n, x.sum() / n.sum()
    z = (p - centre) / np.sqrt(p * (1 - p) / n)
    words = np.where(np.abs(z) > z_score(0.998), "(0.001)", "(0.025)")
    sides = np.where(z > 0, "High ", "Low ")
    expected = np.where(np.abs(z) > z_score(0.95), np.char.add(sides, words), "Not significant")
    assert result["significance"].to_list() == expected.tolist()
    assert len(set(expected)) == 5


def test_funnel_of_ratios_by_poisson_tails() -> None:
    """Below 10 observed, a limit beyond the expected count means a Poisson tail below alpha/2."""
    from scipy.stats import poisson

    observed = np.repeat(np.arange(10), 60)
    expected = np.tile(np.linspace(0.05, 25, 60), 10)
    result = funnel_significance_ratio(
        pl.DataFrame({"obs": observed, "expected": expected}).cast(pl.Float64)
    )
    high, low = poisson.sf(observed - 1, expected), poisson.cdf(observed, expected)
    words = np.full(len(observed), "Not significant", dtype=object)
    for alpha in (0.025, 0.001):
        words[high < alpha] = f"High ({alpha})"
        words[low < alpha] = f"Low ({alpha})"
    assert result["significance"].to_list() == words.tolist()


def test_shares_and_sums_against_pandas() -> None:
    rng = np.random.default_rng(15)
    frame = pd.DataFrame(
        {
            "place": rng.choice(["x", "y", "z"], 200),
            "IMD_decile": rng.integers(1, 4, 200).astype(float),
            "numerator": rng.integers(0, 9, 200).astype(float),
            "denominator": rng.integers(9, 99, 200).astype(float),
        }
    )
    shares = share_in_most_deprived_decile(pl.DataFrame(frame), by=["place"])
    theirs = (frame["IMD_decile"] == 1).groupby(frame["place"]).mean()
    assert shares["IMD_prop_most_deprived_10pc"].to_list() == pytest.approx(theirs.tolist())
    sums = sum_of_children(pl.DataFrame(frame), by=["place"])
    assert sums["numerator"].to_list() == frame.groupby("place")["numerator"].sum().tolist()
    assert sums["numerator_coverage"].to_list() == [1.0, 1.0, 1.0]
