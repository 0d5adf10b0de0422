"""Great Expectations in a process of its own, beside the run.

Importing Great Expectations takes seconds and some 170 MB. Started before it is needed the process
does so on another core beside other work, and the run's own memory stays free of it.
"""

from __future__ import annotations

import atexit
import os
import queue
import shutil
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from beacon.checks.check_tables import FULL_ROWS, Part, Prepared, prepare
from beacon.checks.protocol import decode, encode, item_to_json, outcome_from_json
from beacon.checks.result import CheckResult, Outcome
from beacon.processes import ChildFailed, ChildProcess, Closing, module_command

if TYPE_CHECKING:
    import duckdb

    from beacon.contracts.model import Contract

START_SECONDS = 120.0
"""Time to import Great Expectations on a slow, busy machine with cold disks."""
JOB_SECONDS = 120.0
MAX_STARTS = 3
_COMMAND = module_command("beacon.checks.worker")


@dataclass
class WorkerStats:
    """What the process has cost so far: seconds and megabytes."""

    starts: int = 0
    ready_seconds: float | None = None
    jobs: int = 0
    busy_seconds: float = 0.0
    peak_megabytes: float | None = None


class _Process(ChildProcess):
    """One validation process; its log is a file of its own."""

    ready = False

    def ask(self, message: dict[str, Any] | None, seconds: float) -> dict[str, Any]:
        """``exchange``, with dates."""
        return self.exchange(message, seconds, default=encode, object_hook=decode)


@dataclass
class _Job:
    prepared: Prepared
    future: Future[list[CheckResult]]


class ValidationWorker(Closing):
    """Runs suites in a process of its own; results are futures that never raise.

    ``start`` returns at once. One job is done at a time, in order. If the process crashes or does
    not answer in time, the checks of that job have failed, and say so; a new process serves the
    next job, up to ``MAX_STARTS`` in all. Use as a context manager; it also ends with the
    interpreter, and the process ends by itself if the run is killed.
    """

    def __init__(
        self,
        directory: Path | None = None,
        *,
        job_seconds: float = JOB_SECONDS,
        start_seconds: float = START_SECONDS,
        command: tuple[str, ...] = _COMMAND,
    ) -> None:
        """Prepare a worker; ``start`` starts it.

        Args:
            directory: where extracts may be written for a moment; a temporary one by default.
            job_seconds: longest time for one extract.
            start_seconds: longest time to get ready.
            command: what is run; for tests.
        """
        if directory is not None:
            directory.mkdir(parents=True, exist_ok=True)
        self._directory = Path(tempfile.mkdtemp(prefix="beacon-validation-", dir=directory))
        self._owner = os.getpid()
        self._job_seconds = job_seconds
        self._start_seconds = start_seconds
        self._command = command
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._process: _Process | None = None
        self._closed = False
        self._count = 0
        self._thread: threading.Thread | None = None
        self.stats = WorkerStats()

    @classmethod
    def start(cls, directory: Path | None = None, **options: Any) -> Self:
        """Start a worker and return at once; it gets ready beside the caller's own work.

        Args:
            directory: as for the class.
            options: as for the class.
        """
        worker = cls(directory, **options)
        worker._launch()
        # Daemon: an interpreter that is ending must not wait for it (close, by atexit, ends it).
        worker._thread = threading.Thread(
            target=worker._serve, name="beacon-validation", daemon=True
        )
        worker._thread.start()
        atexit.register(worker.close)
        return worker

    def validate_table(
        self,
        con: duckdb.DuckDBPyConnection,
        qualified_name: str,
        contract: Contract,
        *,
        full_rows: int = FULL_ROWS,
    ) -> Future[list[CheckResult]]:
        """Check a table against its contract's suite.

        What is needed is copied out of the table before this returns (milliseconds), on the
        caller's thread and connection, so the table may change afterwards.

        Args:
            con: an open connection.
            qualified_name: the table or view.
            contract: what it promises.
            full_rows: tables of more rows are searched set-based.

        Returns:
            A future of one result a check. It never raises: whatever goes wrong is a failed check.
        """
        with self._lock:
            self._count += 1
            stem = f"{self._count:04d}-{contract.table}"
        prepared = prepare(
            con, qualified_name, contract, self._directory, stem=stem, full_rows=full_rows
        )
        future: Future[list[CheckResult]] = Future()
        with self._lock:
            if not self._closed:
                self._jobs.put(_Job(prepared, future))
                return future
        future.set_result(prepared.fail("the validation process has been closed"))
        return future

    def close(self) -> None:
        """End the process and remove what it was given. Jobs not yet done have failed."""
        if os.getpid() != self._owner:
            return  # a forked copy of this object must not end the process of another
        with self._lock:
            if self._closed:
                return
            self._closed = True
            process = self._process
        self._jobs.put(None)
        if process is not None:
            process.popen.kill()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout=10)
        if process is not None:
            process.end()
            process.log.close()
        shutil.rmtree(self._directory, ignore_errors=True)
        atexit.unregister(self.close)

    def _launch(self) -> None:
        """Start a process; a failure to is found when a job needs it."""
        with self._lock:
            if self._closed:
                return
            log = (self._directory / f"worker-{self.stats.starts}.log").open("w+b")
            self.stats.starts += 1
            try:
                self._process = _Process(
                    (*self._command, str(self._directory)), log, {"GX_ANALYTICS_ENABLED": "false"}
                )
            except OSError:
                log.close()
                self._process = None

    def _serve(self) -> None:
        while (job := self._jobs.get()) is not None:
            if job.future.set_running_or_notify_cancel():
                job.future.set_result(self._results(job.prepared))
            for part in job.prepared.parts:
                part.path.unlink(missing_ok=True)
        while not self._jobs.empty():
            left = self._jobs.get()
            if left is not None and left.future.set_running_or_notify_cancel():
                left.future.set_result(left.prepared.fail("the validation process was closed"))

    def _results(self, prepared: Prepared) -> list[CheckResult]:
        outcomes: list[Outcome] = []
        try:
            for part in prepared.parts:
                outcomes += self._judge(part)
            return prepared.finish(outcomes)
        except ChildFailed as failure:
            return prepared.fail(f"the validation process failed: {failure}")
        except Exception as error:  # noqa: BLE001 - a future must be resolved, and never as a pass
            return prepared.fail(f"the validation process failed: {type(error).__name__}: {error}")

    def _judge(self, part: Part) -> list[Outcome]:
        process = self._running()
        identity = self.stats.jobs + 1
        message = {
            "id": identity,
            "path": str(part.path.resolve()),
            "items": [item_to_json(item) for item in part.items],
            "key": list(part.key),
        }
        answer = self._guarded(process, lambda: process.ask(message, self._job_seconds))
        if answer.get("id") != identity:
            process.end()
            raise ChildFailed("it answered another question")
        self.stats.jobs += 1
        self.stats.busy_seconds += float(answer["seconds"])
        self.stats.peak_megabytes = answer["peak_megabytes"]
        return [outcome_from_json(outcome) for outcome in answer["outcomes"]]

    def _running(self) -> _Process:
        """The process, ready; started again if it has gone and may be."""
        process = self._process
        if process is None or process.popen.poll() is not None:
            if self._closed:
                raise ChildFailed("it was closed")
            if self.stats.starts >= MAX_STARTS:
                raise ChildFailed(f"it has already been started {MAX_STARTS} times")
            if process is not None:
                process.end()
                process.log.close()
            self._launch()
            process = self._process
            if process is None:
                raise ChildFailed("it could not be started")
        if not process.ready:
            starting = process
            hello = self._guarded(process, lambda: starting.ask(None, self._start_seconds))
            if not hello.get("ready"):
                process.end()
                raise ChildFailed("it did not say that it was ready")
            process.ready = True
            self.stats.ready_seconds = float(hello["seconds"])
            self.stats.peak_megabytes = hello["peak_megabytes"]
        return process

    def _guarded(self, process: _Process, exchange: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        try:
            return exchange()
        except ChildFailed as failure:
            if self._closed:
                raise ChildFailed("it was closed before it could answer") from failure
            words = process.last_words()
            raise ChildFailed(f"{failure} ({words})" if words else str(failure)) from failure
