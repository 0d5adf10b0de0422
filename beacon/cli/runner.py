"""Handing a run to whatever orchestrates it, without knowing what that is."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import entry_points
from typing import Any

from beacon.core.errors import BeaconError
from beacon.core.settings import Settings

# Settings, id of the run, id of what was landed, whether that is nothing new, and where progress is
# said; gives success, status, errors.
Runner = Callable[[Settings, str, str, bool, Callable[[str], None]], dict[str, Any]]

_GROUP = "beacon.runner"


def load_runner() -> Runner:
    """The runner that is installed beside the library.

    Raises:
        BeaconError: When none is.
    """
    for point in entry_points(group=_GROUP):
        runner: Runner = point.load()
        return runner
    raise BeaconError("No runner is installed: install Beacon with its pipelines (`uv sync`).")


# Settings and a port; runs until it is stopped and gives an exit status.
Service = Callable[[Settings, int], int]


def load_service() -> Service:
    """The operators' UI and daemon.

    Raises:
        BeaconError: When none is installed.
    """
    for point in entry_points(group="beacon.service"):
        service: Service = point.load()
        return service
    raise BeaconError("No UI is installed: install Beacon with its pipelines (`uv sync`).")
