"""What the fictional persons have, and what was done for them, as columns of one row a person.

What belongs here: which share has what, by age, sex and deprivation. What does not: the entries
that a supplier would write (`people_entries`). Shares are invented; many are far above England's,
so that a small sample has enough people for every measure.

Each column is a name and an SQL expression; a later stage may use the columns of those before it.
`u(i, salt)` is the person's own number between 0 and 1, `graded(share, slope, quintile)` a share
that rises towards the most deprived quintile by `slope` a quintile.
"""

from __future__ import annotations

from beacon.sample.people_population import AS_AT, EARLIER

_D = f"date '{AS_AT}'"
_START = "date '2024-03-31'"


def onset(salt: int) -> str:
    """Day of a diagnosis: for eight in a hundred between the two dates, else months to years ago."""
    return (
        f"greatest(if(u(i, {salt}) < 0.08, "
        f"date '{EARLIER}' + 2 + floor(u(i, {salt + 1}) * 25)::int, "
        f"{_D} - 170 - floor(u(i, {salt + 1}) * 4000)::int), birth_month)"
    )


def ended(diagnosed: str, salt: int, share: float) -> str:
    """Day on which a diagnosis of some time ago was taken back, for some."""
    return (
        f"if(u(i, {salt}) < {share} and {diagnosed} < {_D} - 169, "
        f"if(u(i, {salt + 1}) < 0.3, "
        f"date '{EARLIER}' + 1 + floor(u(i, {salt + 2}) * 28)::int, "
        f"{_D} - 150 - floor(u(i, {salt + 2}) * 5)::int), null)"
    )


def recent(salt: int, days: int = 330) -> str:
    """A day within so many before the as-at date, not in the month in which a practice is silent."""
    return (
        f"{_D} - if(is_silent, 40 + floor(u(i, {salt}) * {days - 40})::int, "
        f"1 + floor(u(i, {salt}) * {days})::int)"
    )


def older(salt: int, days: int = 1300) -> str:
    """A day between 400 and so many more before the as-at date."""
    return f"{_D} - 400 - floor(u(i, {salt}) * {days})::int"


def share(salt: int, base: str, slope: float = 0.0, quintile: str = "quintile") -> str:
    """Whether the person is among a share."""
    return f"u(i, {salt}) < graded({base}, {slope}, {quintile})"


STAGES: tuple[dict[str, str], ...] = (
    {
        "in_now": "death_month is null and registered_until is null",
        "in_start": f"birth_month <= {_START} and dead_from > {_START} "
        f"and registered_from <= {_START}",
        "in_earlier": f"birth_month <= date '{EARLIER}' and dead_from > date '{EARLIER}' and "
        f"registered_from <= date '{EARLIER}' and "
        f"(registered_until is null or registered_until > date '{EARLIER}')",
        "hyp_on": f"if(years >= 18 and {share(30, 'case when years < 40 then 0.02 when years < 60 then 0.15 when years < 80 then 0.4 else 0.55 end', 0.10)}, {onset(31)}, null)",
        "mh_on": f"if(years >= 18 and {share(36, '0.09', 0.25)}, {onset(37)}, null)",
        "copd_on": f"if(years >= 40 and {share(42, '0.14', 0.30)}, {onset(43)}, null)",
        "asthma_on": f"if(years between 5 and 17 and {share(48, '0.30', 0.10)}, {onset(49)}, null)",
        "dm1_on": f"if(years < 25 and {share(54, '0.14')}, {onset(55)}, null)",
        "dm2_on": f"if(years between 12 and 24 and {share(57, '0.28', 0.15)}, {onset(58)}, null)",
        "epilepsy_on": f"if(years < 18 and {share(60, '0.18')}, {onset(61)}, null)",
        "cvd_kind": f"if(years >= 40 and {share(66, '0.10 * (years - 35) / 30', 0.12)}, "
        "case when u(i, 67) < 0.6 then 'CHD_COD' when u(i, 67) < 0.85 then 'STRK_COD' "
        "else 'PAD_COD' end, null)",
        "smoking": "if(years >= 15 and u(i, 68) < 0.92, case "
        f"when {share(69, '0.16', 0.25)} then 'LSMOK_COD' when u(i, 70) < 0.3 then 'EXSMOK_COD' "
        "else 'NSMOK_COD' end, null)",
    },
    {
        "hyp_off": ended("hyp_on", 33, 0.03),
        "mh_off": ended("mh_on", 39, 0.04),
        "copd_off": ended("copd_on", 45, 0.02),
        "asthma_off": ended("asthma_on", 51, 0.03),
        "epilepsy_off": ended("epilepsy_on", 63, 0.04),
        "qrisk": "if(years between 40 and 84 and cvd_kind is null and u(i, 71) < 0.6, "
        f"if({share(72, '0.25 * (years - 35) / 30', 0.10)}, 20 + floor(u(i, 73) * 25), "
        "floor(u(i, 73) * 19)), null)",
        "bp_now": "(years >= 18 or dm2_on is not null) and "
        + share(74, "case when hyp_on is not null then 0.88 when mh_on is not null or dm2_on is not null then 0.78 else 0.35 end", -0.02),
        "bp_ok": share(75, "0.72", -0.04),
        "gluc_now": "years >= 12 and " + share(76, "case when mh_on is not null or dm2_on is not null then 0.85 else 0.1 end", -0.02),
        "bmi_now": "(years >= 18 or dm2_on is not null) and " + share(77, "case when mh_on is not null or dm2_on is not null then 0.85 else 0.3 end", -0.02),
        "obese": share(78, "0.28", 0.08),
        "alc_now": "mh_on is not null and " + share(79, "0.86", -0.02),
        "lipid_now": "mh_on is not null and " + share(80, "0.86", -0.02),
        "smoking_now": "smoking is not null and u(i, 81) < if(mh_on is null, 0.6, 0.85)",
    },
    {
        "bp_day": f"case when bp_now then {recent(82)} when years >= 18 and u(i, 83) < 0.6 then "
        f"{older(84)} when years >= 18 and u(i, 83) < 0.75 then {_D} - 2200 end",
        "systolic": "if(bp_ok, 110 + floor(u(i, 85) * 25), 152 + floor(u(i, 85) * 30))",
        "diastolic": "if(bp_ok, 65 + floor(u(i, 86) * 20), 80 + floor(u(i, 86) * 20))",
        "bmi_day": f"case when bmi_now then {recent(87)} when years >= 18 and u(i, 88) < 0.55 then {older(89)} end",
        "bmi": "if(obese, 30 + floor(u(i, 90) * 90) / 10, 18 + floor(u(i, 90) * 119) / 10)",
        "smoking_day": f"case when smoking_now then {recent(91)} when smoking is not null then {older(92)} end",
        "support": "coalesce(smoking = 'LSMOK_COD', false) and " + share(93, "0.45", -0.05),
        "statin": "case when cvd_kind is not null then " + share(94, "0.82", -0.02)
        + " when coalesce(qrisk >= 20, false) then " + share(94, "0.55", 0.04) + " else false end",
        "ldl_now": "cvd_kind is not null and " + share(95, "0.75", -0.02),
        "ldl_ok": share(96, "0.45", -0.06),
        "flu": "copd_on is not null and " + share(97, "0.70", -0.05),
        "pneumo": "copd_on is not null and " + share(98, "0.75", -0.03),
        "covid": "copd_on is not null and " + share(99, "0.50", -0.06),
        "copd_admitted": "copd_on is not null and " + share(100, "0.25", 0.20),
        "relievers": "case when asthma_on is null then 0 "
        f"when {share(101, '0.30', 0.15)} then 6 + floor(u(i, 102) * 3) when u(i, 103) < 0.35 then 3 + floor(u(i, 102) * 3) "
        "when u(i, 103) < 0.75 then 1 + floor(u(i, 102) * 2) else 0 end",
        "preventer": "asthma_on is not null and u(i, 104) < 0.7",
        "asthma_attended": "asthma_on is not null and " + share(105, "0.10", 0.20),
        "asthma_admitted": "years < 19 and " + share(106, "0.11", 0.20),
        "diabetes_admitted": "years < 19 and " + share(107, "0.12", 0.10),
        "epilepsy_admitted": "years < 19 and " + share(108, "0.11", 0.15),
        "cgm": "dm1_on is not null and " + share(109, "0.60", -0.08),
        "pump": "dm1_on is not null and " + share(110, "0.40", -0.08),
        "albumin": "dm2_on is not null and u(i, 111) < 0.85",
        "eyes": "dm2_on is not null and u(i, 112) < 0.9",
        "feet": "dm2_on is not null and u(i, 113) < 0.85",
        "nurse": "epilepsy_on is not null and " + share(114, "0.65", -0.06),
        "ld_autism": "epilepsy_on is not null and u(i, 115) < 0.35",
        "waiting": "years < 10 and " + share(116, "0.14", 0.30),
        "waiting_long": "u(i, 117) < 0.5",
        "extracted": "years < 10 and " + share(118, "0.05", 0.30),
        "referred": "years < 18 and " + share(119, "0.20", 0.10),
        "contacts": "case when years >= 18 then 0 when "
        + share(120, "0.60", -0.06) + " then 3 when u(i, 121) < 0.5 then 1 else 0 end",
        "self_harmed": "years between 15 and 19 and " + share(122, "0.06", 0.20),
        "alcohol_admitted": "years < 18 and " + share(123, "0.04", 0.20),
        "injured": "years < 15 and " + share(124, "0.06", 0.15),
        "cause": "case when death_month is null then null when u(i, 125) < 0.4 then 'I219' "
        "when u(i, 125) < 0.6 then 'K703' else 'C349' end",
        "cancer_day": f"if(years >= 30 and {share(126, '0.12')}, least({recent(127)}, coalesce(death_month, {_D})), null)",
        "cancer_stage": "case when u(i, 128) > 0.88 then null "
        f"when {share(129, '0.55', -0.06)} then 1 + floor(u(i, 130) * 2) else 3 + floor(u(i, 130) * 2) end",
        "booked": "sex = 'Female' and years between 18 and 44 and " + share(131, "0.16", 0.05),
        "carer_weeks": f"case when {share(132, '0.50', -0.06)} then 10 + floor(u(i, 133) * 18) when u(i, 134) < 0.3 then 29 + floor(u(i, 133) * 7) end",
        "delivered": "sex = 'Female' and years between 18 and 44 and u(i, 135) < 0.36",
        "delivery_status": f"case when u(i, 136) > 0.95 then null when {share(137, '0.26', 0.25)} then 'smoker' else 'non_smoker' end",
        "centile": "if(years between 10 and 11 and u(i, 138) < 0.85, if("
        + share(139, "0.24", 0.15) + ", 95 + floor(u(i, 140) * 5), 1 + floor(u(i, 140) * 93)), null)",
        "same_day_double": "u(i, 141) < 0.05 and bp_ok",
        "typo": "u(i, 142) < 0.02 and not bp_ok and not is_silent",
        "overlapping": "u(i, 143) < 0.0005",
        "palliative": "years >= 50 and " + share(220, "0.03", 0.10),
        "heart_failure": "years >= 50 and " + share(221, "0.06", 0.15),
        "dementia": "years >= 65 and " + share(222, "0.08", 0.05),
        "efi": "if(years >= 65 and u(i, 223) < 0.9, "
        "round(graded(0.04 + 0.40 * u(i, 224), 0.06, quintile), 3), null)",
        "activity": "if(years >= 19 and u(i, 144) < 0.5, case when " + share(145, "0.28", 0.12)
        + " then 'PAINACT_COD' when u(i, 146) < 0.45 then 'PAMOD_COD' else 'PAACT_COD' end, null)",
        "asq_on": f"if(years between 2 and 3 and u(i, 147) < 0.8, {recent(148)}, null)",
        "asq_expected": share(149, "0.72", -0.06),
    },
)  # fmt: skip


def conditions_sql(persons: str) -> str:
    """Persons with all columns of `STAGES`."""
    sql = f"select * from ({persons})"
    for stage in STAGES:
        columns = ",\n".join(f"({expression}) as {name}" for name, expression in stage.items())
        sql = f"select *, {columns} from ({sql})"
    return sql
