"""From a cohort's definition to one SQL query that says of each person whether it applies.

What belongs here: the meaning of each rule. What does not: running it (`evaluate`).

Each rule over a table becomes a common table expression with one row for each person to whom it
applies, and the conditions become Boolean expressions over those. Every "latest" compares
(day, declared order of values), never the day alone: of several readings of one day the engine
would otherwise take any. Everything that goes into the text is a number, a date, or a name that the
definition's model has held against a pattern.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from beacon.people.cohort_definitions import (
    CancerRule,
    CodeRule,
    Cohort,
    CommunityRule,
    Condition,
    HospitalRule,
    LatestOfRule,
    LatestRule,
    PersonRule,
    Window,
)
from beacon.people.reading_ranges import is_plausible_sql


class Tables(Protocol):
    """Where the tables of an extract are."""

    def relation(self, table: str, cluster: str | None = None) -> str:
        """SQL that reads a table, or one cluster of it."""
        ...


@dataclass
class _Query:
    tables: Tables
    as_at: date
    where: str
    parts: list[str] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)

    def part(self, body: str) -> str:
        """The name of a common table expression; the same body is computed once."""
        if body not in self.names:
            self.names[body] = f"c{len(self.names) + 1}"
            self.parts.append(f"{self.names[body]} as ({body})")
        return self.names[body]


def months_before(day: date, months: int) -> date:
    """The same day of an earlier month, or that month's last day where it has none such.

    A month's last day goes to a month's last day, so that windows that end with a month begin
    with one.
    """
    import calendar

    index = day.year * 12 + day.month - 1 - months
    year, month = divmod(index, 12)
    last = calendar.monthrange(year, month + 1)[1]
    is_last = day.day == calendar.monthrange(day.year, day.month)[1]
    return date(year, month + 1, last if is_last else min(day.day, last))


def cohort_sql(
    cohort: Cohort, tables: Tables, *, as_at: date, persons: str, where: str = "true"
) -> str:
    """One query over the persons of an extract.

    Args:
        cohort: The definition.
        tables: Where the extract's tables are.
        as_at: The day.
        persons: SQL of the persons, as `person_at` makes them.
        where: Restricts persons and all that is read of them, such as to a range of person_id.

    Returns:
        SQL that gives the members with all columns of `persons` and, for each measure `m`,
        `m__eligible` and `m__done`; done is false for those who are not eligible.
    """
    query = _Query(tables, as_at, where)
    inside = "in_population" if cohort.population == "registered" else "in_population_year_start"
    member = f"person.{inside} and {_condition(query, cohort.member)}"
    columns = []
    for measure in cohort.care:
        eligible = "true" if measure.eligible is None else _condition(query, measure.eligible)
        done = _condition(query, measure.done)
        columns += [
            f"{eligible} as {measure.id}__eligible",
            f"{eligible} and {done} as {measure.id}__done",
        ]
    joins = "\n".join(
        f"left join {name} on person.person_id = {name}.person_id" for name in query.names.values()
    )
    parts = "".join(f"{part},\n" for part in query.parts)
    return (
        f"with {parts}person as (select * from {persons} where {where})\n"
        f"select person.*, {', '.join(columns)}\nfrom person\n{joins}\nwhere {member}"
    )


def _condition(query: _Query, condition: Condition) -> str:
    if condition.all_of is not None:
        return "(" + " and ".join(_condition(query, c) for c in condition.all_of) + ")"
    if condition.any_of is not None:
        return "(" + " or ".join(_condition(query, c) for c in condition.any_of) + ")"
    if condition.not_ is not None:
        return f"not {_condition(query, condition.not_)}"
    if condition.count_of is not None:
        rule = condition.count_of
        found = " + ".join(f"({_condition(query, c)})::integer" for c in rule.conditions)
        most = len(rule.conditions) if rule.at_most is None else rule.at_most
        return f"({found} between {rule.at_least} and {most})"
    if condition.person is not None:
        return _person(query, condition.person)
    if condition.latest is not None:
        return _latest(query, condition.latest)
    if condition.code is not None:
        body = _coded(query, "event", "event_date", condition.code)
    elif condition.medicine is not None:
        body = _coded(query, "medication", "issue_date", condition.medicine)
    elif condition.latest_of is not None:
        body = _latest_of(query, condition.latest_of)
    elif condition.hospital is not None:
        body = _hospital(query, condition.hospital)
    elif condition.community is not None:
        body = _community(query, condition.community)
    else:
        assert condition.cancer is not None
        body = _cancer(query, condition.cancer)
    return f"{query.part(body)}.person_id is not null"


def _days(query: _Query, column: str, window: Window) -> str:
    end = query.as_at
    text = f"{query.where} and {column} <= date '{end}'"
    if window.within_months is not None:
        text += f" and {column} > date '{months_before(end, window.within_months)}'"
    if window.since_last is not None:
        month, day = map(int, window.since_last.split("-"))
        since = date(end.year, month, day)
        since = since if since <= end else date(end.year - 1, month, day)
        text += f" and {column} >= date '{since}'"
    return text


def _union(query: _Query, table: str, clusters: Sequence[str]) -> str:
    parts = [f"from {query.tables.relation(table, cluster)}" for cluster in clusters]
    return f"({' union all '.join(parts)})"


def _coded(query: _Query, table: str, day: str, rule: CodeRule) -> str:
    entries = (
        f"select person_id, count(*) as entries, max({day}) as last_day "
        f"from {_union(query, table, rule.clusters)} "
        f"where {_days(query, day, rule)} group by person_id"
    )
    having = f" having count(*) >= {rule.at_least}" if rule.at_least > 1 else ""
    if not rule.not_followed_by:
        return entries + having
    ends = (
        f"select person_id, max({day}) as ended from {_union(query, table, rule.not_followed_by)} "
        f"where {query.where} and {day} <= date '{query.as_at}' group by person_id"
    )
    return (
        f"select entry.person_id from ({entries}{having}) as entry left join ({ends}) as over_ "
        "on entry.person_id = over_.person_id "
        "where over_.ended is null or over_.ended < entry.last_day"
    )


def _latest(query: _Query, rule: LatestRule) -> str:
    sign = "-" if rule.same_day == "lowest" else ""
    name = query.part(
        f"select person_id, max(struct_pack(day := event_date, v := {sign}value, "
        f"w := {sign}coalesce(value_2, 0))) as reading "
        f"from {query.tables.relation('event', rule.cluster)} "
        f"where value is not null and {is_plausible_sql()} "
        f"and {_days(query, 'event_date', rule)} group by person_id"
    )
    value, second = f"({sign}{name}.reading.v)", f"({sign}{name}.reading.w)"
    bands = []
    for band in rule.value:
        limits = [
            f"{expression} {comparison} {bound}"
            for expression, comparison, bound in (
                ("person.age", ">=", band.age_at_least),
                ("person.age", "<", band.age_under),
                (value, ">=", band.at_least),
                (value, "<=", band.at_most),
                (second, "<=", band.second_at_most),
            )
            if bound is not None
        ]
        bands.append("(" + " and ".join(limits or ["true"]) + ")")
    return f"({name}.person_id is not null and ({' or '.join(bands)}))"


def _latest_of(query: _Query, rule: LatestOfRule) -> str:
    ranked = " union all ".join(
        f"select person_id, event_date, {-place} as preference, "
        f"{'true' if cluster in rule.is_one_of else 'false'} as wanted "
        f"from {query.tables.relation('event', cluster)} "
        f"where {_days(query, 'event_date', rule)}"
        for place, cluster in enumerate(rule.clusters)
    )
    return (
        "select person_id from (select person_id, max(struct_pack(day := event_date, "
        f"p := preference, wanted := wanted)) as entry from ({ranked}) group by person_id) "
        "where entry.wanted"
    )


def _codes(column: str, codes: Sequence[str]) -> str:
    """Whether a code begins with one of these, or lies in one of these ranges of their length."""
    tests = []
    for code in codes:
        first, _, last = code.partition("-")
        start = f"left({column}, {len(first)})"
        tests.append(f"{start} between '{first}' and '{last}'" if last else f"{start} = '{first}'")
    return "(" + " or ".join(tests) + ")"


def _any(column: str, codes: Sequence[str]) -> str:
    return f"array_length(list_filter({column}, lambda x: {_codes('x', codes)})) > 0"


def _hospital(query: _Query, rule: HospitalRule) -> str:
    kinds = ", ".join(f"'{kind}'" for kind in rule.kinds)
    tests = [_days(query, "start_date", rule), f"kind in ({kinds})"]
    if rule.admission_method is not None:
        tests.append(f"(kind <> 'admission' or admission_method = '{rule.admission_method}')")
    if rule.main_diagnosis is not None:
        tests.append(_codes("icd10[1]", rule.main_diagnosis))
    if rule.any_diagnosis is not None:
        tests.append(_any("icd10", rule.any_diagnosis))
    if rule.any_procedure is not None:
        tests.append(_any("opcs4", rule.any_procedure))
    if rule.status is not None:
        tests.append(f"status = '{rule.status}'")
    if rule.waited_weeks_at_least is not None:
        until = f"least(coalesce(end_date, date '{query.as_at}'), date '{query.as_at}')"
        tests.append(f"date_diff('day', start_date, {until}) >= {7 * rule.waited_weeks_at_least}")
    return _counted(query.tables.relation("hospital"), tests, rule.at_least)


def _community(query: _Query, rule: CommunityRule) -> str:
    measures = ", ".join(f"'{measure}'" for measure in rule.measures)
    tests = [_days(query, "event_date", rule), f"dataset = '{rule.dataset}'"]
    tests.append(f"measure in ({measures})")
    if rule.text is not None:
        tests.append(f"text = '{rule.text}'")
    if rule.at_most is not None:
        tests.append(f"value <= {rule.at_most}")
    return _counted(query.tables.relation("community"), tests, rule.at_least)


def _cancer(query: _Query, rule: CancerRule) -> str:
    tests = [_days(query, "diagnosis_date", rule)]
    if rule.sites is not None:
        tests.append(_codes("icd10", rule.sites))
    if rule.stages is not None:
        stages = ", ".join(f"'{stage}'" for stage in rule.stages)
        tests.append(f"stage in ({stages})")
    return _counted(query.tables.relation("cancer"), tests, 1)


def _counted(relation: str, tests: Sequence[str], at_least: int) -> str:
    having = f" having count(*) >= {at_least}" if at_least > 1 else ""
    where = " and ".join(tests)
    return f"select person_id from {relation} where {where} group by person_id{having}"


def _person(query: _Query, rule: PersonRule) -> str:
    tests = []
    if rule.sex is not None:
        tests.append(f"coalesce(person.sex = '{rule.sex}', false)")
    if rule.age_at_least is not None:
        tests.append(f"person.age >= {rule.age_at_least}")
    if rule.age_under is not None:
        tests.append(f"person.age < {rule.age_under}")
    if rule.ethnicities is not None:
        listed = ", ".join(f"'{name}'" for name in rule.ethnicities)
        tests.append(f"person.ethnicity in ({listed})")
    if rule.imd_decile_at_most is not None:
        tests.append(f"coalesce(person.imd_decile <= {rule.imd_decile_at_most}, false)")
    if rule.plus_group is not None:
        body = (
            f"select person_id from {query.tables.relation('group_membership')} "
            f"where plus_group = '{rule.plus_group}' and {query.where} "
            f"and from_date <= date '{query.as_at}' "
            f"and (to_date is null or to_date > date '{query.as_at}') group by person_id"
        )
        tests.append(f"{query.part(body)}.person_id is not null")
    return "(" + " and ".join(tests) + ")"
