"""Direct (Dobson) and indirect standardisation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from beacon.core.paths import resource_dir
from beacon.statistics.frames import (
    CONFIDENCES,
    Reasons,
    batches,
    by_group,
    floats,
    keyed,
    limit_names,
    one_row_each,
    quietly,
    together,
    with_columns,
)
from beacon.statistics.intervals import (
    EXACT_BELOW,
    Floats,
    byar_limits,
    poisson_limits,
    z_score,
)
from beacon.statistics.reasons import Reason

Flags = NDArray[np.bool_]

MINIMUM_EVENTS = 10
"""Fewest events of a directly standardised rate (Morris, Tan, Fryers, Bestwick 2018)."""


def european_standard_population() -> pl.DataFrame:
    """The European Standard Population 2013: 19 bands, columns ageband and stdpop.

    Source: Eurostat, Revision of the European Standard Population, 2013, table of weights.
    """
    path = resource_dir("reference_data") / "standard_populations" / "esp2013.csv"
    return pl.read_csv(path, comment_prefix="#", schema={"ageband": pl.String, "stdpop": pl.Int64})


@quietly
def directly_standardised_rate(
    frame: pl.DataFrame,
    *,
    by: Sequence[str] = (),
    multiplier: float = 100_000.0,
    confidences: Sequence[float] = CONFIDENCES,
) -> pl.DataFrame:
    """Directly standardised rates with Dobson's limits (Dobson et al. 1991, Stat Med 10: 457-62).

    v = sum(x w / n) / W; Var = sum(f^2 x_f (w / n)^2) / W^2; limits v + sqrt(Var / O) (Byar(O) - O)
    where x counts events, x_f the persons with f events, O all events, W the sum of the weights.

    Args:
        frame: Columns ageband, count (events; persons where event_frequency is given), pop
            (person-years), stdpop (weight), optionally event_frequency (events per person) and
            multiplier. Bands are told apart by their label, never by position.
        by: Columns of the groups; none takes the whole frame.
        multiplier: Used where the frame has no multiplier.
        confidences: Levels of the limits.

    Returns:
        One row a group: total_count, total_pop, value, limits, suppressed_lt10,
        independent_events, reason. A NULL count is no event; its band still counts. Below 10
        events value and limits are NULL; a band without population or weight makes the group NULL.
    """
    frame, keys_by = keyed(frame, by)
    parts = []
    for keys, bands in _bands_as_given(frame, keys_by, multiplier) or _bands_summed(
        frame, keys_by, multiplier
    ):
        pop, weight = bands.population, bands.weight
        total = bands.events.sum(axis=1)
        reasons = Reasons(len(keys))
        reasons.add(bands.bad_frequency, Reason.INVALID_EVENT_FREQUENCY)
        reasons.add(bands.duplicate, Reason.DUPLICATE_BAND)
        reasons.add(bands.inconsistent, Reason.INCONSISTENT_POPULATION)
        reasons.add(bands.negative, Reason.NEGATIVE_NUMERATOR)
        reasons.add(_any(np.isnan(pop)), Reason.MISSING_POPULATION)
        reasons.add(_any(pop <= 0), Reason.POPULATION_NOT_POSITIVE)
        reasons.add(_any(~(weight > 0)), Reason.MISSING_WEIGHT)
        reasons.add(np.isnan(bands.multiplier), Reason.INVALID_MULTIPLIER)
        suppressed = total < MINIMUM_EVENTS
        reasons.add(suppressed, Reason.FEWER_THAN_10_EVENTS)
        value, limits = dobson(bands.events, bands.squares, pop, weight, confidences)
        scale = np.where(reasons.none, bands.multiplier, np.nan)
        columns: dict[str, object] = {
            "total_count": total,
            "total_pop": pop.sum(axis=1),
            "value": value * scale,
        }
        for confidence, (lower, upper) in zip(confidences, limits, strict=True):
            low_name, high_name = limit_names(confidence)
            columns[low_name], columns[high_name] = lower * scale, upper * scale
        columns |= {
            "suppressed_lt10": suppressed,
            "independent_events": ~bands.repeated,
            "reason": reasons.codes,
        }
        parts.append(with_columns(keys, columns))
    return together(parts, keys_by)


@dataclass(frozen=True)
class _Bands:
    """Groups with the same number of bands.

    Attributes:
        events: Events, (groups x bands).
        squares: Sum over persons of their squared number of events, (groups x bands).
        population: Person-years, NaN where missing, (groups x bands).
        weight: Standard population, NaN where missing, (groups x bands).
        multiplier: NaN where there is not one that can be used, (groups).
        bad_frequency: Whether a frequency is missing or below 1, (groups), as all that follow.
        duplicate: Whether a band is given twice.
        inconsistent: Whether a band is given different populations or weights.
        negative: Whether a count is negative.
        repeated: Whether anyone had more than one event.
    """

    events: Floats
    squares: Floats
    population: Floats
    weight: Floats
    multiplier: Floats
    bad_frequency: Flags
    duplicate: Flags
    inconsistent: Flags
    negative: Flags
    repeated: Flags


def _any(found: Flags) -> Flags:
    """Whether anything of (groups x bands) was found in a group."""
    # Most are found nowhere, and whether that is so is quickly said.
    none = np.zeros(len(found), dtype=np.bool_)
    return np.any(found, axis=1, out=none) if found.any() else none


def _bands_as_given(
    frame: pl.DataFrame, by: Sequence[str], multiplier: float
) -> Iterator[tuple[pl.DataFrame, _Bands]] | None:
    """The bands where each is one row, so that nothing needs summing; None where it may not be."""
    optional = [name for name in ("event_frequency", "multiplier") if name in frame.columns]
    numbers = ["count", "pop", "stdpop", *optional]
    kinds = frame.schema
    if not all(name in kinds and kinds[name].is_numeric() for name in numbers):
        return None
    if "ageband" not in kinds or set(by) & {*numbers, "ageband"}:
        return None
    groups = one_row_each(frame, by, "ageband")
    if groups is None:
        return None
    columns = {name: floats(frame, name) for name in numbers}
    return (
        (keys, _laid_out({name: column[places] for name, column in columns.items()}, multiplier))
        for keys, places in groups
    )


def _laid_out(columns: dict[str, Floats], multiplier: float) -> _Bands:
    """Bands of columns of (groups x bands), one row a band."""
    counts = _or_none(columns["count"])
    none = np.zeros(len(counts), dtype=np.bool_)
    events, squares, bad, repeated = counts, counts, none, none
    if "event_frequency" in columns:
        frequency = columns["event_frequency"]
        events, squares = _or_none(counts * frequency), _or_none(counts * frequency**2)
        bad = _any(~(frequency >= 1))
        repeated = _any((frequency > 1) & (counts > 0))
    given = columns.get("multiplier", np.full((len(counts), 1), float(multiplier)))
    return _Bands(
        events=events,
        squares=squares,
        population=columns["pop"],
        weight=columns["stdpop"],
        multiplier=_one_multiplier(given, given),
        bad_frequency=bad,
        duplicate=none,
        inconsistent=none,
        negative=_any(counts < 0),
        repeated=repeated,
    )


def _or_none(events: Floats) -> Floats:
    """Events, none where they are missing."""
    return np.where(np.isnan(events), 0.0, events)


def _one_multiplier(low: Floats, high: Floats) -> Floats:
    """The multiplier of each group, NaN where it is missing, differs or is 0."""
    k = low[:, 0]
    same = ((low == k[:, None]) & (high == k[:, None])).all(axis=1) & (k != 0)
    return np.where(same, k, np.nan)


def _bands_summed(
    frame: pl.DataFrame, by: list[str], multiplier: float
) -> Iterator[tuple[pl.DataFrame, _Bands]]:
    """The bands where rows of the same band stand for frequencies, or are one too many."""
    if "event_frequency" not in frame.columns:
        frame = frame.with_columns(pl.lit(1.0).alias("event_frequency"))
    if "multiplier" not in frame.columns:
        frame = frame.with_columns(pl.lit(float(multiplier)).alias("multiplier"))
    counts, frequency = pl.col("count").fill_null(0.0), pl.col("event_frequency")
    # Frequencies first: within a band they share one population and one weight.
    bands = (
        frame.sort(
            [*by, "ageband", "event_frequency", "pop", "stdpop", "count"],
            nulls_last=True,
            maintain_order=True,
        )
        .group_by([*by, "ageband"], maintain_order=True)
        .agg(
            events=(counts * frequency).sum(),
            squares=(counts * frequency**2).sum(),
            negative=(counts < 0).any(),
            bad_frequency=(frequency.is_null() | (frequency < 1)).any(),
            duplicate=frequency.n_unique() < pl.len(),
            repeated=((frequency > 1) & (counts > 0)).any(),
            pop=pl.col("pop").first(),
            weight=pl.col("stdpop").first(),
            inconsistent=(pl.col("pop").n_unique() > 1) | (pl.col("stdpop").n_unique() > 1),
            low=pl.col("multiplier").min(),
            high=pl.col("multiplier").max(),
            no_multiplier=pl.col("multiplier").is_null().any(),
        )
        .with_columns(low=pl.when(~pl.col("no_multiplier")).then(pl.col("low")))
    )
    for keys, rows, size in batches(bands, by, ["ageband"]):
        flags = {
            name: _any(by_group(rows, name, size) > 0)
            for name in ("bad_frequency", "duplicate", "inconsistent", "negative", "repeated")
        }
        yield (
            keys,
            _Bands(
                events=by_group(rows, "events", size),
                squares=by_group(rows, "squares", size),
                population=by_group(rows, "pop", size),
                weight=by_group(rows, "weight", size),
                multiplier=_one_multiplier(
                    by_group(rows, "low", size), by_group(rows, "high", size)
                ),
                **flags,
            ),
        )


def dobson(
    events: Floats,
    squared_events: Floats,
    population: Floats,
    weight: Floats,
    confidences: Sequence[float] = CONFIDENCES,
) -> tuple[Floats, list[tuple[Floats, Floats]]]:
    """Dobson's rate and limits, per person, on arrays of (groups x bands).

    Args:
        events: Events by band.
        squared_events: Sum over persons of their squared number of events; the events themselves
            where each person has one.
        population: Person-years by band.
        weight: Standard population by band.
        confidences: Levels of the limits.

    Returns:
        Values (groups) and a pair of limits (groups) for each level. Byar's limits of the total
        are used whatever its size; suppression below 10 events is the caller's.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        total = events.sum(axis=1)
        share = weight / weight.sum(axis=1, keepdims=True) / population
        value = (events * share).sum(axis=1)
        variance = (squared_events * share**2).sum(axis=1)
        scale = np.sqrt(variance / total)
        limits = []
        for confidence in confidences:
            lower, upper = byar_limits(total, z_score(confidence))
            limits.append((value + scale * (lower - total), value + scale * (upper - total)))
    return value, limits


@quietly
def indirectly_standardised(
    frame: pl.DataFrame,
    *,
    by: Sequence[str] = (),
    statistic: str = "rate",
    multiplier: float | None = None,
    multiplier_rate: float = 100_000.0,
    multiplier_ratio: float = 100.0,
    confidences: Sequence[float] = CONFIDENCES,
) -> pl.DataFrame:
    """Indirectly standardised ratios and rates (Breslow and Day 1987, IARC 82, chapter 2).

    E = sum(pop refcount / refpop); ratio = O / E; rate = ratio x sum(refcount) / sum(refpop);
    limits of O exact below 10, Byar's from 10, scaled the same way.

    Args:
        frame: Columns pop, refcount, refpop by ageband, and count by ageband or observed (one
            total for the group). Optionally statistic, multiplier, multiplier_rate and
            multiplier_ratio, which go before the arguments of the same name.
        by: Columns of the groups; none takes the whole frame.
        statistic: "rate" or "ratio": which of the two `value` shows.
        multiplier: Of the statistic shown; None takes multiplier_rate or multiplier_ratio.
        multiplier_rate: The rate is per this many persons.
        multiplier_ratio: 100 for a ratio whose reference is 100, 1 for one whose reference is 1.
        confidences: Levels of the limits.

    Returns:
        One row a group: rate_* and ratio_* columns for both statistics, and the one chosen as
        statistic, multiplier, observed, expected, ref_rate, value, limits, method; reason. Missing
        counts, populations and references count as none; no expected events make the group NULL.
    """
    frame, keys_by = keyed(frame, by)
    defaults = {
        "multiplier_rate": multiplier_rate,
        "multiplier_ratio": multiplier_ratio,
        "multiplier": multiplier,
        "statistic": statistic,
        "ageband": "",
    }
    for name, value in defaults.items():
        if name not in frame.columns:
            kind = pl.String if name in ("statistic", "ageband") else pl.Float64
            frame = frame.with_columns(pl.lit(value, dtype=kind).alias(name))
    observed_name = "count" if "count" in frame.columns else "observed"
    parts = []
    for keys, rows, size in batches(frame, keys_by, ["ageband", observed_name, "pop"]):
        pop, refcount, refpop = (
            np.nan_to_num(by_group(rows, name, size)) for name in ("pop", "refcount", "refpop")
        )
        observed_by_row = by_group(rows, observed_name, size)
        reasons = Reasons(len(keys))
        reasons.add(np.isnan(observed_by_row).all(axis=1), Reason.MISSING_NUMERATOR)
        reasons.add((observed_by_row < 0).any(axis=1), Reason.NEGATIVE_NUMERATOR)
        if observed_name == "count":
            labels = rows["ageband"].fill_null("").to_numpy().reshape(-1, size)
            named = labels != ""
            repeats = (labels[:, 1:] == labels[:, :-1]) & named[:, 1:]
            reasons.add(repeats.any(axis=1), Reason.DUPLICATE_BAND)
            observed = np.nan_to_num(observed_by_row).sum(axis=1)
        else:
            # fmin and fmax skip NaN, so that the total may stand in one row or in all.
            observed = np.fmin.reduce(observed_by_row, axis=1)
            differs = observed != np.fmax.reduce(observed_by_row, axis=1)
            reasons.add(differs, Reason.INCONSISTENT_OBSERVED)
        reasons.add((pop < 0).any(axis=1), Reason.POPULATION_NOT_POSITIVE)
        reasons.add(((refpop <= 0) & (refcount > 0)).any(axis=1), Reason.MISSING_REFERENCE)
        with np.errstate(invalid="ignore", divide="ignore"):
            expected = np.where(refcount > 0, pop * refcount / refpop, 0.0).sum(axis=1)
            reference = refcount.sum(axis=1) / refpop.sum(axis=1)
            reasons.add(~(expected > 0), Reason.EXPECTED_NOT_POSITIVE)
            expected_or_nan = np.where(reasons.none, expected, np.nan)
            per_event = 1 / expected_or_nan
        limits = [poisson_limits(observed, confidence) for confidence in confidences]
        first = rows.gather_every(size)
        k_rate, k_ratio, k_own = (
            by_group(first, name, 1)[:, 0]
            for name in ("multiplier_rate", "multiplier_ratio", "multiplier")
        )
        chosen = np.array(
            ["ratio" if str(s).strip().lower() == "ratio" else "rate" for s in first["statistic"]]
        )
        is_ratio = chosen == "ratio"
        k = np.where(np.isnan(k_own), np.where(is_ratio, k_ratio, k_rate), k_own)
        method = np.full(len(keys), None, dtype=object)
        method[reasons.none] = np.where(observed < EXACT_BELOW, "Exact", "Byars")[reasons.none]

        def scaled(
            prefix: str,
            scale: Floats,
            events: Floats = observed,
            event_limits: list[tuple[Floats, Floats]] = limits,
        ) -> dict[str, object]:
            columns: dict[str, object] = {f"{prefix}value": events * scale}
            for confidence, (lower, upper) in zip(confidences, event_limits, strict=True):
                low_name, high_name = limit_names(confidence)
                columns[prefix + low_name] = lower * scale
                columns[prefix + high_name] = upper * scale
            return columns

        shown = per_event * k * np.where(is_ratio, 1.0, reference)
        columns: dict[str, object] = {
            "statistic": chosen.astype(object),
            "multiplier": k,
            "observed": observed,
            "expected": expected_or_nan,
            "ref_rate": np.where(is_ratio, np.nan, reference * k),
            **scaled("", shown),
            "method": method,
            "rate_observed": observed,
            "rate_expected": expected_or_nan,
            "rate_ref_rate": reference * k_rate,
            **scaled("rate_", per_event * reference * k_rate),
            "rate_method": method,
            "ratio_observed": observed,
            "ratio_expected": expected_or_nan,
            **scaled("ratio_", per_event * k_ratio),
            "ratio_method": method,
            "reason": reasons.codes,
        }
        parts.append(with_columns(keys, columns))
    return together(parts, keys_by)
