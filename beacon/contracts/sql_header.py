"""The header of a SQL file: which table it makes, its grain, what it reads, its columns.

A header is the run of comment lines that a file begins with::

    -- table: marts.core20_cohort
    -- grain: one row per area and sex
    -- depends: cohorts.core20_area, geography.area
    -- columns: area_code, area_name, sex,
    --   people

A line indented further than the key goes on with it; any other comment is for readers only.
A template, from which several tables are made, says ``-- table: indicators.{slug}`` and may say
``-- columns: see indicators.fact``.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from beacon.contracts.column_lineage import referenced_tables
from beacon.contracts.model import Contract
from beacon.core.errors import BeaconError

_KEYS = ("table", "grain", "depends", "columns")
_KEY_LINE = re.compile(rf"--\s?({'|'.join(_KEYS)})\s*:\s*(.*)", re.IGNORECASE)
_CONTINUED = re.compile(r"--(?:\s{2,}|\t+)(\S.*)")
_TABLE = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")
_TEMPLATE = re.compile(r"[a-z][a-z0-9_]*\.\{[a-z_]+\}")
_COLUMN = re.compile(r"[a-z][a-z0-9_]*")
_SEE = re.compile(rf"see\s+({_TABLE.pattern})")


class SqlHeaderError(BeaconError, ValueError):
    """A SQL file's header is wrong; ``errors`` lists every mistake as ``file:line: what``."""

    def __init__(self, errors: list[str]) -> None:
        self.errors = errors
        super().__init__("\n".join(errors))


@dataclass(frozen=True, slots=True)
class SqlHeader:
    """What a SQL file says of itself.

    Attributes:
        path: The file.
        table: ``schema.table``.
        grain: What one row is.
        depends: Tables it reads, as ``schema.table``; may be empty.
        columns: Names in the table's order; empty where ``columns_of`` is given.
        columns_of: The table whose columns these are.
        lines: Line of each key, for messages.
        sql: The whole text of the file.
    """

    path: Path
    table: str
    grain: str
    depends: tuple[str, ...]
    columns: tuple[str, ...]
    lines: dict[str, int]
    sql: str
    columns_of: str | None = None

    @property
    def is_template(self) -> bool:
        """Whether several tables are made from the file."""
        return "{" in self.table

    def at(self, key: str) -> str:
        """``file:line`` of a key."""
        return f"{shown_path(self.path)}:{self.lines.get(key, 1)}"


def shown_path(path: Path) -> str:
    """The end of the path, which is enough to find a file in the project."""
    return "/".join(path.parts[-3:])


def _entries(text: str) -> tuple[dict[str, str], dict[str, int], list[tuple[int, str]]]:
    """Values and lines of the header's keys, and the keys given twice."""
    values: dict[str, str] = {}
    lines: dict[str, int] = {}
    repeated: list[tuple[int, str]] = []
    current: str | None = None
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), start=1):
        stripped = line.strip()
        if not stripped.startswith("--"):
            break
        if match := _KEY_LINE.fullmatch(stripped):
            current = match[1].lower()
            if current in values:
                repeated.append((number, current))
                current = None
                continue
            values[current], lines[current] = match[2].strip(), number
        elif current is not None and (match := _CONTINUED.fullmatch(stripped)):
            values[current] = f"{values[current]} {match[1]}".strip()
        else:
            current = None
    return values, lines, repeated


def _list(value: str) -> tuple[str, ...]:
    names = [name.strip() for name in value.split(",")]
    if names and not names[-1]:
        names.pop()  # a comma before a line break, or nothing at all
    return () if names in (["none"], ["-"]) else tuple(names)


def parse_header_text(text: str, path: Path) -> SqlHeader:
    """Read a header from the text of a file; see ``parse_header``."""
    where = shown_path(path)
    values, lines, repeated = _entries(text)
    errors = [f"{where}:{line}: header line {key!r} is given twice" for line, key in repeated]
    errors += [
        f"{where}:1: the header has no line '-- {key}: …'" for key in _KEYS if key not in values
    ]

    def wrong(key: str, message: str) -> None:
        errors.append(f"{where}:{lines[key]}: {message}")

    table = values.get("table", "")
    template = _TEMPLATE.fullmatch(table) is not None
    if "table" in values and not _TABLE.fullmatch(table) and not template:
        wrong("table", f"{table!r} is not a table of the form schema.table")
    elif "table" in values and not template and path.stem != table.partition(".")[2]:
        wrong("table", f"the file makes {table}, so its name must be {table.partition('.')[2]}.sql")
    if "grain" in values and not values["grain"]:
        wrong("grain", "the grain is empty; say what one row is")
    see = _SEE.fullmatch(values.get("columns", ""))
    depends = _list(values.get("depends", ""))
    columns = () if see else _list(values.get("columns", ""))
    if "columns" in values and not columns and not see:
        wrong("columns", "no columns are named")
    for key, names, form in (("depends", depends, _TABLE), ("columns", columns, _COLUMN)):
        if bad := [name for name in names if not form.fullmatch(name)]:
            wrong(key, f"not valid in '{key}': {', '.join(repr(name) for name in bad)}")
        if twice := [name for name, count in Counter(names).items() if count > 1]:
            wrong(key, f"named more than once in '{key}': {', '.join(twice)}")
    if table and table in depends:
        wrong("depends", f"{table} cannot depend on itself")
    if errors:
        raise SqlHeaderError(errors)
    columns_of = see[1] if see else None
    return SqlHeader(path, table, values["grain"], depends, columns, lines, text, columns_of)


def parse_header(path: Path) -> SqlHeader:
    """Read the header of a SQL file.

    Args:
        path: the file; its name must be that of the table.

    Returns:
        The header.

    Raises:
        SqlHeaderError: with every mistake, each naming file and line.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SqlHeaderError([f"{shown_path(path)}: cannot be read: {error}"]) from error
    return parse_header_text(text, path)


def check_header_against_contract(header: SqlHeader, contract: Contract) -> list[str]:
    """List how a header differs from the contract of its table.

    Args:
        header: of the SQL file.
        contract: of the table.

    Returns:
        One sentence a difference (table, grain, columns, their order), naming file and line.
    """
    problems = []
    if header.table != contract.name and not header.is_template:
        problems.append(f"{header.at('table')}: table is {header.table}, contract {contract.name}")
    if " ".join(header.grain.split()) != " ".join(contract.grain.split()):
        problems.append(
            f"{header.at('grain')}: grain is {header.grain!r}, contract {contract.grain!r}"
        )
    declared = contract.column_names
    at = header.at("columns")
    if header.columns_of is not None:
        if header.columns_of != contract.name:
            problems.append(f"{at}: columns are those of {header.columns_of}, not {contract.name}")
        return problems
    if missing := [name for name in declared if name not in header.columns]:
        problems.append(f"{at}: columns of the contract are not named: {', '.join(missing)}")
    if extra := [name for name in header.columns if name not in declared]:
        problems.append(f"{at}: columns are not in the contract: {', '.join(extra)}")
    if not missing and not extra and header.columns != declared:
        problems.append(f"{at}: columns are in another order; contract: {', '.join(declared)}")
    return problems


def check_header_against_sql(header: SqlHeader) -> list[str]:
    """List how ``depends`` differs from the tables that the SQL reads.

    Args:
        header: of the SQL file.

    Returns:
        One sentence a difference, naming file and line; empty too where SQL cannot be parsed
        (DuckDB will say so when it runs).
    """
    used = referenced_tables(header.sql)
    if used is None:
        return []
    at = header.at("depends")
    problems = []
    if missing := sorted(used - set(header.depends)):
        problems.append(f"{at}: the SQL reads tables that are not named: {', '.join(missing)}")
    if unused := sorted(set(header.depends) - used):
        problems.append(f"{at}: the SQL does not read {', '.join(unused)}")
    return problems


def check_sql_directory(directory: Path, contracts: Mapping[str, Contract]) -> list[str]:
    """Check every header under a directory: against its contract, and against its own SQL.

    Args:
        directory: holds ``<schema>/<table>.sql``; ``macros`` in it is left out.
        contracts: by ``schema.table``.

    Returns:
        Every mistake, naming file and line; a table without a contract is one.
    """
    problems: list[str] = []
    for path in sorted(directory.glob("*/*.sql")):
        if path.parent.name == "macros":
            continue
        try:
            header = parse_header(path)
        except SqlHeaderError as error:
            problems += error.errors
            continue
        if header.table in contracts:
            problems += check_header_against_contract(header, contracts[header.table])
        elif not header.is_template:
            problems.append(f"{header.at('table')}: {header.table} has no contract")
        problems += check_header_against_sql(header)
    return problems
