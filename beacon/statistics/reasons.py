"""Why a statistic is NULL."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Reason codes; each stands in the column `reason` beside the NULL it explains.

    One invalid area gets a code and never stops the others. Where several apply, the first in the
    order of the method's page is given.
    """

    meaning: str

    def __new__(cls, code: str, meaning: str) -> Reason:
        """Attach the meaning to the code."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        return member

    # Counts, populations, values
    MISSING_NUMERATOR = "missing_numerator", "The count is missing (not published, or suppressed)."
    MISSING_DENOMINATOR = "missing_denominator", "The population or denominator is missing."
    DENOMINATOR_NOT_POSITIVE = "denominator_not_positive", "The denominator is zero or negative."
    NEGATIVE_NUMERATOR = "negative_numerator", "The count is negative."
    NUMERATOR_ABOVE_DENOMINATOR = (
        "numerator_above_denominator",
        "More are counted than there are: not a proportion.",
    )
    MISSING_VALUE = "missing_value", "A value that the method needs is missing."
    MISSING_LIMITS = "missing_limits", "Neither limits nor a standard error is given."
    INVALID_LIMITS = "invalid_limits", "A lower limit lies above its upper limit or its value."
    INVALID_MULTIPLIER = "invalid_multiplier", "The multiplier is missing, zero or differs."
    INVALID_CONFIDENCE = "invalid_confidence", "The confidence level is not between 0 and 1."
    LOWER_LIMIT_NEGATIVE = (
        "lower_limit_negative",
        "Byar's approximation gives a negative lower limit at so small a count.",
    )
    FEWER_THAN_10_EVENTS = (
        "fewer_than_10_events",
        "Fewer than 10 events: a directly standardised rate is not given.",
    )
    TOO_FEW_VALUES = "too_few_values", "Fewer than two values: no standard deviation."
    # Age bands
    DUPLICATE_BAND = "duplicate_band", "An age band is given twice within the group."
    UNEXPECTED_AGE_BANDS = (
        "unexpected_age_bands",
        "The age bands are not those of the method's table.",
    )
    MISSING_POPULATION = "missing_population", "A band's population is missing."
    POPULATION_NOT_POSITIVE = "population_not_positive", "A population is zero or negative."
    INCONSISTENT_POPULATION = (
        "inconsistent_population",
        "One band is given different populations or weights.",
    )
    MISSING_WEIGHT = (
        "missing_weight",
        "A band has no positive weight in the standard population.",
    )
    MISSING_REFERENCE = (
        "missing_reference",
        "The reference population of a band with reference events is missing or zero.",
    )
    EXPECTED_NOT_POSITIVE = "expected_not_positive", "No events are expected: no ratio."
    INCONSISTENT_OBSERVED = (
        "inconsistent_observed",
        "The group's observed total is given with different values.",
    )
    INVALID_EVENT_FREQUENCY = (
        "invalid_event_frequency",
        "The number of events per person is missing or below 1.",
    )
    # Life tables
    MISSING_DEATHS = "missing_deaths", "Deaths of a band are missing."
    NEGATIVE_DEATHS = "negative_deaths", "Deaths of a band are negative."
    DEATHS_ABOVE_POPULATION = "deaths_above_population", "More deaths than person-years in a band."
    POPULATION_AT_MOST_5000 = (
        "population_at_most_5000",
        "5,000 person-years or fewer in all bands together.",
    )
    NO_DEATHS_IN_OPEN_BAND = (
        "no_deaths_in_open_band",
        "No deaths in the last, open band: life expectancy has no bound.",
    )
    INTERVAL_WIDER_THAN_20_YEARS = (
        "interval_wider_than_20_years",
        "The 95% interval is wider than 20 years: the value is not given, its limits are.",
    )
    NO_SURVIVORS = "no_survivors", "Nobody in the life table reaches this age: no limits."
    INVALID_LIFE_TABLE = (
        "invalid_life_table",
        "A width, a fraction, or the given lx or nLx cannot belong to a life table.",
    )
    MISSING_PREVALENCE = "missing_prevalence", "A prevalence or its sample size is missing."
    PREVALENCE_OUT_OF_RANGE = "prevalence_out_of_range", "A prevalence lies outside 0 to 1."
    # Quantiles and inequality
    MISSING_QUANTILE = "missing_quantile", "A quantile is missing, or is no whole number."
    DUPLICATE_QUANTILE = "duplicate_quantile", "A quantile is given twice within the group."
    INVALID_VALUE_TYPE = "invalid_value_type", "value_type or transform is not one the method has."
    VALUE_OUT_OF_RANGE = (
        "value_out_of_range",
        "A value or limit has no logarithm (rate) or logit (proportion).",
    )
    RII_NOT_DEFINED = (
        "rii_not_defined",
        "The fitted line is not positive at both ends: no ratio of them.",
    )
    FEWER_AREAS_THAN_QUANTILES = (
        "fewer_areas_than_quantiles",
        "Fewer areas with a value than quantiles asked for.",
    )
    MISSING_RANK = "missing_rank", "The rank is missing."
    RANK_OUT_OF_RANGE = "rank_out_of_range", "The rank is not a whole number from 1 to N."
    # Comparisons
    MISSING_BENCHMARK = "missing_benchmark", "The benchmark or its limits are missing."
    UNKNOWN_POLARITY = (
        "unknown_polarity",
        "Polarity is not high_is_good, low_is_good or no_judgement.",
    )
    UNKNOWN_METHOD = "unknown_method", "The method named in the row does not exist."
    # Trends
    TOO_FEW_PERIODS = "too_few_periods", "Fewer than five annual points."
    PERIODS_NOT_CONSECUTIVE = (
        "periods_not_consecutive",
        "The five most recent points are not of five consecutive years.",
    )
    PERIOD_NOT_ANNUAL = "period_not_annual", "A period is missing or is not one year."
    DUPLICATE_PERIOD = "duplicate_period", "A period is given twice within the group."
    PROPORTION_0_OR_1 = (
        "proportion_0_or_1",
        "A count is none or all of its denominator: the logit is infinite.",
    )
    OUTLIER = "outlier", "Leaving out one point turns the slope: no significant change."
    NOT_SIGNIFICANT = "not_significant", "Chi-squared does not exceed its 99.8% point."
    # Aggregation
    MISSING_CHILD = "missing_child", "At least one area of the group has no value."
