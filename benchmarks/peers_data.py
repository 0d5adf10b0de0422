"""Fictional data of the statistics' benchmarks, always the same for the same size."""

from __future__ import annotations

import numpy as np
import polars as pl

from beacon.statistics.life_tables import START_AGES
from beacon.statistics.standardisation import european_standard_population


def counts(rows: int, seed: int) -> pl.DataFrame:
    """Numerators of at least 1, which is what the peer can answer for, and denominators."""
    random = np.random.default_rng(seed)
    denominator = random.integers(200, 5_000, rows)
    numerator = random.binomial(denominator, random.uniform(0.002, 0.4, rows)).clip(1)
    return pl.DataFrame({"numerator": numerator, "denominator": denominator}).cast(pl.Float64)


def banded(areas: int, seed: int) -> pl.DataFrame:
    """Areas by the 19 bands of the European Standard Population, about 50 events each."""
    random = np.random.default_rng(seed)
    standard = european_standard_population()
    bands = standard.height
    population = random.integers(20, 160, areas * bands).astype(float)
    events = random.poisson(population * random.uniform(0.001, 0.06, areas * bands)).astype(float)
    return pl.DataFrame(
        {
            "area": np.repeat([f"area {number:06d}" for number in range(areas)], bands),
            "ageband": standard["ageband"].to_list() * areas,
            "count": events,
            "pop": population,
            "stdpop": standard["stdpop"].cast(pl.Float64).to_list() * areas,
        }
    )


def mortality(areas: int, seed: int) -> pl.DataFrame:
    """Deaths and person-years of areas of about 100,000 people over three years."""
    random = np.random.default_rng(seed)
    bands = len(START_AGES)
    ages = np.array(START_AGES, dtype=float)
    population = random.integers(6_000, 20_000, (areas, bands)).astype(float)
    hazard = np.where(ages == 0, 0.004, 0.00002 * np.exp(0.096 * ages)) + 0.0001
    deaths = random.poisson(population * hazard).astype(float).clip(1)
    return pl.DataFrame(
        {
            "area": np.repeat(np.arange(areas), bands),
            "start_age": np.tile(ages, areas),
            "population": population.ravel(),
            "deaths": deaths.ravel(),
        }
    )


def deciles(areas: int, seed: int) -> pl.DataFrame:
    """Areas by ten deciles: people, a life expectancy, its standard error and 95% limits."""
    random = np.random.default_rng(seed)
    quantile = np.tile(np.arange(1, 11), areas).astype(float)
    value = 74 + 0.9 * quantile + random.normal(0, 0.6, areas * 10)
    error = random.uniform(0.2, 0.6, areas * 10)
    z = 1.959963984540054
    return pl.DataFrame(
        {
            "area": np.repeat(np.arange(areas), 10),
            "quantile": quantile,
            "population": random.integers(8_000, 30_000, areas * 10).astype(float),
            "value": value,
            "standarderror": error,
            "lower95": value - z * error,
            "upper95": value + z * error,
        }
    )
