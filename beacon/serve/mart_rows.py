"""Rows of a mart: from parameters that the contract has typed to one bound query."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Any

import pyarrow as pa

from beacon.contracts import Contract
from beacon.contracts.ddl import quote_identifier
from beacon.core.suggestions import did_you_mean
from beacon.serve.limits import QueryGate
from beacon.serve.mart_models import MartQuery, Paging, mart_contracts, shown_columns
from beacon.serve.problems import bad_parameter
from beacon.serve.served_release import ServedRelease

_NOT_COLUMNS = frozenset(MartQuery.model_fields)


@dataclass(frozen=True)
class Rows:
    """A page of rows, in order of the mart's key.

    Attributes:
        table: The rows.
        paging: Where they are in all rows that fit.
    """

    table: pa.Table
    paging: Paging


def read_rows(gate: QueryGate, served: ServedRelease, mart: str, query: MartQuery) -> Rows:
    """The rows of a page.

    Columns come from the contract and never from the request; values are bound.

    Args:
        gate: Gives the connection.
        served: The release.
        mart: Name of the mart.
        query: Parameters of that mart.

    Raises:
        ProblemError: When a column is unknown, or as `QueryGate.connection` says.
    """
    contract = mart_contracts()[mart]
    file = str(served.path_of(mart))
    present = set(served.columns_of(mart))
    columns = _chosen(contract, query.columns, present)
    where, values = _conditions(query, present)
    keys = ", ".join(quote_identifier(key) for key in contract.key if key in present)
    chosen = ", ".join(map(quote_identifier, columns))
    source = f"from read_parquet(?) where {where}"
    first = (query.page - 1) * query.pageSize
    with gate.connection() as con:
        counted = con.execute(f"select count(*) {source}", [file, *values]).fetchall()
        table = con.sql(
            f"select {chosen} {source} order by {keys} limit ? offset ?",
            params=[file, *values, query.pageSize, first],
        ).to_arrow_table()
    total = counted[0][0]
    paging = Paging(
        page=query.page,
        pageSize=query.pageSize,
        totalResults=total,
        totalPages=ceil(total / query.pageSize),
    )
    return Rows(table, paging)


def _chosen(contract: Contract, wanted: list[str], present: set[str]) -> list[str]:
    known = [column.name for column in shown_columns(contract) if column.name in present]
    for name in wanted:
        if name not in known:
            raise bad_parameter(
                "columns",
                f"There is no column {name[:80]!r}.{did_you_mean(name, known)} "
                f"Columns: {', '.join(known)}.",
                "unknown_column",
            )
    # Once each, in the order of the mart.
    return [name for name in known if name in wanted] if wanted else known


def _conditions(query: MartQuery, present: set[str]) -> tuple[str, list[Any]]:
    conditions, values = ["true"], []
    for name in query.model_fields_set - _NOT_COLUMNS:
        value = getattr(query, name)
        column, _, end = name.partition("__")
        if value is None or value == []:
            continue
        if column not in present:
            raise bad_parameter(column, f"This release has no column {column!r} in the mart.")
        quoted = quote_identifier(column)
        if end:
            conditions.append(f"{quoted} {'>=' if end == 'gte' else '<='} ?")
        else:
            conditions.append(f"list_contains(?, {quoted})")
        values.append(value)
    return " and ".join(conditions), values
