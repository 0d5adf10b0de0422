"""The record of one run, kept from before it waits for anything until it has ended."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from beacon.core.errors import BeaconError
from beacon.core.files import read_json, write_json
from beacon.core.home import Home
from beacon.operations.runs import Outcome, RunRecord, end_dead_runs, this_process, write_run


class RunOvertakenError(BeaconError):
    """A run that goes on where another stopped finds that a third has been at work since."""


class RunRecorder:
    """Writes down what becomes of a run.

    Attributes:
        record: The record as it stands.
        outcome: What the run came to, where a step has said so.
        release: The label of the release that is current at its end.
    """

    def __init__(
        self,
        home: Home,
        *,
        run_id: str,
        job: str,
        inputs: str,
        scheduled: bool = False,
        publishes: bool = True,
        folder: Path | None = None,
        footprint: str = "",
    ) -> None:
        """Write down that a run has begun.

        Args:
            home: Where it works.
            run_id: The orchestrator's id.
            job: Name of the job.
            inputs: sample, folder or live.
            scheduled: Whether a schedule started it.
            publishes: Whether it is meant to end in a release.
            folder: The folder that it reads, if it reads one.
            footprint: The footprint that it was told: a name, or the path of a file.
        """
        self.record = RunRecord(
            run_id=run_id,
            job=job,
            inputs=inputs,
            state="waiting",
            started_at=datetime.now(UTC).isoformat(timespec="seconds"),
            process=this_process(),
            scheduled=scheduled,
            folder=str(folder.expanduser().absolute()) if folder and inputs == "folder" else "",
            footprint=str(Path(footprint).absolute()) if footprint.endswith(".yaml") else footprint,
        )
        self.outcome: Outcome = ""
        self.release: str | None = None
        self._home = home
        self._publishes = publishes
        self._errors: dict[str, str] = {}
        self._failed_checks: list[str] = []
        write_run(home, self.record)

    def lock_taken(self, resumes: tuple[str, ...] = ()) -> None:
        """Say that this run now has the home to itself.

        Args:
            resumes: Ids of the runs that it goes on from; none for one that starts anew.

        Raises:
            RunOvertakenError: When another run has written to the home since those.
        """
        end_dead_runs(self._home, holds_lock=True)
        self.record = replace(self.record, state="running")
        write_run(self._home, self.record)
        file = self._home.state / "writer.json"
        writer = read_json(file) or {}
        if resumes and writer.get("run_id") not in (*resumes, self.record.run_id):
            raise RunOvertakenError(
                "Another run has written to this home since the one that is to go on stopped, so "
                "its tables are no longer there. Start a whole run instead: `beacon run`."
            )
        write_json(file, {"run_id": self.record.run_id})

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Remember why a step failed; one that is tried again with success has not failed."""
        try:
            yield
        except GeneratorExit:  # a step whose caller wants no more of it has not failed
            raise
        except BaseException as error:
            if not isinstance(error, Exception):  # Ctrl-C, or a service manager that stops it
                self.outcome = "interrupted"
            self._errors[name] = _first_line(error)
            raise
        self._errors.pop(name, None)

    def checks_failed(self, names: list[str]) -> None:
        """Remember which checks keep a release from being published."""
        self._failed_checks += names

    def end(self) -> None:
        """Write down what the run came to."""
        if self.record.state == "ended":
            return
        outcome = self.outcome
        if not outcome and self._failed_checks:
            outcome = "blocked"
        if not outcome:
            outcome = "failed" if self._errors or self._publishes else "done"
        errors = tuple(f"{step}: {text}" for step, text in self._errors.items())
        self.record = replace(
            self.record,
            state="ended",
            ended_at=datetime.now(UTC).isoformat(timespec="seconds"),
            outcome=outcome,
            release=self.release,
            errors=errors[-1:],
            failed_checks=tuple(self._failed_checks),
        )
        write_run(self._home, self.record)


def _first_line(error: BaseException) -> str:
    text = str(error).strip().splitlines()
    if text and isinstance(error, BeaconError):
        return text[0]
    return f"{type(error).__name__}: {text[0] if text else 'no message'}"
