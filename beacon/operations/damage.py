"""Damage to the files of a home: what cannot be read any more, and the command that mends it.

Beacon writes each file in one step, so a file that cannot be read was damaged from outside: by a
failing disk, another program, an editor. What only remembers (state, caches, the run history) the
next run makes anew. Landing and releases are looked at and never deleted.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from beacon.core.errors import BeaconError
from beacon.core.home import Home
from beacon.ingest.landing_damage import find_landing_damage, mend_landing_records
from beacon.operations.health import read_heartbeat
from beacon.operations.source_history import load_sources
from beacon.release import approval, layout
from beacon.release.verify import verify_release
from beacon.signatures import SIGNATURES

Level = Literal["warning", "critical"]


@dataclass(frozen=True)
class Damage:
    """One damaged file.

    Attributes:
        file: Its path within the home.
        what: What is wrong with it.
        level: critical where what was published or landed is at stake.
        command: The one command that mends it.
        then: What the command does.
        renewable: Whether a run may put it aside and make it anew.
    """

    file: str
    what: str
    level: Level
    command: str
    then: str
    renewable: bool = False


_PARQUET = b"PAR1"
_BEING_MADE_SECONDS = 1.0
_NOT_READ = (OSError, ValueError, KeyError, TypeError, AttributeError, BeaconError)


def find_damage(home: Home) -> list[Damage]:
    """Every damaged file of a home that can be told from a look. Reads only.

    The current release is read whole, landed objects are compared in size; `beacon verify` reads
    every release and every landed object.
    """
    return [
        *_releases(home),
        *(
            Damage(each.file, each.what, "critical", each.command, each.then)
            for each in find_landing_damage(home.landing)
        ),
        *_ledger(home),
        *_remembered(home),
    ]


def _ledger(home: Home) -> Iterator[Damage]:
    """The ledger of custom areas, which no run can make anew."""
    if home.above is not None:  # the ledger is that of the home above
        return
    if home.custom_areas.exists() and (why := _not_loaded(home, home.custom_areas)):
        yield _critical(
            home.custom_areas.relative_to(home.root).as_posix(), why,
            "beacon restore BACKUP --home NEW_HOME",
            "It brings back which custom areas were given out. Without a back-up delete the file: "
            "new custom areas are then no longer compared with earlier ones.",
        )  # fmt: skip


def _releases(home: Home) -> Iterator[Damage]:
    try:
        current = layout.latest_release(home)
    except BeaconError as error:
        yield _critical(home.latest.name, str(error), *_way_back(home, None))
        return
    decisions = (approval.HELD, approval.APPROVALS, approval.WITHDRAWN, SIGNATURES)
    for name in (layout.PINS, layout.PRUNED, *decisions):
        file = home.releases / name
        if file.exists() and (why := _not_json(file)):
            yield _critical(
                f"releases/{name}", why, "beacon restore BACKUP --home NEW_HOME",
                "It brings back what was decided. Without a back-up delete the file: pins, "
                "approvals, withdrawals or signatures in it are then forgotten.",
            )  # fmt: skip
    if current is None:
        return
    faults = verify_release(home, current).faults
    if faults:
        shown = "; ".join(faults[:3]) + (f"; and {len(faults) - 3} more" if faults[3:] else "")
        where = f"releases/{current.label}"
        yield _critical(
            where, f"The current release is damaged: {shown}.", *_way_back(home, current)
        )


def _way_back(home: Home, current: layout.Release | None) -> tuple[str, str]:
    """The command that makes a sound release current, and what it does."""
    for release in reversed(layout.list_releases(home)):
        if current is not None and release.label == current.label:
            continue
        if verify_release(home, release, with_pointer=False).intact:
            return (
                f"beacon rollback {release.label}",
                f"It makes {release.label}, which is intact, current. `beacon run` then publishes "
                "anew.",
            )
    return "beacon run", "No other release is intact: it publishes anew from what was landed."


def _critical(file: str, what: str, command: str, then: str) -> Damage:
    return Damage(file, what, "critical", command, then)


def _remembered(home: Home) -> Iterator[Damage]:
    """What only remembers: a run makes it anew."""
    for file in sorted(home.state.rglob("*.json")):
        if file == home.custom_areas:
            continue
        if why := _not_loaded(home, file):
            yield _renewable(home, file, why)
    for pattern, check in (
        ("dagster/**/*.db", _not_sqlite),
        ("staging/**/*.parquet", _not_parquet),
        ("downloads/*/fetched.json", _not_json),
    ):
        for file in sorted(home.root.glob(pattern)):
            if why := check(file):
                yield _renewable(home, file, why)
    for file in (home.warehouse, home.catalogue):
        if file.exists() and (why := _not_duckdb(file)):
            yield _renewable(home, file, why)
    if home.latest.exists() and not home.catalogue.exists():
        yield _renewable(home, home.catalogue, "It is gone, although a release is current.")


def _renewable(home: Home, file: Path, why: str) -> Damage:
    then = "It makes the file anew."
    if file.suffix == ".db":
        then = "It starts a new run history; the damaged one is kept beside it as *.damaged."
    name = file.relative_to(home.root).as_posix()
    return Damage(name, why, "warning", "beacon run", then, renewable=True)


def mend(home: Home) -> list[str]:
    """Put right what a run can before it reads anything; needs the home's lock.

    Damaged records and caches are removed, so that the run makes them anew; records of landing are
    written anew from the others. Releases and landed bytes are not touched.

    Returns:
        What was done, in words.
    """
    done = [f"{name} was damaged: written anew" for name in mend_landing_records(home.landing)]
    for damage in _remembered(home):
        file = home.root / damage.file
        if file.suffix != ".db":
            file.unlink(missing_ok=True)
            done.append(f"{damage.file} was damaged: it is made anew")
    return done


def put_history_aside(home: Home) -> list[str]:
    """Rename damaged databases of the run history, before anything opens them.

    Returns:
        What was done, in words.
    """
    done = []
    for file in sorted(home.dagster.glob("**/*.db")):
        if _not_sqlite(file):
            # One that Dagster makes at this moment, such as a new run's, is empty for an instant.
            time.sleep(_BEING_MADE_SECONDS)
        if why := _not_sqlite(file):
            for part in file.parent.glob(f"{file.name}*"):
                if not part.name.endswith(".damaged"):
                    part.replace(part.with_name(f"{part.name}.damaged"))
            done.append(f"{file} was damaged ({why}): a new run history begins; it is kept beside")
    return done


def _not_json(file: Path) -> str:
    try:
        json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        return _unreadable(error)
    return ""


def _unreadable(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"It cannot be read: {error.strerror}."
    return "It is empty or not the JSON that Beacon wrote."


def _not_loaded(home: Home, file: Path) -> str:
    """Why a file of `state/` does not say what its reader expects."""
    if why := _not_json(file):
        return why
    readers: dict[str, Callable[[], Any]] = {
        "sources.json": lambda: load_sources(home),
        "heartbeat.json": lambda: read_heartbeat(home),
    }
    read = readers.get(file.name)
    try:
        if read is not None:
            read()
        else:
            _of_the_right_kind(file)
    except _NOT_READ:
        return "It is not what Beacon wrote."
    return ""


def _of_the_right_kind(file: Path) -> None:
    found = json.loads(file.read_text(encoding="utf-8"))
    # `checks.json` is what homes of 0.1.0 have in the place of one file a table.
    listed = file.name.startswith(("checks", "staging-"))
    if not isinstance(found, list if listed else dict):
        raise TypeError(file.name)


def _not_sqlite(file: Path) -> str:
    try:
        if file.stat().st_size == 0:
            return "It is empty."
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as con:
            con.execute("select count(*) from sqlite_master").fetchone()
    except sqlite3.OperationalError:  # locked, or no room for its journal: not damaged
        return ""
    except (OSError, sqlite3.DatabaseError) as error:
        return f"It is no SQLite database any more: {error}."
    return ""


def _not_duckdb(file: Path) -> str:
    with file.open("rb") as stream:
        return "" if stream.read(12)[8:] == b"DUCK" else "It is no DuckDB database any more."


def _not_parquet(file: Path) -> str:
    with file.open("rb") as stream:
        head = stream.read(4)
        if file.stat().st_size > len(_PARQUET):
            stream.seek(-4, 2)
        sound = head == stream.read(4) == _PARQUET
    return "" if sound else "It is no Parquet file any more."
