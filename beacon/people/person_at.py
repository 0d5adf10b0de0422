"""What each person is at an as-at date: age, area, practice, ethnicity, Core20.

What belongs here: that one table. What does not: any cohort.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from beacon.people.compile_cohort import Tables, months_before

AGE_BANDS = (0, 5, 10, 18, 25, 40, 50, 60, 70, 80)
"""Youngest age of each band of a breakdown; the last is open."""

# Census 2001 categories, by the letters of the NHS Data Model and Dictionary.
_ETHNIC_GROUPS = {
    "White": "ABC",
    "Mixed": "DEFG",
    "Asian": "HJKL",
    "Black": "MNP",
    "Other": "RS",
}
UNKNOWN = "Not known"

AREA_COLUMNS = "lsoa21_code, ward24_code, place_code, imd_decile, imd_quintile, core20"


@dataclass(frozen=True)
class AreaTables:
    """Tables of the working database that persons are joined to.

    Attributes:
        lsoa: SQL of one row an LSOA 2021, with `AREA_COLUMNS`, of one named IMD edition.
        imd_vintage: That edition.
    """

    lsoa: str
    imd_vintage: int


def age_band_sql(age: str) -> str:
    """SQL of the band of an age."""
    bands = [f"when {age} < {top} then '{low}-{top - 1}'" for low, top in pairwise(AGE_BANDS)]
    return f"case {' '.join(bands)} else '{AGE_BANDS[-1]}+' end"


def person_at_sql(tables: Tables, areas: AreaTables, *, as_at: date, where: str = "true") -> str:
    """One row a person of the extract, at the as-at date.

    Age is in full years at the month of the as-at date: of the day of birth only the month is
    known, so that a person counts as a year older from the first of that month. Who is registered
    at two practices at once counts at the later registration, then the later code.

    Args:
        tables: The extract.
        areas: Areas of residence.
        as_at: The day.
        where: Restricts persons, such as to a range.
    """
    start = months_before(as_at, 12)
    month = as_at.year * 12 + as_at.month
    age = f"(({month} - year(birth_month) * 12 - month(birth_month)) // 12)::integer"
    ethnicity = " ".join(
        f"when ethnicity_16 in ({', '.join(repr(letter) for letter in letters)}) then '{name}'"
        for name, letters in _ETHNIC_GROUPS.items()
    )

    def registered(day: date) -> str:
        return (
            "select person_id, max(struct_pack(start_date := start_date, "
            "practice_code := practice_code)).practice_code as practice_code "
            f"from {tables.relation('registration')} where {where} and start_date <= date '{day}' "
            f"and (end_date is null or end_date > date '{day}') group by person_id"
        )

    return f"""
        with own as (select *, {age} as age from {tables.relation("person")} where {where}),
        now_ as ({registered(as_at)}),
        then_ as ({registered(start)})
        select
            own.person_id,
            own.age,
            {age_band_sql("own.age")} as age_band,
            coalesce(own.sex, '{UNKNOWN}') as sex,
            case {ethnicity} else '{UNKNOWN}' end as ethnicity,
            own.lsoa21_code,
            own.lsoa_from,
            area.ward24_code,
            area.place_code,
            area.imd_decile,
            area.imd_quintile,
            area.core20,
            coalesce(now_.practice_code, then_.practice_code) as practice_code,
            practice.pcn_code,
            own.death_month,
            own.birth_month <= date '{as_at}'
                and (own.death_month is null or own.death_month > date '{as_at}')
                and now_.person_id is not null as in_population,
            own.birth_month <= date '{start}'
                and (own.death_month is null or own.death_month > date '{start}')
                and then_.person_id is not null as in_population_year_start
        from own
        left join now_ on own.person_id = now_.person_id
        left join then_ on own.person_id = then_.person_id
        left join {areas.lsoa} as area on own.lsoa21_code = area.lsoa21_code
        left join {tables.relation("practice")} as practice
            on coalesce(now_.practice_code, then_.practice_code) = practice.practice_code
    """
