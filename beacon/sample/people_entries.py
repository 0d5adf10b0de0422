"""What a supplier would write down of the fictional persons, table by table.

What belongs here: from columns of a person to rows of the extract's tables. What does not: who has
what (`people_conditions`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from beacon.sample.people_conditions import older, recent
from beacon.sample.people_hash import made_up_code
from beacon.sample.people_population import AS_AT

_D = f"date '{AS_AT}'"
_MMHG = "'mm[Hg]'"


@dataclass(frozen=True)
class Entry:
    """Rows of one cluster.

    Attributes:
        cluster: The cluster.
        when: Which persons have one.
        day: On which day.
        value: Its value.
        second: Its second value.
        unit: Unit of both.
    """

    cluster: str
    when: str
    day: str
    value: str = "null"
    second: str = "null"
    unit: str = "null"


EVENTS: tuple[Entry, ...] = (
    Entry("HYP_COD", "hyp_on is not null", "hyp_on"),
    Entry("HYPRES_COD", "hyp_off is not null", "hyp_off"),
    Entry("BP_COD", "bp_day is not null", "bp_day", "systolic", "diastolic", _MMHG),
    Entry("BP_COD", "bp_day is not null and same_day_double", "bp_day", "158", "95", _MMHG),
    # A decimal point too many: 13.2 for 132. Later than the true reading, so that it would count.
    Entry("BP_COD", "bp_now and typo", f"least(bp_day + 1, {_D})", "13.2", "8.1", _MMHG),
    Entry("BP_COD", "bp_now", older(150), "146", "88", _MMHG),
    Entry("MH_COD", "mh_on is not null", "mh_on"),
    Entry("MHREM_COD", "mh_off is not null", "mh_off"),
    Entry("ALC_COD", "alc_now", recent(151)),
    Entry("GLUC_COD", "gluc_now", recent(152), "38 + floor(u(i, 153) * 30)", unit="'mmol/mol'"),
    Entry("LIPID_COD", "lipid_now", recent(154), "3 + floor(u(i, 155) * 30) / 10", unit="'mmol/L'"),
    Entry("BMI_COD", "bmi_day is not null", "bmi_day", "bmi", unit="'kg/m2'"),
    Entry("LSMOK_COD", "smoking = 'LSMOK_COD'", "smoking_day"),
    Entry("EXSMOK_COD", "smoking = 'EXSMOK_COD'", "smoking_day"),
    Entry("LSMOK_COD", "smoking = 'EXSMOK_COD'", "smoking_day - 700"),
    Entry("NSMOK_COD", "smoking = 'NSMOK_COD'", "smoking_day"),
    Entry("SMOKSUP_COD", "support", recent(156)),
    Entry("COPD_COD", "copd_on is not null", "copd_on"),
    Entry("COPDRES_COD", "copd_off is not null", "copd_off"),
    Entry("FLU_COD", "flu", recent(157, 200)),
    Entry("FLU_COD", "copd_on is not null", f"{_D} - 500"),
    Entry("PNEUMO_COD", "pneumo", older(158)),
    Entry("COVID_COD", "covid", recent(159, 200)),
    Entry("CHD_COD", "cvd_kind = 'CHD_COD'", older(160, 3000)),
    Entry("STRK_COD", "cvd_kind = 'STRK_COD'", older(160, 3000)),
    Entry("PAD_COD", "cvd_kind = 'PAD_COD'", older(160, 3000)),
    Entry("QRISK_COD", "qrisk is not null", older(161), "qrisk", unit="'%'"),
    Entry("LDL_COD", "ldl_now and u(i, 162) < 0.6", recent(163), "if(ldl_ok, 1.6, 3.1)",
          unit="'mmol/L'"),
    Entry("NONHDL_COD", "ldl_now and u(i, 162) >= 0.6", recent(163), "if(ldl_ok, 2.2, 3.9)",
          unit="'mmol/L'"),
    Entry("AST_COD", "asthma_on is not null", "asthma_on"),
    Entry("ASTRES_COD", "asthma_off is not null", "asthma_off"),
    Entry("DM1_COD", "dm1_on is not null", "dm1_on"),
    Entry("DM2_COD", "dm2_on is not null", "dm2_on"),
    Entry("EPIL_COD", "epilepsy_on is not null", "epilepsy_on"),
    Entry("EPILRES_COD", "epilepsy_off is not null", "epilepsy_off"),
    Entry("LDAUT_COD", "ld_autism", older(164)),
    Entry("BMICENT_COD", "centile is not null", recent(165), "centile", unit="'%'"),
    Entry("PALCARE_COD", "palliative", older(225, 300)),
    Entry("HF_COD", "heart_failure", older(226, 3000)),
    Entry("DEM_COD", "dementia", older(227, 2000)),
    Entry("EFI_COD", "efi is not null", older(228, 600), "efi", unit="'{score}'"),
    *(Entry(cluster, f"activity = '{cluster}'", older(166, 1200))
      for cluster in ("PAINACT_COD", "PAMOD_COD", "PAACT_COD")),
)  # fmt: skip

MEDICINES: tuple[Entry, ...] = (
    Entry("STAT_COD", "statin", recent(170, 160), "28"),
    Entry("STAT_COD", "not statin and (cvd_kind is not null or coalesce(qrisk >= 20, false))",
          older(171), "28"),
    *(Entry("SABA_COD", f"relievers > {n}", f"{_D} - 45 - {n * 31}", "1") for n in range(9)),
    Entry("ICS_COD", "preventer", recent(172), "1"),
)  # fmt: skip

CLUSTERS = tuple(dict.fromkeys(entry.cluster for entry in (*EVENTS, *MEDICINES)))
_NUMBER = {cluster: number for number, cluster in enumerate(CLUSTERS, start=1)}


def _placed(day: str) -> str:
    """A day within the person's life."""
    return f"greatest(least({day}, coalesce(death_month, {_D})), birth_month)"


def events_sql(cluster: str, as_at: date, table: str = "person_all") -> str:
    """Rows of one cluster of `event`, as known on a day."""
    return _entries_sql(EVENTS, cluster, as_at, "event", table)


def medicines_sql(cluster: str, as_at: date, table: str = "person_all") -> str:
    """Rows of one cluster of `medication`, as known on a day."""
    return _entries_sql(MEDICINES, cluster, as_at, "medication", table)


def _entries_sql(
    entries: tuple[Entry, ...], cluster: str, as_at: date, kind: str, table: str
) -> str:
    parts = []
    code = made_up_code(_NUMBER[cluster])
    for entry in entries:
        if entry.cluster != cluster:
            continue
        if kind == "event":
            columns = (
                f"{_placed(entry.day)} as event_date, {code}::bigint as code, "
                f"({entry.value})::double as value, ({entry.second})::double as value_2, "
                f"{entry.unit}::varchar as unit"
            )
        else:
            columns = (
                f"{_placed(entry.day)} as issue_date, {code}::bigint as dmd_code, "
                f"({entry.value})::double as quantity"
            )
        parts.append(f"select i, pseudonym, {columns} from {table} where {entry.when}")
    day, then = ("event_date", "value") if kind == "event" else ("issue_date", "quantity")
    return (
        f"select * exclude (i) from ({' union all '.join(parts)}) "
        f"where {day} <= date '{as_at}' order by i, {day}, {then}"
    )


def _hospital(when: str, kind: str, start: str, icd10: str, **more: str) -> str:
    values = {"end_date": "null", "opcs4": "null", "admission_method": "null", "status": "null"}
    values |= more
    return (
        f"select i, pseudonym, '{kind}' as kind, {_placed(start)} as start_date, "
        f"{values['end_date']}::date as end_date, {icd10}::varchar[] as icd10, "
        f"{values['opcs4']}::varchar[] as opcs4, "
        f"{values['admission_method']}::varchar as admission_method, "
        f"null::varchar as specialty, {values['status']}::varchar as status "
        f"from person_all where {when}"
    )


def hospital_sql(as_at: date) -> str:
    """Rows of `hospital`, as known on a day."""
    urgent = {"admission_method": "'emergency'"}
    waited = f"{_D} - if(waiting_long, 130 + floor(u(i, 180) * 200)::int, 1 + floor(u(i, 180) * 110)::int)"  # fmt: skip
    parts = [
        _hospital("copd_admitted", "admission", recent(181), "['J441']", **urgent),
        _hospital("asthma_attended", "a_and_e", recent(182), "['J459']"),
        _hospital("asthma_admitted", "admission", recent(183), "['J459']", **urgent),
        _hospital("diabetes_admitted", "admission", recent(184), "['E101']", **urgent),
        _hospital("epilepsy_admitted", "admission", recent(185), "['G409']", **urgent),
        _hospital("self_harmed", "admission", recent(186), "['T391', 'X60']", **urgent),
        _hospital("alcohol_admitted", "admission", recent(187), "['F100']", **urgent),
        _hospital("injured", "admission", recent(188), "['S525', 'W19']", **urgent),
        _hospital("waiting", "waiting_list", waited, "null", opcs4="['F091']", status="'waiting'"),
        _hospital("extracted", "admission", recent(189), "['K021']", opcs4="['F091']",
                  admission_method="'elective'"),
        _hospital("death_month is not null", "death", "death_month", "[cause]"),
    ]  # fmt: skip
    return _until(parts, as_at, "start_date", "kind, icd10::varchar")


def _community(when: str, dataset: str, measure: str, day: str, value: str = "null",
               text: str = "null") -> str:  # fmt: skip
    return (
        f"select i, pseudonym, '{dataset}' as dataset, {_placed(day)} as event_date, "
        f"'{measure}' as measure, ({value})::double as value, ({text})::varchar as text "
        f"from person_all where {when}"
    )


def community_sql(as_at: date) -> str:
    """Rows of `community`, as known on a day."""
    parts = [
        _community("booked", "MSDS", "booking", recent(190)),
        _community("booked and carer_weeks is not null", "MSDS", "continuity_of_carer_weeks",
                   recent(191), "carer_weeks"),
        _community("delivered", "MSDS", "delivery", recent(192)),
        _community("delivered and delivery_status is not null", "MSDS", "smoking_at_delivery",
                   recent(192), text="delivery_status"),
        _community("cgm", "NPDA", "continuous_glucose_monitor", recent(193)),
        _community("pump", "NPDA", "insulin_pump", recent(194)),
        _community("albumin", "NPDA", "albumin_check", recent(195)),
        _community("eyes", "NPDA", "eye_screening", recent(196)),
        _community("feet", "NPDA", "foot_examination", recent(197)),
        _community("nurse", "Epilepsy12", "nurse_in_first_year", recent(198)),
        _community("referred", "MHSDS", "referral", recent(199)),
        _community("asq_on is not null", "CSDS", "asq_3_review", "asq_on",
                   text="if(asq_expected, 'at_expected_level', 'below_expected_level')"),
        *(
            _community(f"contacts > {n}", "MHSDS", "contact", recent(200 + n))
            for n in range(3)
        ),
    ]  # fmt: skip
    return _until(parts, as_at, "event_date", "measure")


def cancer_sql(as_at: date) -> str:
    """Rows of `cancer`, as known on a day."""
    part = (
        "select i, pseudonym, greatest(cancer_day, birth_month) as diagnosis_date, "
        "if(u(i, 205) < 0.5, 'C509', 'C349') as icd10, cancer_stage::int::varchar as stage, "
        "if(u(i, 206) < 0.3, 'screening', 'referral') as route from person_all "
        "where cancer_day is not null"
    )
    return _until([part], as_at, "diagnosis_date", "icd10")


def _until(parts: list[str], as_at: date, day: str, then: str) -> str:
    union = " union all by name ".join(parts)
    return (
        f"select * exclude (i) from ({union}) where {day} <= date '{as_at}' "
        f"order by i, {day}, {then}"
    )


def person_sql(as_at: date) -> str:
    """Rows of `person`: who was registered by a day, and where each then lived."""
    return f"""
        select pseudonym, birth_month, sex, ethnicity_16,
            if(ethnicity_16 is null, null, 'gp') as ethnicity_source,
            case when lsoa_unknown then null
                when has_moved and moved_on > date '{as_at}' then lsoa_before else lsoa21_code end
                as lsoa21_code,
            if(has_moved and moved_on <= date '{as_at}', moved_on, registered_from) as lsoa_from,
            if(death_month <= date '{as_at}', death_month, null) as death_month,
            'en' as preferred_language, false as opted_out
        from person_all where registered_from <= date '{as_at}' and birth_month <= date '{as_at}'
        order by i
    """


def registration_sql(as_at: date) -> str:
    """Rows of `registration`: the practice, for some one before it, for few one beside it."""
    before = "'Z' || lpad((practice_number + if(practice_number = 0, 2, 0))::varchar, 5, '0')"
    since = f"registered_from <= date '{as_at}' and birth_month <= date '{as_at}'"
    earlier = "registered_from - 200 >= birth_month"
    return f"""
        select * exclude (i) from (
            select i, pseudonym, practice_code, registered_from as start_date,
                if(registered_until <= date '{as_at}', registered_until, null) as end_date
            from person_all where {since}
            union all
            select i, pseudonym, {before}, registered_from - 200, registered_from
            from person_all where u(i, 210) < 0.03 and {earlier} and in_start
            union all
            select i, pseudonym, {before}, registered_from - 150, null
            from person_all where overlapping and {earlier} and in_now and in_start
                and u(i, 210) >= 0.03
        ) order by i, start_date
    """
