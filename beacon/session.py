"""One run's work, step by step, on one open warehouse."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property, partial, wraps
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar, cast

from beacon.contracts.sql_files import sql_tables
from beacon.core.errors import BeaconError, Problem, PublicationBlockedError
from beacon.core.files import read_json, write_json
from beacon.core.logs import log, step
from beacon.core.progress import report
from beacon.derivations import (
    FACTS,
    OUTLINES,
    PRACTICE_OBSERVATION,
    PUBLISHED,
    Derivations,
    IndicatorsMade,
    asset_of,
)
from beacon.deriving import DerivingAhead
from beacon.ingest.collect import collect, unreached
from beacon.ingest.land import LandingReport
from beacon.ingest.landing_store import remove_partial_objects
from beacon.ingest.looking_ahead import reading_begun
from beacon.ingest.reading_ahead import ReadingAhead
from beacon.ingest.stage import StagedPart, load_staging_report, save_staging_report
from beacon.operations.runs import RunRecord, end_dead_runs, this_process, write_run
from beacon.operations.source_history import SourcesSeen, see_sources
from beacon.registry.indicators import LOCAL_RETURN
from beacon.release.approval import ApprovalNeededError
from beacon.release.layout import Release, latest_release
from beacon.workspace import Workspace

if TYPE_CHECKING:
    from beacon.checks import CheckResult, ValidationWorker
    from beacon.release.build import Publication
    from beacon.release.pages import PagesProcess
    from beacon.warehouse.connection import Warehouse

# How long a run waits for another run on the same home before it gives up.
LOCK_WAIT_SECONDS = 600.0

# Tables are derived on so many threads, where a run makes them all.
DERIVING_THREADS = 2

MARTS = (
    "place",
    "lsoa",
    "core20_cohort",
    "core20_lsoa",
    "core20_ward",
    "core20_movement",
    "core20_movement_area",
    "core20_pocket",
    "deprivation_domain",
    "plus_cohort",
    "gp_practice_core20",
    "indicator",
    "beacon_indicator",
    "core20plus5_indicator",
    "scorecard",
    "inequality",
    "target",
    "aspiration",
    "inequality_trend",
    "core20_reach",
    "minimum_breakdown",
    "life_and_health",
    "source_status",
    "change",
)


def checked_tables() -> list[str]:
    """Tables checked on every run. Staging tables are checked cell by cell as they are read."""
    return [
        *sql_tables("geography"),
        *sql_tables("cohorts"),
        PRACTICE_OBSERVATION,
        "indicators.fact",
        "indicators.trend",
        *(f"marts.{name}" for name in MARTS),
    ]


class HomeBusyError(BeaconError):
    """Another run is writing to the same home."""


class RunOvertakenError(BeaconError):
    """A run that goes on where another stopped finds that a third has been at work since."""


_Step = TypeVar("_Step", bound=Callable[..., Any])


def _step(method: _Step) -> _Step:
    """Remember why a step failed, for the run's record."""

    @wraps(method)
    def run(self: Session, *args: Any, **kwargs: Any) -> Any:
        try:
            return method(self, *args, **kwargs)
        except BaseException as error:
            if self.error is not error:
                self.error = error
                self.failed_step = method.__name__
            raise

    return cast(_Step, run)


@dataclass
class Session:
    """An open run. Use as a context manager; nothing is opened before it is needed.

    Attributes:
        workspace: Settings, home and registers.
        run_id: The orchestrator's id of the run.
        started_at: When it began.
        job: Name of the job, for the run's record; without one none is kept.
        publishes: Whether the job is meant to end in a release.
        makes_all: Whether the run makes every table.
        scheduled: Whether a schedule started it.
        resumes: Ids of the runs that this one goes on from, where it does not start anew.
        label: Label of the release to be made; the next free one of the day by default.
        guarded: Whether a revision beyond tolerance waits for approval.
        error: Why a step failed.
        failed_step: The step.
        publication: What publishing came to.
    """

    workspace: Workspace
    run_id: str = "none"
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    job: str = ""
    publishes: bool = True
    makes_all: bool = False
    scheduled: bool = False
    resumes: tuple[str, ...] = ()
    label: str | None = None
    guarded: bool = True
    error: BaseException | None = None
    failed_step: str = ""
    publication: Publication | None = None
    _landed: LandingReport | None = None
    _staged: list[StagedPart] = field(default_factory=list)
    _failed_checks: list[str] = field(default_factory=list)
    _record: RunRecord | None = None
    _lock: IO[str] | None = None
    _stack: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    _warehouse: Warehouse | None = None
    _worker: ValidationWorker | None = None
    _pages: PagesProcess | None = None
    _ahead: DerivingAhead | None = None
    _stage_reported: str = ""
    _pending: dict[str, Future[list[CheckResult]]] = field(default_factory=dict)

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the warehouse, end the validation process and let the next run in."""
        try:
            self._remember_end()
        finally:
            self._stack.close()
            self._warehouse = None
            self._worker = None
            self._pages = None
            self._ahead = None
            self._lock = None

    # The run's record

    def begin(self) -> None:
        """Write down that this run has begun, before it waits for anything."""
        if not self.job or self._record is not None:
            return
        self._record = RunRecord(
            run_id=self.run_id,
            job=self.job,
            inputs=self.workspace.settings.inputs,
            state="waiting",
            started_at=self.started_at.isoformat(timespec="seconds"),
            process=this_process(),
            scheduled=self.scheduled,
        )
        write_run(self.workspace.home, self._record)

    def _take_over(self) -> None:
        """What is done on getting the lock: end the records of the dead, and say who works now."""
        home = self.workspace.home
        end_dead_runs(home, holds_lock=True)
        if self._record is None:
            return
        self._record = replace(self._record, state="running")
        write_run(home, self._record)
        writer = read_json(home.state / "writer.json") or {}
        if self.resumes and writer.get("run_id") not in (*self.resumes, self.run_id):
            raise RunOvertakenError(
                "Another run has written to this home since the one that is to go on stopped, so "
                "its tables are no longer there. Start a whole run instead: `beacon run`."
            )
        write_json(home.state / "writer.json", {"run_id": self.run_id})

    def _remember_end(self) -> None:
        if self._record is None or self._record.state == "ended":
            return
        release = None
        with contextlib.suppress(BeaconError, OSError):
            release = latest_release(self.workspace.home)
        self._record = replace(
            self._record,
            state="ended",
            ended_at=datetime.now(UTC).isoformat(timespec="seconds"),
            outcome=self._outcome(),
            release=release.label if release else None,
            # A step that failed and was tried again with success is no error of the run.
            errors=(f"{self.failed_step}: {_first_line(self.error)}",)
            if self.error and self.publication is None
            else (),
            failed_checks=tuple(self._failed_checks),
        )
        write_run(self.workspace.home, self._record)
        with contextlib.suppress(OSError):
            self.see_sources()

    def see_sources(self) -> SourcesSeen | None:
        """Keep how every source stands, once this run has looked; give it."""
        if self._landed is None:
            return None
        return see_sources(self.workspace.home, self.workspace.register, self._landed, self._staged)

    def _outcome(self) -> Any:
        if self.publication is not None:
            return self.publication.status
        if isinstance(self.error, ApprovalNeededError):
            return "held"
        if self._failed_checks:
            return "blocked"
        return "failed" if self.error is not None or self.publishes else "done"

    @_step
    def lock(self, wait_seconds: float = LOCK_WAIT_SECONDS) -> None:
        """Keep every other run off this home until the session closes.

        Raises:
            HomeBusyError: When another run still holds it after the wait.
        """
        if self._lock is not None:
            return
        self.workspace.home.root.mkdir(parents=True, exist_ok=True)
        handle = (self.workspace.home.root / ".lock").open("w")
        deadline = time.monotonic() + wait_seconds
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    handle.close()
                    raise HomeBusyError(
                        f"Another run is writing to {self.workspace.home.root}. "
                        "Wait for it to end, then run again."
                    ) from None
                time.sleep(0.2)
        self._lock = handle
        self._stack.callback(handle.close)
        self._take_over()

    @property
    def warehouse(self) -> Warehouse:
        """The working database, opened for writing when first used."""
        if self._warehouse is None:
            from beacon.warehouse.connection import open_warehouse

            self.lock()
            self._warehouse = self._stack.enter_context(open_warehouse(self.workspace))
        return self._warehouse

    def start_validation(self) -> None:
        """Start the validation process early: it takes seconds to get ready, on another core."""
        if self._worker is None:
            from beacon.checks.process import ValidationWorker

            self.lock()
            self._worker = self._stack.enter_context(
                ValidationWorker.start(self.workspace.home.state / "validation")
            )

    def end_validation(self) -> None:
        """End the validation process, whose memory is a third of a run's; a check starts it."""
        if self._worker is not None:
            self._worker.close()
            self._worker = None
            self._pending.clear()

    def get_pages_ready(self) -> None:
        """Start the process that makes the pages, if this run is meant to end in a release."""
        if self._pages is None and self.publishes:
            from beacon.release.pages import PagesProcess

            with contextlib.suppress(OSError):  # met again, and told, when pages are to be made
                self._pages = self._stack.enter_context(PagesProcess())

    # Landing and staging

    @_step
    def land(self, *, again: bool = False) -> LandingReport:
        """Find and land this run's inputs; `again` asks only publishers that were not reached."""
        self.lock()
        report("finding and landing inputs")
        remove_partial_objects(self.workspace.home.landing)
        self.workspace.stager.remove_partial()
        with step("landed") as told:
            found = collect(self.workspace, again=again)
            told["unrecognised"] = len(found.unrecognised)
        for outcome in found.outcomes:
            _log_part(outcome.name, outcome.status, outcome.problems)
        self._landed = found
        return found

    def unreached(self) -> list[str]:
        """What publishers were asked for in vain."""
        return unreached(self.workspace)

    def landing_report(self) -> LandingReport:
        """What the latest landing step found."""
        return LandingReport.load(self.workspace.landing_report_file)

    def up_to_date(self, report: LandingReport) -> bool:
        """Whether what was landed is what the current release was made from."""
        release = latest_release(self.workspace.home)
        return (
            release is not None
            and not any(outcome.status == "new" for outcome in report.outcomes)
            and self.workspace.is_built(release.label, release.manifest)
        )

    @_step
    def read_ahead(self, tables: Iterable[str]) -> bool:
        """Begin to read what landed for some staging tables, beside the steps that follow.

        Returns:
            Whether there is so much of it that other processes read, with every core and much of
            the memory.
        """
        outcomes = list(self.landing_report().outcomes)
        begun = reading_begun(self.workspace.home)
        reading = self.workspace.stager.read_ahead(tables, outcomes, begun)
        self._stack.enter_context(reading)
        _ = self.warehouse  # what this process can do meanwhile
        return isinstance(reading, ReadingAhead)

    @_step
    def stage(self, table: str) -> list[StagedPart]:
        """Read what landed for one staging table into the working database."""
        report(f"reading {table.replace('_', ' ')}")
        with step("staged", asset=f"staging/{table}") as told:
            parts = self.workspace.stager.stage(table, list(self.landing_report().outcomes))
            save_staging_report(self.workspace.staging_report_file(table), parts)
            told["rows"] = self.warehouse.load_staged(table, parts)
            for part in parts:
                _log_part(part.name, part.status, part.problems, rows=part.rows)
        self._staged += parts
        if self._ahead is not None:
            self._ahead.have(f"staging.{table}")
        return parts

    def staged_parts(self) -> list[StagedPart]:
        """What the latest staging steps did, for all tables."""
        return [
            part
            for table in self.workspace.staging_tables
            for part in load_staging_report(self.workspace.staging_report_file(table))
        ]

    # Deriving

    @cached_property
    def _derivations(self) -> Derivations:
        return Derivations(self.workspace, self.staged_parts, self.inputs_in_use)

    @_step
    def derive_ahead(self) -> None:
        """Begin to make every derived table, each as soon as all that it reads is there.

        For a run that makes them all. Steps then only ask for what they tell of.
        """
        if self._ahead is not None:
            self._ahead.close()  # made from what was staged before
        _ = self.workspace.contracts  # which all threads need, read once
        connections = [self.warehouse.beside() for _ in range(DERIVING_THREADS)]
        self._ahead = self._stack.enter_context(DerivingAhead(self._derivations.all(), connections))

    def _made(self, name: str, make: Callable[[Warehouse], Any]) -> Any:
        """What was made ahead, or is made now."""
        if self._ahead is not None and name in self._ahead:
            return self._ahead.result(name)
        return make(self.warehouse)

    @_step
    def derive(self, name: str) -> int:
        """Make one derived table; give its number of rows."""
        self._report_stage(name.split(".")[0])
        return int(self._made(name, partial(self._derivations.derive, name)))

    @_step
    def derive_indicators(self, slugs: Iterable[str]) -> IndicatorsMade:
        """Make the rows of some indicators; give how many, and what is wrong with each."""
        self._report_stage("indicators")
        wanted = list(slugs)
        make = partial(self._derivations.derive_indicators, wanted)
        made: IndicatorsMade = self._made(PUBLISHED, make)
        return {slug: made[slug] for slug in wanted}

    def derive_all(self) -> None:
        """Make every derived table from what is staged, marts included."""
        for name in (*sql_tables("geography"), *OUTLINES, *sql_tables("cohorts")):
            self.derive(name)
        self.derive(PRACTICE_OBSERVATION)
        self.derive_indicators(self.workspace.indicators)
        self.derive_facts()
        for mart in MARTS:
            self.derive(f"marts.{mart}")

    def derive_facts(self) -> dict[str, int]:
        """Put all indicators together; give the rows of each table made."""
        rows = {name: self.derive(name) for name in FACTS}
        return {name: rows[name] for name in ("indicators.fact", "indicators.trend")}

    def _report_stage(self, stage: str) -> None:
        if stage != self._stage_reported:
            self._stage_reported = stage
            report(f"deriving {stage}")

    # Checking

    def submit_checks(self, tables: Iterable[str]) -> None:
        """Hand tables to the validation process; `check_results` waits for it."""
        self.start_validation()
        for table in tables:
            contract = self.workspace.contracts[table]
            if self._worker is not None:
                self._pending[table] = self._worker.validate_table(
                    self.warehouse.con, table, contract
                )

    @_step
    def check_results(self, tables: list[str]) -> dict[str, list[CheckResult]]:
        """Every check of every table, Great Expectations' and SQL's alike, kept for the release."""
        report(f"checking {len(tables)} tables against their contracts")
        with step("checked") as told:
            results = self._check_results(tables)
            failed = [check for checks in results.values() for check in checks if not check.passed]
            told |= {"tables": len(tables), "failed": len(failed)}
        for check in failed:
            # Neither the message nor the examples: both may quote a small number.
            log(
                "check failed",
                level=logging.ERROR if check.severity == "critical" else logging.WARNING,
                asset=asset_of(check.table),
                check=check.name,
                severity=check.severity,
                rows=check.unexpected_count,
            )
        return results

    def _check_results(self, tables: list[str]) -> dict[str, list[CheckResult]]:
        from beacon.checks import run_sql_checks

        self.submit_checks(table for table in tables if table not in self._pending)
        results: dict[str, list[CheckResult]] = {}
        for table in tables:
            contract = self.workspace.contracts[table]
            results[table] = [
                *self._pending.pop(table).result(),
                *run_sql_checks(self.warehouse.con, table, contract),
            ]
        kept = [check for check in self.kept_checks() if check["table"] not in results]
        new = [_check_row(check) for checks in results.values() for check in checks]
        self._failed_checks += [
            f"{check.table}: {check.name}"
            for checks in results.values()
            for check in checks
            if check.blocks
        ]
        write_json(self._checks_file, sorted([*kept, *new], key=lambda c: (c["table"], c["name"])))
        return results

    @property
    def _checks_file(self) -> Path:
        return self.workspace.home.state / "checks.json"

    def kept_checks(self) -> list[dict[str, Any]]:
        """The latest result of every check."""
        checks: list[dict[str, Any]] = read_json(self._checks_file) or []
        return checks

    # Publishing

    @_step
    def publish(self, *, pages: bool = True) -> Publication:
        """Publish the marts as they stand in the working database.

        Args:
            pages: False leaves out the site.

        Raises:
            PublicationBlockedError: When nothing may be published, and why.
        """
        with step("release", asset="release/release") as told:
            publication = self._publish(pages=pages)
            told |= {"status": publication.status, "release": publication.release.label}
        return publication

    def _publish(self, *, pages: bool) -> Publication:
        from beacon.release.build import Publication, publish_release, recover

        self.lock()
        report("publishing")
        self.end_validation()
        recover(self.workspace.home)
        previous = latest_release(self.workspace.home)
        if previous is not None and self.up_to_date(self.landing_report()):
            self.publication = Publication("unchanged", previous, previous)
            return self.publication
        missing = [
            f"{part.name}: {'; '.join(str(problem) for problem in part.problems) or 'no file'}"
            for part in self.staged_parts()
            if part.in_use is None and self.workspace.register.datasets[part.key].dataset.required
        ]
        if missing:
            raise PublicationBlockedError(
                "Nothing was published: what no release can be made without is missing. "
                + " ".join(missing)
            )
        self.publication = publication = publish_release(
            self.warehouse,
            list(MARTS),
            checks=self.kept_checks(),
            inputs=self.inputs_in_use(),
            run_record=self._run_record(),
            extras=(self.start_site,) if pages else (),
            label=self.label,
            needs_approval=self.guarded,
        )
        if publication.status in ("published", "unchanged"):
            self.workspace.remember_build(publication.release.label)
        return publication

    def start_site(
        self, directory: Path, manifest: dict[str, Any], record: dict[str, Any]
    ) -> Callable[[], None]:
        """Start making the pages of a release in the making; see `PagesProcess.start_site`."""
        from beacon.release.pages import PagesProcess

        if self._pages is None:
            self._pages = self._stack.enter_context(PagesProcess())
        return self._pages.start_site(directory, manifest, record)

    def run_all(self, *, check: bool = True, pages: bool = False) -> Publication:
        """The whole run without an orchestrator: for tests, benchmarks and notebooks.

        Args:
            check: False leaves out contract checks, which cost a second process.
            pages: True writes the site too.

        Raises:
            PublicationBlockedError: When nothing may be published, and why.
        """
        self.land()
        self.read_ahead(self.workspace.staging_tables)
        for table in self.workspace.staging_tables:
            self.stage(table)
        self.derive_all()
        if check:
            self.check_results(checked_tables())
        return self.publish(pages=pages)

    @_step
    def aside(self, work: Callable[[], Any]) -> Any:
        """Do something that is no part of tonight's release, and remember if it fails."""
        return work()

    def inputs_in_use(self) -> list[dict[str, Any]]:
        """Every publisher's object that the marts are made from, with its licence."""
        rows = []
        for part in self.staged_parts():
            if part.in_use is None:
                continue
            source = self.workspace.register.datasets[part.key].source
            rows.append(
                {
                    "name": part.name,
                    "sha256": part.in_use.sha256,
                    "file": part.in_use.file,
                    "original_name": part.in_use.original_name,
                    "origin": part.in_use.origin,
                    "vintage": part.in_use.vintage,
                    "size_bytes": part.in_use.size_bytes,
                    "rows": part.rows,
                    "publisher": source.publisher,
                    "licence": source.licence,
                    "attribution": source.attribution,
                    "last_good_kept": part.is_last_good,
                }
            )
        return sorted(rows, key=lambda row: str(row["name"]))

    def _run_record(self) -> dict[str, Any]:
        return {
            "run_id": self.run_id,
            "started_at": self.started_at.isoformat(timespec="seconds"),
            "published_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "inputs_retrieved_at": {
                part.name: part.in_use.retrieved_at for part in self.staged_parts() if part.in_use
            },
        }


def _log_part(name: str, status: str, problems: Iterable[Problem], **fields: Any) -> None:
    """Write what became of one dataset, and a line for each fault."""
    source = name.split("/")[0]
    log("dataset", source=source, dataset=name, status=status, **fields)
    for problem in problems:
        # What is wrong with a return may quote a count of few people.
        told = {} if source == LOCAL_RETURN else {"message": problem.message}
        log(
            "refused",
            level=logging.WARNING,
            source=source,
            dataset=name,
            file=problem.file,
            row=problem.row,
            column=problem.column,
            **told,
        )


def _first_line(error: BaseException) -> str:
    text = str(error).strip().splitlines()
    return (
        f"{text[0]}"
        if text and isinstance(error, BeaconError)
        else (f"{type(error).__name__}: {text[0] if text else 'no message'}")
    )


def _check_row(check: CheckResult) -> dict[str, Any]:
    return {
        "table": check.table,
        "name": check.name,
        "severity": check.severity,
        "passed": check.passed,
        "message": check.message,
        "unexpected_count": check.unexpected_count,
        "examples": list(check.examples),
    }


@contextlib.contextmanager
def open_session(workspace: Workspace, run_id: str = "none") -> Iterator[Session]:
    """Open a session and close it whatever happens."""
    session = Session(workspace, run_id)
    try:
        yield session
    finally:
        session.close()


__all__ = ["MARTS", "HomeBusyError", "Release", "Session", "open_session"]
