"""What crossed from the secure home, as tables of the working database.

What belongs here: loading the files, with their rows traced to them. What does not: making them.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from beacon.contracts import create_table
from beacon.contracts.ddl import quote_literal
from beacon.core.files import sha256_of
from beacon.people.crossing import CROSSING, crossing_contract, end_crossings, people_folder

if TYPE_CHECKING:
    import duckdb


def crossed_files(ordinary: Path, table: str) -> list[Path]:
    """The files of a table, one an as-at date, in order; none where no extract was supplied.

    A crossing that a kill left half done is ended first.
    """
    end_crossings(ordinary)
    return sorted((people_folder(ordinary) / table).glob("*.parquet"))


def load_crossed(con: duckdb.DuckDBPyConnection, ordinary: Path, table: str) -> int:
    """Make a table of schema `people` from its files; empty where there are none.

    Args:
        con: The working database.
        ordinary: The ordinary home.
        table: The table, without its schema.

    Returns:
        Its rows.
    """
    contract = crossing_contract(table)
    con.execute("create schema if not exists people")
    con.execute(f"drop table if exists {contract.name}")
    con.execute(create_table(contract))
    for file in crossed_files(ordinary, table):
        con.execute(
            f"insert into {contract.name} by name select *, "
            f"'{sha256_of(file)}' as source_sha256, "
            f"file_row_number + 1 as source_row from read_parquet({quote_literal(str(file))}, "
            "file_row_number = true)".replace("select *", "select * exclude (file_row_number)")
        )
    ((rows,),) = con.execute(f"select count(*) from {contract.name}").fetchall()
    return int(rows)


def crossed_digest(ordinary: Path) -> str:
    """A hash of everything that crossed; of nothing where nothing did."""
    digest = hashlib.sha256()
    for table in CROSSING:
        for file in crossed_files(ordinary, table):
            digest.update(f"{table}/{file.name}:{sha256_of(file)}".encode())
    return digest.hexdigest()
