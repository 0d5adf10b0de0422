"""Every method of `beacon stats`: what it takes, what it gives, and where it comes from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import polars as pl

from beacon.core.errors import InputRefusedError, Problem
from beacon.statistics.aggregation import share_in_most_deprived_decile, sum_of_children
from beacon.statistics.benchmark import (
    compare_with_benchmark,
    funnel_significance_proportion,
    funnel_significance_ratio,
)
from beacon.statistics.frames import CONFIDENCES
from beacon.statistics.inequality import REPETITIONS, inequality
from beacon.statistics.life_tables import health_expectancy, life_expectancy
from beacon.statistics.quantiles import LSOAS_IN_ENGLAND, imd_quantiles, local_quantiles
from beacon.statistics.rates import interval_primitives, mean, proportion, rate
from beacon.statistics.standardisation import (
    directly_standardised_rate,
    european_standard_population,
    indirectly_standardised,
)
from beacon.statistics.stats_tables import Column
from beacon.statistics.trend import recent_trend

_LIMITS = ("lower95_0cl", "upper95_0cl", "lower99_8cl", "upper99_8cl")


@dataclass(frozen=True)
class Options:
    """What a person may say beside the file; None is "not said".

    Attributes:
        multiplier: Scale of the result.
        confidences: Levels of limits beside (or, for sii_rii, in place of) the usual ones.
        statistic: rate or ratio (isr).
        value_type: As the method's column of that name.
        transform: Fit on the log or logit scale (sii_rii).
        repetitions: Draws of a simulation (sii_rii).
        quantiles: Number of quantiles.
        lsoas: Number of LSOAs ranked (imd_quantile).
        invert: Highest value in quantile 1 (quantile).
        benchmark: Average of the funnel (funnel_significance_proportion).
        polarity: Where the file has none (benchmark, trend).
        indicator: Name that goes into the seed of a simulation (sii_rii).
    """

    multiplier: float | None = None
    confidences: tuple[float, ...] = ()
    statistic: str | None = None
    value_type: str | None = None
    transform: bool | None = None
    repetitions: int | None = None
    quantiles: int | None = None
    lsoas: int | None = None
    invert: bool | None = None
    benchmark: float | None = None
    polarity: str | None = None
    indicator: str | None = None

    def levels(self) -> tuple[float, ...]:
        """The published levels and those asked for beside them."""
        return (*CONFIDENCES, *(level for level in self.confidences if level not in CONFIDENCES))


Run = Callable[[pl.DataFrame, Sequence[str], Options], pl.DataFrame]


@dataclass(frozen=True)
class Method:
    """One method.

    Attributes:
        name: As typed.
        summary: One line.
        formula: In words.
        source: Where it is published.
        inputs: Columns it knows.
        outputs: Columns it adds.
        run: From a prepared frame, its groups and the options to the result.
        rows: Whether each row is a case of its own unless groups are named.
        alternatives: Sets of columns of which one is needed.
        options: Names of the options it takes, beside the groups.
        constants: Columns with the same name as an option: they must not contradict it.
    """

    name: str
    summary: str
    formula: str
    source: str
    inputs: tuple[Column, ...]
    outputs: tuple[str, ...]
    run: Run
    rows: bool = False
    alternatives: tuple[tuple[str, ...], ...] = ()
    options: frozenset[str] = field(default_factory=frozenset)


def _run_proportion(frame: pl.DataFrame, by: Sequence[str], options: Options) -> pl.DataFrame:
    k = 1.0 if options.multiplier is None else options.multiplier
    return proportion(frame, by=by, multiplier=k, confidences=options.levels())


def _run_rate(frame: pl.DataFrame, by: Sequence[str], options: Options) -> pl.DataFrame:
    k = 100_000.0 if options.multiplier is None else options.multiplier
    return rate(frame, by=by, multiplier=k, confidences=options.levels())


def _run_mean(frame: pl.DataFrame, by: Sequence[str], options: Options) -> pl.DataFrame:
    return mean(frame, by=by, confidences=options.levels())


def _run_primitives(frame: pl.DataFrame, by: Sequence[str], options: Options) -> pl.DataFrame:
    if "conf" not in frame.columns:
        level = options.confidences[0] if options.confidences else CONFIDENCES[0]
        frame = frame.with_columns(pl.lit(level).alias("conf"))
    return interval_primitives(_with_missing(frame, ("n",)))


def _run_dsr(frame: pl.DataFrame, by: Sequence[str], options: Options) -> pl.DataFrame:
    if "stdpop" not in frame.columns:
        frame = _with_standard(frame, by, european_standard_population())
    if "ageband" not in frame.columns:
        numbered = pl.int_range(pl.len()).cast(pl.String)
        frame = frame.with_columns((numbered.over(by) if by else numbered).alias("ageband"))
    k = 100_000.0 if options.multiplier is None else options.multiplier
    return directly_standardised_rate(frame, by=by, multiplier=k, confidences=options.levels())


def _with_standard(frame: pl.DataFrame, by: Sequence[str], standard: pl.DataFrame) -> pl.DataFrame:
    """Weights joined by the band's label; a band that a group lacks is added without population."""
    if "ageband" not in frame.columns:
        raise InputRefusedError(
            [
                Problem(
                    "the file",
                    "Without stdpop the European Standard Population 2013 is joined by age band.",
                    column="ageband",
                    remedy="Add the column ageband (0-4 ... 85-89, 90+) or stdpop.",
                )
            ]
        )
    label = pl.col("ageband").str.replace_all("[–—]", "-").str.replace_all(" ", "")
    frame = frame.with_columns(label)
    weights = standard.with_columns(pl.col("stdpop").cast(pl.Float64))
    groups = frame.select(by).unique() if by else pl.DataFrame({"__one__": [0]})
    wanted = groups.join(weights.select("ageband"), how="cross")
    absent = wanted.join(frame, on=[*by, "ageband"], how="anti", nulls_equal=True).drop(
        "__one__", strict=False
    )
    both = pl.concat([frame, absent], how="diagonal")
    if "event_frequency" in both.columns:
        both = both.with_columns(pl.col("event_frequency").fill_null(1.0))
    if "multiplier" in both.columns:
        both = both.with_columns(pl.col("multiplier").fill_null(pl.col("multiplier").max()))
    return both.join(weights, on="ageband", how="left")


def _run_isr(frame: pl.DataFrame, by: Sequence[str], options: Options) -> pl.DataFrame:
    return indirectly_standardised(
        frame,
        by=by,
        statistic=options.statistic or "rate",
        multiplier=options.multiplier,
        confidences=options.levels(),
    )


def _run_life(frame: pl.DataFrame, by: Sequence[str], options: Options) -> pl.DataFrame:
    result = life_expectancy(frame, by=by, confidences=options.levels())
    copies = {"life_expectancy": "value", "lower95": "lower95_0cl", "upper95": "upper95_0cl"}
    reason = result["reason"]
    return (
        result.drop("reason")
        .with_columns(pl.col(old).alias(new) for new, old in copies.items())
        .with_columns(reason)
    )


def _run_hle(frame: pl.DataFrame, by: Sequence[str], options: Options) -> pl.DataFrame:
    result = health_expectancy(
        frame.with_columns(pl.col("age").str.extract(r"^\s*(\d+)").cast(pl.Float64)),
        by=by,
        confidences=options.levels(),
    )
    # The last band goes by its own label (85+), as the file has it.
    labels = frame.select([*by, "age"]).unique()
    keys = [*by, "__age__"]
    labels = labels.with_columns(
        pl.col("age").str.extract(r"^\s*(\d+)").cast(pl.Float64).alias("__age__")
    )
    joined = result.rename({"age": "__age__"}).join(
        labels.unique(subset=keys, keep="first"), on=keys, how="left", maintain_order="left",
        nulls_equal=True,
    )  # fmt: skip
    return joined.drop("__age__").select([*by, "age", pl.exclude([*by, "age"])])


def _run_sii(frame: pl.DataFrame, by: Sequence[str], options: Options) -> pl.DataFrame:
    value_type = None if options.value_type is None else int(options.value_type)
    # "1", "1.0", "Decile 1", "Q1", "1 (most deprived)"; never "1.5".
    whole = (
        pl.col("quantile")
        .str.extract(r"(?i)^\s*(?:[a-z]+ ?)?(\d+)(?:\.0+)?(?:[^\d.].*)?$")
        .cast(pl.Float64)
    )
    return inequality(
        frame.with_columns(whole),
        by=by,
        value_type=value_type,
        transform=options.transform,
        multiplier=1.0 if options.multiplier is None else options.multiplier,
        confidences=options.confidences or (CONFIDENCES[0],),
        repetitions=REPETITIONS if options.repetitions is None else options.repetitions,
        quantiles=options.quantiles,
        indicator=options.indicator or "",
    )


def _run_imd(frame: pl.DataFrame, by: Sequence[str], options: Options) -> pl.DataFrame:
    ranks = [name for name in frame.columns if name.lower() == "rank" or name.endswith("_rank")]
    if not ranks:
        remedy = f"The file has: {', '.join(frame.columns)}."
        message = "No column is named rank or ends in _rank."
        raise InputRefusedError([Problem("the file", message, remedy=remedy)])
    typed = frame.with_columns(pl.col(ranks).cast(pl.Float64, strict=False))
    broken = [name for name in ranks if typed[name].null_count() > frame[name].null_count()]
    if broken:
        remedy = "Write plain digits; leave missing ranks empty."
        problems = []
        for name in broken:
            row = int((typed[name].is_null() & frame[name].is_not_null()).arg_true()[0])
            message = f"{frame[name][row]!r} is not a number."
            problems.append(Problem("the file", message, row=row + 2, column=name, remedy=remedy))
        raise InputRefusedError(problems)
    lsoas = options.lsoas
    if lsoas is None:
        vintages = [
            count
            for prefix, count in LSOAS_IN_ENGLAND.items()
            if any(name.lower().startswith(prefix) for name in frame.columns)
        ]
        # Whole files without a vintage in their headers still hold the last rank.
        highest = max(int(typed[name].max() or 0) for name in ranks)  # type: ignore[arg-type]
        lsoas = vintages[0] if len(vintages) == 1 else highest
        if lsoas not in LSOAS_IN_ENGLAND.values():
            message = f"The highest rank is {highest:,}: how many LSOAs were ranked is not known."
            remedy = "Say so with --total, or name the column of codes lsoa11_code or lsoa21_code."
            raise InputRefusedError([Problem("the file", message, column=ranks[0], remedy=remedy)])
    whole = [name for name in ranks if (typed[name] == typed[name].floor()).all()]
    return imd_quantiles(typed, lsoas=lsoas, quantiles=options.quantiles or 10).with_columns(
        pl.col(whole).cast(pl.Int64)
    )


def _run_quantile(frame: pl.DataFrame, by: Sequence[str], options: Options) -> pl.DataFrame:
    if "nquantiles" not in frame.columns:
        frame = frame.with_columns(pl.lit(float(options.quantiles or 10)).alias("nquantiles"))
    if "invert" not in frame.columns:
        frame = frame.with_columns(pl.lit(float(options.invert or False)).alias("invert"))
    frame = frame.with_columns(pl.col("invert").fill_null(0.0) == 1)
    return local_quantiles(frame, by=by)


def _run_benchmark(frame: pl.DataFrame, by: Sequence[str], options: Options) -> pl.DataFrame:
    if "polarity" not in frame.columns:
        frame = frame.with_columns(pl.lit(options.polarity, dtype=pl.String).alias("polarity"))
    return compare_with_benchmark(frame)


def _run_funnel_proportion(
    frame: pl.DataFrame, by: Sequence[str], options: Options
) -> pl.DataFrame:
    return funnel_significance_proportion(frame, benchmark=options.benchmark)


def _run_funnel_ratio(frame: pl.DataFrame, by: Sequence[str], options: Options) -> pl.DataFrame:
    return funnel_significance_ratio(frame)


def _run_trend(frame: pl.DataFrame, by: Sequence[str], options: Options) -> pl.DataFrame:
    if options.polarity is not None and "polarity" not in frame.columns:
        frame = frame.with_columns(pl.lit(options.polarity).alias("polarity"))
    return recent_trend(frame, by=by, value_type=options.value_type)


def _run_place(frame: pl.DataFrame, by: Sequence[str], options: Options) -> pl.DataFrame:
    deciles = [name for name in frame.columns if name == "decile" or name.endswith("_decile")]
    groups = list(by) or _larger_area(frame)
    results = []
    if deciles:
        typed = frame.with_columns(pl.col(deciles).cast(pl.Float64, strict=False))
        results.append(share_in_most_deprived_decile(typed, by=groups))
    if "numerator" in frame.columns:
        results.append(sum_of_children(frame, by=groups))
    if not results:
        message = "No column is named decile or ends in _decile, and there is no numerator."
        remedy = f"The file has: {', '.join(frame.columns)}."
        raise InputRefusedError([Problem("the file", message, remedy=remedy)])
    if len(results) == 1:
        return results[0]
    left, right = results
    reason = pl.coalesce("reason", "reason_right").alias("reason")
    both = left.join(right, on=groups, how="left", maintain_order="left", nulls_equal=True)
    return both.with_columns(reason).drop("reason_right")


def _larger_area(frame: pl.DataFrame) -> list[str]:
    """The one code column that is not an LSOA's."""
    codes = [
        name
        for name in frame.columns
        if name.lower().endswith("_code") and not name.lower().startswith(("lsoa", "area"))
    ]
    if len(codes) == 1:
        return codes
    message = "The larger area could be any of " + ", ".join(codes) if codes else "No larger area."
    remedy = "Name its column with --by."
    raise InputRefusedError([Problem("the file", message + ".", remedy=remedy)])


def _with_missing(frame: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    absent = [name for name in names if name not in frame.columns]
    return frame.with_columns(pl.lit(None, dtype=pl.Float64).alias(name) for name in absent)


_NUMERATOR = Column("numerator", "count of persons or events; empty where missing or suppressed")
_DENOMINATOR = Column("denominator", "persons or person-years")
_MULTIPLIER = Column("multiplier", "the result is per this many", required=False)
_POLARITY = Column(
    "polarity", "high_is_good, low_is_good or no_judgement", kind="text", required=False
)
_AGEBAND = Column("ageband", "label of the age band", kind="text", required=False)


def _optional(name: str, meaning: str, *aliases: str) -> Column:
    return Column(name, meaning, required=False, aliases=aliases)


METHODS: dict[str, Method] = {
    method.name: method
    for method in (
        Method(
            "benchmark",
            "Comparison with a benchmark, as Fingertips judges it",
            "limits wholly above or below the benchmark's value (strictly) are better or worse by "
            "polarity, else similar; or the value against control limits around the benchmark "
            "(spc_wilson, spc_poisson); or two intervals apart (double_overlap)",
            "Fingertips Public Health Technical Guidance, Comparing areas",
            (
                Column(
                    "method",
                    "single_overlap_95 (default), single_overlap_998, single_overlap_two_level, "
                    "spc_wilson, spc_poisson or double_overlap",
                    kind="text",
                    required=False,
                ),
                _optional("value", "the area's value (spc methods)"),
                _optional("lower95", "the area's lower 95% limit"),
                _optional("upper95", "the area's upper 95% limit"),
                _optional("lower998", "the area's lower 99.8% limit", "lower99_8"),
                _optional("upper998", "the area's upper 99.8% limit", "upper99_8"),
                _optional("benchmark", "the benchmark's value"),
                _POLARITY,
                _optional("denominator", "the area's denominator (spc methods)"),
                _optional("unit", "the values are per this many (spc methods)"),
                _optional("z", "width of the control limits (spc_wilson; 1.96 for 95%)"),
                _optional("tail", "probability in each tail (spc_poisson; 0.025 for 95%)"),
                _optional("benchmark_lower95", "the other lower limit (double_overlap)"),
                _optional("benchmark_upper95", "the other upper limit (double_overlap)"),
            ),
            ("comparison", "expected", "reason"),
            _run_benchmark,
            rows=True,
            options=frozenset({"polarity"}),
        ),
        Method(
            "ci_primitives",
            "Bare limits of a count (Byars, Exact) or a proportion (Wilson)",
            "the three intervals without any switch between them",
            "Wilson 1927; Breslow and Day 1987, IARC 82, p. 69; Armitage and Berry",
            (
                Column("method", "Byars, Exact or Wilson", kind="text"),
                Column("x", "count"),
                _optional("n", "denominator (Wilson)"),
                _optional("conf", "confidence level, 0.95", "confidence"),
            ),
            ("lowercl", "uppercl", "reason"),
            _run_primitives,
            rows=True,
            options=frozenset({"confidences"}),
        ),
        Method(
            "dsr",
            "Directly standardised rate with Dobson's limits",
            "sum(events x weight / population) / sum(weights) x multiplier; limits value + "
            "sqrt(variance / events) x (Byar's limit of the events - events); NULL below 10 events",
            "Dobson et al. 1991; Morris et al. 2018; Eurostat 2013 for the weights",
            (
                _AGEBAND,
                Column(
                    "count",
                    "events of the band; persons where event_frequency is given",
                    aliases=("persons", "events"),
                ),
                Column("pop", "person-years of the band", aliases=("population",)),
                _optional("stdpop", "weight of the band; else the European Standard Population"),
                _optional("event_frequency", "events that each of these persons had"),
                _MULTIPLIER,
            ),
            (
                "total_count",
                "total_pop",
                "value",
                *_LIMITS,
                "suppressed_lt10",
                "independent_events",
                "reason",
            ),
            _run_dsr,
            options=frozenset({"multiplier", "confidences"}),
        ),
        Method(
            "funnel_significance_proportion",
            "Significance of proportions on a funnel around the average",
            "the proportion against Wilson control limits around the average at the area's "
            "denominator, 95% and 99.8%",
            "Wilson 1927; Spiegelhalter 2005, Statistics in Medicine 24: 1185-1202",
            (_NUMERATOR, _DENOMINATOR, _optional("benchmark", "average, a proportion")),
            ("benchmark", "significance", "reason"),
            _run_funnel_proportion,
            rows=True,
            options=frozenset({"benchmark"}),
        ),
        Method(
            "funnel_significance_ratio",
            "Significance of observed against expected counts",
            "limits of the observed count (exact below 10, Byar's from 10) against the expected",
            "Breslow and Day 1987; Spiegelhalter 2005",
            (
                Column("obs", "observed events", aliases=("observed",)),
                Column("expected", "expected events"),
            ),
            ("ratio", "significance", "reason"),
            _run_funnel_ratio,
            rows=True,
        ),
        Method(
            "hle",
            "Healthy life expectancy by Sullivan's method",
            "sum((1 - prevalence) x L) / l from each age; variance of the prevalence and of the "
            "mortality part",
            "Jagger et al., Health Expectancy Calculation by the Sullivan Method, EHEMU 2007",
            (
                Column(
                    "age",
                    "first age of the band, the last band open (85+)",
                    kind="text",
                    aliases=("start_age",),
                ),
                _optional("n", "width of the band in years"),
                _optional("a", "share of the band lived by those who die in it"),
                Column("population", "person-years", required=False),
                _optional("deaths", "deaths"),
                _optional("lx", "survivors, of a life table of one's own"),
                _optional("nLx", "person-years lived, of a life table of one's own"),
                _optional("prevalence", "share in BAD health, 0 to 1"),
                _optional("good_health_prevalence", "share in good health, 0 to 1"),
                _optional("surveyed", "effective sample size behind the prevalence"),
            ),
            ("ex", "dfle", "var_prev", "se_prev", "var_mort", "var_total", *_LIMITS, "reason"),
            _run_hle,
            alternatives=(
                ("prevalence", "good_health_prevalence"),
                ("population", "lx"),
                ("deaths", "lx"),
            ),
            options=frozenset({"confidences"}),
        ),
        Method(
            "imd_quantile",
            "Official deprivation quantiles of published ranks",
            "ceil(rank x Q / N), 1 the most deprived",
            "MHCLG English Indices of Deprivation, research report; NHS England, Core20PLUS5",
            (),
            ("X_decile for each X_rank (X_quintile with --quantiles 5)", "reason"),
            _run_imd,
            rows=True,
            options=frozenset({"quantiles", "lsoas"}),
        ),
        Method(
            "isr",
            "Indirectly standardised rate and ratio (SMR)",
            "expected = sum(population x reference count / reference population); ratio = observed "
            "/ expected; rate = ratio x crude reference rate; limits exact below 10, Byar's from "
            "10",
            "Breslow and Day 1987, IARC 82, chapter 2",
            (
                _AGEBAND,
                _optional("count", "events of the band"),
                _optional("observed", "events of the whole group, in place of count"),
                Column("pop", "person-years of the band", aliases=("population",)),
                Column("refcount", "reference events of the band"),
                Column("refpop", "reference person-years of the band"),
                Column("statistic", "rate or ratio: what value shows", kind="text", required=False),
                _MULTIPLIER,
                _optional("multiplier_rate", "the rate is per this many; 100,000"),
                _optional("multiplier_ratio", "value of the reference; 100"),
            ),
            (
                "statistic",
                "multiplier",
                "observed",
                "expected",
                "ref_rate",
                "value",
                *_LIMITS,
                "method",
                "rate_* and ratio_* of the same",
                "reason",
            ),
            _run_isr,
            alternatives=(("count", "observed"),),
            options=frozenset({"multiplier", "statistic", "confidences"}),
        ),
        Method(
            "life_expectancy",
            "Life expectancy at each age, abridged life table of 20 bands",
            "Chiang's abridged table, Silcocks' variance of the open band; NULL at 5,000 "
            "person-years or fewer; value NULL where its 95% interval is wider than 20 years",
            "Chiang 1968; Silcocks et al. 2001; Toson and Baker 2003; Eayres and Williams 2004",
            (
                Column("start_age", "0, 1, 5, 10 ... 90", aliases=("startage", "age")),
                Column(
                    "population",
                    "person-years: as many years as the deaths",
                    aliases=("pops", "pop"),
                ),
                Column("deaths", "deaths"),
            ),
            ("value", *_LIMITS, "life_expectancy", "lower95", "upper95", "reason"),
            _run_life,
            options=frozenset({"confidences"}),
        ),
        Method(
            "mean",
            "Mean with Student t limits",
            "mean and sample standard deviation (n - 1); limits mean + t(n - 1) x sd / sqrt(n)",
            "Student 1908; Armitage and Berry",
            (Column("values", "one value a row", aliases=("value",)),),
            ("value_sum", "value_count", "stdev", "value", *_LIMITS, "reason"),
            _run_mean,
            options=frozenset({"confidences"}),
        ),
        Method(
            "place_aggregation",
            "Shares of a larger area's LSOAs in national decile 1; sums of counts",
            "count(decile = 1) / count(LSOAs); sum(numerator), sum(denominator); NULL where an "
            "LSOA has none",
            "MHCLG English Indices of Deprivation, summaries of local authorities",
            (_optional("numerator", "count"), _optional("denominator", "denominator")),
            ("lsoas", "X_prop_most_deprived_10pc for each X_decile", "reason"),
            _run_place,
        ),
        Method(
            "proportion",
            "Proportion with Wilson limits",
            "x / n x multiplier; Wilson score limits, times the multiplier",
            "Wilson 1927",
            (_NUMERATOR, _DENOMINATOR, _MULTIPLIER),
            ("value", *_LIMITS, "reason"),
            _run_proportion,
            rows=True,
            options=frozenset({"multiplier", "confidences"}),
        ),
        Method(
            "quantile",
            "Quantiles of areas within a larger area",
            "floor((Q + 1) - ceil((n + 1 - rank) / (n / Q))), 0 becoming 1; minimum ranks; NULL "
            "with fewer areas than quantiles",
            "Fingertips Public Health Technical Guidance, Assigning deprivation categories",
            (
                Column("value", "what areas are ranked by"),
                _optional("nquantiles", "number of quantiles; 10"),
                Column(
                    "invert", "true: the highest value is quantile 1", kind="yes_no", required=False
                ),
            ),
            ("quantile", "reason"),
            _run_quantile,
            options=frozenset({"quantiles", "invert"}),
        ),
        Method(
            "rate",
            "Crude rate with exact (below 10) or Byar's limits",
            "x / n x multiplier; limits of the count scaled the same way",
            "Armitage and Berry; Breslow and Day 1987, IARC 82, p. 69",
            (_NUMERATOR, _DENOMINATOR, _MULTIPLIER),
            ("value", *_LIMITS, "method", "reason"),
            _run_rate,
            rows=True,
            options=frozenset({"multiplier", "confidences"}),
        ),
        Method(
            "sii_rii",
            "Slope and relative index of inequality over ordered quantiles",
            "population-weighted line over cumulative shares; SII its difference from the most to "
            "the least deprived end, RII the ratio of the ends; limits closed where the line is "
            "linear in normal terms, else a seeded simulation",
            "Low and Low 2004; Kunst and Mackenbach 1995; Fieller 1954",
            (
                Column(
                    "quantile", "1 = most deprived", kind="text", aliases=("decile", "quintile")
                ),
                Column("population", "population of the quantile", aliases=("pop",)),
                Column("value", "value of the quantile", aliases=("lifeexp",)),
                _optional("lower95", "lower 95% limit of the value", "lower95_0cl"),
                _optional("upper95", "upper 95% limit of the value", "upper95_0cl"),
                _optional("lowercl", "lower 95% limit of the value"),
                _optional("uppercl", "upper 95% limit of the value"),
                _optional(
                    "standarderror",
                    "of the value, on the log or logit scale for rates and proportions",
                    "se",
                    "standard_error",
                ),
                _optional("value_type", "0 other, 1 rate, 2 proportion"),
                Column(
                    "transform",
                    "true: line on the log or logit scale",
                    kind="yes_no",
                    required=False,
                ),
                _optional("multiplier", "scales the SII; negative inverts"),
                _optional("conf1", "confidence level", "confidence"),
                _optional("conf2", "second confidence level"),
                _optional("repetitions", "draws of a simulation"),
                _optional("nquantiles", "number of quantiles expected"),
            ),
            (
                "value_type",
                "transform",
                "multiplier",
                "sii",
                "rii",
                "intercept",
                "sii_lower",
                "sii_upper",
                "rii_lower",
                "rii_upper",
                "sii_lowercl_1 ... rii_uppercl_2",
                "sii_se_analytic",
                "reason",
            ),
            _run_sii,
            options=frozenset(
                {
                    "multiplier",
                    "confidences",
                    "value_type",
                    "transform",
                    "repetitions",
                    "quantiles",
                    "indicator",
                }
            ),
        ),
        Method(
            "trend",
            "Recent trend over the five most recent annual points",
            "chi-squared for trend above 9.5495 (p < 0.002, strictly), and no single point whose "
            "removal turns the slope",
            "Fingertips Public Health Technical Guidance, Trend markers; Armitage 1955",
            (
                Column("period", "year, or financial year 2023/24", kind="text"),
                Column("value_type", "proportion, or anything else", kind="text", required=False),
                _optional("numerator", "count (proportions)"),
                _optional("denominator", "denominator (proportions)"),
                _optional("value", "value (everything else)"),
                _optional("lower95", "lower 95% limit (everything else)"),
                _optional("upper95", "upper 95% limit (everything else)"),
                _POLARITY,
            ),
            ("recent_trend", "reason", "chi2", "gradient", "trend_judgement (with polarity)"),
            _run_trend,
            alternatives=(("numerator", "value"),),
            options=frozenset({"value_type", "polarity"}),
        ),
    )
}
"""The methods by name."""
