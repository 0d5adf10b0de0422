"""The Dagster instance of a home: its settings file and how to open it.

What belongs here: `dagster.yaml`. What does not: deployments on PostgreSQL (`deploy/`).
"""

from pathlib import Path

import dagster as dg

from assets.session import WRITER_POOL
from beacon.files import write_atomically
from beacon.settings import Home

_SETTINGS = f"""\
# Written by Beacon. Delete it to have it written anew.
telemetry:
  enabled: false
concurrency:
  pools:
    default_limit: 1
    granularity: op
  runs:
    max_concurrent_runs: 1
run_monitoring:
  enabled: true
# Pools: {WRITER_POOL} has the default limit of one writer.
"""


def instance_directory(home: Home) -> Path:
    """The home's Dagster directory, with its settings file in place."""
    settings = home.dagster / "dagster.yaml"
    if not settings.is_file():
        write_atomically(settings, _SETTINGS)
    return home.dagster


def open_instance(home: Home) -> dg.DagsterInstance:
    """Open the home's run history."""
    return dg.DagsterInstance.from_config(str(instance_directory(home)))
