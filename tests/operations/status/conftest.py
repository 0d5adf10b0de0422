"""Homes in each state that an operator must hear of, and receivers on this machine."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import Message as Mail
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import duckdb
import pytest
from aiosmtpd.controller import Controller

from beacon.core.files import canonical_json, sha256_of, write_json
from beacon.core.home import Home
from beacon.operations.runs import RunRecord, this_process, write_run
from beacon.release.layout import Release, point_to

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
# 02:30 in London.
NIGHT = datetime(2026, 11, 22, 2, 30, tzinfo=UTC)
LABEL = "v2026.11.21-1"


def iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def run_record(**given: Any) -> RunRecord:
    started = given.pop("started", NIGHT + timedelta(seconds=5))
    record = RunRecord(
        run_id=f"run-{started:%d%H%M}",
        job="nightly",
        inputs="folder",
        state="ended",
        started_at=iso(started),
        ended_at=iso(started + timedelta(seconds=20)),
        outcome="published",
        release=LABEL,
        process=this_process(),
        scheduled=True,
    )
    return replace(record, **given)


def refused_source(
    *, since: datetime = NIGHT, message: str = "is a web page", inputs: str = "live"
) -> dict[str, Any]:
    return {
        "looked_at": iso(NIGHT),
        "inputs": inputs,
        "sources": [
            {
                "source": "fingertips",
                "title": "Fingertips",
                "publisher": "OHID",
                "landing_page": "https://fingertips.phe.org.uk/",
                "every": "yearly",
                "received_at": iso(NIGHT - timedelta(days=30)),
                "stale_after_days": 400,
                "refused": [
                    {
                        "name": "fingertips/indicator/93014",
                        "since": iso(since),
                        "message": message,
                        "has_last_good": True,
                    }
                ],
            }
        ],
    }


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home in which all is well: a release, a good night, and a daemon that ticks."""
    home = Home(tmp_path / "home")
    release = Release(LABEL, home.releases / LABEL)
    release.path.mkdir(parents=True)
    (release.path / "manifest.json").write_text(
        canonical_json({"release": LABEL, "marts": [], "files": {}})
    )
    (release.path / "run.json").write_text(
        canonical_json({"published_at": iso(NOW - timedelta(days=1))})
    )
    (release.path / "SHA256SUMS").write_text(
        "".join(f"{sha256_of(path)}  {path.name}\n" for path in sorted(release.path.iterdir()))
    )
    point_to(home, release, sha256_of(release.path / "manifest.json"))
    duckdb.connect(str(home.catalogue)).close()
    write_run(home, run_record())
    beat_at(home, NOW)
    return home


def beat_at(home: Home, moment: datetime, *, first: datetime | None = None) -> None:
    write_json(
        home.state / "heartbeat.json",
        {
            "at": iso(moment),
            "first_at": iso(first or NOW - timedelta(days=3)),
            "host": "server",
            "stopped": False,
            "restart_command": "systemctl restart beacon-daemon",
        },
    )


@dataclass
class Receiver:
    """A web server that keeps what is posted to it, and answers as it is told."""

    url: str = ""
    status: int = 200
    got: list[dict[str, Any]] = field(default_factory=list)


@pytest.fixture
def webhook() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if receiver.status == 200:
                receiver.got.append(json.loads(body))
            self.send_response(receiver.status)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    receiver.url = f"http://127.0.0.1:{server.server_port}/hook/s3cr3t-token"
    yield receiver
    server.shutdown()
    thread.join()
    server.server_close()


@dataclass
class Mailbox:
    address: str = ""
    got: list[Mail] = field(default_factory=list)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        self.got.append(message_from_bytes(envelope.content))
        return "250 taken"


@contextmanager
def mail_server(mailbox: Mailbox) -> Iterator[Mailbox]:
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(mailbox, hostname="127.0.0.1", port=port)
    controller.start()
    mailbox.address = f"127.0.0.1:{port}"
    try:
        yield mailbox
    finally:
        controller.stop()


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mail_server(Mailbox()) as box:
        yield box
