"""Checking data against their contracts, with Great Expectations behind a thin adapter.

What belongs here: running suites and SQL checks, in this process or in a worker beside it.
What does not: what a contract is (``beacon.contracts``); what a failed check means for a run.

Importing this package does not import Great Expectations; the first check in process does.
"""

from beacon.validation.memory import validate_frame
from beacon.validation.process import ValidationWorker, WorkerStats
from beacon.validation.result import CheckResult
from beacon.validation.sql_checks import run_sql_checks
from beacon.validation.tables import validate_table

__all__ = [
    "CheckResult",
    "ValidationWorker",
    "WorkerStats",
    "run_sql_checks",
    "validate_frame",
    "validate_table",
]
