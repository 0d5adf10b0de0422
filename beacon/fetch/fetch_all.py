"""Fetching everything that a run needs and that has changed.

Publishers are asked at the same time, each by one thread, so that a slow one holds up nobody and
none is asked twice at once. A publisher that is down is asked no further in the same run.
"""

from __future__ import annotations

import fcntl
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

from beacon.core.errors import InputRefusedError, Problem, SettingsError
from beacon.core.files import sha256_of
from beacon.core.settings import Settings, secrets_from_environment
from beacon.core.version import installed_version
from beacon.fetch.client import HttpClient, Progress
from beacon.fetch.connectors import CONNECTORS
from beacon.fetch.fetch_errors import FetchError, NotConfiguredError
from beacon.fetch.fetch_record import Failure, FetchRecord, load_fetch_record
from beacon.fetch.hosts import Hosts, load_hosts
from beacon.fetch.read_download import read_download
from beacon.fetch.tasks import Arrived, Context, Nothing, Retrieved, Task, fetch_of
from beacon.ingest.landing_store import LandingStore
from beacon.ingest.scan import FoundFile, Recogniser
from beacon.ingest.worker_pool import FileJob, WorkerLostError, run_jobs
from beacon.registry.sources import DatasetSpec
from beacon.sources.recognition import Recognition
from beacon.workspace import Workspace

_THREADS = 6
# After this many failures in a row, each asked as often as it may be, a publisher counts as down.
_FAILURES_TO_DOWN = 3

Now = Callable[[], datetime]


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _continued(before: FetchRecord) -> FetchRecord:
    """A record that begins with what an earlier attempt of the same run reached."""
    return replace(before, failures=[each for each in before.failures if not each.unreached])


def downloads_of(workspace: Workspace) -> Path:
    """Where a workspace's downloads are kept; `fetched.json` there says what the last run did."""
    realm = "fictional" if workspace.is_fictional else "official"
    return workspace.home.downloads / realm


@dataclass
class Fetcher:
    """Fetches what a workspace needs.

    Attributes:
        workspace: Registers, footprint and home.
        client: The HTTP client.
        hosts: Publishers' addresses.
        now: Tells the time, for tests.
    """

    workspace: Workspace
    client: HttpClient
    hosts: Hosts
    now: Now = _utc_now

    @property
    def directory(self) -> Path:
        """Where downloads are kept; fictional and official ones apart."""
        return downloads_of(self.workspace)

    @cached_property
    def accepted(self) -> frozenset[str]:
        """Hashes of all last good objects."""
        store = LandingStore(self.workspace.home.landing)
        current = store.current(fictional=self.workspace.is_fictional)
        return frozenset(landed.sha256 for landed in current.values())

    @property
    def state_file(self) -> Path:
        """The record of what is held."""
        return self.directory / "fetched.json"

    def fetch(self, *, again: bool = False) -> list[FoundFile]:
        """Fetch everything needed, and give all that is held with what could not be had.

        With `again`, only what the last fetch did not reach is asked for.

        A file that could not be fetched, or is not what it should be, is given with its problems,
        so that landing refuses it by name and keeps the last good one in use.
        """
        with _alone(self.directory):
            before = load_fetch_record(self.state_file)
            fetched = _continued(before) if again else FetchRecord(held=before.held)
            recogniser = Recogniser(self.workspace.register, self.directory / "recognised.json")
            wanted = self._wanted()
            if again:
                missed = {failure.key for failure in before.failures if failure.unreached}
                wanted = [spec for spec in wanted if spec.key in missed]
            by_base: dict[str, list[DatasetSpec]] = {}
            for spec in wanted:
                by_base.setdefault(fetch_of(spec).base, []).append(spec)
            # One file at a time is looked into: what ends the workers of one would end all.
            looking = threading.Lock()
            with ThreadPoolExecutor(_THREADS) as pool:
                for _ in pool.map(
                    lambda specs: _Publisher(self, fetched, recogniser, looking).fetch(specs),
                    by_base.values(),
                ):
                    pass
            recogniser.save()
            fetched.save(self.state_file, self.now())
            return [
                *self._found(fetched, recogniser),
                *map(self._refused(fetched), fetched.failures),
            ]

    def _wanted(self) -> list[DatasetSpec]:
        needed, skip = self.workspace.needed, set(self.workspace.settings.live_skip)
        return [
            spec
            for spec in self.workspace.register.datasets.values()
            if spec.dataset.fetch is not None
            and needed.dataset(spec)
            and not skip & {spec.source.id, spec.key}
        ]

    def path_of(self, record: Retrieved) -> Path:
        """Where a held file is."""
        return self.item_directory(record.name) / record.file

    def item_directory(self, name: str) -> Path:
        """The directory of one item."""
        safe = [re.sub(r"[^\w.@+-]", "_", part) for part in name.split("/")]
        return self.directory.joinpath(*safe)

    def _found(self, fetched: FetchRecord, recogniser: Recogniser) -> Iterator[FoundFile]:
        for name in sorted(fetched.confirmed):
            record = fetched.held[name]
            path = self.path_of(record)
            yield FoundFile(
                path,
                record.url,
                record.sha256,
                recogniser.recognise(path, record.sha256),
                {**record.headers, "final-url": record.final_url, "status": str(record.status)},
                record.retrieved_at,
            )

    def _refused(self, fetched: FetchRecord) -> Callable[[Failure], FoundFile]:
        def refused(failure: Failure) -> FoundFile:
            record = fetched.held.get(failure.name)
            part = record.part if record is not None else failure.name[len(failure.key) + 1 :]
            single = self.workspace.register.datasets[failure.key].dataset.part_by is None
            return FoundFile(
                self.item_directory(failure.name) / "none",
                record.url if record is not None else failure.url,
                "",
                Recognition(
                    failure.key,
                    "" if single else part,
                    record.members if record is not None else (),
                    None,
                    failure.problems,
                ),
            )

        return refused


class _Publisher:
    """What is fetched from one publisher."""

    def __init__(
        self,
        fetcher: Fetcher,
        fetched: FetchRecord,
        recogniser: Recogniser,
        looking: threading.Lock,
    ) -> None:
        self._fetcher = fetcher
        self._fetched = fetched
        self._recogniser = recogniser
        self._looking = looking
        self._down: str | None = None
        self._in_a_row = 0

    def fetch(self, specs: list[DatasetSpec]) -> None:
        for spec in specs:
            try:
                tasks = self._tasks(spec)
            except NotConfiguredError as lacking:
                self._fetched.not_configured[spec.key] = str(lacking)
                continue
            except FetchError as error:
                self._remember_failure(error)
                self._fail_dataset(spec, error)
                continue
            for task in tasks:
                name = f"{spec.key}/{task.item}" if task.item else spec.key
                skipped = name in self._fetcher.workspace.settings.live_skip
                if not skipped and name not in self._fetched.confirmed:
                    self._one(spec, task, name)

    def _tasks(self, spec: DatasetSpec) -> list[Task]:
        fetch = fetch_of(spec)
        if self._down is not None:
            raise FetchError(self._fetcher.hosts.url(fetch.base), self._down)
        workspace = self._fetcher.workspace
        context = Context(
            client=self._fetcher.client,
            hosts=self._fetcher.hosts,
            wanted=workspace.needed.series_of(spec)
            if spec.dataset.staging == "observation"
            else None,
            names=_expected_names(workspace, spec.source.id),
            secrets=secrets_from_environment(),
            held=tuple(
                record.url
                for name, record in sorted(self._fetched.held.items())
                if record.key == spec.key and self._held(name) is not None
            ),
        )
        return CONNECTORS[fetch.kind](context, spec)

    def _one(self, spec: DatasetSpec, task: Task, name: str) -> None:
        fetcher, fetched, fetch = self._fetcher, self._fetched, fetch_of(spec)
        previous = self._held(name)
        if previous is not None and fetch.check_every_days:
            checked = datetime.fromisoformat(previous.checked_at)
            if fetcher.now() - checked < timedelta(days=fetch.check_every_days):
                fetched.confirmed.append(name)
                return
        incoming = fetcher.item_directory(name) / ".incoming"
        shutil.rmtree(incoming, ignore_errors=True)
        incoming.mkdir(parents=True)
        try:
            if self._down is not None:
                raise FetchError(fetcher.hosts.url(fetch.base), self._down)
            outcome = task.run(previous, incoming)
            self._in_a_row = 0
            if isinstance(outcome, Nothing):
                fetched.nothing[name] = outcome.said
            elif isinstance(outcome, Arrived):
                with self._looking:
                    self._take(spec, name, outcome, previous)
            elif previous is not None:
                fetched.held[name] = replace(previous, checked_at=self._now())
                fetched.confirmed.append(name)
        except FetchError as error:
            self._remember_failure(error)
            fetched.failures.append(
                Failure(
                    name, spec.key, error.url, (self._problem(error.url, error.said, name),), True
                )
            )
        finally:
            shutil.rmtree(incoming, ignore_errors=True)

    def _take(
        self, spec: DatasetSpec, name: str, outcome: Arrived, previous: Retrieved | None
    ) -> None:
        """Let a new file in, if it is what was asked for."""
        fetched, received = self._fetched, outcome.received
        digest = sha256_of(outcome.path)
        seen = self._recogniser.recognise(outcome.path, digest)
        problems = [replace(problem, remedy=self._remedy(name)) for problem in seen.problems]
        if not problems and seen.key != spec.key:
            what = f"is {seen.key}" if seen.key else "has none of the columns that are expected"
            problems = [
                self._problem(received.url, f"what came {what}, where {spec.key} was asked for.",
                              name)
            ]  # fmt: skip
        if not problems:
            # Read whole before it counts: what cannot be read must not pass for what is held, or
            # a publisher who says that nothing has changed would keep it here for ever.
            problems = self._faults(spec, outcome.path, seen, name)
        if problems:
            fetched.failures.append(Failure(name, spec.key, received.url, tuple(problems)))
            return
        target = self._fetcher.item_directory(name) / outcome.path.name
        for earlier in target.parent.iterdir():
            if earlier.is_file() and earlier != target:
                earlier.unlink()
        outcome.path.replace(target)
        same = previous is not None and previous.sha256 == digest
        fetched.held[name] = Retrieved(
            name=name,
            key=spec.key,
            file=target.name,
            url=received.url,
            final_url=received.final_url,
            status=received.status,
            headers=received.headers,
            sha256=digest,
            size_bytes=target.stat().st_size,
            retrieved_at=previous.retrieved_at if same and previous else received.retrieved_at,
            checked_at=self._now(),
            signal=outcome.signal,
            part=seen.part,
            members=seen.members,
        )
        fetched.confirmed.append(name)
        if not same:
            fetched.arrived.append(name)

    def _faults(self, spec: DatasetSpec, path: Path, seen: Recognition, name: str) -> list[Problem]:
        fictional = self._fetcher.workspace.is_fictional
        job = FileJob(path.name, read_download, (path, seen.container or "csv", spec, fictional))
        (answer,) = run_jobs([job])
        if not isinstance(answer, InputRefusedError):
            return []
        # How the limits of a worker are raised is worth saying beside what stays in use.
        lost = isinstance(answer, WorkerLostError)
        return [
            replace(
                problem, remedy=f"{problem.remedy if lost else ''} {self._remedy(name)}".strip()
            )
            for problem in answer.problems
        ]

    def _held(self, name: str) -> Retrieved | None:
        """What is held of an item, unless its file is gone, damaged or was never accepted.

        A file that staging refused is asked for again as if there were none: the publisher may
        say that nothing has changed about what arrived here cut short.
        """
        record = self._fetched.held.get(name)
        if record is None or record.sha256 not in self._fetcher.accepted:
            return None
        path = self._fetcher.path_of(record)
        return record if path.is_file() and sha256_of(path) == record.sha256 else None

    def _now(self) -> str:
        return self._fetcher.now().isoformat(timespec="seconds")

    def _remember_failure(self, error: FetchError) -> None:
        self._in_a_row = self._in_a_row + 1 if error.gave_up else 0
        if self._down is None and (error.host_is_down or self._in_a_row >= _FAILURES_TO_DOWN):
            self._down = f"was not asked: earlier in this run, {error.url} {error.said}"

    def _fail_dataset(self, spec: DatasetSpec, error: FetchError) -> None:
        """A failure before it was known what there is: everything held of the dataset has it."""
        held = [name for name, record in self._fetched.held.items() if record.key == spec.key]
        for name in sorted(held) or [spec.key]:
            problem = self._problem(error.url, error.said, name)
            self._fetched.failures.append(Failure(name, spec.key, error.url, (problem,), True))

    def _problem(self, url: str, said: str, name: str) -> Problem:
        return Problem(url, said, remedy=self._remedy(name))

    def _remedy(self, name: str) -> str:
        record = self._fetched.held.get(name)
        if record is None:
            return "Nothing of it has been received yet; it is asked for again in the next run."
        if record.sha256 not in self._fetcher.accepted:
            return "The last good version stays in use; it is asked for again in the next run."
        retrieved = datetime.fromisoformat(record.retrieved_at)
        checked = datetime.fromisoformat(record.checked_at)
        days = (self._fetcher.now() - checked).days
        age = "today" if days == 0 else f"{days} day{'s' if days != 1 else ''} ago"
        return (
            f"The last good version, retrieved {retrieved:%Y-%m-%d} and last confirmed {age}, "
            "stays in use; it is asked for again in the next run."
        )


def _expected_names(workspace: Workspace, source: str) -> dict[str, str]:
    """The publisher's name that the registry expects of each series of a source."""
    return {
        selection.series: selection.expected_name
        for indicator in workspace.indicators.values()
        for binding in indicator.sources
        if binding.source == source
        for selection in binding.select
        if selection.expected_name is not None
    }


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """Keep two runs from fetching into one directory at once."""
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / ".lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def user_agent(settings: Settings) -> str:
    """Who asks. Publishers turn away clients that do not say."""
    contact = re.sub(r"[^\x20-\x7e]", "", settings.contact) or "no contact given"
    return f"Beacon/{installed_version()} (population health pipeline; {contact})"


def live_hosts(workspace: Workspace) -> Hosts:
    """Publishers' addresses for this run.

    Raises:
        SettingsError: When a fictional footprint would be filled by real publishers, or real
            publishers would be asked by somebody who cannot be reached.
    """
    settings = workspace.settings
    hosts = load_hosts(settings.live_base_urls)
    bases = {
        spec.dataset.fetch.base
        for spec in workspace.register.datasets.values()
        if spec.dataset.fetch is not None
    }
    unknown = sorted(base for base in bases if base not in hosts)
    if unknown:
        raise SettingsError(
            f"reference_data/hosts.yaml lacks {', '.join(unknown)}, which the source register uses."
        )
    public = hosts.not_loopback(bases)
    if workspace.is_fictional and public:
        raise SettingsError(
            f"Footprint {settings.footprint!r} is fictional, so live inputs may come only from "
            f"replicas on this machine; {', '.join(public)} would be asked. Name replicas in "
            "BEACON_LIVE_BASE_URLS, or choose an official footprint."
        )
    if public and not settings.contact:
        raise SettingsError(
            "Give BEACON_CONTACT an e-mail address or a page: publishers want to know who asks."
        )
    return hosts


def fetch_needed(
    workspace: Workspace, progress: Progress | None = None, *, again: bool = False
) -> list[FoundFile]:
    """Fetch everything that a run of this workspace needs; `again` only what was not reached.

    Raises:
        SettingsError: When the settings do not allow it.
    """
    hosts = live_hosts(workspace)
    settings = workspace.settings
    with HttpClient(
        user_agent(settings),
        intervals=hosts.intervals(),
        ca_file=settings.live_ca_file,
        progress=progress,
    ) as client:
        return Fetcher(workspace, client, hosts).fetch(again=again)
