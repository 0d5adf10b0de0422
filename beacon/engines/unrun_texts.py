"""The SQL of `sql/` written for Snowflake and T-SQL, on which nobody has run it.

What belongs here: texts that sqlglot writes and reads again, and what they are known to lack. What
does not: any engine that has been run. Read again means spelled as the dialect spells; whether an
engine takes a text, and gives the same rows, is not known.

`python -m beacon.engines.unrun_texts FOLDER` writes them.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from sqlglot import Dialect, exp, parse_one
from sqlglot.errors import ErrorLevel

from beacon.contracts.sql_files import all_sql_tables
from beacon.contracts.sql_trees import quiet
from beacon.core.files import write_atomically
from beacon.engines.check.__main__ import table_columns
from beacon.engines.common_tree import common_tree

UNRUN = {"snowflake": "Snowflake", "tsql": "T-SQL"}
"""sqlglot's name of each dialect, and its own."""

_ABSENT: dict[str, dict[type[exp.Expr], str]] = {
    "snowflake": {},
    "tsql": {
        exp.Array: "lists",
        exp.ArrayAgg: "lists",
        exp.Lambda: "lambdas",
        exp.Struct: "structs",
        exp.LogicalAnd: "bool_and()",
        exp.LogicalOr: "bool_or()",
    },
}
"""What a dialect has not, and sqlglot writes all the same."""


@dataclass(frozen=True)
class UnrunText:
    """A query of `sql/` in another dialect.

    Attributes:
        table: The table that it makes.
        dialect: One of `UNRUN`.
        text: The query, below comments that say that it was not run.
        lacking: What it holds that the dialect has not, as far as sqlglot or this module knows.
    """

    table: str
    dialect: str
    text: str
    lacking: tuple[str, ...]


def unrun_texts(
    table: str, sql: str, schemas: Mapping[str, Mapping[str, str]]
) -> Iterator[UnrunText]:
    """A query in every dialect of `UNRUN`, each read again by sqlglot.

    Args:
        table: The table that it makes.
        sql: One query in the common dialect.
        schemas: Columns and DuckDB types of every table that it reads, by `schema.table`.

    Raises:
        sqlglot.errors.SqlglotError: When the text cannot be read, or not read again.
    """
    tree = common_tree(sql, schemas, once=False)
    for dialect, name in UNRUN.items():
        generator = Dialect.get_or_raise(dialect).generator(
            pretty=True, identify=True, comments=False, unsupported_level=ErrorLevel.IGNORE
        )
        with quiet():
            written = generator.generate(tree)
            again = parse_one(written, dialect=dialect)
        lacking = {
            *generator.unsupported_messages,
            *(f"{node.name.lower()}()" for node in again.find_all(exp.Anonymous)),
            *(said for kind, said in _ABSENT[dialect].items() if again.find(kind)),
        }
        said = [f"-- NOT RUN. Written for {name} by sqlglot {version('sqlglot')}: {table}."]
        if lacking:
            said.append(f"-- It holds what {name} has not: {', '.join(sorted(lacking))}.")
        text = "\n".join((*said, written, ""))
        yield UnrunText(table, dialect, text, tuple(sorted(lacking)))


def main(arguments: list[str] | None = None) -> int:
    """Write every text below a folder and say what each lacks; give the exit status."""
    parser = argparse.ArgumentParser(prog="python -m beacon.engines.unrun_texts")
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args(arguments).folder
    schemas = table_columns()
    made = [
        text
        for name, table in all_sql_tables().items()
        for text in unrun_texts(name, table.text, schemas)
    ]
    for each in made:
        file = folder / each.dialect / f"{each.table.replace('.', '/')}.sql"
        write_atomically(file, each.text)
    for dialect, name in UNRUN.items():
        own = [each for each in made if each.dialect == dialect]
        lacking = [each for each in own if each.lacking]
        sys.stdout.write(
            f"{name}: {len(own)} texts, not run; {len(lacking)} hold what {name} has not.\n"
        )
        for each in lacking:
            sys.stdout.write(f"  {each.table}: {', '.join(each.lacking)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
