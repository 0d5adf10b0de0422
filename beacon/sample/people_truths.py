"""What the sample's cohorts and care measures are, counted from how the persons were made.

What belongs here: counts of the generator's own columns. What does not: anything of the code that
finds them again from the entries; nothing of `beacon.people` is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from beacon.sample.people_conditions import recent
from beacon.sample.people_population import AS_AT, EARLIER

if TYPE_CHECKING:
    import duckdb

_SIX = "alc_now and gluc_now and bp_now and bmi_now and lipid_now and smoking_now"
_WAITED = f"waiting and waiting_long and date '{AS_AT}' - birth_month >= 126"
_RISK = "coalesce(qrisk >= 20, false)"

_URGENT = {"copd_admitted": 181, "asthma_admitted": 183, "diabetes_admitted": 184,
           "epilepsy_admitted": 185, "self_harmed": 186, "alcohol_admitted": 187, "injured": 188}  # fmt: skip
_THIS_MONTH = " or ".join(
    f"({what} and {recent(salt)} > date '2025-02-28')" for what, salt in _URGENT.items()
)
_LONG_TERM = (
    "(hyp_on is not null and hyp_off is null)",
    "(copd_on is not null and copd_off is null)",
    "(asthma_on is not null and asthma_off is null)",
    "(mh_on is not null and mh_off is null)",
    "(epilepsy_on is not null and epilepsy_off is null)",
    "(dm1_on is not null or dm2_on is not null)",
    "(cvd_kind is not null)",
    "heart_failure",
    "dementia",
)
_CONDITIONS = "(" + " + ".join(f"{each}::int" for each in _LONG_TERM) + ")"


def _first(**segments: str) -> dict[str, tuple[str, str]]:
    """Each segment's people: those to whom it applies and no earlier one does."""
    names = list(segments)
    which = "case " + " ".join(f"when {who} then '{name}'" for name, who in segments.items())
    return {name: ("true", f"({which} end) = '{name}'") for name in names}


# Cohort: who is in it, and for each measure who is eligible and for whom it was done.
TRUTHS: dict[str, tuple[str, dict[str, tuple[str, str]]]] = {
    "hypertension_register": ("in_now and hyp_on is not null and hyp_off is null", {
        "bp_in_12_months": ("true", "bp_now"),
        "treated_to_target": ("true", "bp_now and bp_ok"),
    }),
    "adults_45_and_over": ("in_now and years >= 45", {
        "bp_in_5_years": ("true", f"coalesce(bp_day > date '{AS_AT}' - 1900, false)"),
        "hypertension_diagnosed": ("true", "hyp_on is not null and hyp_off is null"),
    }),
    "cvd_register": ("in_now and cvd_kind is not null", {
        "lipid_lowering_therapy": ("true", "statin"),
        "lipids_to_target": ("true", "ldl_now and ldl_ok"),
    }),
    "high_cvd_risk": (f"in_now and {_RISK}", {"lipid_lowering_therapy": ("true", "statin")}),
    "smi_register": ("in_now and mh_on is not null and mh_off is null", {
        "all_six_checks": ("true", _SIX),
        "alcohol_check": ("true", "alc_now"),
        "glucose_check": ("true", "gluc_now"),
        "bp_check": ("true", "bp_now"),
        "bmi_check": ("true", "bmi_now"),
        "lipid_check": ("true", "lipid_now"),
        "smoking_check": ("true", "smoking_now"),
        "current_smoker": ("smoking is not null", "coalesce(smoking = 'LSMOK_COD', false)"),
    }),
    "copd_register": ("in_now and copd_on is not null and copd_off is null", {
        "flu_this_season": ("true", "flu"),
        "pneumococcal_ever": ("true", "pneumo"),
        "covid_this_season": ("true", "covid"),
        "emergency_admission": ("true", "copd_admitted"),
    }),
    "cancers_diagnosed": ("in_start and cancer_day is not null", {
        "early_stage": ("cancer_stage is not null", "coalesce(cancer_stage <= 2, false)"),
        "stage_missing": ("true", "cancer_stage is null"),
    }),
    "adults_smoking_status": ("in_now and years >= 18 and smoking is not null", {
        "current_smoker": ("true", "smoking = 'LSMOK_COD'"),
        "support_offered": ("smoking = 'LSMOK_COD'", "support"),
    }),
    "maternity_bookings": ("in_now and booked", {
        "continuity_of_carer": ("true", "coalesce(carer_weeks <= 28, false)"),
        "continuity_of_carer_focus_groups": (
            "(coalesce(ethnicity_16 in ('D', 'J', 'N'), false) or coalesce(decile = 1, false))",
            "coalesce(carer_weeks <= 28, false)",
        ),
    }),
    "women_delivered": ("in_now and delivered", {
        "smoking_at_delivery": ("delivery_status is not null",
                                "coalesce(delivery_status = 'smoker', false)"),
    }),
    "cyp_asthma_register": ("in_now and asthma_on is not null and asthma_off is null", {
        "six_or_more_relievers": ("true", "relievers >= 6"),
        "three_or_more_relievers": ("true", "relievers >= 3"),
        "reliever_without_preventer": ("relievers >= 1", "not preventer"),
        "emergency_care": ("true", "(asthma_attended or asthma_admitted)"),
    }),
    "cyp_under_19": ("in_now and years < 19", {
        "asthma_admission": ("true", "asthma_admitted"),
        "diabetes_admission": ("true", "diabetes_admitted"),
        "epilepsy_admission": ("true", "epilepsy_admitted"),
    }),
    "cyp_diabetes_type_1": ("in_now and dm1_on is not null", {
        "continuous_glucose_monitor": ("true", "cgm"),
        "insulin_pump": ("true", "pump"),
    }),
    "cyp_diabetes_type_2": ("in_now and dm2_on is not null", {
        "all_health_checks": ("true", "gluc_now and bmi_now and bp_now and albumin and eyes and feet"),
    }),
    "cyp_epilepsy": ("in_now and epilepsy_on is not null and epilepsy_off is null", {
        "specialist_nurse": ("true", "nurse"),
        "specialist_nurse_ld_autism": ("ld_autism", "nurse"),
    }),
    "children_under_10": ("in_now and years < 10", {
        "waiting_for_extraction": ("true", "waiting"),
        "waiting_18_weeks": ("waiting", _WAITED),
        "extraction_in_12_months": ("true", "extracted"),
    }),
    "cyp_mental_health_referred": ("in_now and referred", {
        "two_contacts": ("true", "contacts >= 2"),
    }),
    "young_people_15_19": ("in_now and years between 15 and 19", {
        "self_harm_admission": ("true", "self_harmed"),
    }),
    "children_under_18": ("in_now and years < 18", {
        "alcohol_specific_admission": ("true", "alcohol_admitted"),
    }),
    "children_under_15": ("in_now and years < 15", {"injury_admission": ("true", "injured")}),
    "people_under_75_at_year_start": ("in_start and years < 75", {
        "preventable_cardiovascular_death": ("true", "coalesce(cause = 'I219', false)"),
    }),
    "people_at_year_start": ("in_start", {
        "alcohol_specific_death": ("true", "coalesce(cause = 'K703', false)"),
    }),
    "children_10_to_11_weighed": ("in_now and centile is not null", {
        "obese": ("true", "centile >= 95"),
    }),
    "adults_weighed": (f"in_now and years >= 18 and coalesce(bmi_day > date '{AS_AT}' - 1800, false)", {
        "obese": ("true", "obese"),
    }),
    "adults_activity_recorded": ("in_now and years >= 19 and activity is not null", {
        "active": ("true", "activity = 'PAACT_COD'"),
        "inactive": ("true", "activity = 'PAINACT_COD'"),
    }),
    "children_reviewed_at_2": ("in_now and asq_on is not null", {
        "expected_level": ("true", "asq_expected"),
    }),
    "bridges_to_health": ("in_now", _first(
        near_death="palliative or coalesce(cancer_day is not null and cancer_stage = 4, false)",
        organ_failure=f"heart_failure or ({_LONG_TERM[1]} and copd_admitted)",
        frailty="dementia or coalesce(efi >= 0.36, false)",
        disability=f"ld_autism or {_LONG_TERM[3]}",
        maternal_infant="years < 1 or booked or delivered",
        acutely_ill=_THIS_MONTH,
        chronic=" or ".join(_LONG_TERM),
        healthy="true",
    )),
    "long_term_conditions": ("in_now", _first(
        three_or_more=f"{_CONDITIONS} >= 3", two=f"{_CONDITIONS} = 2", one=f"{_CONDITIONS} = 1",
        none="true",
    )),
    "electronic_frailty_index": ("in_now and years >= 65", _first(
        severe="efi >= 0.36", moderate="efi >= 0.24", mild="efi >= 0.12",
        fit="efi is not null", no_score="true",
    )),
}  # fmt: skip


def truths_sql(table: str) -> str:
    """Counts by cohort, measure, Place and quintile over some persons."""
    parts = []
    for cohort, (member, measures) in TRUTHS.items():
        for measure, (eligible, done) in measures.items():
            parts.append(
                f"select '{cohort}' as cohort, '{measure}' as measure, place_code, quintile, "
                "count(*) as members, "
                f"count(*) filter ({eligible}) as eligible, "
                f"count(*) filter ({eligible} and {done}) as done "
                f"from {table} where {member} group by all"
            )
    return " union all ".join(parts)


# Registers whose flow between the two as-at dates is planted: diagnosed, taken back, youngest age.
FLOWS = {
    "hypertension_register": ("hyp_on", "hyp_off", 18),
    "smi_register": ("mh_on", "mh_off", 18),
    "copd_register": ("copd_on", "copd_off", 0),
}


def flows_sql(table: str) -> str:
    """What changed between the two as-at dates by cohort and Place of the board's own counts."""
    parts = []
    for cohort, (on, off, youngest) in FLOWS.items():
        before = (
            f"(in_earlier and coalesce({on} <= date '{EARLIER}', false) "
            f"and ({off} is null or {off} > date '{EARLIER}') "
            f"and date_diff('month', birth_month, date '{EARLIER}') >= {12 * youngest})"
        )
        now = f"(in_now and {on} is not null and {off} is null)"
        parts.append(
            f"select '{cohort}' as cohort, count(*) filter ({before}) as at_start, "
            f"count(*) filter ({now}) as at_end, "
            f"count(*) filter ({before} and not {now} and death_month is not null) as died, "
            f"count(*) filter ({now} and not {before} and not in_earlier) as moved_in, "
            f"count(*) filter ({now} and not {before} and in_earlier) as diagnosed from {table}"
        )
    return " union all ".join(parts)


def gathered(con: duckdb.DuckDBPyConnection, seed: int, persons: int) -> dict[str, Any]:
    """The record of what was planted, from tables `truth` and `truth_flow`.

    Returns:
        Plain JSON values. `care` has a row each cohort, measure, Place and quintile; nulls are
        persons whose LSOA is not known.
    """
    care = con.execute(
        "select cohort, measure, place_code, quintile, sum(members)::bigint, "
        "sum(eligible)::bigint, sum(done)::bigint from truth group by all order by all"
    ).fetchall()
    flow = con.execute(
        "select cohort, sum(at_start)::bigint, sum(at_end)::bigint, sum(died)::bigint, "
        "sum(moved_in)::bigint, sum(diagnosed)::bigint from truth_flow group by all order by all"
    ).fetchall()
    ((typos, doubles, overlaps, moved),) = con.execute(
        "select sum(typos)::bigint, sum(doubles)::bigint, sum(overlapped)::bigint, "
        "sum(moved)::bigint from truth_fault"
    ).fetchall()
    columns = ("cohort", "measure", "place_code", "quintile", "members", "eligible", "done")
    flows = ("cohort", "at_start", "at_end", "died", "moved_in", "diagnosed")
    return {
        "fictional": True,
        "seed": seed,
        "persons": persons,
        "as_at": AS_AT.isoformat(),
        "earlier": EARLIER.isoformat(),
        "care": [dict(zip(columns, row, strict=True)) for row in care],
        "flow": [dict(zip(flows, row, strict=True)) for row in flow],
        "readings_with_a_slipped_point": typos,
        "same_day_double_readings": doubles,
        "overlapping_registrations": overlaps,
        "moved_between_the_dates": moved,
    }


FAULTS_SQL = (
    "select count(*) filter (bp_now and typo) as typos, "
    "count(*) filter (bp_day is not null and same_day_double) as doubles, "
    "count(*) filter (overlapping and registered_from - 200 >= birth_month and in_now "
    "and in_start and u(i, 210) >= 0.03) as overlapped, "
    "count(*) filter (has_moved and in_now and in_earlier) as moved from {table}"
)
