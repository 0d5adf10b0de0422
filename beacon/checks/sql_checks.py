"""A contract's SQL checks: queries that return the rows that are wrong."""

from __future__ import annotations

import time

import duckdb

from beacon.checks.engine import plain
from beacon.checks.result import MAX_EXAMPLES, CheckResult, Outcome, to_result
from beacon.contracts.ddl import quote_qualified
from beacon.contracts.model import Contract, SqlCheck
from beacon.contracts.suite import SuiteItem


def _run(con: duckdb.DuckDBPyConnection, table: str, check: SqlCheck, name: str) -> Outcome:
    sql = check.sql.replace("{table}", table).strip().rstrip(";")
    started = time.perf_counter()
    try:
        # One pass: the window counts every offending row, the limit keeps a few of them.
        cursor = con.execute(
            f"select count(*) over () as beacon_offending, * from (\n{sql}\n) limit {MAX_EXAMPLES}"  # noqa: S608
        )
        names = [column[0] for column in cursor.description or ()][1:]
        rows = cursor.fetchall()
    except duckdb.Error as error:
        return Outcome(name, passed=False, error=" ".join(str(error).split()))
    return Outcome(
        name,
        passed=not rows,
        unexpected_count=int(rows[0][0]) if rows else 0,
        examples=tuple(plain(dict(zip(names, row[1:], strict=True))) for row in rows),
        duration_seconds=round(time.perf_counter() - started, 6),
    )


def run_sql_checks(
    con: duckdb.DuckDBPyConnection, qualified_name: str, contract: Contract
) -> list[CheckResult]:
    """Run every SQL check of a contract.

    Args:
        con: an open connection, used on the caller's thread.
        qualified_name: the table or view, put in place of ``{table}``.
        contract: declares the checks.

    Returns:
        One result a check, named ``sql__<name>``; empty if the contract declares none. A query
        that fails is a failed check.
    """
    results = []
    table = quote_qualified(qualified_name)
    for check in contract.sql_checks:
        item = SuiteItem(
            name=f"sql__{check.name}",
            kind="declared",
            type="sql_check",
            kwargs={},
            severity=check.severity,
            summary=f"no row breaks {check.name.replace('_', ' ')}",
            why=check.why,
        )
        results.append(to_result(contract, item, _run(con, table, check, item.name)))
    return results
