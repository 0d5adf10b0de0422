"""The files of `sql/`: which table each makes and what it reads."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from beacon.core.paths import resource_dir

_HEADER = re.compile(r"^-- (table|grain|depends|columns): (.*)$", re.MULTILINE)


@dataclass(frozen=True)
class SqlTable:
    """One file of `sql/`: the table it makes and what it reads."""

    name: str
    depends: tuple[str, ...]
    path: Path
    text: str


def read_sql_table(path: Path) -> SqlTable:
    """Read the header of a SQL file."""
    text = path.read_text(encoding="utf-8")
    header = dict(_HEADER.findall(text))
    depends = tuple(part.strip() for part in header["depends"].split(",") if part.strip())
    return SqlTable(header["table"], depends, path, text)


def sql_tables(schema: str) -> dict[str, SqlTable]:
    """The derived tables of one schema, by name, each after those it depends on."""
    return dict(_read_schema(resource_dir("sql") / schema))


# Read once a process: each table that is made asks for its own.
@cache
def _read_schema(folder: Path) -> dict[str, SqlTable]:
    tables = {
        table.name: table
        for table in map(read_sql_table, sorted(folder.glob("*.sql")))
        if "{" not in table.name
    }
    ordered: dict[str, SqlTable] = {}

    def visit(name: str) -> None:
        if name in tables and name not in ordered:
            for dependency in tables[name].depends:
                if dependency != name:
                    visit(dependency)
            ordered[name] = tables[name]

    for name in tables:
        visit(name)
    return ordered


# Staging tables that Python reads rather than SQL (`beacon.warehouse.outlines`).
_READ_BY_PYTHON = frozenset({"boundary"})


@cache
def staging_tables_in_use() -> frozenset[str]:
    """Staging tables that some derivation reads; the others need not be staged."""
    named = {
        dependency.removeprefix("staging.")
        for path in resource_dir("sql").glob("*/*.sql")
        if path.parent.name != "macros"
        for dependency in read_sql_table(path).depends
        if dependency.startswith("staging.")
    }
    return frozenset(named | _READ_BY_PYTHON)
