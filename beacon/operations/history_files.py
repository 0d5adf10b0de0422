"""The SQLite files of the run history, kept open while a run writes to them.

Dagster opens a file anew for each event that it writes. When the last connection to a file closes,
SQLite folds its write-ahead log into the file and deletes the log (https://sqlite.org/wal.html): of
a run of a thousand events that made ten thousand waits for the disk.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, event


@contextmanager
def history_kept_open() -> Iterator[None]:
    """Keep one more connection to each SQLite file that SQLAlchemy opens meanwhile.

    Commits then wait for the disk only when the log is folded in. A power cut may lose the last
    events of a run, and damages nothing; a run that is killed loses none
    (https://sqlite.org/pragma.html#pragma_synchronous).
    """
    kept: dict[str, sqlite3.Connection] = {}

    def keep(connection: object, _record: object) -> None:
        if not isinstance(connection, sqlite3.Connection):  # PostgreSQL
            return
        connection.execute("pragma synchronous = normal")
        [(_, _, file)] = connection.execute("pragma database_list").fetchall()
        if file in kept or connection.execute("pragma journal_mode").fetchall() != [("wal",)]:
            return
        kept[file] = sqlite3.connect(file, check_same_thread=False)
        kept[file].execute("select name from sqlite_master").fetchall()  # opens the log

    event.listen(Engine, "connect", keep)
    try:
        yield
    finally:
        event.remove(Engine, "connect", keep)
        for connection in kept.values():
            connection.close()
