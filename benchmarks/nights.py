"""Nights with faults, and what becomes of them: `python benchmarks/nights.py --storage sqlite`.

One home lives through all of them. Its inputs are live, from replicas of the publishers on this
machine that are filled with the fictional sample; its alerts go to a webhook on this machine. Each
night has one fault. What it ends in, which alert comes and what mends it is written down, and then

- every release must verify, the pointer must name one, and the analysts' database must answer;
- every byte in landing must still be what was received, and nothing may be left half written;
- a fault that does not mend itself is mended with the one command that its alert names.

`--storage postgres` keeps the run history on a PostgreSQL server of its own, which one night
restarts. `--nights 7,8` plays only some, after the first release.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import duckdb  # noqa: E402

from beacon.core.files import sha256_of  # noqa: E402
from beacon.core.settings import Home  # noqa: E402
from beacon.ingest.landing_store import LandingStore  # noqa: E402
from beacon.operations.runs import list_runs, lock_is_held  # noqa: E402
from beacon.registry.sources import load_source_register  # noqa: E402
from beacon.release import layout  # noqa: E402
from beacon.release.layout import latest_release, list_releases  # noqa: E402
from beacon.release.verify import verify_release  # noqa: E402
from beacon.sample import PRESETS, write_sample  # noqa: E402
from tests.replicas.server import always, web_page  # noqa: E402
from tests.replicas.world import World, not_in_sample, serve  # noqa: E402

RUN_LIMIT_SECONDS = 900.0
DAEMON_LIMIT_SECONDS = 900.0
INDICATOR = "93014"
BALLAST = "ballast"
DISK_MEGABYTES = 1000


@dataclass
class Row:
    """One night as it is told."""

    night: str
    fault: str
    outcome: str
    alert: str
    mended: str
    release: str
    faults: list[str] = field(default_factory=list)


class Inbox:
    """A webhook on this machine that keeps what it is told."""

    def __init__(self) -> None:
        self.alerts: list[dict[str, Any]] = []
        inbox = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                inbox.alerts += json.loads(body)["alerts"]
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"

    def take(self) -> list[dict[str, Any]]:
        """What came since the last time."""
        taken, self.alerts = self.alerts, []
        return taken


@dataclass
class Stage:
    """Everything that a night is played on."""

    home: Home
    world: World
    inbox: Inbox
    environment: dict[str, str]
    storage: str
    cluster: Any = None
    mounted: bool = False
    revision: int = 0
    base: float = 1.0

    # Running things

    def run(self, *arguments: str, **given: Any) -> subprocess.CompletedProcess[str]:
        """One `beacon` command, to its end."""
        return subprocess.run(
            [sys.executable, "-m", "beacon.cli.main", *(arguments or ("run",))],
            env=self.environment,
            cwd=ROOT,
            text=True,
            capture_output=True,
            timeout=RUN_LIMIT_SECONDS,
            check=False,
            **given,
        )

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """One `beacon` command, in the background."""
        return subprocess.Popen(
            [sys.executable, "-m", "beacon.cli.main", *(arguments or ("run",))],
            env=self.environment,
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=(self.home.root.parent / "stderr").open("wb"),
            start_new_session=True,
        )

    @contextlib.contextmanager
    def daemon(self) -> Iterator[list[subprocess.Popen[bytes]]]:
        """The daemon, in a list so that a night can put another into its place."""
        running = [self.start_daemon()]
        try:
            yield running
        finally:
            for process in running:
                stop_group(process, signal.SIGTERM)
            time.sleep(2)
            for process in running:
                stop_group(process, signal.SIGKILL)

    def start_daemon(self) -> subprocess.Popen[bytes]:
        """The daemon with its code server, as a service would start it."""
        return subprocess.Popen(
            [sys.executable, "-m", "dagster._daemon", "run", "-w", str(ROOT / "workspace.yaml")],
            env=self.dagster_environment(),
            cwd=ROOT,
            stdout=(self.home.root.parent / "daemon.log").open("ab"),
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def dagster_environment(self) -> dict[str, str]:
        """The environment of Dagster's own programs."""
        return {
            **self.environment,
            "DAGSTER_HOME": str(self.home.dagster),
            "DAGSTER_DISABLE_TELEMETRY": "1",
            "PYTHONPATH": str(ROOT),
        }

    def launch_night(self) -> None:
        """Put the nightly job into the daemon's queue, as the schedule does at 02:30."""
        subprocess.run(
            [
                sys.executable, "-m", "dagster", "job", "launch",
                "-w", str(ROOT / "workspace.yaml"), "-j", "nightly",
            ],
            env=self.dagster_environment(), cwd=ROOT, check=True, capture_output=True, timeout=300,
        )  # fmt: skip

    def wait(self, fits: Callable[[], bool], seconds: float = DAEMON_LIMIT_SECONDS) -> bool:
        """Wait until something is so."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if fits():
                return True
            time.sleep(0.5)
        return False

    def nights(self, outcome: str | None = None) -> int:
        """How many runs ended, with this outcome."""
        return sum(
            run.state == "ended" and outcome in (None, run.outcome) for run in list_runs(self.home)
        )

    def working(self) -> bool:
        """Whether a run has come as far as deriving."""
        tables = self.home.state / "staging-lsoa21_ward24.json"
        return (
            lock_is_held(self.home)
            and tables.is_file()
            and tables.stat().st_mtime > self.began.timestamp()
        )

    # Changing what publishers say

    began: datetime = field(default_factory=lambda: datetime.now(UTC))

    def news(self, factor: float = 1.0) -> None:
        """The publisher issues other figures: a little off, or a whole back series revised."""
        self.revision += 1
        # What was revised stays revised.
        self.base *= factor
        shift = self.base * (1 + 0.0005 * self.revision)
        export = self.world.fingertips.exports
        lines = self.original.decode("utf-8-sig").split("\r\n")
        header = lines[0].split(",")
        figures = [index for index, name in enumerate(header) if name == "Value" or " CI " in name]
        changed = [lines[0]]
        for line in lines[1:]:
            cells = line.split(",")
            for index in figures if len(cells) == len(header) else ():
                with contextlib.suppress(ValueError):
                    cells[index] = repr(float(cells[index]) * shift)
            changed.append(",".join(cells))
        export[INDICATOR] = "\r\n".join(changed).encode()

    original: bytes = b""

    # Looking afterwards

    def release(self) -> str:
        """The current release's label."""
        current = latest_release(self.home)
        return current.label if current else "none"

    def look(self) -> list[str]:
        """What is wrong with the home; nothing ever should be."""
        wrong = []
        for release in list_releases(self.home):
            wrong += [
                f"{release.label}: {each}" for each in verify_release(self.home, release).faults
            ]
        if self.release() not in {release.label for release in list_releases(self.home)}:
            wrong.append("the pointer names no release")
        try:
            with duckdb.connect(str(self.home.catalogue), read_only=True) as con:
                con.execute("select count(*) from beacon_indicator").fetchall()
        except duckdb.Error as error:
            wrong.append(f"beacon.duckdb: {error}")
        store = LandingStore(self.home.landing)
        for landed in store.every_object(fictional=True):
            if sha256_of(store.path_of(landed)) != landed.sha256:
                wrong.append(f"landing: {landed.file} has changed")
        return wrong

    def left_behind(self) -> list[str]:
        """What an interrupted run left, which the run after it clears away."""
        left = [path.name for path in layout.unfinished_builds(self.home)]
        left += [path.name for path in self.home.root.glob(".beacon.*")]
        left += [layout.JOURNAL] if (self.home.releases / layout.JOURNAL).exists() else []
        return [f"left behind: {name}" for name in left]


def stop_group(process: subprocess.Popen[bytes], sign: signal.Signals) -> None:
    """Send a signal to a process that was started here and to those that it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, sign)


def told(alerts: list[dict[str, Any]]) -> str:
    """Alerts in the words of the table."""
    words = [
        f"{alert['kind']} {'raised' if alert['state'] == 'raised' else 'over'}" for alert in alerts
    ]
    return ", ".join(words) or "none"


def outcome(stage: Stage, code: int | None = None) -> str:
    """What the last run came to."""
    runs = [run for run in list_runs(stage.home) if run.state == "ended"]
    last = runs[0].outcome if runs else "nothing"
    return f"{last}" + (f" (exit {code})" if code is not None else "")


def command_of(alerts: list[dict[str, Any]], kind: str) -> str:
    """The command that the alert of a kind names."""
    return next(
        (alert["command"] for alert in alerts if alert["kind"] == kind and alert["command"]), ""
    )


def follow(stage: Stage, command: str) -> subprocess.CompletedProcess[str]:
    """Do what an alert says, to the letter."""
    words = shlex.split(command)
    if not words or words[0] != "beacon":
        words = ["beacon", "status"]
    return stage.run(*words[1:])


# The nights


def source_down(stage: Stage) -> Iterator[Row]:
    """Fingertips is away for three nights and then back."""
    with stage.world.fingertips.failing(always(lambda: web_page(503))):
        for number in (1, 2, 3):
            done = stage.run()
            alerts = stage.inbox.take()
            wanted = "source_stale raised" if number == 1 else "none"
            faults = [] if told(alerts) == wanted else [f"told {told(alerts)}, not {wanted}"]
            faults += (
                [] if done.returncode == 3 else [f"exit {done.returncode}: {done.stderr[-400:]}"]
            )
            yield Row(
                str(number), "Fingertips does not answer", outcome(stage, done.returncode),
                told(alerts), "last good in use", stage.release(), faults,
            )  # fmt: skip
    done = stage.run()
    alerts = stage.inbox.take()
    faults = [] if told(alerts) == "source_stale over" else [f"told {told(alerts)}"]
    yield Row(
        "", "… and is back", outcome(stage, done.returncode), told(alerts), "by itself",
        stage.release(), faults,
    )  # fmt: skip


def bad_file(stage: Stage) -> Iterator[Row]:
    """A web page where a file should be."""
    good = stage.world.fingertips.exports[INDICATOR]
    lines = good.split(b"\r\n")
    stage.world.fingertips.exports[INDICATOR] = b"\r\n".join(
        [lines[0], *(b"x," * 27 for _ in lines)]
    )
    done = stage.run()
    alerts = stage.inbox.take()
    faults = [] if done.returncode == 3 and "source_stale raised" in told(alerts) else [
        f"exit {done.returncode}, told {told(alerts)}"
    ]  # fmt: skip
    first = outcome(stage, done.returncode), told(alerts)
    stage.world.fingertips.exports[INDICATOR] = good
    stage.run()
    over = stage.inbox.take()
    faults += [] if told(over) == "source_stale over" else [f"then told {told(over)}"]
    yield Row(
        "4", "a file with damaged rows", first[0], f"{first[1]}; {told(over)}",
        "by itself, with a sound file", stage.release(), faults,
    )  # fmt: skip


def revised(stage: Stage) -> Iterator[Row]:
    """A back series revised beyond tolerance waits for a person."""
    before = stage.release()
    stage.news(0.8)
    done = stage.run()
    alerts = stage.inbox.take()
    command = command_of(alerts, "approval_needed")
    faults = [] if stage.release() == before and done.returncode == 1 else ["it was not held back"]
    faults += [] if command == "beacon approve" else [f"told {told(alerts)}"]
    first = outcome(stage, done.returncode)
    follow(stage, f"{command} --yes --by 'the night rehearsal'")
    again = stage.run()
    over = stage.inbox.take()
    if stage.release() == before or again.returncode != 0:
        faults.append(f"not published after approval: {again.stdout[-300:]}")
    yield Row(
        "5", "a back series revised by a fifth", first, f"{told(alerts)}; {told(over)}",
        f"`{command} --yes --by NAME`", stage.release(), faults,
    )  # fmt: skip


def disk_full(stage: Stage) -> Iterator[Row]:
    """No space is left while a release is written."""
    if not stage.mounted:
        yield Row(
            "6", "the disk is full", "not played", "", "needs root, to mount", stage.release()
        )
        return
    before = stage.release()
    stage.revision += 3
    stage.news()
    ballast = stage.home.root.parent / BALLAST
    free = shutil.disk_usage(stage.home.root).free
    with ballast.open("wb") as stream:
        os.posix_fallocate(stream.fileno(), 0, free - 3_000_000)
    done = stage.run()
    stage.run("alerts", "send")
    alerts = stage.inbox.take()
    faults = (
        [] if done.returncode == 1 and stage.release() == before else [f"exit {done.returncode}"]
    )
    kinds = {alert["kind"] for alert in alerts}
    faults += [] if "disk_low" in kinds else [f"told {told(alerts)}"]
    faults += stage.look()
    command = command_of(alerts, "disk_low")
    pruned = follow(stage, command)
    faults += [] if pruned.returncode == 0 else [f"{command}: {pruned.stderr[-200:]}"]
    # What filled the disk was somebody else's; that goes too.
    ballast.unlink()
    again = stage.run()
    over = stage.inbox.take()
    faults += [] if again.returncode == 0 else [f"the next night: exit {again.returncode}"]
    yield Row(
        "6", "the disk is full", f"failed (exit {done.returncode})",
        f"{told(alerts)}; {told(over)}", f"`{command}` and space; next night by itself",
        stage.release(), faults,
    )  # fmt: skip


def killed(stage: Stage) -> Iterator[Row]:
    """SIGKILL while tables are derived."""
    before = stage.release()
    stage.news()
    stage.began = datetime.now(UTC)
    process = stage.start()
    reached = stage.wait(lambda: stage.working() or process.poll() is not None)
    time.sleep(3)
    stop_group(process, signal.SIGKILL)
    process.wait()
    faults = [] if reached and stage.release() == before else ["it was too late to kill"]
    faults += stage.look()
    stage.run("alerts", "send")
    alerts = stage.inbox.take()
    command = command_of(alerts, "run_failed")
    faults += [] if command == "beacon run" else [f"told {told(alerts)}"]
    again = follow(stage, command)
    over = stage.inbox.take()
    faults += [] if again.returncode == 0 and stage.release() != before else ["not published after"]
    faults += stage.left_behind()
    yield Row(
        "7", "the process is killed", "cut_short", f"{told(alerts)}; {told(over)}", f"`{command}`",
        stage.release(), faults,
    )  # fmt: skip


def locked(stage: Stage) -> Iterator[Row]:
    """Somebody has the working database open."""
    before = stage.release()
    stage.news()
    holder = subprocess.Popen(
        [
            sys.executable, "-c",
            "import sys, duckdb; con = duckdb.connect(sys.argv[1]); print(1, flush=True); "
            "sys.stdin.read()", str(stage.home.warehouse),
        ],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert holder.stdout is not None
    holder.stdout.readline()
    done = stage.run()
    alerts = stage.inbox.take()
    command = command_of(alerts, "run_failed")
    said = next((alert["what"] for alert in alerts if alert["kind"] == "run_failed"), "")
    faults = [] if f"PID {holder.pid}" in said and done.returncode == 1 else [f"told {said}"]
    first = outcome(stage, done.returncode)
    holder.communicate()
    again = follow(stage, command)
    over = stage.inbox.take()
    faults += [] if again.returncode == 0 and stage.release() != before else ["not published after"]
    yield Row(
        "8", "another program has the database open", first, f"{told(alerts)}; {told(over)}",
        f"close it, `{command}`", stage.release(), faults,
    )  # fmt: skip


def clock_change(stage: Stage) -> Iterator[Row]:
    """Both changes of the clock, by the iterator that the daemon's scheduler uses."""
    from dagster._utils.schedules import schedule_execution_time_iterator  # noqa: TID251

    from beacon.core.clock import NIGHT_CRON

    london = ZoneInfo("Europe/London")
    faults = []
    for first in (datetime(2027, 3, 26, 12), datetime(2026, 10, 23, 12)):
        ticks = schedule_execution_time_iterator(
            first.replace(tzinfo=london).timestamp(), NIGHT_CRON, "Europe/London"
        )
        for offset in range(1, 5):
            tick = next(ticks).astimezone(london)
            if (tick.day, tick.hour, tick.minute) != (first.day + offset, 2, 30):
                faults.append(f"a tick at {tick}")
    done = stage.run()
    alerts = stage.inbox.take()
    yield Row(
        "9", "the clock changes, both ways", outcome(stage, done.returncode), told(alerts),
        "one night at 02:30 on each of 8 days", stage.release(), faults,
    )  # fmt: skip


def daemon_restarted(stage: Stage) -> Iterator[Row]:
    """The daemon is killed with all that it started, in the middle of a night, and comes back."""
    before, bad, good = stage.release(), stage.nights("cut_short"), stage.nights("published")
    stage.news()
    with stage.daemon() as running:
        stage.wait(lambda: (stage.home.state / "heartbeat.json").is_file())
        stage.began = datetime.now(UTC)
        stage.launch_night()
        reached = stage.wait(stage.working)
        stop_group(running[0], signal.SIGKILL)
        for child in _orphans(stage):
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        faults = [] if reached and stage.release() == before else ["it was too late to restart"]
        faults += stage.look()
        time.sleep(3)
        running.append(stage.start_daemon())
        ended = stage.wait(lambda: stage.nights("published") > good)
        time.sleep(2)
    stage.run("alerts", "send")
    alerts = stage.inbox.take()
    faults += [] if ended and stage.release() != before else ["no release after the restart"]
    faults += [] if stage.nights("cut_short") > bad else ["the first run is not known to have died"]
    faults += stage.left_behind()
    yield Row(
        "10", "the daemon is killed mid-run and restarted", "cut_short, then published",
        told(alerts), "by itself: the run is started again", stage.release(), faults,
    )  # fmt: skip


def _orphans(stage: Stage) -> list[int]:
    """Processes of this home's daemon that have left its group: its code server and its run."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            variables = (entry / "environ").read_bytes().split(b"\0")
            words = (entry / "cmdline").read_bytes()
            # Only what was started with this very home is ours.
            if f"BEACON_HOME={stage.home.root}".encode() in variables and b"dagster" in words:
                found.append(int(entry.name))
    return found


def history_restarted(stage: Stage) -> Iterator[Row]:
    """The history's server is restarted in the middle of a run."""
    if stage.cluster is None:
        yield Row(
            "11", "PostgreSQL is restarted mid-run", "not played", "", "history is on SQLite",
            stage.release(),
        )  # fmt: skip
        return
    before = stage.release()
    stage.news()
    stage.began = datetime.now(UTC)
    process = stage.start()
    reached = stage.wait(lambda: stage.working() or process.poll() is not None)
    stage.cluster.restart("immediate", away_seconds=5.0)
    code = process.wait(RUN_LIMIT_SECONDS)
    alerts = stage.inbox.take()
    faults = [] if reached and code == 0 and stage.release() != before else [f"exit {code}"]
    faults += stage.left_behind()
    yield Row(
        "11", "PostgreSQL is restarted mid-run", outcome(stage, code), told(alerts),
        "by itself: the run waits", stage.release(), faults,
    )  # fmt: skip


def two_at_once(stage: Stage) -> Iterator[Row]:
    """Two runs are started at the same moment."""
    before = {release.label for release in list_releases(stage.home)}
    stage.news()
    processes = [stage.start() for _ in range(2)]
    codes = [process.wait(RUN_LIMIT_SECONDS) for process in processes]
    stage.run("alerts", "send")
    alerts = stage.inbox.take()
    made = {release.label for release in list_releases(stage.home)} - before
    faults = [] if codes == [0, 0] and len(made) == 1 else [f"exits {codes}, releases {made}"]
    faults += stage.left_behind()
    yield Row(
        "12", "two runs at once", "published, and unchanged", told(alerts),
        "by itself: one waits for the other", stage.release(), faults,
    )  # fmt: skip


NIGHTS: dict[str, Callable[[Stage], Iterator[Row]]] = {
    "1": source_down,
    "4": bad_file,
    "5": revised,
    "6": disk_full,
    "7": killed,
    "8": locked,
    "9": clock_change,
    "10": daemon_restarted,
    "11": history_restarted,
    "12": two_at_once,
}


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[bool]:
    """A disk of its own for the home, where this user may mount one."""
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK_MEGABYTES}m", "tmpfs", str(folder)],
        capture_output=True,
        check=False,
    )
    try:
        yield done.returncode == 0
    finally:
        if done.returncode == 0:
            subprocess.run(["umount", "-l", str(folder)], check=False)


@contextlib.contextmanager
def history(storage: str) -> Iterator[tuple[dict[str, str], Any]]:
    """The environment that puts the run history where it is wanted."""
    if storage == "sqlite":
        yield {}, None
        return
    from tests.servers.postgres import running_cluster

    with running_cluster() as cluster:
        yield {
            "BEACON_HISTORY_URL": cluster.new_database(),
            "PGPASSWORD": cluster.password,
        }, cluster  # fmt: skip


def show(row: Row) -> None:
    """One line of the table."""
    cells = (row.night, row.fault, row.outcome, row.alert, row.mended, row.release)
    print("| " + " | ".join(cells) + " |", flush=True)
    for fault in row.faults:
        print(f"|  | WRONG: {fault} | | | | |", flush=True)


def main() -> None:
    """Play the nights and print the table; exit status 1 if anything was wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--storage", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--nights", default=",".join(NIGHTS), help="Which, separated by commas.")
    parser.add_argument("--minutes", type=float, default=60.0, help="Begin no night after this.")
    options = parser.parse_args()
    deadline = time.monotonic() + 60 * options.minutes
    wrong = 0
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="beacon-nights-")))
        sample = folder / "sample"
        write_sample(sample, seed=20260101, size=PRESETS["small"])
        disk = folder / "disk"
        disk.mkdir()
        mounted = stack.enter_context(small_disk(disk))
        world = stack.enter_context(serve(sample))
        extra, cluster = stack.enter_context(history(options.storage))
        inbox = Inbox()
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("BEACON_")},
            **extra,
            "BEACON_HOME": str(disk / "home"),
            "BEACON_INPUTS": "live",
            "BEACON_FOOTPRINT": "sample",
            "BEACON_LIVE_BASE_URLS": json.dumps(world.base_urls),
            "BEACON_LIVE_SKIP": json.dumps(not_in_sample(sample, load_source_register())),
            "BEACON_ALERT_WEBHOOK": inbox.url,
        }
        stage = Stage(
            Home(disk / "home"), world, inbox, environment, options.storage, cluster, mounted
        )
        stage.original = world.fingertips.exports[INDICATOR]
        print("| night | fault | outcome | alert | mended | release |\n|---|---|---|---|---|---|")
        first = stage.run()
        faults = [] if first.returncode == 0 else [first.stderr[-1500:]]
        told_first = told(inbox.take())
        ended = outcome(stage, first.returncode)
        show(Row("0", "none", ended, told_first, "", stage.release(), faults))
        for number in options.nights.split(","):
            if time.monotonic() > deadline:
                print(f"night {number} was not begun: {options.minutes:g} minutes are over")
                wrong += 1
                continue
            for row in NIGHTS[number.strip()](stage):
                row.faults += stage.look()
                wrong += bool(row.faults)
                show(row)
    raise SystemExit(1 if wrong else 0)


if __name__ == "__main__":
    main()
