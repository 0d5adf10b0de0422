"""How each source stood after the last run: what is in use, since when, and what was refused."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from beacon.core.clock import now
from beacon.core.files import read_json, write_json
from beacon.core.home import Home
from beacon.core.source_names import RETURNED

if TYPE_CHECKING:
    from beacon.ingest.land import LandingReport
    from beacon.ingest.stage import StagedPart
    from beacon.registry.sources import SourceRegister

# What a refused return says may quote what an organisation wrote.
_NOT_QUOTED = frozenset(RETURNED)


@dataclass(frozen=True)
class Refusal:
    """A dataset part whose newest file cannot be used.

    Attributes:
        name: Dataset key and part.
        since: When it was first refused, UTC, ISO 8601.
        message: Why, in words.
        has_last_good: Whether an older file is in use instead.
    """

    name: str
    since: str
    message: str
    has_last_good: bool


@dataclass(frozen=True)
class SourceState:
    """One source.

    Attributes:
        source: Its id in the register.
        title: Its title.
        publisher: Who publishes it.
        landing_page: Where people find it.
        every: How often it is issued.
        received_at: When the newest bytes in use arrived; None where there are none.
        stale_after_days: Age of the newest bytes from which an issue must have been missed.
        refused: Parts that were refused.
    """

    source: str
    title: str
    publisher: str
    landing_page: str
    every: str
    received_at: str | None
    stale_after_days: int | None
    refused: tuple[Refusal, ...] = field(default=())

    def overdue_since(self, at: datetime) -> datetime | None:
        """Since when a newer issue must have been missed; None where none was."""
        if self.received_at is None or self.stale_after_days is None:
            return None
        due = datetime.fromisoformat(self.received_at) + timedelta(days=self.stale_after_days)
        return due if at > due else None


@dataclass(frozen=True)
class SourcesSeen:
    """All sources, as the last run that looked at them found them."""

    looked_at: str
    inputs: str
    sources: tuple[SourceState, ...]


def see_sources(
    home: Home,
    register: SourceRegister,
    report: LandingReport,
    parts: Iterable[StagedPart],
) -> SourcesSeen:
    """Write how every source of a run stands.

    Args:
        home: Where the run worked.
        register: The source register.
        report: What the run's landing step found.
        parts: What its staging steps did; nothing for a run that did not read.
    """
    before = load_sources(home)
    since = {
        refusal.name: refusal.since
        for state in (before.sources if before else ())
        for refusal in state.refused
    }
    at = now().isoformat(timespec="seconds")
    staged = {part.name: part for part in parts}
    received: dict[str, list[str]] = {}
    refused: dict[str, list[Refusal]] = {}
    for outcome in report.outcomes:
        source = outcome.key.split("/")[0]
        received.setdefault(source, [])
        part = staged.get(outcome.name)
        in_use = outcome.candidate if part is None else part.in_use
        if in_use is not None:
            received[source].append(in_use.retrieved_at)
        problems = part.problems if part is not None and part.problems else outcome.problems
        if problems:
            said = "" if source in _NOT_QUOTED else str(problems[0])
            refused.setdefault(source, []).append(
                Refusal(outcome.name, since.get(outcome.name, at), said, in_use is not None)
            )
    seen = SourcesSeen(
        at,
        report.supplied_from,
        tuple(
            SourceState(
                source=source,
                title=register.sources[source].title,
                publisher=register.sources[source].publisher,
                landing_page=register.sources[source].landing_page,
                every=register.sources[source].cadence.every,
                received_at=max(times, default=None),
                stale_after_days=register.sources[source].cadence.stale_after_days,
                refused=tuple(refused.get(source, ())),
            )
            for source, times in sorted(received.items())
        ),
    )
    write_json(_file(home), asdict(seen))
    return seen


def _file(home: Home) -> Any:
    return home.state / "sources.json"


def load_sources(home: Home) -> SourcesSeen | None:
    """What the last run that looked found; None before the first."""
    record: dict[str, Any] | None = read_json(_file(home))
    if record is None:
        return None
    return SourcesSeen(
        record["looked_at"],
        record["inputs"],
        tuple(
            SourceState(
                **{**entry, "refused": tuple(Refusal(**refusal) for refusal in entry["refused"])}
            )
            for entry in record["sources"]
        ),
    )
