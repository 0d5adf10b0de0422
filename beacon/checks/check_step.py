"""The checking step: one table against its contract, with the results kept for the release."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from beacon.checks.check_tables import check_table
from beacon.checks.result import CheckResult
from beacon.checks.sql_checks import run_sql_checks
from beacon.core.files import read_json, write_json
from beacon.core.logs import log, step
from beacon.warehouse.connection import Warehouse
from beacon.workspace import Workspace


def check(warehouse: Warehouse, table: str) -> list[CheckResult]:
    """Check a table against its contract, and keep the results for the release.

    Great Expectations judges the marts; DuckDB the tables that only later steps read.
    """
    contract = warehouse.workspace.contracts[table]
    with step("checked", asset=table.replace(".", "/")) as details:
        results = [
            *check_table(warehouse.con, table, contract, by_duckdb=not table.startswith("marts.")),
            *run_sql_checks(warehouse.con, table, contract),
        ]
        failed = [result for result in results if not result.passed]
        details["failed"] = len(failed)
    for result in failed:
        # Neither the message nor the examples: both may quote a small number.
        log(
            "check failed",
            level=logging.ERROR if result.severity == "critical" else logging.WARNING,
            asset=table.replace(".", "/"),
            check=result.name,
            severity=result.severity,
            rows=result.unexpected_count,
        )
    rows = sorted(map(_check_row, results), key=lambda row: str(row["name"]))
    write_json(_checks_file(warehouse.workspace, table), rows)
    return results


def _checks_file(workspace: Workspace, table: str) -> Path:
    return workspace.home.state / f"checks-{table}.json"


def kept_checks(workspace: Workspace) -> list[dict[str, Any]]:
    """The latest result of every check, by table and name, as the release will say."""
    kept: list[dict[str, Any]] = []
    for table in sorted(workspace.contracts):
        kept += read_json(_checks_file(workspace, table)) or []
    return kept


def _check_row(result: CheckResult) -> dict[str, Any]:
    return {
        "table": result.table,
        "name": result.name,
        "severity": result.severity,
        "passed": result.passed,
        "message": result.message,
        "unexpected_count": result.unexpected_count,
        "examples": list(result.examples),
    }
