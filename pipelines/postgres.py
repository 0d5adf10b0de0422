"""Run history in PostgreSQL, over kept connections that outlive a restart of the server.

Dagster opens a connection for each of the hundreds of events of a run, and a statement that a
restarting server cuts off fails the run. Here connections are kept, tried before they are used, and
what was cut off is asked again for a while. An event that the server had stored just before it went
away, without having said so, is then in the log twice: that is seen, where a lost night is not.
"""

import functools
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import sqlalchemy as db
from dagster_postgres import (
    PostgresEventLogStorage,
    PostgresRunStorage,
    PostgresScheduleStorage,
)
from dagster_postgres.utils import DagsterPostgresException, create_pg_engine, pg_url_from_config

# A restart takes seconds; a minor upgrade of the server's package a minute or two.
PATIENCE_SECONDS = 150.0
# A person waits for a page of the UI.
_WEBSERVER_PATIENCE_SECONDS = 8.0
_LONGEST_PAUSE_SECONDS = 5.0
_GONE = (db.exc.OperationalError, db.exc.InterfaceError, DagsterPostgresException)
# "The database system is starting up" and "too many clients" are said before a session begins.
_CONNECT_TIMEOUT_SECONDS = 10

_log = logging.getLogger("beacon.history")
_waiting = threading.local()
_Storage = TypeVar("_Storage", bound=type)


def _engine(url: str) -> db.Engine:
    return create_pg_engine(
        url,
        None,
        isolation_level="AUTOCOMMIT",
        poolclass=db.pool.QueuePool,
        pool_size=2,
        max_overflow=8,
        pool_pre_ping=True,
        pool_recycle=1800,
        connect_args={
            "connect_timeout": _CONNECT_TIMEOUT_SECONDS,
            "application_name": "beacon",
        },
    )


def _is_gone(error: Exception) -> bool:
    """Whether an error says that the server went away, rather than that it was asked nonsense."""
    if isinstance(error, DagsterPostgresException):
        return True
    code = getattr(getattr(error, "orig", None), "pgcode", None)
    # Without a code the connection was lost or refused; class 57P is a server that stops or starts,
    # class 08 a broken connection, 53300 too many of them at once.
    return code is None or code.startswith(("57P", "08", "53300"))


def patiently(ask: Callable[..., Any]) -> Callable[..., Any]:
    """Ask again while the server is away, until it is back or patience ends."""

    @functools.wraps(ask)
    def asked(self: Any, *args: Any, **kwargs: Any) -> Any:
        if getattr(_waiting, "inside", False):
            return ask(self, *args, **kwargs)
        deadline, pause = time.monotonic() + self.patience_seconds, 0.1
        _waiting.inside = True
        try:
            while True:
                try:
                    return ask(self, *args, **kwargs)
                except _GONE as error:
                    if not _is_gone(error) or time.monotonic() + pause > deadline:
                        raise
                    # The class only: the message of a driver may say more than a log should.
                    _log.warning(
                        "The run history's server is away (%s); asking again.",
                        type(error).__name__,
                    )
                    time.sleep(pause)
                    pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
        finally:
            _waiting.inside = False

    return asked


def _patient(storage: _Storage) -> _Storage:
    """Make every public operation of a storage class patient."""
    for name in dir(storage):
        found = getattr(storage, name)
        inherited = getattr(object, name, None)
        if name.startswith("_") or found is inherited or not callable(found):
            continue
        described = next(vars(kind)[name] for kind in storage.__mro__ if name in vars(kind))
        # Neither properties nor class methods ask the server; connections are not awaited but made.
        if not isinstance(described, classmethod | staticmethod) and name not in _NOT_ASKED:
            setattr(storage, name, patiently(described))
    return storage


_NOT_ASKED = frozenset(
    {"connect", "index_connection", "index_transaction", "run_connection", "transaction", "dispose"}
)


class _Kept:
    """Kept connections instead of one for each statement."""

    postgres_url: str
    patience_seconds = PATIENCE_SECONDS
    _engine: db.Engine

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._engine = _engine(self.postgres_url)

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Mapping[str, Any]) -> Any:
        """Make the storage from its settings in dagster.yaml."""
        # SQLAlchemy 2.1 takes a bare "postgresql" to mean a driver that Dagster does not bring.
        url = pg_url_from_config(config_value).replace("postgresql://", "postgresql+psycopg2://", 1)
        return cls(postgres_url=url, inst_data=inst_data)

    @contextmanager
    def _kept_connection(self) -> Iterator[db.Connection]:
        with self._engine.connect() as connection:
            yield connection

    def optimize_for_webserver(self, *args: Any, **kwargs: Any) -> None:
        """Make the settings of a web server, which also waits for less long."""
        self.patience_seconds = _WEBSERVER_PATIENCE_SECONDS
        super().optimize_for_webserver(*args, **kwargs)  # type: ignore[misc]

    def dispose(self) -> None:
        """Close every kept connection."""
        super().dispose()  # type: ignore[misc]
        self._engine.dispose()


@_patient
class PatientRunStorage(_Kept, PostgresRunStorage):
    """Dagster's PostgreSQL run storage, kept connected."""

    def connect(self) -> Any:
        """A connection; each statement is a transaction of its own."""
        return self._kept_connection()


@_patient
class PatientEventLogStorage(_Kept, PostgresEventLogStorage):
    """Dagster's PostgreSQL event log, kept connected."""

    def _connect(self) -> Any:
        return self._kept_connection()


@_patient
class PatientScheduleStorage(_Kept, PostgresScheduleStorage):
    """Dagster's PostgreSQL schedule storage, kept connected."""

    def connect(self) -> Any:
        """A connection; each statement is a transaction of its own."""
        return self._kept_connection()
