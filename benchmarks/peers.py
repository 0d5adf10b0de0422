"""Public-health statistics: Beacon's functions and SQL macros beside other ways.

`phstatsmethods` has proportions, rates and directly standardised rates. Life expectancy and the
slope index are compared with what an analyst would write: one area at a time in pandas, and in
NumPy the simulation that the field's R package does.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pandas as pd
import PHStatsMethods
import polars as pl

from beacon.statistics.inequality import inequality
from beacon.statistics.life_tables import life_expectancy
from beacon.statistics.macros import install_macros
from beacon.statistics.rates import proportion, rate
from beacon.statistics.standardisation import directly_standardised_rate
from benchmarks import peers_data
from benchmarks.measure import AnswersDifferError, Options, Row, compare_calls, must_agree

_LIMITS = ("lower95_0cl", "upper95_0cl", "lower99_8cl", "upper99_8cl")
_LEVELS = [0.95, 0.998]
_SLOPE = ("sii", "sii_lower", "sii_upper")
_DRAWS = 100_000

Answer = dict[str, npt.NDArray[np.float64]]


@dataclass(frozen=True)
class Job:
    """One statistic, by Beacon and by another way.

    Attributes:
        case: What is computed.
        size: On how much.
        ways: Beacon's ways by name.
        other: Name of the other way.
        theirs: The other way.
        check: Compares two answers and says how closely they agree.
        note: What must be known to read the line.
    """

    case: str
    size: str
    ways: dict[str, Callable[[], Answer]]
    other: str
    theirs: Callable[[], Answer]
    check: Callable[[Answer, Answer], str]
    note: str = ""


def run(options: Options) -> list[Row]:
    """Compare all statistics."""
    jobs = (_proportions, _rates, _standardised_rates, _life_expectancy, _slope_index)
    return [row for job in jobs for row in _rows(job(quick=options.quick), options)]


def _rows(job: Job, options: Options) -> list[Row]:
    """A line for each of Beacon's ways.

    The other way is slow, so a way after the first shares its measurement.
    """
    rows: list[Row] = []
    first = next(iter(job.ways.values()))
    for name, ours in job.ways.items():
        theirs, check = (first, _equal(1e-9)) if rows else (job.theirs, job.check)
        mine, other, answers = compare_calls(ours, theirs, check, options)
        if rows:
            assert rows[0].theirs is not None
            other, answers = rows[0].theirs, f"{answers} to the line above"
        case = f"{job.case}, {name}"
        rows.append(Row(case, job.size, mine, other, job.other, answers, job.note))
    return rows


def _equal(tolerance: float) -> Callable[[Answer, Answer], str]:
    """Values and limits under the same names must be equal, relative to their size."""

    def check(ours: Answer, theirs: Answer) -> str:
        names = [name for name in theirs if name in ours]
        mine, other = ([answer[name] for name in names] for answer in (ours, theirs))
        return must_agree(", ".join(names), mine, other, tolerance)

    return check


def _sql(frame: pl.DataFrame, query: str) -> Callable[[], Answer]:
    """A query over the table `given`, whose answer is fetched whole, as columns."""
    con = duckdb.connect()
    install_macros(con)
    con.register("incoming", frame.to_arrow())
    con.execute("create table given as from incoming")

    def ask() -> Answer:
        return {
            name: np.ma.filled(values, float("nan")).astype(float)
            for name, values in con.execute(query).fetchnumpy().items()
        }

    return ask


def _columns(frame: pl.DataFrame, *names: str) -> Answer:
    return {name: frame[name].cast(pl.Float64).to_numpy() for name in names}


def _peer_columns(answer: pd.DataFrame) -> Answer:
    """The peer's value and limits under Beacon's names; it names limits after their level."""
    columns = {str(name).lower(): answer[name] for name in answer.columns}

    def starting(prefix: str) -> Any:
        return next(columns[name] for name in columns if name.startswith(prefix)).to_numpy(float)

    prefixes = ("lower_95", "upper_95", "lower_99", "upper_99")
    limits = {name: starting(prefix) for name, prefix in zip(_LIMITS, prefixes, strict=True)}
    return {"value": starting("value"), **limits}


def _proportions(*, quick: bool) -> Job:
    query = """
        select 100 * proportion(numerator, denominator) as value,
            100 * wilson_lower_95(numerator, denominator) as lower95_0cl,
            100 * wilson_upper_95(numerator, denominator) as upper95_0cl,
            100 * wilson_lower_998(numerator, denominator) as lower99_8cl,
            100 * wilson_upper_998(numerator, denominator) as upper99_8cl
        from given
    """
    function = partial(proportion, multiplier=100)
    peer = partial(PHStatsMethods.ph_proportion, multiplier=100)
    return _of_counts("proportions with Wilson limits", query, function, peer, quick=quick)


def _rates(*, quick: bool) -> Job:
    query = """
        select crude_rate(numerator, denominator, 100000) as value,
            rate_lower(numerator, denominator, 100000, 0.95) as lower95_0cl,
            rate_upper(numerator, denominator, 100000, 0.95) as upper95_0cl,
            rate_lower(numerator, denominator, 100000, 0.998) as lower99_8cl,
            rate_upper(numerator, denominator, 100000, 0.998) as upper99_8cl
        from given
    """
    peer = partial(PHStatsMethods.ph_rate, multiplier=100_000)
    return _of_counts("rates with exact and Byar's limits", query, rate, peer, quick=quick)


def _of_counts(
    case: str,
    query: str,
    function: Callable[[pl.DataFrame], pl.DataFrame],
    peer: Callable[..., pd.DataFrame],
    *,
    quick: bool,
) -> Job:
    rows = 300 if quick else 1_000_000
    frame = peers_data.counts(rows, 1)
    given = frame.to_pandas()
    arguments = {"confidence": _LEVELS, "metadata": False}
    return Job(
        case=case,
        size=f"{rows:,} rows",
        ways={
            "SQL macros": _sql(frame, query),
            "function": lambda: _columns(function(frame), "value", *_LIMITS),
        },
        other="phstatsmethods",
        theirs=lambda: _peer_columns(peer(given.copy(), "numerator", "denominator", **arguments)),
        check=_equal(1e-9),
    )


def _standardised_rates(*, quick: bool) -> Job:
    areas = 40 if quick else 33_755
    frame = peers_data.banded(areas, 3)
    given = frame.to_pandas()
    query = """
        select dsr(count, pop, stdpop, 100000) as value,
            dsr_lower(count, pop, stdpop, 100000, 0.95) as lower95_0cl,
            dsr_upper(count, pop, stdpop, 100000, 0.95) as upper95_0cl,
            dsr_lower(count, pop, stdpop, 100000, 0.998) as lower99_8cl,
            dsr_upper(count, pop, stdpop, 100000, 0.998) as upper99_8cl
        from given group by area order by area
    """

    def peer() -> Answer:
        with contextlib.redirect_stdout(io.StringIO()):
            answer = PHStatsMethods.ph_dsr(
                given.copy(),
                "count",
                "pop",
                "stdpop",
                "area",
                confidence=_LEVELS,
                euro_standard_pops=False,
                metadata=False,
            )
        return _peer_columns(answer.sort_values("area"))

    return Job(
        case="directly standardised rates",
        size=f"{areas:,} areas of 19 age bands",
        ways={
            "SQL macros": _sql(frame, query),
            "function": lambda: _columns(
                directly_standardised_rate(frame, by=["area"]), "value", *_LIMITS
            ),
        },
        other="phstatsmethods",
        theirs=peer,
        check=_equal(1e-9),
    )


def _plain_life_expectancy(frame: pd.DataFrame) -> float:
    """Life expectancy at birth of one area, cell by cell (Chiang 1968), as in a worksheet."""
    ordered = frame.sort_values("start_age")
    ages = ordered["start_age"].tolist()
    deaths, people = ordered["deaths"].tolist(), ordered["population"].tolist()
    survivors, years = 1.0, 0.0
    for band, age in enumerate(ages):
        mortality = deaths[band] / people[band]
        if band == len(ages) - 1:
            return float(years + survivors / mortality)
        width = ages[band + 1] - age
        share = 0.1 if age == 0 else 0.5
        dying = min(1.0, width * mortality / (1 + width * mortality * (1 - share)))
        following = survivors * (1 - dying)
        years += width * (following + share * (survivors - following))
        survivors = following
    raise ValueError("A life table needs at least one band.")


def _life_expectancy(*, quick: bool) -> Job:
    areas = 10 if quick else 1_000
    frame = peers_data.mortality(areas, 4)
    given = frame.to_pandas()

    def ours() -> Answer:
        table = life_expectancy(frame, by=["area"])
        at_birth = table.filter(pl.col("start_age") == 0)["value"].to_numpy()
        return {**_columns(table, "value", *_LIMITS), "at_birth": at_birth}

    def plain() -> Answer:
        values = [_plain_life_expectancy(rows) for _, rows in given.groupby("area", sort=True)]
        return {"at_birth": np.array(values)}

    return Job(
        case="life expectancy",
        size=f"{areas:,} areas of 20 age bands",
        ways={"function": ours},
        other="pandas, area by area",
        theirs=plain,
        check=_equal(1e-9),
        note="Beacon also gives every other age, limits at two levels and reasons.",
    )


def _simulated_slope(rows: pd.DataFrame, random: np.random.Generator, draws: int) -> list[float]:
    """Slope of one area and its limits from simulated values, as the field's R package does."""
    ordered = rows.sort_values("quantile")
    share = (ordered["population"] / ordered["population"].sum()).to_numpy()
    position = share.cumsum() - share / 2
    root = np.sqrt(share)
    design = np.column_stack([root, root * position])
    value, error = ordered["value"].to_numpy(), ordered["standarderror"].to_numpy()
    slope = np.linalg.lstsq(design, root * value, rcond=None)[0][1]
    simulated = random.normal(value[:, None], error[:, None], (len(value), draws))
    slopes = np.linalg.lstsq(design, root[:, None] * simulated, rcond=None)[0][1]
    return [float(slope), *np.quantile(slopes, [0.025, 0.975])]


def _slope_index(*, quick: bool) -> Job:
    areas = 5 if quick else 100
    frame = peers_data.deciles(areas, 5)
    given = frame.to_pandas()
    query = """
        with area as (
            select area, list(population order by quantile) as people,
                list(value order by quantile) as y, list(standarderror order by quantile) as se
            from given group by area
        )
        select sii(people, y) as sii,
            sii(people, y) - z_95() * sii_standard_error(people, se) as sii_lower,
            sii(people, y) + z_95() * sii_standard_error(people, se) as sii_upper
        from area order by area
    """

    def simulate() -> Answer:
        random = np.random.default_rng(6)
        areas_rows = (rows for _, rows in given.groupby("area", sort=True))
        answers = np.array([_simulated_slope(rows, random, _DRAWS) for rows in areas_rows])
        return dict(zip(_SLOPE, answers.T, strict=True))

    return Job(
        case="slope index of inequality",
        size=f"{areas} areas of 10 deciles",
        ways={
            "SQL macros": _sql(frame, query),
            "function": lambda: _columns(inequality(frame, by=["area"], value_type=0), *_SLOPE),
        },
        other=f"NumPy, {_DRAWS:,} draws an area",
        theirs=simulate,
        check=_slopes_agree,
        note="Limits are closed and exact in Beacon, simulated in the other way.",
    )


def _slopes_agree(mine: Answer, other: Answer) -> str:
    slopes = must_agree("slopes", mine["sii"], other["sii"], 1e-9)
    width = float(np.mean(mine["sii_upper"] - mine["sii_lower"]))
    off = max(float(np.abs(mine[limit] - other[limit]).max()) / width for limit in _SLOPE[1:])
    # The 2.5% quantile of 100,000 normal draws is off by up to 4 of its standard errors.
    if off > 4 * 0.0084 / 3.92:
        raise AnswersDifferError(f"limits differ by {off:.1%} of the interval's width")
    return f"{slopes}; limits within {off:.1%} of their width (simulation)"
