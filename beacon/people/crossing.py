"""The one way out of the secure home: tables of protected counts.

What belongs here: the only function that writes outside the secure home what was made of persons.
What does not: protecting the counts. What it is given is judged again before it is written.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from beacon.contracts import Contract, load_contracts
from beacon.contracts.ddl import quote_literal
from beacon.core.errors import BeaconError
from beacon.core.files import sha256_of, write_atomically
from beacon.disclosure import Rule
from beacon.people.secure_home import SecureHome

if TYPE_CHECKING:
    import duckdb

# Table to its columns of counts of people.
CROSSING: dict[str, tuple[str, ...]] = {
    "care_gap": ("eligible", "done", "not_done"),
    "cohort_size": ("people", "people_core20"),
    "segment": ("people", "people_in_all_segments"),
    "cohort_flow": (
        "people_at_start", "diagnosed", "moved_in", "aged_in", "resolved", "moved_out", "died",
        "aged_out", "people_at_end",
    ),
    "person_quality": ("persons", "entries"),
}  # fmt: skip
_BEGUN = ".crossing"
"""Ending of the mark that all tables of a day are written and are being put in place."""


class CrossingRefusedError(BeaconError):
    """A table may not leave the secure home."""


@dataclass(frozen=True)
class Crossed:
    """One file that crossed.

    Attributes:
        table: The table.
        as_at: Its as-at date, ISO.
        rows: Rows of the file.
        sha256: Of its bytes.
        path: Where it is.
    """

    table: str
    as_at: str
    rows: int
    sha256: str
    path: Path


def crossing_contract(table: str) -> Contract:
    """The contract of a table that crosses, which is that of schema `people`."""
    return load_contracts()[f"people.{table}"]


def people_folder(ordinary: Path) -> Path:
    """Where protected counts lie in the ordinary home."""
    return ordinary.expanduser().absolute() / "people"


def cross(
    con: duckdb.DuckDBPyConnection,
    secure: SecureHome,
    ordinary: Path,
    tables: tuple[str, ...],
    *,
    as_at: str,
    rule: Rule,
    now: datetime,
) -> list[Crossed]:
    """Write protected tables into the ordinary home; all of them or none.

    They are written beside those of before, logged, and put in place after a mark that names them.
    Whoever reads them ends what a kill left half done (`end_crossings`), so that nobody sees tables
    of two computations of a day, which could differ by a few people. The log comes first: nothing
    is in place that it does not say.

    Args:
        con: A connection of the secure home that holds the tables.
        secure: The secure home, whose log says what crossed.
        ordinary: The ordinary home.
        tables: Names of the tables.
        as_at: Their as-at date, ISO.
        rule: The rule they were protected by.
        now: The time that the log gives.

    Returns:
        What was written.

    Raises:
        CrossingRefusedError: When a table has other columns than its contract, or shows a count
            that the rule hides. Nothing was written.
    """
    for table in tables:
        _judge(con, table, rule)
    folder = people_folder(ordinary)
    crossed = []
    for table in tables:
        target = folder / table / f"{as_at}.parquet"
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_suffix(".part")
        columns = ", ".join(f"{c.name}::{c.type} as {c.name}" for c in _columns(table))
        done = con.execute(
            f"copy (select {columns} from {table} order by all) to {quote_literal(str(part))} "
            "(format parquet, compression zstd)"
        )
        rows = int(done.fetchall()[0][0])
        with part.open("rb") as written:
            os.fsync(written.fileno())
        crossed.append(Crossed(table, as_at, rows, sha256_of(part), target))
    for one in crossed:
        said = {"table": one.table, "as_at": as_at, "rows": one.rows, "sha256": one.sha256}
        append_log(secure, "crossed", said, now)
    write_atomically(folder / f"{as_at}{_BEGUN}", "\n".join(tables))
    end_crossings(ordinary)
    return crossed


def end_crossings(ordinary: Path) -> None:
    """Put tables in place whose crossing had begun; nothing to do but after a kill."""
    folder = people_folder(ordinary)
    for begun in sorted(folder.glob(f"*{_BEGUN}")):
        for table in begun.read_text(encoding="utf-8").split():
            part = folder / table / f"{begun.stem}.part"
            with suppress(FileNotFoundError):  # it is in place already
                part.replace(part.with_suffix(".parquet"))
        begun.unlink(missing_ok=True)


def _columns(table: str) -> list[Any]:
    added = ("source_sha256", "source_row")
    return [column for column in crossing_contract(table).columns if column.name not in added]


def _judge(con: duckdb.DuckDBPyConnection, table: str, rule: Rule) -> None:
    there = [str(row[0]) for row in con.execute(f"describe {table}").fetchall()]
    wanted = [column.name for column in _columns(table)]
    if there != wanted:
        different = sorted(set(there) ^ set(wanted)) or ["their order"]
        raise CrossingRefusedError(
            f"{table} may not leave the secure home: its columns are not those of its contract "
            f"({', '.join(different)})."
        )
    counts = CROSSING[table]
    small = " or ".join(f"({name} > 0 and {name} < {rule.smallest_shown})" for name in counts)
    told = " or ".join(f"{name} is not null" for name in counts)
    row = con.execute(
        f"select count(*) filter ({small}), "
        f"count(*) filter (value_status = 'suppressed' and ({told})) from {table}"
    ).fetchall()[0]
    # A flow is hidden item by item, so that a suppressed row may show some of them.
    if row[0] or (row[1] and table != "cohort_flow"):
        raise CrossingRefusedError(
            f"{table} may not leave the secure home: {row[0]} rows show a count below "
            f"{rule.smallest_shown}, {row[1]} suppressed rows show a count."
        )


def append_log(secure: SecureHome, what: str, said: dict[str, Any], now: datetime) -> None:
    """Add a line to the secure home's log, which is never rewritten."""
    line = json.dumps({"at": now.isoformat(timespec="seconds"), "what": what, **said})
    handle = os.open(secure.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, line.encode() + b"\n")
        os.fsync(handle)
    finally:
        os.close(handle)
