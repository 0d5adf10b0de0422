"""The Fingertips indicators of the sample: what each is called and how its figures arise.

Belongs here: one line an indicator. Does not belong here: how they are invented or written
(`fingertips_files`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Period = Literal["rolling", "financial", "calendar"]
Model = Literal["life expectancy", "slope", "survey", "count", "rate"]


@dataclass(frozen=True)
class Series:
    """One Fingertips indicator as it is invented.

    Attributes:
        indicator: Fingertips id.
        title: Indicator Name, as Fingertips spells it.
        file: Stem of the file's name.
        model: How values, limits and bases arise.
        age: Age label.
        period: Which calendar.
        polarity: 1 high is good, -1 low is good.
        base: National level in the first period (percent, or per 100,000).
        step: Change of the national level a period.
        gradient: Change for each standard deviation of deprivation.
        class_gap: Distance of Places planted worse or better from the nation.
        exposed: Survey respondents, or share of residents in the denominator.
        deciles: Whether nation rows by deprivation decile are written.
        skipped: Years that were never collected (the profile was cancelled): no rows at all.
        sex: Sex label of indicators that are of one sex.
    """

    indicator: int
    title: str
    file: str
    model: Model
    age: str
    period: Period
    polarity: int
    base: float = 0.0
    step: float = 0.0
    gradient: float = 0.0
    class_gap: float = 0.0
    exposed: float = 0.0
    deciles: bool = False
    skipped: tuple[int, ...] = ()
    sex: str = "Persons"


SERIES = (
    Series(90366, "Life expectancy at birth", "life_expectancy", "life expectancy", "All ages",
           "rolling", 1, deciles=True),
    Series(92901, "Inequality in life expectancy at birth", "inequality_life_expectancy", "slope",
           "All ages", "rolling", -1),
    Series(93014, "Percentage of physically active adults", "active_adults", "survey", "19+ yrs",
           "financial", 1, 64.0, 0.3, -3.0, 9.0, 500),
    Series(93015, "Percentage of physically inactive adults", "inactive_adults", "survey",
           "19+ yrs", "financial", -1, 24.0, -0.2, 2.5, 9.0, 500),
    Series(92443, "Smoking Prevalence in adults (aged 18 and over) - current smokers (APS)",
           "adults_smoking", "survey", "18+ yrs", "calendar", -1, 15.5, -0.4, 2.0, 7.0, 900),
    Series(93758, "Loneliness: Percentage of adults who feel lonely often or always or some of "
           "the time", "loneliness", "survey", "16+ yrs", "financial", -1, 22.0, 0.1, 1.5, 9.0,
           500),
    Series(92796, "Hospital admissions as a result of self-harm", "self_harm", "rate",
           "15-19 yrs", "financial", -1, 900.0, -6.0, 70.0, 0.65, 0.060),
    Series(93436, "Child development: percentage of children achieving a good level of "
           "development at 2 to 2 and a half years", "good_development_2_years", "count",
           "2-2.5 yrs", "financial", 1, 79.0, 0.1, -2.5, 8.0, 0.011),
    Series(90631, "School readiness: percentage of children achieving a good level of development "
           "at the end of Reception", "good_development_reception", "count", "5 yrs", "financial",
           1, 66.0, 0.5, -2.5, 8.0, 0.0118, skipped=(2019, 2020)),
    Series(93439, "Percentage of adults walking for travel at least three days per week",
           "walking_for_travel", "survey", "16+ yrs", "financial", 1, 16.0, 0.1, -1.0, 9.0, 700),
    Series(93440, "Percentage of adults cycling for travel at least three days per week",
           "cycling_for_travel", "survey", "16+ yrs", "financial", 1, 3.0, 0.0, -0.3, 0.0, 700),
    Series(93701, "Children in absolute low income families (under 16s)",
           "children_absolute_low_income", "count", "<16 yrs", "financial", -1, 15.0, 0.3, 4.0,
           4.0, 0.19, deciles=True),
    Series(92302, "Emergency hospital admissions for COPD (35+)", "copd_admissions", "rate",
           "35+ yrs", "financial", -1, 420.0, -4.0, 60.0, 0.30, 0.56),
    Series(93085, "Smoking status at time of delivery", "smoking_at_delivery", "count",
           "All ages", "financial", -1, 11.0, -0.5, 1.2, 5.0, 0.0105, sex="Female"),
    Series(90810, "Hospital admissions for asthma (under 19 years)", "asthma_admissions", "rate",
           "<19 yrs", "financial", -1, 190.0, -3.0, 25.0, 0.40, 0.22),
    Series(92622, "Admissions for diabetes (under 19 years)", "diabetes_admissions", "rate",
           "<19 yrs", "financial", -1, 130.0, 1.0, 10.0, 0.35, 0.22),
    Series(92623, "Admissions for epilepsy (under 19 years)", "epilepsy_admissions", "rate",
           "<19 yrs", "financial", -1, 140.0, -1.0, 15.0, 0.35, 0.22),
    Series(90323, "Year 6 prevalence of obesity (including severe obesity)", "obesity_year_6",
           "count", "10-11 yrs", "financial", -1, 20.0, 0.3, 1.6, 6.0, 0.0118,
           skipped=(2020,)),
    Series(94140, "Hypertension patients treated to appropriate threshold", "hypertension_treated",
           "count", "18+ yrs", "financial", 1, 68.0, 0.4, -1.2, 4.0, 0.145),
    # The deprived are treated more, as in England.
    Series(94141, "Patients with QRISK \N{GREATER-THAN OR EQUAL TO} 20% treated with lipid "
           "lowering therapy", "lipid_lowering", "count", "18+ yrs", "financial", 1, 58.0, 0.5, 1.2,
           -3.0, 0.05),
    Series(93563, "Percentage of 5 year olds with experience of visually obvious dental decay",
           "dental_decay", "count", "5 yrs", "financial", -1, 24.0, -0.2, 3.0, 8.0, 0.004,
           skipped=(2018, 2020, 2021, 2023)),
)  # fmt: skip
