"""The Dagster instance of a home: its settings file and how to open it."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import dagster as dg
from sqlalchemy.exc import SQLAlchemyError

from assets.run import WRITER_POOL
from beacon.core.errors import BeaconError, SettingsError
from beacon.core.files import write_atomically
from beacon.core.home import Home
from beacon.core.progress import report
from beacon.operations.damage import put_history_aside

# Where the run history is kept. Nothing, or "sqlite": in the home. The password never belongs in
# it: libpq's own PGPASSWORD or PGPASSFILE have it, or a file that a service manager provides.
HISTORY_URL = "BEACON_HISTORY_URL"
HISTORY_PASSWORD_FILE = "BEACON_HISTORY_PASSWORD_FILE"  # noqa: S105 - a name, not a password
SQLITE = "sqlite"

_SETTINGS = """\
# Written by Beacon before every run; changes made here are lost.
telemetry:
  enabled: false
# No invitation to sign up for anything when an operator opens the UI.
nux:
  enabled: false
{storage}
concurrency:
  # {pool}: one writer to the working database.
  pools:
    default_limit: 1
    granularity: run
  runs:
    max_concurrent_runs: 1
run_monitoring:
  enabled: true
run_retries:
  # How often is in each job's tags. A step that failed would fail again; a process that was killed
  # is worth another try.
  enabled: true
  max_retries: 0
  retry_on_asset_or_op_failure: false
code_servers:
  # Seconds that the web server waits for the definitions to load.
  local_startup_timeout: 600
# Whether sources and releases are as fresh as their policies say; the daemon finds out.
freshness:
  enabled: true
"""

_IN_SQLITE = """\
storage:
  sqlite:
    base_dir: {directory}"""

_IN_POSTGRES = """\
storage:
  postgres:
    postgres_url: {url}"""


def history_url() -> str | None:
    """The PostgreSQL server of the run history, from the environment; None for the home's SQLite.

    A password that is in a file, as service managers hand them over, becomes libpq's PGPASSWORD of
    this process and of those it starts.

    Raises:
        SettingsError: When it is no address of a PostgreSQL database, or holds a password.
    """
    url = os.environ.get(HISTORY_URL, "")
    if url in ("", SQLITE):
        return None
    try:
        parts = urlsplit(url)
        secret = parts.password or "password" in parse_qs(parts.query)
        usable = parts.scheme == "postgresql" and parts.path.strip("/") and parts.username
    except ValueError:
        secret, usable = False, False
    # The address itself is not repeated: it may hold what should not be shown.
    if secret:
        raise SettingsError(
            f"{HISTORY_URL} holds a password. Put it in PGPASSWORD, in the file that PGPASSFILE "
            f"names, or in the file that {HISTORY_PASSWORD_FILE} names."
        )
    if not usable:
        raise SettingsError(
            f"{HISTORY_URL} is not of the form postgresql://user@host:5432/database."
        )
    file = os.environ.get(HISTORY_PASSWORD_FILE)
    if file and "PGPASSWORD" not in os.environ:
        try:
            os.environ["PGPASSWORD"] = Path(file).read_text(encoding="utf-8").rstrip("\r\n")
        except OSError as error:
            raise SettingsError(
                f"{HISTORY_PASSWORD_FILE} cannot be read: {error.strerror}."
            ) from error
    return url


def instance_directory(home: Home) -> Path:
    """The home's Dagster directory, with its settings file in place.

    Raises:
        SettingsError: When the home's run history is on PostgreSQL and this process was not told
            where: a second history beside it would be in nobody's interest.
    """
    settings = home.dagster / "dagster.yaml"
    url = history_url()
    known = settings.read_text(encoding="utf-8", errors="replace") if settings.is_file() else ""
    for done in put_history_aside(home):
        report(done)
    if (
        url is None
        and _IN_POSTGRES.partition("{")[0] in known
        and os.environ.get(HISTORY_URL) != SQLITE
    ):
        raise SettingsError(
            f"The run history of {home.root} is on PostgreSQL. Set {HISTORY_URL} as the services "
            f"have it, or to {SQLITE!r} to start a new history in the home."
        )
    if url is None:
        storage = _IN_SQLITE.format(directory=json.dumps(str(home.dagster)))
    else:
        # SQLAlchemy 2.1 takes a bare "postgresql" to mean a driver that Dagster does not bring.
        driver = url.replace("postgresql://", "postgresql+psycopg2://", 1)
        storage = _IN_POSTGRES.format(url=json.dumps(driver))
    text = _SETTINGS.format(storage=storage, pool=WRITER_POOL)
    if known != text:
        write_atomically(settings, text)
    return home.dagster


def open_instance(home: Home) -> dg.DagsterInstance:
    """Open the home's run history.

    Raises:
        BeaconError: When the history's server cannot be reached.
    """
    url = history_url()
    with _first_alone(home):
        directory = str(instance_directory(home))
        if url is None:
            return dg.DagsterInstance.from_config(directory)
        return _open_on_postgres(directory, url)


def make_history(home: Home) -> Path:
    """The home's Dagster directory, with its settings file and the history's tables in place.

    For whoever starts several of Dagster's programs: each makes the tables where there are none,
    and two that do so at once break each other.

    Raises:
        BeaconError: When the history's server cannot be reached.
    """
    open_instance(home).dispose()
    return home.dagster


def _open_on_postgres(directory: str, url: str) -> dg.DagsterInstance:
    try:
        from dagster_postgres.utils import DagsterPostgresException
    except ImportError as error:
        raise BeaconError(
            f"{HISTORY_URL} is set, but the driver is not installed: `uv sync --extra postgres`."
        ) from error
    try:
        return dg.DagsterInstance.from_config(directory)
    except DagsterPostgresException as error:
        place = urlsplit(url)
        raise BeaconError(
            f"The run history's PostgreSQL server at {place.hostname}:{place.port or 5432} cannot "
            f"be reached or does not let {place.username} in: {_reason(error)} Nothing was run. "
            "Start the server (`systemctl status postgresql`), then run again."
        ) from error


def history_errors() -> tuple[type[Exception], ...]:
    """What is raised where the run history cannot be read or written."""
    try:
        from dagster_postgres.utils import DagsterPostgresException
    except ImportError:
        return (SQLAlchemyError,)
    return (SQLAlchemyError, DagsterPostgresException)


@contextmanager
def _first_alone(home: Home) -> Iterator[None]:
    """One process at a time: two that make the same history for the first time break each other.

    That holds for looking for damage too: a database that another is making is empty at first.
    """
    home.dagster.mkdir(parents=True, exist_ok=True)
    with (home.dagster / ".opening").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _reason(error: BaseException) -> str:
    cause = error.__cause__ or error
    lines = str(getattr(cause, "orig", cause)).strip().splitlines()
    return (lines[-1] if lines else type(cause).__name__).rstrip(".") + "."
