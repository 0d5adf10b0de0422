"""The Dagster instance of a home: its settings file and how to open it.

What belongs here: `dagster.yaml`. What does not: deployments on PostgreSQL (`deploy/`).
"""

import json
from pathlib import Path

import dagster as dg

from assets.session import WRITER_POOL
from beacon.files import write_atomically
from beacon.settings import Home

_SETTINGS = """\
# Written by Beacon before every run; changes made here are lost. For a server with PostgreSQL use
# deploy/ instead.
telemetry:
  enabled: false
# No invitation to sign up for anything when an operator opens the UI.
nux:
  enabled: false
run_storage:
  module: pipelines.storage
  class: PooledSqliteRunStorage
  config:
    base_dir: {history}
event_log_storage:
  module: pipelines.storage
  class: PooledSqliteEventLogStorage
  config:
    base_dir: {history}/runs
concurrency:
  # {pool}: one writer to the working database.
  pools:
    default_limit: 1
    granularity: run
  runs:
    max_concurrent_runs: 1
run_monitoring:
  enabled: true
"""


def instance_directory(home: Home) -> Path:
    """The home's Dagster directory, with its settings file in place."""
    settings = home.dagster / "dagster.yaml"
    text = _SETTINGS.format(
        history=json.dumps(str(home.dagster / "history"))[1:-1], pool=WRITER_POOL
    )
    if not settings.is_file() or settings.read_text(encoding="utf-8") != text:
        write_atomically(settings, text)
    return home.dagster


def open_instance(home: Home) -> dg.DagsterInstance:
    """Open the home's run history."""
    return dg.DagsterInstance.from_config(str(instance_directory(home)))
