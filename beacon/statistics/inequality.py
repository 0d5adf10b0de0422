"""Slope and relative index of inequality over ordered quantiles."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from beacon.statistics.frames import (
    Reasons,
    batches,
    by_group,
    keyed,
    quietly,
    together,
    with_columns,
)
from beacon.statistics.intervals import Floats, Limits, as_floats, z_score
from beacon.statistics.reasons import Reason

OTHER, RATE, PROPORTION = 0.0, 1.0, 2.0
USUAL_QUANTILES = (5, 10, 20, 100)
"""Sets of quantiles taken as complete without being told their number."""
REPETITIONS = 100_000
_TOLERANCE = 1e-3


@dataclass(frozen=True)
class Line:
    """The weighted line over cumulative shares of population, arrays of (groups).

    Attributes:
        slope: From the most deprived end (0) to the least deprived (1).
        mean: Height at 1/2, the population-weighted mean.
    """

    slope: Floats
    mean: Floats

    @property
    def ends(self) -> tuple[Floats, Floats]:
        """Heights at 0 and at 1."""
        return self.mean - self.slope / 2, self.mean + self.slope / 2


def slope_weights(population: Floats) -> tuple[Floats, Floats]:
    """Weights C and a with slope = sum(C y) and mean = sum(a y), arrays of (groups x quantiles).

    a is the share of the population, b the cumulative share at the middle of the quantile,
    C = a (b - 1/2) / sum(a (b - 1/2)^2): weighted least squares in closed form, as sum(a b) = 1/2.
    """
    share = population / population.sum(axis=1, keepdims=True)
    centred = np.cumsum(share, axis=1) - share / 2 - 0.5
    return share * centred / (share * centred**2).sum(axis=1, keepdims=True), share


def fit(population: Floats, y: Floats) -> Line:
    """The line of slope and relative index of inequality (Low and Low 2004, J Public Health 26)."""
    slope, share = slope_weights(population)
    return Line((slope * y).sum(axis=1), (share * y).sum(axis=1))


def closed_limits(population: Floats, y: Floats, se: Floats, confidence: float) -> Limits:
    """Limits of the slope: linear in y, so its standard error is sqrt(sum(C^2 se^2))."""
    weights, _ = slope_weights(population)
    centre = (weights * y).sum(axis=1)
    margin = z_score(confidence) * np.sqrt((weights**2 * se**2).sum(axis=1))
    return centre - margin, centre + margin


def fieller_limits(population: Floats, y: Floats, se: Floats, confidence: float) -> Limits:
    """Limits of the ratio of the line's ends, in closed form (Fieller 1954, JRSS B 16: 175-185).

    The ratio (m + s/2) / (m - s/2) rises with s/m; Fieller's theorem gives the limits of s/m from
    the variances and the covariance of slope s and mean m, which are linear in y.

    Returns:
        Limits of the ratio; NaN where m is not clearly positive or an end of the line is not.
    """
    z = z_score(confidence)
    weights, share = slope_weights(population)
    slope, mean = (weights * y).sum(axis=1), (share * y).sum(axis=1)
    var_slope, var_mean, covariance = (
        (left * right * se**2).sum(axis=1)
        for left, right in ((weights, weights), (share, share), (weights, share))
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        a = mean**2 - z**2 * var_mean
        b = slope * mean - z**2 * covariance
        c = slope**2 - z**2 * var_slope
        root = np.sqrt(b**2 - a * c)
        low, high = (b - root) / a, (b + root) / a
        bounded = (a > 0) & (mean > 0) & (low > -2) & (high < 2)
        limits = [np.where(bounded, (1 + t / 2) / (1 - t / 2), np.nan) for t in (low, high)]
    return limits[0], limits[1]


def simulated_limits(
    population: Floats,
    transformed: Floats,
    se: Floats,
    proportion: bool,
    confidences: Sequence[float],
    repetitions: int,
    seed: int,
) -> list[tuple[float, float, float, float]]:
    """Limits by simulation for one group, where none is closed: y = exp or logistic of a normal.

    Args:
        population: Populations by quantile.
        transformed: ln or logit of the values.
        se: Standard errors on that scale.
        proportion: Whether the scale is the logit.
        confidences: Levels of the limits.
        repetitions: Draws.
        seed: Of this group's own stream.

    Returns:
        For each level the lower and upper SII, lower and upper RII: the sorted draws at positions
        round(R alpha/2) and round(R (1 - alpha/2)).
    """
    draws = np.random.Generator(np.random.PCG64(seed)).standard_normal((repetitions, len(se)))
    y = transformed + draws * se
    y = 1 / (1 + np.exp(-y)) if proportion else np.exp(y)
    weights, share = slope_weights(population[None, :])
    slope, mean = y @ weights[0], y @ share[0]
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = (mean + slope / 2) / (mean - slope / 2)
    slope.sort()
    ratio.sort()
    limits = []
    for confidence in confidences:
        alpha = 1 - confidence
        low = max(round(repetitions * alpha / 2), 1) - 1
        high = min(round(repetitions * (1 - alpha / 2)), repetitions) - 1
        sorted_ratio = (float(ratio[low]), float(ratio[high]))
        limits.append((float(slope[low]), float(slope[high]), *sorted_ratio))
    return limits


def stream_seed(*parts: object) -> int:
    """Seed of one (indicator, area): the same in any order of areas and any number of threads."""
    text = "\x1f".join("" if part is None else str(part) for part in parts)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "big")


def _inferred_value_type(value: Floats, low: Floats, high: Floats, se: Floats) -> Floats:
    """The scale on which a stated standard error and stated limits agree; 0 where none does."""
    z = 2 * z_score(0.95)
    with np.errstate(invalid="ignore", divide="ignore"):
        widths = {
            RATE: np.log(high) - np.log(low),
            PROPORTION: np.log(high / (1 - high)) - np.log(low / (1 - low)),
            OTHER: high - low,
        }
        result = np.full(len(value), OTHER)
        for kind, width in widths.items():
            # Published limits are rounded; scales differ by far more than this.
            agrees = (np.abs(width / z - se) <= _TOLERANCE * se).all(axis=1)
            result[agrees] = kind
    return result


@quietly
def inequality(
    frame: pl.DataFrame,
    *,
    by: Sequence[str] = (),
    value_type: int | None = None,
    transform: bool | None = None,
    multiplier: float = 1.0,
    confidences: Sequence[float] = (0.95,),
    repetitions: int = REPETITIONS,
    quantiles: int | None = None,
    indicator: str = "",
    seed: int = 0,
) -> pl.DataFrame:
    """Slope index and relative index of inequality with limits (Low and Low 2004; OHID's rules).

    The SII is the difference along a population-weighted line from the most deprived (quantile 1)
    to the least deprived end; the RII is the ratio of the line's ends (Kunst and Mackenbach).
    With transform, the line is fitted to ln (rates) or logit (proportions) and its ends are
    transformed back.

    Limits are closed wherever the line is linear in normal terms: value type 0 (SII exact, RII by
    Fieller) and transformed rates and proportions. Untransformed rates and proportions vary on
    their log or logit scale and are simulated, one seeded stream for each (indicator, group).

    Args:
        frame: Columns quantile (1 = most deprived), population, value, and limits (lower95 and
            upper95, or lowercl and uppercl) or standarderror (on the log or logit scale for rates
            and proportions). Optionally value_type, transform, multiplier, conf1, conf2,
            repetitions, nquantiles: constant within a group, before the arguments.
        by: Columns of the groups; none takes the whole frame.
        value_type: 0 other (life expectancy), 1 rate, 2 proportion. None infers it from the scale
            on which limits and standard errors agree, else 0.
        transform: Fit on the log or logit scale. None is false.
        multiplier: Scales the SII; a negative one turns the sign of the SII and inverts the RII.
        confidences: Levels of the limits where the frame has no conf1.
        repetitions: Draws where a simulation is needed, at least 1,000.
        quantiles: Number expected. None takes 5, 10, 20 or 100 as complete.
        indicator: Name that goes into the seed.
        seed: Base seed.

    Returns:
        One row a group: value_type, transform, multiplier, sii, rii, intercept (of the line at the
        most deprived end), sii_lower, sii_upper, rii_lower, rii_upper (first level),
        sii_lowercl_1 ... rii_uppercl_2 for each level, sii_se_analytic (value type 0), reason.

    Raises:
        ValueError: Fewer than 1,000 repetitions.
    """
    if repetitions < 1_000:
        raise ValueError(f"A simulation needs at least 1,000 repetitions, not {repetitions}.")
    frame, keys_by = keyed(frame, by)
    low_name = "lower95" if "lower95" in frame.columns else "lowercl"
    high_name = "upper95" if "upper95" in frame.columns else "uppercl"
    defaults: dict[str, float | None] = {
        low_name: None,
        high_name: None,
        "standarderror": None,
        "value_type": value_type,
        "transform": None if transform is None else float(transform),
        "multiplier": multiplier,
        "conf1": confidences[0],
        "conf2": confidences[1] if len(confidences) > 1 else None,
        "repetitions": repetitions,
        "nquantiles": quantiles,
    }
    for name, default in defaults.items():
        if name not in frame.columns:
            frame = frame.with_columns(pl.lit(default, dtype=pl.Float64).alias(name))
    parts = []
    for keys, rows, size in batches(frame, keys_by, ["quantile", "population", "value"]):
        result = _batch(keys, rows, size, low_name, high_name, (indicator, seed))
        parts.append(with_columns(keys, result))
    return together(parts, keys_by)


def _batch(
    keys: pl.DataFrame,
    rows: pl.DataFrame,
    size: int,
    low_name: str,
    high_name: str,
    stream: tuple[str, int],
) -> dict[str, object]:
    def column(name: str) -> Floats:
        return by_group(rows, name, size)

    def constant(name: str, default: float) -> Floats:
        """A group's own parameter: its first value, NaN where rows of the group differ."""
        values = column(name)
        values = np.where(np.isnan(values), default, values)
        return np.where((values == values[:, :1]).all(axis=1), values[:, 0], np.nan)

    quantile, population, value = column("quantile"), column("population"), column("value")
    low, high, se_given = column(low_name), column(high_name), column("standarderror")
    kind = np.where(
        np.isnan(column("value_type")).all(axis=1),
        _inferred_value_type(value, low, high, se_given),
        constant("value_type", np.nan),
    )
    transform, k = constant("transform", 0.0), constant("multiplier", 1.0)
    expected = constant("nquantiles", float(size if size in USUAL_QUANTILES else -1))

    reasons = Reasons(len(keys))
    reasons.add((quantile[:, 1:] == quantile[:, :-1]).any(axis=1), Reason.DUPLICATE_QUANTILE)
    complete = (quantile == np.arange(1, size + 1)).all(axis=1) & (expected == size) & (size >= 3)
    reasons.add(~complete, Reason.MISSING_QUANTILE)
    reasons.add(np.isnan(population).any(axis=1), Reason.MISSING_POPULATION)
    reasons.add((population <= 0).any(axis=1), Reason.POPULATION_NOT_POSITIVE)
    reasons.add(np.isnan(value).any(axis=1), Reason.MISSING_VALUE)
    known = np.isin(kind, (OTHER, RATE, PROPORTION)) & np.isin(transform, (0.0, 1.0))
    reasons.add(~known | ((kind == OTHER) & (transform == 1)), Reason.INVALID_VALUE_TYPE)
    reasons.add(~(np.isfinite(k) & (k != 0)), Reason.INVALID_MULTIPLIER)

    groups = len(keys)
    is_rate, is_proportion = kind == RATE, kind == PROPORTION
    with np.errstate(invalid="ignore", divide="ignore"):
        scaled, scaled_low, scaled_high = (
            np.where(
                is_rate[:, None],
                np.log(array),
                np.where(is_proportion[:, None], np.log(array / (1 - array)), array),
            )
            for array in (value, low, high)
        )
        scaled, scaled_low, scaled_high = map(as_floats, (scaled, scaled_low, scaled_high))
        on_scale = ~np.isnan(scaled).any(axis=1)
        reasons.add((transform == 1) & ~on_scale, Reason.VALUE_OUT_OF_RANGE)
        from_limits = (scaled_high - scaled_low) / (2 * z_score(0.95))
        se = np.where(np.isnan(from_limits), se_given, from_limits)

        transformed = transform == 1
        line = fit(population, np.where(transformed[:, None], scaled, value))
        first, last = _back(line.ends[0], kind, transformed), _back(line.ends[1], kind, transformed)
        sii = (last - first) * k
        positive = (first > 0) & (last > 0)
        rii = np.where(positive, np.where(k > 0, last / first, first / last), np.nan)
        # OHID's own scale: the intercept is multiplied only where the line was transformed.
        intercept = np.where(transformed, first * np.abs(k), first)
        weights, _ = slope_weights(population)
        analytic = np.sqrt((weights**2 * se**2).sum(axis=1)) * np.abs(k)
    valid = reasons.none
    columns: dict[str, object] = {
        "value_type": kind,
        "transform": transform == 1,
        "multiplier": k,
        "sii": np.where(valid, sii, np.nan),
        "rii": np.where(valid, rii, np.nan),
        "intercept": np.where(valid, intercept, np.nan),
    }

    levels = [constant("conf1", 0.95), constant("conf2", np.nan)]
    limits = np.full((len(levels), 4, groups), np.nan)
    crossed = ((high < low) | (value < low) | (value > high)).any(axis=1)
    with_se = valid & (se >= 0).all(axis=1) & ~crossed & ((kind == OTHER) | on_scale)
    simulated = with_se & (kind != OTHER) & ~transformed
    draws = constant("repetitions", REPETITIONS)
    for index in np.flatnonzero(simulated):
        wanted = [i for i, level in enumerate(levels) if 0 < level[index] < 1]
        found = simulated_limits(
            population[index],
            scaled[index],
            se[index],
            bool(is_proportion[index]),
            [float(levels[i][index]) for i in wanted],
            max(int(draws[index]), 1_000),
            stream_seed(*stream, *keys.row(int(index))),
        )
        limits[wanted, :, index] = np.array(found)
    for i, level in enumerate(levels):
        closed = with_se & ~simulated & (level > 0) & (level < 1)
        for confidence in np.unique(level[closed]):
            at_level = closed & (level == confidence)
            for each in (at_level & transformed, at_level & ~transformed):
                if each.any():
                    limits[i][:, each] = _closed_on_both(
                        population[each],
                        scaled[each],
                        se[each],
                        float(confidence),
                        Line(line.slope[each], line.mean[each]),
                        kind[each],
                        transformed[each],
                    )
    _signed(limits, k)
    limits[:, 2:, np.isnan(rii)] = np.nan
    for number, (sii_low, sii_high, rii_low, rii_high) in enumerate(limits, start=1):
        columns |= {
            f"sii_lowercl_{number}": sii_low,
            f"sii_uppercl_{number}": sii_high,
            f"rii_lowercl_{number}": rii_low,
            f"rii_uppercl_{number}": rii_high,
        }
    names = ("sii_lower", "sii_upper", "rii_lower", "rii_upper")
    columns |= dict(zip(names, limits[0], strict=True))
    columns["sii_se_analytic"] = np.where(valid & (kind == OTHER), analytic, np.nan)
    reasons.add(crossed, Reason.INVALID_LIMITS)
    reasons.add((kind != OTHER) & ~on_scale, Reason.VALUE_OUT_OF_RANGE)
    reasons.add(~(se >= 0).all(axis=1), Reason.MISSING_LIMITS)
    reasons.add(np.isnan(rii), Reason.RII_NOT_DEFINED)
    columns["reason"] = reasons.codes
    return columns


def _closed_on_both(
    population: Floats,
    scaled: Floats,
    se: Floats,
    confidence: float,
    line: Line,
    kind: Floats,
    transformed: NDArray[np.bool_],
) -> Floats:
    """Closed limits, (4 x groups): lower and upper SII, lower and upper RII.

    All of the groups were transformed, or none of them.
    """
    low, high = closed_limits(population, scaled, se, confidence)
    if not transformed.all():
        return np.array([low, high, *fieller_limits(population, scaled, se, confidence)])
    steepest = [Line(slope, line.mean) for slope in (low, high)]
    ends = [[_back(end, kind, transformed) for end in each.ends] for each in steepest]
    return np.array([*(end - start for start, end in ends), *(end / start for start, end in ends)])


def _back(height: Floats, kind: Floats, transformed: NDArray[np.bool_]) -> Floats:
    """A height of the line on the value's own scale."""
    with np.errstate(over="ignore", invalid="ignore"):
        exponential, logistic = np.exp(height), 1 / (1 + np.exp(-height))
    back = np.where(kind == RATE, exponential, np.where(kind == PROPORTION, logistic, height))
    return np.where(transformed, back, height)


def _signed(limits: NDArray[np.float64], k: Floats) -> None:
    """Apply the multiplier: a negative one swaps the limits of the SII and inverts the RII's."""
    negative = k < 0
    limits[:, :2] *= k
    with np.errstate(divide="ignore", invalid="ignore"):
        limits[:, 2:, negative] = 1 / limits[:, 2:, negative]
    limits[:, :, negative] = limits[:, :, negative][:, [1, 0, 3, 2]]
