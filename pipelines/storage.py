"""Run history in SQLite, with connections that are kept open.

Dagster opens and closes a connection, and compiles every statement anew, for each of the hundreds
of events of a run; closing one also flushes SQLite's log to disk. Kept connections more than halve
the cost of a night's history. Everything else, file formats included, is Dagster's.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as db
from dagster import EventLogEntry

# The only private modules used: storage classes have no public path, and dagster.yaml names them
# by this one. A test fails if a new version moves or changes them.
from dagster._core.storage.event_log import SqliteEventLogStorage  # noqa: TID251
from dagster._core.storage.runs import SqliteRunStorage  # noqa: TID251

_BUSY_SECONDS = 60
# The index and the runs written to at the moment; a long-lived web server reads many more.
_KEPT_ENGINES = 6


def _engine(conn_string: str) -> db.Engine:
    engine = db.create_engine(
        conn_string,
        poolclass=db.pool.QueuePool,
        connect_args={"timeout": _BUSY_SECONDS, "check_same_thread": False},
    )

    @db.event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _: Any) -> None:
        # With write-ahead logging this loses nothing but the last events of a power cut.
        connection.execute("pragma synchronous = normal")

    return engine


@dataclass
class _Batch:
    """Events of one thread that are being stored together, and the transactions they share."""

    thread: int
    stack: ExitStack
    connections: dict[str, db.Connection] = field(default_factory=dict)


class PooledSqliteEventLogStorage(SqliteEventLogStorage):
    """Dagster's SQLite event log over kept connections."""

    _kept: OrderedDict[str, db.Engine]
    _batch: "_Batch | None" = None

    def __init__(self, *given: Any, **named: Any) -> None:
        self._seen: set[str] = set()
        super().__init__(*given, **named)

    @classmethod
    def from_config_value(
        cls, inst_data: Any, config_value: Mapping[str, Any]
    ) -> "PooledSqliteEventLogStorage":
        """Make the storage from its settings in dagster.yaml."""
        return cls(inst_data=inst_data, **config_value)

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        """Store events in one transaction a file: all of them, or none."""
        with self._db_lock, ExitStack() as stack:
            self._batch = _Batch(threading.get_ident(), stack)
            try:
                for event in events:
                    self.store_event(event)
            finally:
                self._batch = None

    @contextmanager
    def _connect(self, shard: str) -> Iterator[db.Connection]:
        batch = self._batch
        if batch is not None and batch.thread == threading.get_ident():
            if shard not in batch.connections:
                batch.connections[shard] = batch.stack.enter_context(self._transaction(shard))
            yield batch.connections[shard]
        else:
            with self._db_lock, self._transaction(shard) as connection:
                yield connection

    @contextmanager
    def _transaction(self, shard: str) -> Iterator[db.Connection]:
        engine = self._kept_engine(shard)
        if shard not in self._initialized_dbs:
            self._initdb(engine)
            self._initialized_dbs.add(shard)
        with engine.connect() as connection, connection.begin():
            yield connection

    def has_table(self, table_name: str) -> bool:
        """Whether the index has a table; asked of the file only until it has."""
        if table_name not in self._seen:
            if not super().has_table(table_name):
                return False
            self._seen.add(table_name)
        return True

    def _has_asset_key_col_on_connection(self, conn: db.Connection, column_name: str) -> bool:
        # Asked for each event of an asset; nothing ever takes a table or a column away.
        if (column := f"asset_keys.{column_name}") not in self._seen:
            if not super()._has_asset_key_col_on_connection(conn, column_name):
                return False
            self._seen.add(column)
        return True

    def has_secondary_index(self, name: str) -> bool:
        """Whether a data migration was made; asked of the file only until it was."""
        if (index := f"index.{name}") not in self._seen:
            if not super().has_secondary_index(name):
                return False
            self._seen.add(index)
        return True

    def _kept_engine(self, shard: str) -> db.Engine:
        if not hasattr(self, "_kept"):
            self._kept = OrderedDict()
        if shard not in self._kept:
            self._kept[shard] = _engine(self.conn_string_for_shard(shard))
            for name in [name for name in self._kept if name not in ("index", shard)]:
                if len(self._kept) <= _KEPT_ENGINES:
                    break
                self._kept.pop(name).dispose()
        return self._kept[shard]

    def dispose(self) -> None:
        """Close every kept connection."""
        for engine in getattr(self, "_kept", {}).values():
            engine.dispose()
        super().dispose()


class PooledSqliteRunStorage(SqliteRunStorage):
    """Dagster's SQLite run storage over one kept pool."""

    _pool: db.Engine | None = None
    _pool_lock = threading.Lock()

    @classmethod
    def from_config_value(
        cls, inst_data: Any, config_value: Mapping[str, Any]
    ) -> "SqliteRunStorage":
        """Make the storage from its settings in dagster.yaml."""
        return cls.from_local(inst_data=inst_data, **config_value)

    @contextmanager
    def connect(self) -> Iterator[db.Connection]:
        """A connection in a transaction."""
        with self._pool_lock:
            if self._pool is None:
                self._pool = _engine(self._conn_string)
        with self._pool.connect() as connection, connection.begin():
            yield connection

    def dispose(self) -> None:
        """Close every kept connection."""
        if self._pool is not None:
            self._pool.dispose()
        super().dispose()
