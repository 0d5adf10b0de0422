"""The files of an extract as they were delivered: which there are, and whether they may be read.

What belongs here: finding a table's files, comparing their columns with the contract, and refusing
columns and values that identify people. What does not: relations between tables (`gate_checks`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from beacon.contracts.ddl import quote_literal
from beacon.core.errors import InputRefusedError, Problem
from beacon.people.contract import delivered_columns, optional_columns, person_tables
from beacon.people.identifiers import is_forbidden_column, is_snomed_identifier, nhs_number_sql

if TYPE_CHECKING:
    import duckdb

    from beacon.contracts import Column

CODE_COLUMNS = frozenset({"code", "dmd_code"})
"""Columns of SNOMED CT identifiers, some of which have ten digits and pass as NHS numbers."""
# Types of columns, by how their names begin. What is in none of them, such as STRUCT, is refused.
_WITHOUT_TEN_DIGITS = (
    "BOOLEAN", "TINYINT", "SMALLINT", "UTINYINT", "USMALLINT", "DATE", "TIME", '"NULL"',
)  # fmt: skip
_WITH_FRACTION = ("FLOAT", "DOUBLE", "DECIMAL")
_WITH_TEN_DIGITS = (
    "VARCHAR", "UUID", "INTEGER", "BIGINT", "HUGEINT", "UINTEGER", "UBIGINT", "UHUGEINT",
)  # fmt: skip
SUPPLIER = "Ask the supplier to correct the extract; nothing of it was kept."


@dataclass(frozen=True)
class Delivered:
    """One table as delivered.

    Attributes:
        table: Its name in the contract.
        files: Its files, in order.
        parquet: What is read of each: the file itself, or what a CSV file was rewritten as.
        relation: SQL that reads them, with the columns `filename` and `file_row_number`.
        columns: Columns of the contract that the files have.
        types: Type of each of them in the files.
    """

    table: str
    files: tuple[Path, ...]
    parquet: tuple[Path, ...]
    relation: str
    columns: tuple[str, ...]
    types: dict[str, str]

    @property
    def shown(self) -> str:
        """What the table is called in messages."""
        return self.files[0].name if len(self.files) == 1 else f"{self.table}/"

    def place_of(self, read: str, number: int) -> tuple[str, int]:
        """File and row as the supplier knows them.

        Args:
            read: The file of `parquet` that was read.
            number: Row in it, from 0.
        """
        file = self.files[self.parquet.index(Path(read))]
        shown = self.shown if len(self.files) == 1 else f"{self.shown}{file.name}"
        # Rows of CSV files have a header before them.
        return shown, number + (2 if file.suffix == ".csv" else 1)

    def value_of(self, column: Column) -> str:
        """SQL of a column in the contract's type; null where it is no such value."""
        if column.name not in self.columns:
            return f"null::{column.type}"
        if column.type.endswith("[]") and not self.types[column.name].endswith("[]"):
            text = f"nullif({column.name}::varchar, '')"
            return f"string_split({text}, '|')"
        if self.types[column.name] == column.type:
            return f'"{column.name}"'
        return f"try_cast(nullif({column.name}::varchar, '') as {column.type})"


def find_tables(con: duckdb.DuckDBPyConnection, folder: Path, scratch: Path) -> list[Delivered]:
    """Find the tables of an extract: `TABLE.parquet`, `TABLE.csv`, or a folder of such files.

    A folder may be divided by cluster (`event/cluster=BP_COD/…`).

    Args:
        con: A connection of the secure home.
        folder: The extract.
        scratch: Where CSV files are rewritten as Parquet.

    Raises:
        InputRefusedError: For a file that no table has, cannot be read, lacks a column or has one
            that is not asked for, and for a table that comes twice.
    """
    problems: list[Problem] = []
    found: list[Delivered] = []
    entries: dict[str, str] = {}
    known = person_tables()
    for entry in sorted(folder.iterdir()):
        table = entry.name.split(".")[0]
        if entry.name == "extract.json" or entry.name.startswith("."):
            continue
        if table not in known:
            message = "is no table of the contract."
            problems.append(Problem(entry.name, message, remedy=f"Tables: {', '.join(known)}."))
            continue
        if entries.setdefault(table, entry.name) != entry.name:
            message = f"holds the table {table}, as {entries[table]} does."
            remedy = "Deliver the table once, as one file or one folder."
            problems.append(Problem(entry.name, message, remedy=remedy))
            continue
        files = sorted(f for f in entry.rglob("*") if f.is_file()) if entry.is_dir() else [entry]
        if any(f.suffix not in (".parquet", ".csv") for f in files) or not files:
            message = "holds files that are neither Parquet nor CSV."
            problems.append(Problem(entry.name, message, remedy=SUPPLIER))
            continue
        try:
            found.append(_open(con, table, files, folder, scratch))
        except InputRefusedError as error:
            problems += error.problems
    problems += _required(found)
    if problems:
        raise InputRefusedError(problems)
    return found


def _required(found: list[Delivered]) -> Iterator[Problem]:
    there = {table.table for table in found}
    for table, contract in person_tables().items():
        if contract.rows.min and table not in there:
            yield Problem(table, "the extract has no such table.", remedy=SUPPLIER)


def _open(
    con: duckdb.DuckDBPyConnection, table: str, files: list[Path], folder: Path, scratch: Path
) -> Delivered:
    import duckdb

    shown = files[0].name if len(files) == 1 else f"{table}/"
    try:
        parquet = [_as_parquet(con, file, folder, scratch) for file in files]
        listed = ", ".join(quote_literal(str(file)) for file in parquet)
        divided = "true" if any("=" in file.parent.name for file in parquet) else "false"
        relation = (
            f"read_parquet([{listed}], hive_partitioning = {divided}, hive_types_autocast = false, "
            # Some writers do not mark text as text; as bytes it would pass by what looks at text.
            "union_by_name = true, file_row_number = true, binary_as_string = true)"
        )
        described = con.execute(f"describe select * from {relation}").fetchall()
    except duckdb.Error:
        # The database's own message can show what is in the file.
        problem = Problem(shown, "cannot be read: damaged or not what it is named.")
        raise InputRefusedError([problem]) from None
    types = {str(row[0]): str(row[1]) for row in described}
    types.pop("file_row_number", None)
    _refuse_columns(shown, table, list(types))
    _refuse_types(shown, table, types)
    columns = tuple(name for name in delivered_columns(table) if name in types)
    return Delivered(table, tuple(files), tuple(parquet), relation, columns, types)


def _as_parquet(con: duckdb.DuckDBPyConnection, file: Path, folder: Path, scratch: Path) -> Path:
    if file.suffix == ".parquet":
        return file
    # Files of several tables or clusters may have one name.
    target = scratch / "csv" / file.relative_to(folder).with_suffix(".parquet")
    target.parent.mkdir(parents=True, exist_ok=True)
    con.execute(
        f"copy (select * from read_csv({quote_literal(str(file))}, header = true, "
        f"all_varchar = true, delim = ',')) to {quote_literal(str(target))} (format parquet)"
    )
    return target


def _refuse_columns(shown: str, table: str, names: list[str]) -> None:
    problems = []
    wanted = delivered_columns(table)
    for name in names:
        if is_forbidden_column(name):
            message = "identifies people and may not be in an extract."
            problems.append(Problem(shown, message, column=name, remedy=SUPPLIER))
        elif name not in wanted:
            message = "is not asked for; an extract holds no more than is needed."
            problems.append(Problem(shown, message, column=name, remedy=SUPPLIER))
    for name in wanted:
        if name not in names and name not in optional_columns(table):
            problems.append(Problem(shown, "is missing.", column=name, remedy=SUPPLIER))
    if problems:
        raise InputRefusedError(problems)


def _refuse_types(shown: str, table: str, types: dict[str, str]) -> None:
    """Refuse columns that are not of plain values, in which anything could be packed."""
    problems = []
    plain = (*_WITHOUT_TEN_DIGITS, *_WITH_FRACTION, *_WITH_TEN_DIGITS)
    for name, column in zip(delivered_columns(table), person_tables()[table].columns, strict=True):
        kind = types.get(name, column.type)
        single = kind.removesuffix("[]") if column.type.endswith("[]") else kind
        if single.endswith("]") or not single.startswith(plain):
            message = f"is not of plain values; {column.type} is wanted."
            problems.append(Problem(shown, message, column=name, remedy=SUPPLIER))
    if problems:
        raise InputRefusedError(problems)


def nhs_numbers(con: duckdb.DuckDBPyConnection, table: Delivered) -> Iterator[Problem]:
    """Columns of a table in which some value is an NHS number; the values are not told."""
    message = "holds values that are NHS numbers: ten digits whose check digit is right."
    contract = person_tables()[table.table]
    for name, column in zip(delivered_columns(table.table), contract.columns, strict=True):
        kind = table.types.get(name, '"NULL"')
        if kind.startswith(_WITHOUT_TEN_DIGITS):
            continue
        value = f'"{name}"'
        # A number that a program kept as a fraction is written with ".0".
        text = r"regexp_replace(trim(x::varchar), '\.0+$', '')"
        if column.type.endswith("[]"):
            value = f"unnest({table.value_of(column)})"
        elif kind.startswith(_WITH_FRACTION):
            text = "try_cast(x as hugeint)::varchar"
        found = con.execute(
            f"select distinct {text} from (select distinct {value} as x from {table.relation}) "
            f"where x is not null and {nhs_number_sql(text)} limit 100000"
        ).fetchall()
        if name in CODE_COLUMNS:
            found = [row for row in found if not _is_code(row[0])]
        if found:
            yield Problem(table.shown, message, column=name, remedy=SUPPLIER)


def _is_code(text: str) -> bool:
    return text.isdigit() and is_snomed_identifier(int(text))


def wrong_values(con: duckdb.DuckDBPyConnection, table: Delivered) -> Iterator[Problem]:
    """Columns in which some value breaks the contract: its type, list, pattern, or none."""
    checks: list[tuple[str, str, str]] = []
    for column in person_tables()[table.table].columns:
        if column.name == "person_id":
            checks.append(("pseudonym", "pseudonym is null or pseudonym::varchar = ''", "missing"))
        if column.name not in table.columns:
            continue
        given, value = f'"{column.name}"', table.value_of(column)
        text = f"{given} is not null" + (
            f" and {given} <> ''" if table.types[column.name] == "VARCHAR" else ""
        )
        if value != given:
            checks.append((column.name, f"{text} and ({value}) is null", f"not {column.type}"))
        if column.type in ("DOUBLE", "DATE"):
            what = "not a finite number" if column.type == "DOUBLE" else "not a finite day"
            checks.append((column.name, f"not isfinite({value})", what))
        if not column.nullable:
            checks.append((column.name, f"not ({text})", "missing"))
        if column.allowed is not None:
            listed = ", ".join(quote_literal(str(item)) for item in column.allowed)
            message = "not one of " + ", ".join(map(str, column.allowed))
            checks.append((column.name, f"{text} and {given}::varchar not in ({listed})", message))
        if column.pattern is not None:
            pattern = quote_literal(column.pattern.strip("^$"))
            checks.append(
                (
                    column.name,
                    f"{text} and not regexp_full_match({given}::varchar, {pattern})",
                    f"not of the form {column.pattern}",
                )
            )
        if column.min is not None:
            bound = quote_literal(str(column.min))
            message = f"below {column.min}"
            checks.append((column.name, f"{value} < {bound}::{column.type}", message))
    counted = ", ".join(
        f"count(*) filter ({wrong}), min(file_row_number) filter ({wrong})"
        for _, wrong, _ in checks
    )
    row = con.execute(f"select {counted} from {table.relation}").fetchall()[0]
    for (name, _, what), count, first in zip(checks, row[::2], row[1::2], strict=True):
        if count:
            # Rows of Parquet files begin at 0 and have no header; those of CSV have one.
            number = int(first) + (2 if table.files[0].suffix == ".csv" else 1)
            message = f"{count:,} values are {what}; this is the first row with one."
            yield Problem(table.shown, message, row=number, column=name, remedy=SUPPLIER)
