"""Checking data against their contracts, with Great Expectations behind a thin adapter.

What belongs here: running suites and SQL checks. What does not: what a contract is
(``beacon.contracts``); what a failed check means for a run (``beacon.pipeline``).
"""

from beacon.checks.check_tables import check_table
from beacon.checks.result import CheckResult
from beacon.checks.sql_checks import run_sql_checks

__all__ = ["CheckResult", "check_table", "run_sql_checks"]
