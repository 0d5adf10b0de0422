"""Abridged life tables: life expectancy and healthy life expectancy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from beacon.statistics.frames import (
    CONFIDENCES,
    Reasons,
    batches,
    by_group,
    keyed,
    limit_names,
    quietly,
    together,
    with_columns,
)
from beacon.statistics.intervals import Floats, z_score
from beacon.statistics.reasons import Reason

START_AGES = (0.0, 1.0, *(float(age) for age in range(5, 91, 5)))
"""The 20 bands 0, 1-4, 5-9 ... 85-89, 90+ of OHID's and ONS's life tables."""

RADIX = 100_000.0
MINIMUM_POPULATION = 5_000
"""Person-years at or below which no life expectancy is given (Toson and Baker 2003)."""
WIDEST_INTERVAL_YEARS = 20.0
INFANT_FRACTION = 0.1
"""Share of the year lived by infants who die; half a band elsewhere."""


@dataclass(frozen=True)
class LifeTable:
    """An abridged life table, arrays of (groups x bands).

    Attributes:
        q: Probability of dying within the band; 1 in the last, open one.
        survivors: l, of a radix of 100,000.
        person_years: L.
        expectancy: e, years still to live.
        standard_error: Of e, in years.
    """

    q: Floats
    survivors: Floats
    person_years: Floats
    expectancy: Floats
    standard_error: Floats


def _sum_from_here(values: Floats) -> Floats:
    return np.flip(np.cumsum(np.flip(values, axis=1), axis=1), axis=1)


def _next(values: Floats) -> Floats:
    """The value of the following band; 0 after the last."""
    return np.concatenate([values[:, 1:], np.zeros_like(values[:, :1])], axis=1)


def chiang_life_table(deaths: Floats, population: Floats, width: Floats, a: Floats) -> LifeTable:
    """Chiang's abridged period life table (Chiang 1968; Silcocks et al. 2001 for the open band).

    M = d/p; q = Mn / (1 + Mn(1 - a)), 1 where d > p/(na); l = product of (1 - q);
    L = n(l' + a(l - l')), last l/M; e = sum(L) / l. Variance of q: q^2 (1 - q) / d, 0 without
    deaths; of e: sum of l^2 [(1 - a)n + e']^2 var(q), last band l^2 / (d M^2), over l^2.

    Args:
        deaths: Deaths, (groups x bands), bands in order of age, the last open.
        population: Person-years: as many mid-year populations as years of deaths.
        width: Years of each band; that of the last is not used.
        a: Share of the band lived by those who die in it.

    Returns:
        The table. e is infinite where the open band has no deaths, and NaN where nobody survives
        to it; invalid input gives NaN and never raises.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        rate = deaths / population
        q = np.where(
            deaths <= population / (width * a), rate * width / (1 + rate * width * (1 - a)), 1.0
        )
        q[:, -1] = 1.0
        entering = np.concatenate([np.ones_like(q[:, :1]), 1 - q[:, :-1]], axis=1)
        survivors = RADIX * np.cumprod(entering, axis=1)
        following = _next(survivors)
        years = width * (following + a * (survivors - following))
        years[:, -1] = survivors[:, -1] / rate[:, -1]
        expectancy = np.where(survivors == 0, 0.0, _sum_from_here(years) / survivors)
        variance_q = np.where(deaths > 0, q**2 * (1 - q) / deaths, 0.0)
        terms = variance_q * survivors**2 * ((1 - a) * width + _next(expectancy)) ** 2
        terms[:, -1] = survivors[:, -1] ** 2 / (deaths[:, -1] * rate[:, -1] ** 2)
        standard_error = np.sqrt(_sum_from_here(terms)) / survivors
    return LifeTable(q, survivors, years, expectancy, standard_error)


@quietly
def life_expectancy(
    frame: pl.DataFrame,
    *,
    by: Sequence[str] = (),
    confidences: Sequence[float] = CONFIDENCES,
) -> pl.DataFrame:
    """Life expectancy at each age, with OHID's rules.

    Args:
        frame: Columns start_age (0, 1, 5 ... 90), population (person-years), deaths. Rows in any
            order; one table for each sex.
        by: Columns of the groups; none takes the whole frame as one table.
        confidences: Levels of the limits.

    Returns:
        One row a group and age: value (years), limits and reason. A group is NULL where a band is
        missing, repeated or foreign, deaths are negative or exceed the population, a population is
        not positive, all bands together have 5,000 person-years or fewer, or the open band has no
        deaths. The value alone is NULL where its 95% interval is wider than 20 years, the limits
        alone where nobody survives to the age.
    """
    frame, keys_by = keyed(frame, by)
    bands = len(START_AGES)
    width = np.append(np.diff(START_AGES), np.nan)
    a = np.array([INFANT_FRACTION] + [0.5] * (bands - 1))
    z95 = z_score(0.95)
    parts = []
    for _, rows, size in batches(frame, keys_by, ["start_age", "population", "deaths"]):
        ages = by_group(rows, "start_age", size)
        deaths, population = by_group(rows, "deaths", size), by_group(rows, "population", size)
        reasons = Reasons(len(ages))
        reasons.add((ages[:, 1:] == ages[:, :-1]).any(axis=1), Reason.DUPLICATE_BAND)
        expected = size == bands and (ages == np.array(START_AGES)).all(axis=1)
        reasons.add(~np.broadcast_to(expected, len(ages)), Reason.UNEXPECTED_AGE_BANDS)
        reasons.add(np.isnan(deaths).any(axis=1), Reason.MISSING_DEATHS)
        reasons.add(np.isnan(population).any(axis=1), Reason.MISSING_POPULATION)
        reasons.add((deaths < 0).any(axis=1), Reason.NEGATIVE_DEATHS)
        reasons.add((population <= 0).any(axis=1), Reason.POPULATION_NOT_POSITIVE)
        reasons.add((deaths > population).any(axis=1), Reason.DEATHS_ABOVE_POPULATION)
        reasons.add(population.sum(axis=1) <= MINIMUM_POPULATION, Reason.POPULATION_AT_MOST_5000)
        reasons.add(deaths[:, -1] == 0, Reason.NO_DEATHS_IN_OPEN_BAND)
        value, error = np.full(ages.shape, np.nan), np.full(ages.shape, np.nan)
        if reasons.none.any():
            good = reasons.none
            table = chiang_life_table(deaths[good], population[good], width, a)
            value[good], error[good] = table.expectancy, table.standard_error
        by_row = reasons.repeated(size)
        centre, spread = value.ravel(), error.ravel()
        wide = 2 * z95 * spread > WIDEST_INTERVAL_YEARS
        by_row.add(wide, Reason.INTERVAL_WIDER_THAN_20_YEARS)
        # Nobody left: 0 years to live, and no limits to that.
        by_row.add(np.isnan(spread), Reason.NO_SURVIVORS)
        columns: dict[str, object] = {"value": np.where(wide, np.nan, centre)}
        for confidence in confidences:
            margin = z_score(confidence) * spread
            low_name, high_name = limit_names(confidence)
            columns[low_name], columns[high_name] = centre - margin, centre + margin
        parts.append(
            with_columns(rows.select([*keys_by, "start_age"]), {**columns, "reason": by_row.codes})
        )
    result = together(parts, [*keys_by, "start_age"])
    # A foreign start age such as 2.5 is shown as given.
    whole = result["start_age"].cast(pl.Int64, strict=False)
    same = (whole.cast(pl.Float64) == result["start_age"]).fill_null(True).all()
    return result.with_columns(whole) if same else result


@quietly
def health_expectancy(
    frame: pl.DataFrame,
    *,
    by: Sequence[str] = (),
    confidences: Sequence[float] = CONFIDENCES,
) -> pl.DataFrame:
    """Years without the bad state, by Sullivan's method (Jagger et al., EHEMU manual, 2007).

    DFLE = sum((1 - p) L) / l; var_prev = sum(L^2 p(1 - p)/N) / l^2; var_mort = sum of
    l^2 [(1 - a) n (1 - p) + DFLE']^2 q^2 (1 - q)/d over l^2, the last band adding nothing.

    Args:
        frame: Columns age (first of the band, the last band open), deaths, population
            (person-years), prevalence of the BAD state and surveyed (effective sample size); or
            good_health_prevalence in place of prevalence. Optionally n (width), a (share of the
            band lived by those who die; 0.1 at age 0, else 0.5), and lx with nLx: a life table of
            one's own, used as given; population is then not needed, and deaths only for
            var_mort. Bands may start at any age.
        by: Columns of the groups; none takes the whole frame as one table.
        confidences: Levels of the limits.

    Returns:
        One row a group and age: ex, dfle (years), var_prev, se_prev, var_mort, var_total, limits
        of dfle, reason. Life table and prevalence share their bands; a hole in either makes the
        group NULL.
    """
    frame, keys_by = keyed(frame, by)
    for name in ("deaths", "population", "surveyed"):
        if name not in frame.columns:
            frame = frame.with_columns(pl.lit(None, dtype=pl.Float64).alias(name))
    if "prevalence" not in frame.columns:
        frame = frame.with_columns((1 - pl.col("good_health_prevalence")).alias("prevalence"))
    own_table = {"lx", "nLx"} <= set(frame.columns)
    parts = []
    for _, rows, size in batches(frame, keys_by, ["age", "population", "deaths"]):
        ages = by_group(rows, "age", size)
        deaths, population = by_group(rows, "deaths", size), by_group(rows, "population", size)
        bad, surveyed = by_group(rows, "prevalence", size), by_group(rows, "surveyed", size)
        gaps = np.concatenate([np.diff(ages, axis=1), np.full((len(ages), 1), np.nan)], axis=1)
        width = by_group(rows, "n", size) if "n" in frame.columns else gaps
        usual = np.where(ages == 0, INFANT_FRACTION, 0.5)
        a = by_group(rows, "a", size) if "a" in frame.columns else usual
        reasons = Reasons(len(ages))
        reasons.add((ages[:, 1:] == ages[:, :-1]).any(axis=1), Reason.DUPLICATE_BAND)
        reasons.add(np.isnan(ages).any(axis=1) | (size < 2), Reason.UNEXPECTED_AGE_BANDS)
        # A width that is not the distance to the next age means that a band is missing.
        reasons.add((width != gaps)[:, :-1].any(axis=1), Reason.UNEXPECTED_AGE_BANDS)
        reasons.add(~((a > 0) & (a < 1)).all(axis=1), Reason.INVALID_LIFE_TABLE)
        reasons.add((deaths < 0).any(axis=1), Reason.NEGATIVE_DEATHS)
        if not own_table:
            reasons.add(np.isnan(deaths).any(axis=1), Reason.MISSING_DEATHS)
            reasons.add(np.isnan(population).any(axis=1), Reason.MISSING_POPULATION)
            reasons.add((population <= 0).any(axis=1), Reason.POPULATION_NOT_POSITIVE)
            reasons.add((deaths > population).any(axis=1), Reason.DEATHS_ABOVE_POPULATION)
            reasons.add(deaths[:, -1] == 0, Reason.NO_DEATHS_IN_OPEN_BAND)
        reasons.add(np.isnan(bad).any(axis=1), Reason.MISSING_PREVALENCE)
        # Where nobody or everybody is in the bad state no sample is needed: it has no variance.
        varies = (bad > 0) & (bad < 1)
        reasons.add((varies & ~(surveyed > 0)).any(axis=1), Reason.MISSING_PREVALENCE)
        reasons.add(((bad < 0) | (bad > 1)).any(axis=1), Reason.PREVALENCE_OUT_OF_RANGE)
        with np.errstate(invalid="ignore", divide="ignore"):
            if own_table:
                survivors, years = by_group(rows, "lx", size), by_group(rows, "nLx", size)
                q = 1 - _next(survivors) / survivors
                invalid = ~((survivors > 0).all(axis=1) & (years >= 0).all(axis=1))
                rising = (_next(survivors) > survivors).any(axis=1)
                reasons.add(invalid | rising, Reason.INVALID_LIFE_TABLE)
                expectancy = _sum_from_here(years) / survivors
            else:
                table = chiang_life_table(deaths, population, width, a)
                q, survivors, years = table.q, table.survivors, table.person_years
                expectancy = table.expectancy
            healthy = _sum_from_here((1 - bad) * years) / survivors
            per_person = np.where(varies, bad * (1 - bad) / surveyed, 0.0)
            var_prev = _sum_from_here(years**2 * per_person) / survivors**2
            var_q = np.where(deaths == 0, 0.0, q**2 * (1 - q) / deaths)
            lost = (1 - a) * width * (1 - bad) + _next(healthy)
            terms = survivors**2 * lost**2 * var_q
            terms[:, -1] = 0.0
            var_mort = _sum_from_here(terms) / survivors**2
        valid = reasons.none[:, None]
        by_row = reasons.repeated(size)
        by_row.add(np.repeat(np.isnan(deaths).any(axis=1), size), Reason.MISSING_DEATHS)
        by_row.add(~np.isfinite(var_mort.ravel()), Reason.NO_SURVIVORS)
        columns: dict[str, object] = {
            name: np.where(valid, values, np.nan).ravel()
            for name, values in {
                "ex": expectancy,
                "dfle": healthy,
                "var_prev": var_prev,
                "se_prev": np.sqrt(var_prev),
                "var_mort": var_mort,
                "var_total": var_prev + var_mort,
            }.items()
        }
        for confidence in confidences:
            margin = np.where(valid, z_score(confidence) * np.sqrt(var_prev + var_mort), np.nan)
            low_name, high_name = limit_names(confidence)
            columns[low_name] = (healthy - margin).ravel()
            columns[high_name] = (healthy + margin).ravel()
        names = [*keys_by, "age"]
        parts.append(with_columns(rows.select(names), {**columns, "reason": by_row.codes}))
    return together(parts, [*keys_by, "age"])
