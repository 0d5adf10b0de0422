"""What blocks an extract, and what is only warned of, once its tables are typed.

What belongs here: checks that need more than one column or table. What does not: values of one
column (`delivery`), or the decision (`gate`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from beacon.core.errors import Problem
from beacon.people.contract import (
    CLUSTERED,
    DATE_COLUMNS,
    PSEUDONYM,
    delivered_columns,
    person_tables,
)
from beacon.people.delivery import SUPPLIER
from beacon.people.reading_ranges import PLAUSIBLE, is_plausible_sql

if TYPE_CHECKING:
    import duckdb

    from beacon.people.delivery import Delivered
    from beacon.people.extract_store import StoredExtract

MOST_UNKNOWN_SHARE = 0.001
"""Largest share of rows whose person is not in the extract."""
LARGEST_FALL = 0.20
"""Fall of a practice's entries in a cluster from one month to the next that is warned of."""
FEWEST_FOR_FALL = 20
"""Entries a month below which a fall is chance."""
MOST_WITHOUT = 0.10
"""Share of a practice's persons without ethnicity, LSOA or sex that is warned of."""


@dataclass(frozen=True)
class Warned:
    """Something that does not keep an extract out, and should be known.

    Attributes:
        check: Which check.
        where: Table, practice, cluster or column at fault; never a person.
        people: How many persons or rows, None below 5.
        message: What it is.
    """

    check: str
    where: str
    people: int | None
    message: str

    def as_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        return asdict(self)


def _count(con: duckdb.DuckDBPyConnection, sql: str) -> int:
    return int(con.execute(sql).fetchall()[0][0] or 0)


def repeated_keys(con: duckdb.DuckDBPyConnection, table: Delivered) -> Iterator[Problem]:
    """Rows of a table that have the key of another: a practice listed twice doubles its persons.

    Not of entries: two readings of one day are two true rows. Cohorts take them together by person,
    so that they double nobody.

    Args:
        con: A connection of the secure home.
        table: A table whose values are those of its contract.
    """
    if table.table in DATE_COLUMNS:
        return
    contract = person_tables()[table.table]
    key = {
        name: f"{name}::varchar" if name == PSEUDONYM else table.value_of(column)
        for name, column in zip(delivered_columns(table.table), contract.columns, strict=True)
        if column.name in contract.key
    }
    names = [f"key_{number}" for number in range(len(key))]
    values = ", ".join(
        f"{value} as {name}" for name, value in zip(names, key.values(), strict=True)
    )
    keyed = f"(select {values}, filename, file_row_number from {table.relation})"
    repeated = con.execute(
        f"select count(*) over (), {', '.join(names)} from {keyed} "
        f"group by {', '.join(names)} having count(*) > 1 order by all limit 1"
    ).fetchall()
    for count, *values_of_first in repeated:
        same = " and ".join(f"{name} = ?" for name in names)
        (one, one_row), (other, other_row) = (
            table.place_of(*place)
            for place in con.execute(
                f"select filename, file_row_number from {keyed} where {same} order by all limit 2",
                values_of_first,
            ).fetchall()
        )
        message = f"has the key of row {one_row} of {one}; {count:,} keys come more than once."
        yield Problem(other, message, row=other_row, column=", ".join(key), remedy=SUPPLIER)


def blocking(
    con: duckdb.DuckDBPyConnection,
    extract: StoredExtract,
    *,
    practices: frozenset[str],
    lsoas: frozenset[str],
) -> Iterator[Problem]:
    """Faults that keep an extract out.

    Args:
        con: A connection of the secure home.
        extract: The typed tables.
        practices: Codes of the Organisation Data Service's list; empty where none is supplied.
        lsoas: Codes of LSOA 2021; empty where none are supplied.
    """
    person = extract.relation("person")
    late = f"date '{extract.as_at}'"
    for table, column in DATE_COLUMNS.items():
        rows = f"{extract.relation(table)} as row inner join {person} as person using (person_id)"
        if table == "hospital":
            rows += " where row.kind <> 'death'"
        for wrong, message in (
            (f"row.{column} > {late}", f"after the as-at date, {extract.as_at}"),
            (f"row.{column} < person.birth_month", "before birth"),
            (
                f"row.{column} > last_day(person.death_month) + 31",
                "more than 31 days after death",
            ),
        ):
            count = _count(con, f"select count(*) filter ({wrong}) from {rows}")
            if count:
                told = f"{count:,} rows are {message}."
                yield Problem(table, told, column=column, remedy=SUPPLIER)
    yield from _unknown_codes(con, extract.relation("registration"), "registration",
                              "practice_code", practices, "the list of practices")  # fmt: skip
    yield from _unknown_codes(con, person, "person", "lsoa21_code", lsoas, "the LSOA 2021")


def _unknown_codes(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    table: str,
    column: str,
    known: frozenset[str],
    what: str,
) -> Iterator[Problem]:
    if not known:
        return
    codes = con.execute(
        f"select distinct {column} from {relation} where {column} is not null"
    ).fetchall()
    unknown = sorted(code for (code,) in codes if code not in known)
    if unknown:
        message = f"{len(unknown):,} codes are not among {what}, such as {unknown[0]}."
        yield Problem(table, message, column=column, remedy=SUPPLIER)


def warnings(con: duckdb.DuckDBPyConnection, extract: StoredExtract) -> Iterator[Warned]:
    """Faults that are told and do not keep an extract out."""
    con.execute(
        "create or replace temp table practice_of as select person_id, "
        "arg_max(practice_code, (start_date, practice_code)) as practice_code "
        f"from {extract.relation('registration')} "
        f"where start_date <= date '{extract.as_at}' and "
        f"(end_date is null or end_date > date '{extract.as_at}') group by person_id"
    )
    yield from _registrations(con, extract)
    yield from _without(con, extract)
    yield from _silent(con, extract)
    yield from _implausible(con, extract)


def _shown(count: int) -> int | None:
    return count if count >= 5 else None


def _registrations(con: duckdb.DuckDBPyConnection, extract: StoredExtract) -> Iterator[Warned]:
    rows = con.execute(
        "select count(distinct person_id) filter (start_date < last_end), "
        "count(distinct person_id) filter (start_date > last_end + 1) from ("
        "select *, max(coalesce(end_date, date '9999-12-31')) over (partition by person_id "
        "order by start_date, practice_code rows between unbounded preceding and 1 preceding) "
        f"as last_end from {extract.relation('registration')})"
    ).fetchall()
    for check, count, message in (
        ("registration_overlap", rows[0][0], "persons are registered at two practices at once."),
        ("registration_gap", rows[0][1], "persons have a gap between two registrations."),
    ):
        if count:
            yield Warned(check, "registration", _shown(count), f"Some {message}")


def _without(con: duckdb.DuckDBPyConnection, extract: StoredExtract) -> Iterator[Warned]:
    for column in ("ethnicity_16", "lsoa21_code", "sex"):
        missing = f"person.{column} is null"
        if column == "ethnicity_16":
            missing = f"({missing} or person.{column} = 'Z')"
        for practice, count, share in con.execute(
            f"select practice_code, count(*) filter ({missing}) as lacking, "
            f"lacking / count(*) as share from {extract.relation('person')} as person "
            "inner join practice_of using (person_id) group by all having share > ? order by all",
            [MOST_WITHOUT],
        ).fetchall():
            message = f"{100 * share:.0f}% of the practice's persons have no {column}."
            yield Warned(f"without_{column}", practice, _shown(count), message)


def _silent(con: duckdb.DuckDBPyConnection, extract: StoredExtract) -> Iterator[Warned]:
    """Practices whose entries of a cluster fell by more than a fifth in the last month."""
    for table in CLUSTERED:
        day = DATE_COLUMNS[table]
        for practice, cluster, before, after in con.execute(
            f"select practice_code, cluster, count(*) filter ({day} <= month_ago) as earlier, "
            f"count(*) filter ({day} > month_ago) as later "
            f"from {extract.relation(table)} inner join practice_of using (person_id) "
            f"cross join (select last_day(date '{extract.as_at}' - interval 1 month)::date "
            "as month_ago) "
            f"where {day} > last_day(month_ago - interval 1 month) "
            "group by all having earlier >= ? and later < earlier * ? order by all",
            [FEWEST_FOR_FALL, 1 - LARGEST_FALL],
        ).fetchall():
            check = "practice_silent" if after == 0 else "entries_fell"
            message = f"{cluster}: {before:,} entries the month before, {after:,} in the last."
            yield Warned(check, practice, None, message)


def _implausible(con: duckdb.DuckDBPyConnection, extract: StoredExtract) -> Iterator[Warned]:
    for cluster, unit, count in con.execute(
        f"select cluster, unit, count(*) from {extract.relation('event')} "
        f"where value is not null and not {is_plausible_sql()} group by all order by all"
    ).fetchall():
        low, high = PLAUSIBLE[unit]
        message = f"Readings in {unit} are below {low:g} or above {high:g}; they are not used."
        yield Warned("implausible_value", cluster, _shown(count), message)
