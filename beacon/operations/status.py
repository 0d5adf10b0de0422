"""How a Beacon is, gathered from the files of its home."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from beacon.core.clock import NIGHT_GRACE, in_london, in_words, last_night, next_night, now
from beacon.core.errors import BeaconError
from beacon.core.files import read_json
from beacon.core.home import Home
from beacon.operations.damage import Damage, find_damage
from beacon.operations.disk import free_bytes, needed_bytes
from beacon.operations.health import Heartbeat, read_heartbeat
from beacon.operations.remedies import remedy_for
from beacon.operations.runs import ASIDE, RunRecord, find_dead, list_runs, lock_is_held
from beacon.operations.source_history import SourcesSeen, SourceState, load_sources
from beacon.release.approval import held_release
from beacon.release.layout import Release, latest_release
from beacon.release.named_boards import BoardRelease, named_boards

Level = Literal["warning", "critical"]

# The disk is filling up when it has less than this many times what a run may need.
_COMFORT = 4
# Machines that share a home may differ by minutes.
_CLOCK_TOLERANCE = timedelta(minutes=10)


@dataclass(frozen=True)
class Condition:
    """Something that needs a person, as long as it holds.

    Attributes:
        key: What it is about; one alert is open for a key at a time.
        kind: Its kind, such as run_failed.
        level: warning: needs you some time; critical: tonight's release is at stake.
        title: In a few words.
        what: What broke.
        since: Since when, UTC, ISO 8601.
        still_good: What can still be relied on.
        command: The one command to run.
        then: What the command does, or what to do around it.
        signature: Changes when the condition changes so that a person should hear of it again.
    """

    key: str
    kind: str
    level: Level
    title: str
    what: str
    since: str
    still_good: str
    command: str
    then: str
    signature: str = ""


@dataclass(frozen=True)
class Status:
    """How a Beacon is at one moment.

    Attributes:
        at: The moment.
        release: The current release, if there is one.
        published_at: When it was published, UTC, ISO 8601.
        runs: Remembered runs, the latest first.
        dead: Those recorded as under way that are not.
        locked: Whether something is writing to the home.
        sources: Sources as the last run found them.
        held: The release that waits for approval, if there is one.
        free_bytes: Free space on the home's disk.
        needed_bytes: What a run may need of it.
        heartbeat: The daemon's last sign of life, if it ever gave one.
        rebuild: What the last full rebuild came to.
        undelivered: Alerts that some channel has not taken yet.
        conditions: What needs a person, worst first.
        broken: What could not be told, and why.
        damage: Files that are damaged.
        behind: Boards of a home of many that the last run did not renew.
    """

    at: datetime
    release: Release | None
    published_at: str | None
    runs: tuple[RunRecord, ...]
    dead: tuple[RunRecord, ...]
    locked: bool
    sources: SourcesSeen | None
    held: dict[str, Any] | None
    free_bytes: int
    needed_bytes: int
    heartbeat: Heartbeat | None
    rebuild: dict[str, Any] | None
    undelivered: int
    broken: tuple[str, ...] = ()
    damage: tuple[Damage, ...] = ()
    behind: tuple[BoardRelease, ...] = ()

    @property
    def conditions(self) -> list[Condition]:
        """What needs a person, worst first."""
        return sorted(_conditions(self), key=lambda each: (each.level != "critical", each.key))

    @property
    def last_run(self) -> RunRecord | None:
        """The latest run that has ended and was meant to publish."""
        return next((run for run in self.nightly_runs if run.state == "ended"), None)

    @property
    def nightly_runs(self) -> list[RunRecord]:
        """Runs that were meant to end in tonight's release, the latest first."""
        dead = {run.run_id: run for run in self.dead}
        return [
            _as_dead(run) if run.run_id in dead else run
            for run in self.runs
            if run.job not in ASIDE
        ]

    @property
    def next_night(self) -> datetime | None:
        """When the daemon starts the next night; None where no daemon runs that would."""
        beat = self.heartbeat
        return next_night(self.at) if beat and beat.shows_life(self.at) else None

    @property
    def level(self) -> Literal["ok", "warning", "critical"]:
        """The worst of all conditions."""
        levels = {condition.level for condition in self.conditions}
        if "critical" in levels:
            return "critical"
        return "warning" if levels else "ok"


def _as_dead(run: RunRecord) -> RunRecord:
    return replace(run, state="ended", outcome="cut_short", ended_at=run.started_at)


def gather(home: Home, at: datetime | None = None) -> Status:
    """Look at a home. Reads only; a file that cannot be read is named, not fatal.

    Args:
        home: The home.
        at: The moment to judge ages by; now by default.
    """
    broken: list[str] = []

    def kept(what: str, read: Any, default: Any = None) -> Any:
        try:
            return read()
        except (BeaconError, OSError, ValueError, KeyError, TypeError) as error:
            broken.append(f"{what}: {error}")
            return default

    release = kept("latest.json", lambda: latest_release(home))
    runs = kept("state/runs", lambda: list_runs(home), [])
    book = kept("state/alerts.json", lambda: read_json(home.state / "alerts.json"), None) or {}
    return Status(
        at=at or now(),
        release=release,
        published_at=_published_at(release),
        runs=tuple(runs),
        dead=tuple(find_dead(home, runs, holds_lock=False)),
        locked=kept(".lock", lambda: lock_is_held(home), False),
        sources=kept("state/sources.json", lambda: load_sources(home)),
        held=kept("releases/.held.json", lambda: held_release(home)),
        free_bytes=free_bytes(home),
        needed_bytes=needed_bytes(home, release),
        heartbeat=kept("state/heartbeat.json", lambda: read_heartbeat(home)),
        rebuild=kept("state/rebuild.json", lambda: read_json(home.state / "rebuild.json")),
        undelivered=sum(bool(entry.get("pending")) for entry in book.get("outbox", [])),
        broken=tuple(broken),
        damage=tuple(kept("the home", lambda: find_damage(home), [])),
        behind=tuple(
            board for board in kept("the boards", lambda: named_boards(release), []) if board.behind
        ),
    )


def _published_at(release: Release | None) -> str | None:
    if release is None:
        return None
    with contextlib.suppress(OSError, ValueError):
        published: str | None = release.run_record.get("published_at")
        return published
    return None


def _conditions(status: Status) -> Iterator[Condition]:
    yield from _about_runs(status)
    yield from _about_approval(status)
    yield from _about_boards(status)
    yield from _about_sources(status)
    yield from _about_daemon(status)
    yield from _about_disk(status)
    yield from _about_rebuild(status)
    yield from _about_clock(status)
    yield from _about_damage(status)
    if status.broken and not status.damage:
        yield Condition(
            "home",
            "home_damaged",
            "critical",
            "Files of the home cannot be read",
            "; ".join(status.broken),
            status.at.isoformat(timespec="seconds"),
            _good(status),
            "beacon verify",
            "It says which releases are intact; `beacon rollback RELEASE` makes one current.",
            ";".join(status.broken),
        )


def _about_damage(status: Status) -> Iterator[Condition]:
    for damage in status.damage:
        yield Condition(
            f"damage:{damage.file}",
            "home_damaged",
            damage.level,
            f"{damage.file} is damaged",
            damage.what,
            status.at.isoformat(timespec="seconds"),
            _good(status),
            damage.command,
            damage.then,
            damage.what,
        )


def _about_clock(status: Status) -> Iterator[Condition]:
    moments = [run.started_at for run in status.runs]
    if status.published_at:
        moments.append(status.published_at)
    latest = max((datetime.fromisoformat(moment) for moment in moments), default=status.at)
    if latest - status.at > _CLOCK_TOLERANCE:
        yield Condition(
            "clock",
            "clock_set_back",
            "warning",
            "The clock of this machine has been set back",
            f"The last run began {in_london(latest)}; the clock says {in_london(status.at)}.",
            status.at.isoformat(timespec="seconds"),
            _good(status),
            "timedatectl",
            "It says whether the clock is kept right. Until it is, ages of files are wrong.",
        )


def _good(status: Status) -> str:
    """What can still be relied on."""
    if status.release is None:
        return "No release is current."
    if any(damage.file.startswith("releases/") for damage in status.damage):
        return "The current release is damaged: do not rely on it."
    since = f", published {in_london(status.published_at)}" if status.published_at else ""
    return f"Release {status.release.label}{since}, is current and unchanged."


def _about_runs(status: Status) -> Iterator[Condition]:
    ended = [run for run in status.nightly_runs if run.state == "ended"]
    if ended and ended[0].outcome == "interrupted":
        yield Condition(
            "run",
            "run_interrupted",
            "warning",
            "The last run was interrupted",
            f"The run of {in_london(ended[0].started_at)} was stopped by a person or a service.",
            ended[0].started_at,
            _good(status),
            "beacon run",
            "It starts the run anew; nothing half done was published.",
        )
    if not ended or not ended[0].is_bad or ended[0].outcome == "held":
        return
    bad = []
    for run in ended:
        if not run.is_bad:
            break
        bad.append(run)
    latest, first = bad[0], bad[-1]
    again = f" {len(bad)} runs in a row." if len(bad) > 1 else ""
    if latest.outcome == "blocked":
        yield Condition(
            "run",
            "release_blocked",
            "critical",
            "A critical check kept the release from being published",
            f"Failed: {', '.join(latest.failed_checks)}.{again}",
            first.started_at,
            _good(status),
            "beacon run",
            "First look at the failing rows: in the UI, under Checks of the table named. Where a "
            "publisher's file is wrong, wait for the next night; otherwise correct the cause and "
            "run again.",
            ",".join(latest.failed_checks),
        )
        return
    cause = " ".join(latest.errors) or "The run left no reason; see its page in the UI."
    remedy = remedy_for(latest)
    yield Condition(
        "run",
        "run_failed",
        "critical",
        remedy.title,
        f"The run of {in_london(latest.started_at)} failed. {cause}{again}",
        first.started_at,
        _good(status),
        remedy.command,
        remedy.then,
        f"{latest.outcome}:{remedy.title}",
    )


def _about_boards(status: Status) -> Iterator[Condition]:
    if not status.behind:
        return
    many = "board has" if len(status.behind) == 1 else "boards have"
    yield Condition(
        "boards",
        "boards_behind",
        "critical",
        f"{len(status.behind)} {many} no new release",
        " ".join(f"{board.id}: {board.behind}" for board in status.behind),
        status.published_at or status.at.isoformat(timespec="seconds"),
        "The other boards are renewed; the last releases of these stay current.",
        f"beacon status --home HOME/boards/{status.behind[0].id}",
        "It says what the board needs, such as an approval. `beacon run --footprint all` makes it.",
        ",".join(board.id for board in status.behind),
    )


def _about_approval(status: Status) -> Iterator[Condition]:
    if status.held is None:
        return
    yield Condition(
        "approval",
        "approval_needed",
        "warning",
        "A release waits for approval",
        f"Held back: {'; '.join(status.held['reasons'])}.",
        status.held["held_at"],
        _good(status),
        "beacon approve",
        "It shows what would change. `beacon approve --yes --by NAME` lets exactly that through "
        "at the next run.",
        status.held["content"],
    )


def _about_sources(status: Status) -> Iterator[Condition]:
    for source in status.sources.sources if status.sources else ():
        if source.refused:
            yield _refused(status, source)
        overdue = source.overdue_since(status.at)
        if overdue is not None and source.received_at is not None:
            yield Condition(
                f"overdue:{source.source}",
                "source_overdue",
                "warning",
                f"{source.title} is overdue",
                f"The newest file of {source.title} ({source.publisher}) arrived "
                f"{in_london(source.received_at)}; it is issued {source.every}.",
                overdue.isoformat(timespec="seconds"),
                f"What is held of it is still in use. {_good(status)}",
                "beacon sources",
                f"It shows what is held. See whether there is a newer issue: {source.landing_page}",
                source.received_at,
            )


def _refused(status: Status, source: SourceState) -> Condition:
    live = status.sources is not None and status.sources.inputs == "live"
    since = min(refusal.since for refusal in source.refused)
    names = sorted(refusal.name for refusal in source.refused)
    held = all(refusal.has_last_good for refusal in source.refused)
    message = source.refused[0].message
    many = f" and {len(names) - 1} more" if len(names) > 1 else ""
    age = (status.at - datetime.fromisoformat(since)).total_seconds()
    return Condition(
        f"source:{source.source}",
        "source_stale",
        "warning",
        f"{source.title} could not be used",
        f"{names[0]}{many}: {message}".strip(),
        since,
        ("Its last good version is in use. " if held else "Nothing of it had been received. ")
        + _good(status),
        "beacon run --inputs live" if live else "beacon run --inputs folder --folder FOLDER",
        "It is asked for again each night; run it by hand if that cannot wait."
        if live
        else f"First put a sound file into the folder: {source.landing_page}",
        # Heard of again after a week, because by then nobody is going to mend it by themselves.
        f"{','.join(names)}:{int(age // (7 * 86_400))}",
    )


def _about_daemon(status: Status) -> Iterator[Condition]:
    beat = status.heartbeat
    if beat is None or beat.stopped:
        return
    if not beat.shows_life(status.at):
        silent = (status.at - beat.at).total_seconds()
        yield Condition(
            "daemon",
            "daemon_silent",
            "critical",
            "The daemon that starts the nights gives no sign of life",
            f"Its last was {in_words(silent)} ago, on {beat.host}.",
            beat.at.isoformat(timespec="seconds"),
            f"{_good(status)} The next night is due "
            f"{in_london(next_night(status.at))}; it will not start by itself.",
            beat.restart_command,
            "It starts the daemon. A night that was missed meanwhile is made up with `beacon run`.",
        )
    due = last_night(status.at)
    begun = [run for run in status.nightly_runs if datetime.fromisoformat(run.started_at) >= due]
    watched = datetime.fromisoformat(beat.first_at) <= due
    if not begun and watched and status.at - due > NIGHT_GRACE:
        yield Condition(
            "night",
            "night_missed",
            "critical",
            "The night did not run",
            f"No run has begun since {in_london(due)}, when the night was due.",
            due.isoformat(timespec="seconds"),
            _good(status),
            "beacon run",
            "It makes up the night.",
            due.isoformat(),
        )


def _about_disk(status: Status) -> Iterator[Condition]:
    if status.free_bytes >= _COMFORT * status.needed_bytes:
        return
    full = status.free_bytes < status.needed_bytes
    yield Condition(
        "disk",
        "disk_low",
        "critical" if full else "warning",
        "The disk is full" if full else "The disk is filling up",
        f"{status.free_bytes / 1e6:,.0f} MB are free; a run may need "
        f"{status.needed_bytes / 1e6:,.0f} MB.",
        status.at.isoformat(timespec="seconds"),
        _good(status),
        "beacon prune",
        "It removes all but the newest 14 releases, the current and the pinned ones; "
        "`--dry-run` shows which. Landing is never to be cleared: nothing could be traced.",
        "full" if full else "low",
    )


def _about_rebuild(status: Status) -> Iterator[Condition]:
    found = status.rebuild
    if found is None or found.get("outcome") in ("same", None):
        return
    if status.release is not None and found.get("release") != status.release.label:
        return
    yield Condition(
        "rebuild",
        "rebuild_differs",
        "critical",
        "A rebuild from landing did not give the current release again",
        " ".join(found.get("differences", [])[:5]) or str(found.get("error", "")),
        found["at"],
        f"{_good(status)} Nothing of the rebuild was published.",
        "beacon verify",
        "It says whether the release is what was published. If it is intact, landing has lost or "
        f"changed a file, or the machine computes otherwise: {found.get('kept', 'state/rebuild')} "
        "keeps the rebuild to compare.",
        f"{found.get('release')}:{len(found.get('differences', []))}",
    )
