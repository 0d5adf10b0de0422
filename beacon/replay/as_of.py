"""A release as it would have been published on a past day, and the current one made again.

A backfill lives in a home of its own under `backfills/<day>/`, which shares nothing with the home's
releases but landing, which is only read. Its code and registry are today's: it is what today's
Beacon makes of what was known then.
"""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cached_property
from pathlib import Path

from beacon.core.clock import LONDON
from beacon.core.errors import BeaconError
from beacon.core.home import Home
from beacon.core.settings import Settings
from beacon.ingest.land import LandingOutcome, LandingReport, absent_datasets
from beacon.ingest.landing_store import LandedObject, LandingStore
from beacon.operations.home_lock import home_lock
from beacon.people.crossing import CROSSING, people_folder
from beacon.people.load_crossed import crossed_files
from beacon.pipeline import make_release
from beacon.release import layout
from beacon.release.build import Publication
from beacon.release.publish import RunStart, publish
from beacon.returns.shown_before import BACKFILLS
from beacon.warehouse.connection import Warehouse
from beacon.workspace import Workspace


class NothingThenError(BeaconError):
    """Nothing had been received by the day that was asked for."""


@dataclass(frozen=True)
class Chosen:
    """The object of one dataset part, with older ones to try where it cannot be read.

    Attributes:
        landed: The object.
        older: Others that had been received, the newest first.
        as_last_good: True where it was in use because a newer one had been refused or was absent.
    """

    landed: LandedObject
    older: tuple[LandedObject, ...] = ()
    as_last_good: bool = False


def end_of(day: date) -> datetime:
    """The end of a day in London."""
    return datetime.combine(day + timedelta(days=1), time(0), tzinfo=LONDON)


def objects_as_of(store: LandingStore, day: date, *, fictional: bool) -> dict[str, Chosen]:
    """Which object of each dataset part was in use at the end of a day.

    What was accepted when is in landing's history. For a time before that was kept, it is the
    newest object received by then that can be read.
    """
    until = end_of(day)
    accepted: dict[str, str] = {}
    for entry in store.history(fictional=fictional):
        if datetime.fromisoformat(entry["at"]) < until:
            accepted[entry["name"]] = entry["sha256"]
    # Single local returns are kept in landing too; only what was ever in use is a dataset part.
    known = set(store.current(fictional=fictional))
    known |= {entry["name"] for entry in store.history(fictional=fictional)}
    received: dict[str, list[LandedObject]] = defaultdict(list)
    for landed in store.every_object(fictional=fictional):
        if landed.name in known and datetime.fromisoformat(landed.retrieved_at) < until:
            received[landed.name].append(landed)
    chosen = {}
    for name, objects in received.items():
        exact = [landed for landed in objects if landed.sha256 == accepted.get(name)]
        newest, *older = exact or reversed(objects)
        chosen[name] = Chosen(newest, tuple(older))
    return chosen


class FixedStore(LandingStore):
    """Landing as it was: what is in use is given, and nothing is ever accepted or stored."""

    def __init__(self, directory: Path, chosen: dict[str, Chosen]) -> None:
        super().__init__(directory)
        self._in_use = {
            name: choice.landed for name, choice in chosen.items() if choice.as_last_good
        }

    def current(self, *, fictional: bool) -> dict[str, LandedObject]:
        """The objects in use so far."""
        return dict(self._in_use)

    def accept(self, landed: list[LandedObject], *, fictional: bool) -> None:
        """Remember for the rest of this run only."""
        self._in_use |= {record.name: record for record in landed}


@dataclass(frozen=True)
class FixedWorkspace(Workspace):
    """A workspace over given objects, with a home of its own.

    Attributes:
        settings: Settings of the home whose landing is read.
        root: The home of its own.
        chosen: The objects.
        day: The past day it is for, where it is for one.
        judged: The day that due dates are held against, where it is neither `day` nor today.
    """

    root: Path = Path()
    chosen: dict[str, Chosen] = field(default_factory=dict)
    day: date | None = None
    judged: date | None = None

    @property
    def as_of(self) -> date | None:
        """The past day that this is made for."""
        return self.day

    @property
    def judged_on(self) -> date:
        """The day that due dates are held against."""
        return self.judged or super().judged_on

    @cached_property
    def home(self) -> Home:
        """The home of its own."""
        return Home(self.root)

    @cached_property
    def store(self) -> FixedStore:
        """The home's landing, in which just the given objects are in use."""
        return FixedStore(Home(self.settings.home).landing, self.chosen)

    def show_people(self) -> None:
        """Let the home of its own see what had crossed from the secure home, by as-at date."""
        source, target = people_folder(Home(self.settings.home).root), people_folder(self.home.root)
        shutil.rmtree(target, ignore_errors=True)
        for table in CROSSING:
            for file in crossed_files(Home(self.settings.home).root, table):
                if date.fromisoformat(file.stem) <= self.judged_on:
                    link = target / file.relative_to(source)
                    link.parent.mkdir(parents=True, exist_ok=True)
                    link.symlink_to(file)

    def report(self) -> LandingReport:
        """What a landing step would have found."""
        outcomes = []
        for name, choice in sorted(self.chosen.items()):
            spec = self.register.datasets.get(choice.landed.key)
            if spec is None or not self.needed.part(spec, choice.landed.members):
                continue
            outcomes.append(
                LandingOutcome(
                    name=name,
                    key=choice.landed.key,
                    status="absent" if choice.as_last_good else "unchanged",
                    candidate=choice.landed,
                    origin=choice.landed.origin,
                    alternates=choice.older,
                )
            )
        outcomes += absent_datasets(outcomes, self.register, self.needed)
        outcomes.sort(key=lambda outcome: outcome.name)
        return LandingReport(tuple(outcomes), supplied_from=self.settings.inputs)


def publish_fixed(
    workspace: FixedWorkspace, finish: Callable[[Warehouse], Publication], *, checks: bool = True
) -> Publication:
    """Put given objects through the pipeline: nothing is fetched, looked for or accepted.

    Args:
        workspace: The objects, and the home of its own.
        finish: Publishes what was made.
        checks: False leaves out contract checks.
    """
    with home_lock(workspace.home):
        workspace.show_people()
        workspace.report().save(workspace.landing_report_file)
        return make_release(workspace, finish, checks=checks, store=workspace.store)


def publish_as_of(settings: Settings, day: date) -> Publication:
    """Make what would have been published on a day, in `backfills/<day>/` of the home.

    Made again from the same objects and code it is the same and is not published twice. Nothing of
    it becomes current in the home.

    Args:
        settings: Settings of the home; what its inputs are decides only whether it is fictional.
        day: The day in London; what was received until its end is used.

    Raises:
        NothingThenError: When nothing had been received by then.
        PublicationBlockedError: When what no release can be made without had not been.
    """
    home = Home(settings.home)
    store = LandingStore(home.landing)
    fictional = Workspace(settings).is_fictional
    chosen = objects_as_of(store, day, fictional=fictional)
    if not chosen:
        everything = store.every_object(fictional=fictional)
        first = (
            f"The first file arrived on {everything[0].retrieved_at[:10]}."
            if everything
            else "Nothing has been received at all; run `beacon run` first."
        )
        raise NothingThenError(f"Nothing had been received by {day.isoformat()}. {first}")
    workspace = FixedWorkspace(
        settings, root=home.root / BACKFILLS / day.isoformat(), chosen=chosen, day=day
    )

    def finish(warehouse: Warehouse) -> Publication:
        return publish(
            warehouse,
            RunStart(f"as-of-{day.isoformat()}"),
            label=layout.next_label(workspace.home, as_of=day),
            guarded=False,
            store=workspace.store,
        )

    return publish_fixed(workspace, finish)
