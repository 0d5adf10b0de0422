"""The gate: an extract is admitted to the secure home whole, or refused whole.

What belongs here: the order in which an extract is judged and stored. What does not: the checks
themselves (`extract_manifest`, `delivery`, `gate_checks`).
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from beacon.core.errors import InputRefusedError, Problem
from beacon.people import gate_checks
from beacon.people.delivery import SUPPLIER, find_tables, nhs_numbers, wrong_values
from beacon.people.extract_manifest import read_manifest
from beacon.people.extract_store import (
    GATE_VERSION,
    StoredExtract,
    number_pseudonyms,
    save_extract,
    save_key,
    store_table,
)
from beacon.people.secure_home import SecureHome

if TYPE_CHECKING:
    import duckdb

    from beacon.people.delivery import Delivered


@dataclass(frozen=True)
class KnownCodes:
    """Codes that an extract may use; an empty set is not checked.

    Attributes:
        practices: Of the Organisation Data Service's list of practices.
        lsoas: LSOA 2021.
    """

    practices: frozenset[str] = frozenset()
    lsoas: frozenset[str] = frozenset()


def connect(home: SecureHome, *, threads: int | None = None) -> duckdb.DuckDBPyConnection:
    """A connection in memory that spills inside the secure home and nowhere else."""
    import duckdb

    home.scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
    con = duckdb.connect(config={"temp_directory": str(home.scratch), "memory_limit": "1500MB"})
    if threads is not None:
        con.execute(f"set threads = {int(threads)}")
    return con


def admit(
    folder: Path,
    home: SecureHome,
    *,
    today: date,
    known: KnownCodes | None = None,
    fictional: bool = False,
) -> StoredExtract:
    """Admit an extract to the secure home.

    Args:
        folder: The extract: `extract.json` and a file or folder for each table.
        home: The secure home.
        today: The day on which it is read.
        known: Codes of practices and LSOAs.
        fictional: Whether this home is fictional.

    Returns:
        The extract as stored, with what was warned of.

    Raises:
        InputRefusedError: Naming every fault by file, row and column; no value is told. Nothing of
            the extract was kept.
    """
    import duckdb

    manifest = read_manifest(folder, today=today, fictional=fictional)
    con = connect(home)
    try:
        tables = find_tables(con, folder, home.scratch)
        # Text-only rules first, so that nothing is stored that identifies anybody.
        refuse_if(problem for table in tables for problem in nhs_numbers(con, table))
        refuse_if(problem for table in tables for problem in wrong_values(con, table))
        refuse_if(problem for t in tables for problem in gate_checks.repeated_keys(con, t))
        refuse_if(_row_counts(con, tables, manifest.row_counts))
        extract = _stored(con, home, tables, manifest.as_at, manifest.model_dump(mode="json"))
        codes = known or KnownCodes()
        refuse_if(gate_checks.blocking(con, extract, practices=codes.practices, lsoas=codes.lsoas))
        warned = [w.as_dict() for w in gate_checks.warnings(con, extract)]
        extract = replace(extract, warnings=warned)
        save_key(con, home)
        save_extract(home, extract)
        return extract
    except duckdb.Error as error:
        # The database's own message can show values of persons.
        what = type(error).__name__
        problem = Problem(folder.name, f"the database could not read it ({what}).", remedy=SUPPLIER)
        raise InputRefusedError([problem]) from None
    finally:
        con.close()
        shutil.rmtree(home.scratch, ignore_errors=True)
        remove_unused(home)


def refuse_if(problems: object) -> None:
    """Refuse an extract that has any problem.

    Raises:
        InputRefusedError: With all of them.
    """
    found = list(problems)  # type: ignore[call-overload]
    if found:
        raise InputRefusedError(found)


def _row_counts(
    con: duckdb.DuckDBPyConnection, tables: list[Delivered], said: dict[str, int]
) -> list[Problem]:
    problems = []
    there = {table.table: table for table in tables}
    for name in sorted({*there, *said}):
        rows = 0
        if name in there:
            sql = f"select count(*) from {there[name].relation}"
            rows = int(con.execute(sql).fetchall()[0][0])
        if name not in said:
            message = "extract.json does not say how many rows it has."
            problems.append(Problem(name, message, remedy=SUPPLIER))
        elif rows != said[name]:
            message = f"has {rows:,} rows where the supplier counted {said[name]:,}."
            problems.append(Problem(name, message, remedy=SUPPLIER))
    return problems


def _stored(
    con: duckdb.DuckDBPyConnection,
    home: SecureHome,
    tables: list[Delivered],
    as_at: date,
    manifest: dict[str, object],
) -> StoredExtract:
    person = next(table for table in tables if table.table == "person")
    persons = number_pseudonyms(con, home, person)
    files: dict[str, object] = {}
    problems = []
    for table in tables:
        files[table.table], unknown = store_table(con, home, table)
        said = manifest["row_counts"][table.table]  # type: ignore[index]
        if unknown > gate_checks.MOST_UNKNOWN_SHARE * said:
            message = f"{unknown:,} of {said:,} rows are of persons who are not in the extract."
            problems.append(Problem(table.shown, message, column="pseudonym", remedy=SUPPLIER))
    refuse_if(problems)
    day = as_at.isoformat()
    return StoredExtract(day, manifest, files, persons, [], home.store, GATE_VERSION)


def remove_unused(home: SecureHome) -> None:
    """Remove files of the store that no admitted extract has."""
    from beacon.core.files import read_json

    used: set[str] = set()
    for path in home.extracts.glob("*.json"):
        for files in read_json(path)["files"].values():
            used |= set(files.values()) if isinstance(files, dict) else {files}
    if home.store.is_dir():
        for file in home.store.rglob("*.parquet"):
            if file.relative_to(home.store).as_posix() not in used:
                file.unlink()
