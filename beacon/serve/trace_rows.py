"""From any row of any mart back to the publishers' files, by what the release itself publishes.

The publisher's line and the landed bytes are told to operators only (`beacon trace`): a return of
an organisation holds counts that its totals do not show.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb

from beacon.contracts import Contract
from beacon.contracts.ddl import quote_identifier
from beacon.contracts.row_id import row_id_sql
from beacon.contracts.sql_files import INDICATOR_MARTS, OBSERVATION, all_sql_tables, value_marts
from beacon.serve.limits import QueryGate
from beacon.serve.mart_models import mart_contracts, shown_columns
from beacon.serve.problems import not_found
from beacon.serve.served_release import ServedRelease


def trace_id_sql(mart: str) -> str:
    """SQL that gives the trace id of a mart's row: the mart, and a hash of the row's key."""
    return row_id_sql(mart_contracts()[mart])


def records(
    con: duckdb.DuckDBPyConnection, sql: str, values: Sequence[Any] = ()
) -> list[dict[str, Any]]:
    """The rows of a query by name of column."""
    cursor = con.execute(sql, list(values))
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def trace_row(gate: QueryGate, served: ServedRelease, trace_id: str) -> dict[str, Any]:
    """The row of a trace id and all that it was made from.

    Returns:
        `row`, its `mart`, `key` and `indicator` (the definition, where the row is of one);
        `made_from`: rows of the indicator marts that it rests on, each with the publisher's file
        and row; `inputs`: the manifest's entries of these files; `derivation`: the file of SQL, the
        commit and the tables it reads.

    Raises:
        ProblemError: 404, when the release has no such row.
    """
    mart, _, _ = trace_id.partition(".")
    contract = mart_contracts().get(mart)
    if contract is None or mart not in served.marts:
        raise not_found(
            f"row {trace_id!r} in {served.label}",
            "A trace id is MART.HASH, as answers of `trace` and of the tools give it.",
        )
    with gate.connection() as con:
        found = _select(con, served, mart, f"{trace_id_sql(mart)} = ?", [trace_id])
        if not found:
            raise not_found(
                f"row {trace_id!r} in {served.label}",
                f"Ask {mart} for the row; its trace id is that of its key in any release.",
            )
        return _chain(con, served, contract, found[0])


def _select(
    con: duckdb.DuckDBPyConnection, served: ServedRelease, mart: str, where: str, values: list[Any]
) -> list[dict[str, Any]]:
    contract = mart_contracts()[mart]
    present = set(served.columns_of(mart))
    columns = [c.name for c in shown_columns(contract) if c.name in present]
    keys = ", ".join(map(quote_identifier, contract.key))
    return records(
        con,
        f"select {', '.join(map(quote_identifier, columns))}, {trace_id_sql(mart)} as trace_id "  # noqa: S608
        f"from read_parquet(?) where {where} order by {keys} limit 20",
        [str(served.path_of(mart)), *values],
    )


def _chain(
    con: duckdb.DuckDBPyConnection, served: ServedRelease, contract: Contract, row: dict[str, Any]
) -> dict[str, Any]:
    mart, trace_id = contract.table, row.pop("trace_id")
    made_from = _made_from(con, served, mart, row)
    hashes = {found.get("source_sha256") for found in (row, *made_from)}
    hashes |= {row.get("sha256"), row.get("previous_sha256")} - {None}
    table = all_sql_tables().get(f"marts.{mart}")
    return {
        "trace_id": trace_id,
        "mart": mart,
        "key": {name: row[name] for name in contract.key},
        "row": row,
        "indicator": _definition(con, served, row),
        "made_from": [found for found in made_from if found is not row],
        "inputs": [entry for entry in served.manifest["inputs"] if entry["sha256"] in hashes],
        "derivation": {
            "sql": f"sql/marts/{mart}.sql",
            "git_commit": served.manifest["code"]["git_commit"],
            "reads": list(table.depends) if table else [],
        },
    }


def _made_from(
    con: duckdb.DuckDBPyConnection, served: ServedRelease, mart: str, row: dict[str, Any]
) -> list[dict[str, Any]]:
    """The rows of the indicator marts behind a row: itself, the Places of a sum, or its figures."""
    area = row.get("area_code") or row.get("place_code")
    if mart in {OBSERVATION, *INDICATOR_MARTS} and row.get("value_method") != "sum_of_places":
        return [row]
    if area is None or not row.get("indicator_slug") or "measure" not in row:
        return []
    conditions = ["indicator_slug = ?", "measure = ?"]
    values = [row["indicator_slug"], row["measure"]]
    if row.get("value_method") == "sum_of_places":
        conditions += ["area_type = 'place'", "category = ?"]
        values.append(row["category"])
    else:
        conditions.append("area_code = ?")
        values.append(area)
    for name in ("period", "sex", "age"):
        if row.get(name) is not None:
            conditions.append(f"{name} = ?")
            values.append(row[name])
    return [
        found
        for other in value_marts(served.marts)
        for found in _select(con, served, other, " and ".join(conditions), values)
    ]


def _definition(
    con: duckdb.DuckDBPyConnection, served: ServedRelease, row: dict[str, Any]
) -> dict[str, Any] | None:
    if not row.get("indicator_slug") or not row.get("measure"):
        return None
    found = _select(
        con,
        served,
        "indicator",
        "indicator_slug = ? and measure = ?",
        [row["indicator_slug"], row["measure"]],
    )
    return found[0] if found else None
