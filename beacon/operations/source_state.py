"""The state of every source: what is in use, since when, what is due, and what went wrong last.

A release whose numbers have not changed is not published again, so a publisher that is down on such
a night shows in the records of the run, which this reads, and not in the release.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

from beacon.contracts.sql_files import staging_tables_in_use
from beacon.core.errors import Problem
from beacon.core.home import Home
from beacon.core.settings import secrets_from_environment
from beacon.fetch.fetch_record import FetchRecord, load_fetch_record
from beacon.fetch.stat_xplore_api import KEY
from beacon.ingest.land import LandingReport
from beacon.registry.sources import Cadence, DatasetSpec, SourceRegister
from beacon.release.layout import latest_release
from beacon.release.query import connect_release

Freshness = Literal["fresh", "due", "overdue", "not_applicable", "unknown"]

_MOST_EDITIONS = 4

# States that somebody should look at.
NEEDS_ATTENTION = frozenset({"refused", "refused_last_good_in_use", "not_reached"})


@dataclass(frozen=True)
class SourceState:
    """How one dataset stands.

    Attributes:
        key: `source/dataset`.
        mode: Where its files came from in the last run: sample, folder or live; "not configured"
            where it can only be had live with a key that is not there.
        state: in_use, not_supplied, refused, refused_last_good_in_use, not_reached (asked for and
            not had, the last good one in use if there is one), not_configured, not_read.
        files: Files in use.
        last_success: When its publisher last confirmed it or, in a folder, when its bytes were
            first received; UTC, ISO 8601. Empty where there is none.
        vintage: Which editions are in use or, without any, what the register expects.
        issued: How often the publisher issues it, in words.
        freshness: fresh; due: a newer issue is expected; overdue: for longer than the register
            allows; not_applicable: the series has ended or has no rhythm; unknown: not in use.
        next_expected: Day by which the next issue is expected, ISO 8601; empty where unknown.
        message: What went wrong last.
    """

    key: str
    mode: str
    state: str
    files: int
    last_success: str
    vintage: str
    issued: str
    freshness: Freshness
    next_expected: str
    message: str = ""


def source_states(
    home: Home, register: SourceRegister, today: date | None = None
) -> list[SourceState]:
    """The state of every dataset of the register, in its order."""
    known = _Known(home)
    day = today or datetime.now(UTC).date()
    has_key = KEY in secrets_from_environment()
    return [_state(spec, known, day, has_key=has_key) for spec in register.datasets.values()]


class _Known:
    """What the release and the records of the last run say, by dataset."""

    def __init__(self, home: Home) -> None:
        release = latest_release(home)
        report = LandingReport.load(home.state / "landing.json")
        self.mode = report.supplied_from
        # Status, part, vintage and message.
        self.parts: dict[str, list[tuple[str, str, str, str]]] = {}
        self.received: dict[str, str] = {}
        if release is not None:
            self.mode = self.mode or str(release.manifest["mode"])
            with connect_release(release, sql="") as con:
                for key, *rest in con.execute(
                    "select source || '/' || dataset, status, part, vintage, "
                    "coalesce(message, '') from source_status order by all"
                ).fetchall():
                    status, part, vintage, message = map(str, rest)
                    self.parts.setdefault(key, []).append((status, part, vintage, message))
            self.received = dict(release.run_record.get("inputs_retrieved_at", {}))
        self.refused: dict[str, tuple[Problem, ...]] = {}
        for outcome in report.refused:
            self.refused[outcome.key] = self.refused.get(outcome.key, ()) + outcome.problems
        self.fetched = _last_fetch_record(home) if self.mode == "live" else None

    def last_received(self, key: str) -> str:
        """When the newest bytes in use of a dataset arrived."""
        times = [when for name, when in self.received.items() if _is_of(name, key)]
        return max(times, default="")


def _is_of(name: str, key: str) -> bool:
    return name == key or name.startswith(f"{key}/")


def _last_fetch_record(home: Home) -> FetchRecord | None:
    records = [load_fetch_record(path) for path in sorted(home.downloads.glob("*/fetched.json"))]
    return max(records, key=lambda fetched: fetched.finished_at, default=None)


def _state(spec: DatasetSpec, known: _Known, today: date, *, has_key: bool) -> SourceState:
    key, dataset, cadence = spec.key, spec.dataset, spec.source.cadence
    parts = known.parts.get(key, [])
    received = known.last_received(key)
    expected = next_expected(cadence, _day(received))
    statuses = {status for status, *_ in parts}
    in_use = [part for part in parts if part[0] in ("in_use", "refused_last_good_in_use")]
    state = SourceState(
        key=key,
        mode=known.mode if parts else "",
        state=_worst(statuses) if parts else _without_parts(spec),
        files=len(in_use),
        last_success=received,
        vintage=_vintage(spec, in_use),
        issued=cadence.every,
        freshness=freshness(cadence, _day(received), today) if in_use else "unknown",
        next_expected=expected.isoformat() if expected else "",
        message="; ".join(message for *_, message in parts if message),
    )
    if key in known.refused:
        problems = "; ".join(dict.fromkeys(map(str, known.refused[key])))
        worst = "refused_last_good_in_use" if in_use else "refused"
        state = replace(state, state=worst, mode=known.mode, message=problems)
    state = _with_fetch_record(state, known.fetched)
    kind = dataset.fetch.kind if dataset.fetch is not None else ""
    if kind == "stat_xplore" and not has_key and not in_use:
        lacking = "Needs a personal key: put one into BEACON_STAT_XPLORE_KEY."
        return replace(state, state="not_configured", mode="not configured", message=lacking)
    return state


def _with_fetch_record(state: SourceState, fetched: FetchRecord | None) -> SourceState:
    """What the last live run adds: when the publisher was last reached, or why it was not."""
    if fetched is None:
        return state
    confirmed = [
        record.checked_at for name, record in fetched.held.items() if _is_of(name, state.key)
    ]
    if confirmed:
        # Of several files, the one whose confirmation is longest ago.
        state = replace(state, last_success=min(confirmed))
    failures = [failure for failure in fetched.failures if failure.key == state.key]
    if failures:
        problems = dict.fromkeys(str(problem) for f in failures for problem in f.problems)
        return replace(state, state="not_reached", mode="live", message="; ".join(problems))
    if state.key in fetched.not_configured:
        return replace(
            state, state="not_configured", mode="live", message=fetched.not_configured[state.key]
        )
    return state


def _without_parts(spec: DatasetSpec) -> str:
    if not spec.dataset.is_read:
        return "not_read"
    used = spec.dataset.staging in staging_tables_in_use()
    return "not_supplied" if used else "not_used"


def _vintage(spec: DatasetSpec, in_use: list[tuple[str, str, str, str]]) -> str:
    """The register's word for it; where editions come one by one, which are there."""
    dataset = spec.dataset
    if not in_use or dataset.part_by is None or not dataset.vintage.startswith("by "):
        return dataset.vintage
    editions = sorted({part for _, part, *_ in in_use})
    more = f" and {len(editions) - _MOST_EDITIONS} more" if len(editions) > _MOST_EDITIONS else ""
    return ", ".join(editions[-_MOST_EDITIONS:]) + more


def _worst(statuses: set[str]) -> str:
    for status in ("refused", "refused_last_good_in_use", "in_use"):
        if status in statuses:
            return status
    return "not_supplied"


def _day(timestamp: str) -> date | None:
    return datetime.fromisoformat(timestamp).date() if timestamp else None


def next_expected(cadence: Cadence, received: date | None) -> date | None:
    """The day by which the issue after the one received is expected, where that can be said.

    A day that the register names stands. Otherwise it is the end of the next month in which the
    publisher issues the series.
    """
    if cadence.next_expected is not None:
        return cadence.next_expected
    if received is None or not cadence.issued_in_months:
        return None
    year, month = received.year, received.month
    for _ in range(12):
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
        if month in cadence.issued_in_months:
            break
    return date(year, month, calendar.monthrange(year, month)[1])


def freshness(cadence: Cadence, received: date | None, today: date) -> Freshness:
    """Whether a newer issue should be there by now."""
    if received is None:
        return "unknown"
    if cadence.stale_after_days is None and not cadence.issued_in_months:
        return "not_applicable"
    stale = cadence.stale_after_days
    if stale is not None and today > received + timedelta(days=stale):
        return "overdue"
    expected = next_expected(cadence, received)
    return "due" if expected is not None and today > expected else "fresh"


def as_row(state: SourceState) -> tuple[Any, ...]:
    """A state as a row under `COLUMNS`."""
    return tuple(getattr(state, name) for name in COLUMNS)


COLUMNS = (
    "key", "mode", "state", "files", "last_success", "vintage", "freshness", "next_expected",
    "issued", "message",
)  # fmt: skip
