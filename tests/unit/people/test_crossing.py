"""Tables cross from the secure home together, whenever a run is killed."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from beacon.core.files import sha256_of
from beacon.disclosure import Rule
from beacon.people import crossing
from beacon.people.crossing import CROSSING, append_log, cross, crossing_contract
from beacon.people.load_crossed import crossed_digest, crossed_files
from beacon.people.secure_home import SecureHome

DAY = "2025-03-31"


class Killed(BaseException):
    """Stands for a kill: nothing catches it."""


def killed_at(call: int, function: Callable[..., Any], of: str = "") -> Callable[..., Any]:
    """The function, until a call with a path of an ending is the given one, counted from 1."""
    calls = 0

    def counted(*arguments: Any, **named: Any) -> Any:
        nonlocal calls
        if not of or arguments[0].suffix == of:
            calls += 1
            if calls == call:
                raise Killed
        return function(*arguments, **named)

    return counted


def cross_tables_of(rows: int, root: Path) -> None:
    """Let every table cross, each with the given number of rows."""
    con = duckdb.connect()
    for table in CROSSING:
        columns = ", ".join(
            f"null::{column.type} as {column.name}"
            for column in crossing_contract(table).columns
            if column.name not in ("source_sha256", "source_row")
        )
        con.execute(f"create table {table} as select {columns} from range({rows})")
    secure = SecureHome.open(root / "secure", ordinary=root / "home")
    now = datetime(2025, 4, 10, tzinfo=UTC)
    cross(con, secure, root / "home", tuple(CROSSING), as_at=DAY, rule=Rule(), now=now)


def rows_seen(root: Path) -> set[int]:
    """Rows of each table, as its reader finds it."""
    counts = set()
    for table in CROSSING:
        (file,) = crossed_files(root / "home", table)
        counts.add(int(duckdb.sql(f"select count(*) from '{file}'").fetchall()[0][0]))
    return counts


def kill_second_crossing(root: Path, of: Any, name: str, killed: Callable[..., Any]) -> None:
    """Let tables of one row cross, then kill the crossing of two where it calls `killed`."""
    cross_tables_of(1, root)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(of, name, killed)
        with pytest.raises(Killed):
            cross_tables_of(2, root)


@pytest.mark.parametrize("step", range(1, len(CROSSING) + 1))
def test_a_kill_while_tables_are_put_in_place(tmp_path: Path, step: int) -> None:
    kill_second_crossing(tmp_path, Path, "replace", killed_at(step, Path.replace, ".part"))
    assert rows_seen(tmp_path) == {2}
    everything = crossed_digest(tmp_path / "home")
    cross_tables_of(2, tmp_path)
    assert crossed_digest(tmp_path / "home") == everything


@pytest.mark.parametrize("step", range(1, len(CROSSING) + 1))
def test_a_kill_while_the_log_is_written(tmp_path: Path, step: int) -> None:
    kill_second_crossing(tmp_path, crossing, "append_log", killed_at(step, append_log))
    assert rows_seen(tmp_path) == {1}
    cross_tables_of(3, tmp_path)
    assert rows_seen(tmp_path) == {3}


def test_a_whole_crossing_leaves_only_tables_which_the_log_names(tmp_path: Path) -> None:
    cross_tables_of(1, tmp_path)
    files = [path for path in (tmp_path / "home").rglob("*") if path.is_file()]
    log = (tmp_path / "secure" / "log.jsonl").read_text().splitlines()
    assert sorted(sha256_of(file) for file in files) == sorted(
        json.loads(line)["sha256"] for line in log
    )
    assert len(files) == len(CROSSING)
