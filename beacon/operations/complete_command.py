"""Commands as they must be typed: with the home and the inputs that a shell would not give.

For what is read on this machine. Alerts leave it, and no path may (`alerts.public_text`): their
commands are for the service's own `beacon`, which has home and inputs in its environment.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from beacon.core.home import BOARDS, DEFAULT_HOME, Home
from beacon.core.settings import OFFICIAL_FOOTPRINT, SAMPLE_FOOTPRINT
from beacon.operations.runs import ASIDE, RunRecord, list_runs

_IN_TEXT = re.compile(r"`(beacon [^`]+)`")
_WITHOUT_HOME = ("beacon sources check",)
_WITH_INPUTS = ("beacon run", "beacon ui")


@dataclass(frozen=True)
class Completion:
    """What completes a command.

    Attributes:
        home: The home that it is about.
        run: The last run that was meant to publish; None where there was none.
        environment: Environment variables of whoever reads the command.
    """

    home: Home
    run: RunRecord | None
    environment: Mapping[str, str]

    def command(self, command: str) -> str:
        """A command with all that it needs; what is no command of Beacon as it is."""
        if not command.startswith("beacon "):
            return command
        boards = shlex.quote(str(self.home.root / BOARDS))
        command = command.replace(f"--home HOME/{BOARDS}", f"--home {boards}")
        if command.startswith(_WITH_INPUTS) and "--inputs" not in command:
            command += self._inputs()
        if self.run is not None and self.run.folder:
            command = command.replace("FOLDER", shlex.quote(self.run.folder))
        if "--home" in command or command.startswith(_WITHOUT_HOME) or self._is_taken_by_itself():
            return command
        return f"{command} --home {shlex.quote(str(self.home.root))}"

    def text(self, text: str) -> str:
        """A text with the commands in it complete."""
        return _IN_TEXT.sub(lambda found: f"`{self.command(found[1])}`", text)

    def _is_taken_by_itself(self) -> bool:
        taken = self.environment.get("BEACON_HOME") or DEFAULT_HOME
        return Home(Path(taken)).root == self.home.root

    def _inputs(self) -> str:
        """Options for the inputs of the last run, where the environment does not give them."""
        run, told = self.run, self.environment.get
        if run is None:
            return ""
        options = ""
        if run.inputs != (told("BEACON_INPUTS") or "sample"):
            options += f" --inputs {run.inputs}"
        if run.inputs == "folder" and run.folder != (told("BEACON_FOLDER") or "none"):
            options += " --folder FOLDER"
        default = SAMPLE_FOOTPRINT if run.inputs == "sample" else OFFICIAL_FOOTPRINT
        if run.footprint not in ("", told("BEACON_FOOTPRINT") or default):
            options += f" --footprint {shlex.quote(run.footprint)}"
        return options


def completion_for(home: Home) -> Completion:
    """What completes commands for who reads them in this process's environment."""
    runs = [run for run in list_runs(home) if run.job not in ASIDE]
    return Completion(home, runs[0] if runs else None, os.environ)
