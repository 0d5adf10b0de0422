"""What each sheet of the workbook shows: its mart, its columns and how to read it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from beacon.contracts.ddl import quote_literal


@dataclass(frozen=True)
class Sheet:
    """One sheet.

    Attributes:
        name: Name on its tab.
        title: First line.
        note: Second line: how to read it.
        mart: The mart it shows.
        columns: Heading, SQL, format (text, value, percent, people, whole, date, judgement) and
            width.
        rest: What follows the mart's name in SQL: joins, conditions and order.
        printed: How many columns are printed; None for all.
    """

    name: str
    title: str
    note: str
    mart: str
    columns: tuple[tuple[str, str, str, int], ...]
    rest: str = ""
    printed: int | None = None


_NUMBER = ("Number", "indicator_id", "whole", 8)
_LIMITS = (
    ("Value", "value", "value", 11),
    ("Lower 95 %", "lower_95", "value", 11),
    ("Upper 95 %", "upper_95", "value", 11),
    ("Unit", "unit", "text", 26),
)
_STATUS = (
    ("Status", "replace(value_status, '_', ' ')", "text", 15),
    ("Note", "value_note", "text", 60),
)
_SERIES = (
    _NUMBER,
    ("Indicator", "indicator_slug", "text", 28),
    ("Measure", "measure", "text", 20),
    ("Area", "area_name", "text", 26),
    ("Period", "period", "text", 11),
    ("Sex", "sex", "text", 9),
    ("Age", "age", "text", 13),
    ("Group", "if(category = 'All', 'All', category_type || ': ' || category)", "text", 28),
    *_LIMITS,
    ("Numerator", "numerator", "people", 12),
    ("Denominator", "denominator", "people", 12),
    ("Against the nation", "replace(compared_with_nation, '_', ' ')", "judgement", 18),
    ("Source", "source || '/' || dataset", "text", 26),
    *_STATUS,
)
# What a figure says for itself: on the scorecard, and on each Place's own sheet.
_STANDING = (
    ("Sex", "sex", "text", 9),
    ("Period", "period", "text", 10),
    ("Value", "value", "value", 10),
    ("Lower 95 %", "lower_95", "value", 9),
    ("Upper 95 %", "upper_95", "value", 9),
    ("Nation", "nation_value", "value", 9),
    (
        "Against the nation",
        "replace(if(value is null, value_status, compared_with_nation), '_', ' ')",
        "judgement",
        14,
    ),
    ("By", "replace(comparison_method, '_', ' ')", "text", 20),
    ("Quarter", "nation_quarter", "whole", 8),
    ("Rank", "rank_among_places", "whole", 6),
    ("of", "places_ranked", "whole", 5),
    ("Recent trend", "recent_trend", "text", 28),
)
_WITH_SHORT_NAMES = (
    "inner join (select indicator_slug, measure, measure_short_name from indicator) "
    "using (indicator_slug, measure)"
)
SHEETS: tuple[Sheet, ...] = (
    Sheet(
        "Scorecard",
        "Each headline measure for each Place at its latest period",
        "Rank 1 is the best Place where the measure has a direction, else the highest. Quarter: of "
        "the nation's authorities, 1 the best to 4 the worst; it is no judgement.",
        "scorecard",
        (
            _NUMBER,
            ("Indicator", "measure_short_name", "text", 34),
            ("Place", "place_name", "text", 24),
            *_STANDING,
            ("Age", "age", "text", 13),
            ("Unit", "unit", "text", 26),
            ("Why not compared", "replace(not_compared_reason, '_', ' ')", "text", 30),
            *_STATUS,
        ),
        f"{_WITH_SHORT_NAMES} order by indicator_id, measure, sex, place_name",
        printed=15,
    ),
    Sheet(
        "Places",
        "The Places and their Core20 residents",
        "Core20: residents of the most deprived fifth of the nation's LSOAs.",
        "place",
        (
            ("Code", "place_code", "text", 12),
            ("Place", "place_name", "text", 28),
            ("Residents", "people", "people", 12),
            ("Core20 residents", "people_core20", "people", 16),
            ("Core20 share, %", "core20_share_percent", "percent", 15),
            ("LSOAs", "lsoas", "whole", 8),
            ("Core20 LSOAs", "lsoas_core20", "whole", 13),
            ("Population", "population_base", "text", 16),
            ("IMD", "imd_vintage", "whole", 8),
        ),
        "order by place_name",
    ),
    Sheet(
        "Core20",
        "People in and outside Core20 by area, age and sex",
        "Two vintages of the Indices of Deprivation stand beside each other; they count LSOAs of "
        "different censuses and are not a trend.",
        "core20_cohort",
        (
            ("Area", "area_name", "text", 40),
            ("IMD", "imd_vintage", "whole", 8),
            ("Sex", "sex", "text", 9),
            ("Age", "age_band", "text", 10),
            ("Group", "if(core20, 'Core20', 'Not Core20')", "text", 12),
            ("People", "people", "people", 12),
            ("Share of the area, %", "share_percent", "percent", 19),
            ("LSOAs", "lsoas", "whole", 8),
        ),
        "order by imd_vintage desc, area_name, sex, age_band, core20 desc",
    ),
    Sheet(
        "Inequality",
        "Gaps and slopes between the more and the less disadvantaged, latest period",
        "Gap: comparison less disadvantaged. Ratio: comparison over disadvantaged. SII and RII run "
        "from the most to the least deprived end. Ecological rows compare Places, not people.",
        "inequality",
        (
            _NUMBER,
            ("Indicator", "indicator_slug", "text", 28),
            ("Measure", "measure", "text", 20),
            ("Area", "area_name", "text", 34),
            ("Period", "period", "text", 11),
            ("Sex", "sex", "text", 9),
            ("Age", "age", "text", 13),
            ("Breakdown", "replace(breakdown, '_', ' ')", "text", 24),
            ("Disadvantaged", "disadvantaged_group", "text", 26),
            ("Its value", "disadvantaged_value", "value", 10),
            ("Comparison", "comparison_group", "text", 26),
            ("Its value ", "comparison_value", "value", 10),
            ("Gap", "absolute_gap", "value", 10),
            ("Gap lower 95 %", "absolute_gap_lower_95", "value", 14),
            ("Gap upper 95 %", "absolute_gap_upper_95", "value", 14),
            ("Ratio", "relative_gap", "value", 9),
            ("SII", "sii", "value", 10),
            ("SII lower 95 %", "sii_lower_95", "value", 14),
            ("SII upper 95 %", "sii_upper_95", "value", 14),
            ("RII", "rii", "value", 9),
            ("Direction", "replace(direction, '_', ' ')", "text", 26),
            ("Ecological", "if(ecological, 'yes', 'no')", "text", 11),
            ("Unit", "unit", "text", 26),
        ),
        "qualify dense_rank() over (partition by indicator_slug, measure, area_code, sex, "
        "breakdown order by period_end desc) = 1 "
        "order by indicator_id, measure, breakdown, area_name, sex, age",
    ),
    Sheet(
        "People",
        "Who is not reached: care gaps of cohorts, from local person-level data",
        "Empty where no person-level extract was supplied. Not reached: not done where a high "
        "share is good, done where a low one is. Each group against everybody else of its area.",
        "care_gap",
        (
            ("Clinical area", "clinical_area", "text", 24),
            ("Cohort", "cohort_name", "text", 34),
            ("Measure", "measure_name", "text", 44),
            ("Area", "area_name", "text", 24),
            ("As at", "as_at", "date", 12),
            ("Breakdown", "replace(breakdown, '_', ' ')", "text", 18),
            ("Group", "breakdown_group", "text", 20),
            ("Eligible", "eligible", "people", 10),
            ("Not reached", "not_reached", "people", 11),
            ("Not reached, %", "not_reached_percent", "percent", 11),
            ("Lower 95 %", "not_reached_lower_95", "percent", 9),
            ("Upper 95 %", "not_reached_upper_95", "percent", 9),
            ("Against the rest", "replace(compared_with_rest, '_', ' ')", "judgement", 14),
            ("People to close the gap", "people_to_close_gap", "people", 12),
            ("Done", "done", "people", 10),
            ("Better", "case polarity when 'high_is_good' then 'high' "
             "when 'low_is_good' then 'low' else 'no judgement' end", "text", 13),
            *_STATUS,
        ),
        "where area_type in ('icb', 'place') and as_at = (select max(as_at) from care_gap) "
        "order by clinical_area, cohort, measure, area_type, area_name, breakdown, breakdown_group",
        printed=14,
    ),
    Sheet(
        "Beacons over time",
        "The beacon indicators and their context, all periods",
        "Periods of one series may differ in method; the Indicators sheet says where. A missing "
        "value has a status and is never zero.",
        "beacon_indicator",
        _SERIES,
        "order by indicator_id, measure, area_type, area_name, period_end, period, sex, age, "
        "category_type, category",
    ),
    Sheet(
        "Core20PLUS5 over time",
        "The clinical areas of Core20PLUS5, all periods",
        "A missing value has a status and is never zero.",
        "core20plus5_indicator",
        _SERIES,
        "order by indicator_id, measure, area_type, area_name, period_end, period, sex, age, "
        "category_type, category",
    ),
    Sheet(
        "Changes",
        "What differs from the previous release, and why",
        "Empty in a first release. A revision is the publisher's where its file differs, ours "
        "(method or code) where the same file gives another number.",
        "change",
        (
            ("Table", "mart", "text", 22),
            ("Change", "change", "text", 10),
            ("Reason", "replace(reason, '_', ' ')", "text", 26),
            ("Indicator", "indicator_slug", "text", 28),
            ("Measure", "measure", "text", 18),
            ("Area", "area_name", "text", 26),
            ("Period", "period", "text", 11),
            ("Sex", "sex", "text", 9),
            ("Age", "age", "text", 13),
            ("Group", "if(category = 'All', 'All', category_type || ': ' || category)", "text", 26),
            ("Before", "previous_value", "value", 11),
            ("Now", "value", "value", 11),
            ("Difference", "difference", "value", 11),
            ("Difference, %", "percent_difference", "percent", 13),
            ("Beyond tolerance", "if(beyond_tolerance, 'yes', 'no')", "text", 16),
            ("Note", "reason_note", "text", 60),
        ),
        "order by mart, indicator_slug, measure, area_name, period, sex, age, category",
    ),
    Sheet(
        "Indicators",
        "What is measured, and how",
        "Name status: unconfirmed names have not been checked against the partnership's report.",
        "indicator",
        (
            _NUMBER,
            ("Indicator", "name", "text", 44),
            ("Measure", "measure_name", "text", 40),
            ("Name status", "name_status", "text", 13),
            ("Programme", "replace(programme, '_', ' ')", "text", 18),
            ("Theme", "theme", "text", 40),
            ("Definition", "definition", "text", 70),
            ("Unit", "unit", "text", 26),
            ("Better", "case polarity when 'high_is_good' then 'high' "
             "when 'low_is_good' then 'low' else 'no judgement' end", "text", 13),
            ("Caveats", "caveats", "text", 70),
            ("Latest period", "latest_period", "text", 13),
            ("Status", "replace(status, '_', ' ')", "text", 15),
            ("Why", "status_note", "text", 60),
            ("Next review", "next_review", "date", 12),
        ),
        "order by indicator_id, measure",
    ),
    Sheet(
        "Sources",
        "Where the numbers come from",
        "SHA-256 names the publisher's file to the byte; `beacon trace` follows a number to it.",
        "source_status",
        (
            ("Publisher", "publisher", "text", 44),
            ("Title", "title", "text", 50),
            ("Part", "part", "text", 26),
            ("Vintage", "vintage", "text", 12),
            ("Status", "replace(status, '_', ' ')", "text", 16),
            ("Rows", "rows_staged", "people", 10),
            ("File", "original_name", "text", 44),
            ("Origin", "origin", "text", 60),
            ("SHA-256", "sha256", "text", 66),
            ("Licence", "licence", "text", 14),
            ("Attribution", "attribution", "text", 70),
        ),
        "order by source, dataset, part",
    ),
)  # fmt: skip

_LONGEST_TAB = 31


def place_sheets(places: list[tuple[str, str]]) -> list[Sheet]:
    """A sheet for each Place, made to be printed.

    Args:
        places: Code and name of each Place.
    """
    taken = {sheet.name.casefold() for sheet in SHEETS} | {"read me", "history"}
    found = []
    for code, name in places:
        # Excel allows neither these characters nor a quote at an end, nor two tabs of one name.
        tab = re.sub(r"[\[\]:*?/\\]", " ", name)[:_LONGEST_TAB].strip("' ")
        if not tab or tab.casefold() in taken:
            tab = code
        taken.add(tab.casefold())
        found.append(
            Sheet(
                tab,
                f"{name}: every headline measure at its latest period",
                "Quarter: of the nation's authorities, 1 the best to 4 the worst; it is no "
                "judgement. Rank 1 is the best Place, or the highest without a direction.",
                "scorecard",
                (_NUMBER, ("Indicator", "measure_short_name", "text", 36), *_STANDING),
                f"{_WITH_SHORT_NAMES} where place_code = {quote_literal(code)} "
                "order by value is null, indicator_id, measure, sex",
            )
        )
    return found
