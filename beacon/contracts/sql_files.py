"""The files of `sql/`: which table each makes and what it reads. Their order is the run's order."""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

from beacon.core.paths import resource_dir

INDICATOR_MARTS = ("beacon_indicator", "core20plus5_indicator")
"""Marts that have a row for each figure of the programmes' own areas."""

OBSERVATION = "observation"
"""The mart that has a row for each figure of all areas, those of `INDICATOR_MARTS` among them."""


def value_marts(marts: Container[str]) -> tuple[str, ...]:
    """The marts to read values from: `observation` has all areas; older releases lack it.

    Args:
        marts: The marts of a release.
    """
    if OBSERVATION in marts:
        return (OBSERVATION,)
    return tuple(mart for mart in INDICATOR_MARTS if mart in marts)


_HEADER = re.compile(r"^-- (table|grain|depends|columns): (.*)$", re.MULTILINE)


@dataclass(frozen=True)
class SqlTable:
    """One file of `sql/`: the table it makes and what it reads."""

    name: str
    depends: tuple[str, ...]
    path: Path
    text: str

    @property
    def schema(self) -> str:
        """The stage that the table belongs to."""
        return self.name.split(".")[0]


def read_sql_table(path: Path) -> SqlTable:
    """Read the header of a SQL file."""
    text = path.read_text(encoding="utf-8")
    header = dict(_HEADER.findall(text))
    depends = tuple(part.strip() for part in header["depends"].split(",") if part.strip())
    return SqlTable(header["table"], depends, path, text)


@cache
def all_sql_tables() -> dict[str, SqlTable]:
    """Every derived table by name, each after those that it reads.

    Raises:
        graphlib.CycleError: When tables read each other in a circle.
    """
    files = sorted(resource_dir("sql").glob("*/*.sql"))
    tables = {
        table.name: table for table in map(read_sql_table, (f for f in files if _makes_a_table(f)))
    }
    graph = {
        name: [other for other in table.depends if other in tables]
        for name, table in tables.items()
    }
    return {name: tables[name] for name in TopologicalSorter(graph).static_order()}


def _makes_a_table(path: Path) -> bool:
    return path.parent.name != "macros"


def sql_tables(schema: str) -> dict[str, SqlTable]:
    """The derived tables of one schema by name, each after those that it reads."""
    return {name: table for name, table in all_sql_tables().items() if table.schema == schema}


def sql_table(name: str) -> SqlTable:
    """One derived table.

    Raises:
        KeyError: When no file makes it.
    """
    return all_sql_tables()[name]


def mart_names() -> list[str]:
    """The names of the marts, without their schema, in alphabetical order."""
    return sorted(name.partition(".")[2] for name in sql_tables("marts"))


@cache
def staging_tables_in_use() -> frozenset[str]:
    """Staging tables that some derivation reads; the others need not be staged."""
    return frozenset(
        dependency.removeprefix("staging.")
        for table in all_sql_tables().values()
        for dependency in table.depends
        if dependency.startswith("staging.")
    )
