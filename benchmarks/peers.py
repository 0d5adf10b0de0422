"""Public-health statistics: Beacon's functions and SQL macros against other ways.

`phstatsmethods` has proportions, rates and directly standardised rates only; life expectancy and
the slope index are compared with what an analyst would write: one area at a time in pandas, and
the simulation of the field's R package in NumPy. All five are compared with R too, where it is.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from benchmarks.measure import (
    AnswersDifferError,
    Options,
    PartResult,
    Row,
    compare_calls,
    must_agree,
)
from benchmarks.peers_r import compare_with_r

if TYPE_CHECKING:
    import duckdb
    import numpy as np
    import pandas as pd
    import polars as pl

_PEER = "phstatsmethods"
_LIMITS = ("lower95_0cl", "upper95_0cl", "lower99_8cl", "upper99_8cl")
_LEVELS = [0.95, 0.998]
_TOLERANCE = 1e-9
_WHAT = "values and four limits"
_DRAWS = 100_000

Answer = dict[str, "np.ndarray[Any, Any]"]


def run(options: Options) -> PartResult:
    """Compare all statistics."""
    result = PartResult()
    for job in (_proportions, _rates, _standardised_rates, _life_expectancy, _slope_index):
        result.rows += job(options)
    result.notes += peer_faults()
    return result


def peer_faults() -> list[str]:
    """What the peer does on input that a nightly run meets; each is tried now."""
    import pandas as pd

    peer = _peer()
    frame = pd.DataFrame({"x": [0, 5], "n": [100, 100]})
    bad = pd.DataFrame({"x": [5, 7], "n": [100, 0]})
    trials: tuple[tuple[str, Callable[[], Any]], ...] = (
        (
            "a rate with a count of 0",
            lambda: peer.ph_rate(frame, "x", "n", metadata=False),
        ),
        (
            "a proportion with one denominator of 0",
            lambda: peer.ph_proportion(bad, "x", "n", metadata=False),
        ),
    )
    notes = []
    for what, call in trials:
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                call()
        except Exception as error:  # noqa: BLE001 - whatever the peer raises is what is reported
            notes.append(
                f"{_PEER} stops at {what} and answers for no row ({type(error).__name__}: "
                f"{error}); Beacon answers the other rows and gives that one a reason."
            )
        else:
            notes.append(f"{_PEER} answers {what}.")
    notes.append(
        "So that the peer can answer at all, no count in these jobs is 0 and no denominator is."
    )
    return notes


def _peer() -> Any:
    import PHStatsMethods

    return PHStatsMethods


def _connection(**frames: pl.DataFrame) -> duckdb.DuckDBPyConnection:
    import duckdb

    from beacon.statistics.macros import install_macros

    con = duckdb.connect()
    install_macros(con)
    for name, frame in frames.items():
        con.register("incoming", frame.to_arrow())
        con.execute(f"create table {name} as from incoming")
        con.unregister("incoming")
    return con


def _columns(frame: pl.DataFrame, *names: str) -> Answer:
    return {name: frame[name].cast(float).to_numpy() for name in names}


def _sql(con: duckdb.DuckDBPyConnection, query: str) -> Callable[[], Answer]:
    """A query whose answer is fetched whole, as columns."""

    def ask() -> Answer:
        return {
            name: values.filled(float("nan")) if hasattr(values, "filled") else values
            for name, values in con.execute(query).fetchnumpy().items()
        }

    return ask


def _peer_columns(answer: pd.DataFrame) -> Answer:
    """The peer's value and limits under Beacon's names; it names limits after their level."""
    lower = {column.lower(): column for column in answer.columns}

    def starting(prefix: str) -> Any:
        name = next(lower[key] for key in lower if key.startswith(prefix))
        return answer[name].to_numpy(dtype=float)

    prefixes = ("lower_95", "upper_95", "lower_99", "upper_99")
    return {
        "value": starting("value"),
        **{name: starting(prefix) for name, prefix in zip(_LIMITS, prefixes, strict=True)},
    }


def _agree(what: str, tolerance: float = _TOLERANCE) -> Callable[[Answer, Answer], str]:
    def check(ours: Answer, theirs: Answer) -> str:
        import numpy as np

        names = [name for name in theirs if name in ours]
        return must_agree(
            what,
            np.column_stack([ours[name] for name in names]),
            np.column_stack([theirs[name] for name in names]),
            tolerance,
        )

    return check


def _both_ways(
    case: str,
    size: str,
    ways: dict[str, Callable[[], Answer]],
    theirs: Callable[[], Answer],
    options: Options,
    *,
    other: str,
    in_r: tuple[str, pl.DataFrame],
    check: Callable[[Answer, Answer], str] | None = None,
    note: str = "",
) -> list[Row]:
    """One row for each of Beacon's ways, then the same beside R.

    The other way is slow, so it is measured once for both.
    """
    rows: list[Row] = []
    check = check or _agree(_WHAT)
    for name, ours in ways.items():
        if rows and rows[0].theirs is not None and rows[0].theirs.wall[0] > options.seconds / 2:
            first = next(iter(ways.values()))
            row = compare_calls("", "", ours, first, _agree(_WHAT, 1e-11), options, other=other)
            row.theirs = rows[0].theirs
            row.answers += " to the line above, which was compared with the other way"
        else:
            row = compare_calls("", "", ours, theirs, check, options, other=other)
        row.case, row.size, row.note = f"{case}, {name}", size, note
        rows.append(row)
    return rows + compare_with_r(case, size, ways, *in_r, check, options)


def _counts(rows: int, seed: int) -> pl.DataFrame:
    import numpy as np
    import polars as pl

    random = np.random.default_rng(seed)
    denominator = random.integers(200, 5_000, rows)
    numerator = random.binomial(denominator, random.uniform(0.002, 0.4, rows)).clip(1)
    return pl.DataFrame({"numerator": numerator, "denominator": denominator}).cast(pl.Float64)


def _proportions(options: Options) -> list[Row]:
    from beacon.statistics.rates import proportion

    rows = 300 if options.quick else 1_000_000
    frame = _counts(rows, 1)
    theirs = frame.to_pandas()
    con = _connection(counts=frame)
    query = (
        "select 100 * proportion(numerator, denominator) as value, "
        "100 * wilson_lower_95(numerator, denominator) as lower95_0cl, "
        "100 * wilson_upper_95(numerator, denominator) as upper95_0cl, "
        "100 * wilson_lower_998(numerator, denominator) as lower99_8cl, "
        "100 * wilson_upper_998(numerator, denominator) as upper99_8cl from counts"
    )
    return _both_ways(
        "proportions with Wilson limits",
        f"{rows:,} rows",
        {
            "SQL macros": _sql(con, query),
            "function": lambda: _columns(proportion(frame, multiplier=100), "value", *_LIMITS),
        },
        lambda: _peer_columns(
            _peer().ph_proportion(
                theirs.copy(),
                "numerator",
                "denominator",
                confidence=_LEVELS,
                multiplier=100,
                metadata=False,
            )
        ),
        options,
        other=_PEER,
        in_r=("proportions", frame),
    )


def _rates(options: Options) -> list[Row]:
    from beacon.statistics.rates import rate

    rows = 300 if options.quick else 1_000_000
    frame = _counts(rows, 2)
    theirs = frame.to_pandas()
    con = _connection(counts=frame)
    query = (
        "select crude_rate(numerator, denominator, 100000) as value, "
        "rate_lower(numerator, denominator, 100000, 0.95) as lower95_0cl, "
        "rate_upper(numerator, denominator, 100000, 0.95) as upper95_0cl, "
        "rate_lower(numerator, denominator, 100000, 0.998) as lower99_8cl, "
        "rate_upper(numerator, denominator, 100000, 0.998) as upper99_8cl from counts"
    )
    return _both_ways(
        "rates with exact and Byar's limits",
        f"{rows:,} rows",
        {
            "SQL macros": _sql(con, query),
            "function": lambda: _columns(rate(frame), "value", *_LIMITS),
        },
        lambda: _peer_columns(
            _peer().ph_rate(
                theirs.copy(),
                "numerator",
                "denominator",
                confidence=_LEVELS,
                multiplier=100_000,
                metadata=False,
            )
        ),
        options,
        other=_PEER,
        in_r=("rates", frame),
    )


def _numbered(frame: pl.DataFrame) -> pl.DataFrame:
    """Areas as numbers in their order, and no names: all that R is given are numbers."""
    import polars as pl

    return frame.select(pl.col("area").rank("dense"), "count", "pop", "stdpop")


def _banded(areas: int, seed: int) -> pl.DataFrame:
    """Areas by the 19 bands of the European Standard Population, about 50 events each."""
    import numpy as np
    import polars as pl

    from beacon.statistics.standardisation import european_standard_population

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


def _standardised_rates(options: Options) -> list[Row]:
    from beacon.statistics.standardisation import directly_standardised_rate

    areas = 40 if options.quick else 33_755
    frame = _banded(areas, 3)
    theirs = frame.to_pandas()
    con = _connection(bands=frame)
    arguments = "count, pop, stdpop, 100000"
    query = (
        f"select dsr({arguments}) as value, "
        f"dsr_lower({arguments}, 0.95) as lower95_0cl, "
        f"dsr_upper({arguments}, 0.95) as upper95_0cl, "
        f"dsr_lower({arguments}, 0.998) as lower99_8cl, "
        f"dsr_upper({arguments}, 0.998) as upper99_8cl "
        "from bands group by area order by area"
    )

    def peer() -> Answer:
        with contextlib.redirect_stdout(io.StringIO()):
            answer = _peer().ph_dsr(
                theirs.copy(),
                "count",
                "pop",
                "stdpop",
                "area",
                confidence=_LEVELS,
                euro_standard_pops=False,
                metadata=False,
            )
        return _peer_columns(answer.sort_values("area"))

    return _both_ways(
        "directly standardised rates",
        f"{areas:,} areas of 19 age bands",
        {
            "SQL macros": _sql(con, query),
            "function": lambda: _columns(
                directly_standardised_rate(frame, by=["area"]), "value", *_LIMITS
            ),
        },
        peer,
        options,
        other=_PEER,
        in_r=("standardised_rates", _numbered(frame)),
    )


def _mortality(areas: int, seed: int) -> pl.DataFrame:
    """Deaths and person-years of areas of about 100,000 people over three years."""
    import numpy as np
    import polars as pl

    from beacon.statistics.life_tables import START_AGES

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


def _life_expectancy(options: Options) -> list[Row]:
    import numpy as np
    import polars as pl

    from beacon.statistics.life_tables import life_expectancy

    areas = 10 if options.quick else 1_000
    frame = _mortality(areas, 4)
    theirs = frame.to_pandas()

    def ours() -> Answer:
        table = life_expectancy(frame, by=["area"])
        at_birth = table.filter(pl.col("start_age") == 0)["value"].to_numpy()
        return {**_columns(table, "value", *_LIMITS), "at_birth": at_birth}

    def plain() -> Answer:
        values = [_plain_life_expectancy(rows) for _, rows in theirs.groupby("area", sort=True)]
        return {"at_birth": np.array(values)}

    def check(mine: Answer, other: Answer) -> str:
        what = "life expectancy at birth" if "at_birth" in other else f"{_WHAT} at every age"
        return _agree(what)(mine, other)

    return _both_ways(
        "life expectancy",
        f"{areas:,} areas of 20 age bands",
        {"function": ours},
        plain,
        options,
        other="pandas, area by area",
        in_r=("life_expectancy", frame),
        check=check,
        note=f"{_PEER} has no life expectancy. Beacon also gives every other age, limits at two "
        "levels and reasons; the other way gives one number for each area. SQL has no life table.",
    )


def _deciles(areas: int, seed: int) -> pl.DataFrame:
    import numpy as np
    import polars as pl

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


def _simulated_slope(rows: pd.DataFrame, random: np.random.Generator, draws: int) -> list[float]:
    """Slope of one area and its limits from simulated values, as the field's R package does."""
    import numpy as np

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


def _slope_index(options: Options) -> list[Row]:
    import numpy as np

    from beacon.statistics.inequality import inequality

    areas = 5 if options.quick else 100
    frame = _deciles(areas, 5)
    theirs = frame.to_pandas()
    con = _connection(deciles=frame)
    names = ("sii", "sii_lower", "sii_upper")
    query = (
        "with area as (select area, list(population order by quantile) as people, "
        "list(value order by quantile) as y, list(standarderror order by quantile) as se "
        "from deciles group by area) select sii(people, y) as sii, "
        "sii(people, y) - z_95() * sii_standard_error(people, se) as sii_lower, "
        "sii(people, y) + z_95() * sii_standard_error(people, se) as sii_upper "
        "from area order by area"
    )

    def simulate() -> Answer:
        random = np.random.default_rng(6)
        answers = np.array(
            [
                _simulated_slope(rows, random, _DRAWS)
                for _, rows in theirs.groupby("area", sort=True)
            ]
        )
        return dict(zip(names, answers.T, strict=True))

    ways: dict[str, Callable[[], Answer]] = {
        "SQL macros": _sql(con, query),
        "function": lambda: _columns(inequality(frame, by=["area"], value_type=0), *names),
    }
    exact = _agree("SQL and function", 1e-10)(ways["SQL macros"](), ways["function"]())

    def check(mine: Answer, other: Answer) -> str:
        slopes = must_agree("slopes", mine["sii"], other["sii"], 1e-9)
        width = float(np.mean(mine["sii_upper"] - mine["sii_lower"]))
        off = max(float(np.abs(mine[limit] - other[limit]).max()) / width for limit in names[1:])
        # The 2.5% quantile of 100,000 normal draws is off by up to 4 of its standard errors.
        if off > 4 * 0.0084 / 3.92:
            raise AnswersDifferError(f"limits differ by {off:.1%} of the interval's width")
        return f"{slopes}; limits within {off:.1%} of their width (simulation); {exact}"

    rows = []
    for name, ours in ways.items():
        rows.append(
            compare_calls(
                f"slope index of inequality, {name}",
                f"{areas} areas of 10 deciles",
                ours,
                simulate,
                check,
                options,
                other=f"NumPy, {_DRAWS:,} draws an area",
                note=f"{_PEER} has no slope index; the field's R package simulates. Beacon's "
                "limits of untransformed values are closed and exact.",
            )
        )
    in_r = frame.select("area", "quantile", "population", "value", "standarderror")
    return rows + compare_with_r(
        "slope index of inequality",
        f"{areas} areas of 10 deciles",
        ways,
        "slope_index",
        in_r,
        check,
        options,
    )
