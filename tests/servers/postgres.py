"""A PostgreSQL cluster of a test's own.

It lives in a temporary folder, listens on a free loopback port only, asks for a password made for
the occasion, and belongs to an unprivileged user, because PostgreSQL refuses to run as root.
"""

import contextlib
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

USER = "beacon"
_WANTED = ("initdb", "pg_ctl", "psql")


def _programs() -> Path:
    """Where PostgreSQL's server programs are, or skip, naming what is missing."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    found = shutil.which("pg_ctl")
    folders += [Path(found).resolve().parent] if found else []
    for folder in folders:
        if all((folder / program).is_file() for program in _WANTED):
            return folder
    pytest.skip(f"{', '.join(_WANTED)} are not installed (Debian: postgresql)")


def _as_user() -> tuple[list[str], int, int]:
    """How to run something as an unprivileged user: a prefix, and whom files are given to."""
    if os.getuid() != 0:
        return [], os.getuid(), os.getgid()
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            prefix = ["setpriv", f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}"]
            return [*prefix, "--clear-groups"], entry.pw_uid, entry.pw_gid
    pytest.skip("there is neither a user postgres nor nobody, and PostgreSQL refuses root")


def free_port() -> int:
    """A loopback port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Cluster:
    """A running cluster."""

    programs: Path
    folder: Path
    port: int
    password: str
    prefix: list[str]
    databases: int = 0

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [*self.prefix, str(self.programs / program), *arguments],
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "PGPASSWORD": self.password, "LC_ALL": "C.UTF-8"},
            # pg_ctl's server keeps whatever it inherits; a pipe would never end.
            stdout=(self.folder / "output").open("ab"),
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, (self.folder / "output").read_text()[-3000:]

    def start(self) -> None:
        """Start the server and wait until it answers."""
        log = str(self.folder / "log")
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-l", log, "-w", "start")

    def stop(self, mode: str = "fast") -> None:
        """Stop the server: fast breaks connections off politely, immediate like a power cut."""
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-m", mode, "-w", "stop")

    def restart(self, mode: str = "immediate", away_seconds: float = 1.0) -> None:
        """Stop the server, leave it away for a while, and start it again."""
        self.stop(mode)
        time.sleep(away_seconds)
        self.start()

    def new_database(self) -> str:
        """Make an empty database; give its address, without the password."""
        self.databases += 1
        name = f"history_{self.databases}"
        self.psql("postgres", f"create database {name}")
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{name}"

    def psql(self, database: str, statement: str) -> None:
        """Run one statement."""
        where = ["-h", "127.0.0.1", "-p", str(self.port), "-U", USER, "-d", database]
        self._run("psql", *where, "-v", "ON_ERROR_STOP=1", "-c", statement)


@contextlib.contextmanager
def running_cluster() -> Iterator[Cluster]:
    """A cluster for as long as the context lasts."""
    programs = _programs()
    prefix, uid, gid = _as_user()
    # Not under pytest's own temporary folder, which other users may not enter.
    folder = Path(tempfile.mkdtemp(prefix="beacon-postgres-"))
    cluster = Cluster(programs, folder, free_port(), secrets.token_urlsafe(18), prefix)
    try:
        given = folder / "password"
        given.write_text(cluster.password)
        (folder / "output").touch()
        for path in (folder, given, folder / "output"):
            os.chown(path, uid, gid)
        data = str(folder / "data")
        cluster._run(
            "initdb", "-D", data, "-U", USER, "--pwfile", str(given), "--auth=scram-sha-256",
            "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions",
        )  # fmt: skip
        with (folder / "data" / "postgresql.conf").open("a") as settings:
            settings.write(
                f"listen_addresses = '127.0.0.1'\nport = {cluster.port}\n"
                f"unix_socket_directories = '{folder}'\nmax_connections = 40\n"
                "shared_buffers = 16MB\n"
            )
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.stop("immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
