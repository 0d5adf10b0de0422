"""Checking data against their contracts, with Great Expectations behind a thin adapter.

What belongs here: running suites and SQL checks, in this process or in a worker beside it.
What does not: what a contract is (``beacon.contracts``); what a failed check means for a run.

Importing this package does not import Great Expectations; the first check in process does. Each
name is imported from its module when it is first asked for, so that a run may start the worker
before it has loaded anything else (``beacon.checks.process``).
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from beacon.checks.check_tables import validate_table
    from beacon.checks.memory import validate_frame
    from beacon.checks.process import ValidationWorker, WorkerStats
    from beacon.checks.result import CheckResult
    from beacon.checks.sql_checks import run_sql_checks

_MODULES = {
    "CheckResult": "result",
    "ValidationWorker": "process",
    "WorkerStats": "process",
    "run_sql_checks": "sql_checks",
    "validate_frame": "memory",
    "validate_table": "check_tables",
}

__all__ = [
    "CheckResult",
    "ValidationWorker",
    "WorkerStats",
    "run_sql_checks",
    "validate_frame",
    "validate_table",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    return value
