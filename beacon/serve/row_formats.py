"""Rows as JSON, CSV, Parquet and Arrow."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic_core import to_json

from beacon.core.spreadsheet_text import csv_line
from beacon.serve.mart_rows import Rows

MEDIA_TYPES = {
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
    "arrow": "application/vnd.apache.arrow.stream",
}


def write_rows(rows: Rows, form: str, about: dict[str, Any], mart: str) -> bytes:
    """A page of rows in a format.

    Args:
        rows: The page.
        form: A key of `MEDIA_TYPES`.
        about: What is said of the release: in JSON beside the rows, in Parquet and Arrow in the
            schema's metadata, in CSV not at all (the headers of the answer say it).
        mart: Name of the mart.
    """
    return _WRITERS[form](rows, about, mart)


def _json(rows: Rows, about: dict[str, Any], mart: str) -> bytes:
    return to_json(
        {**about, "mart": mart, "paging": rows.paging, "results": rows.table.to_pylist()}
    )


def _csv(rows: Rows, about: dict[str, Any], mart: str) -> bytes:
    del about, mart
    lines = [csv_line(rows.table.column_names)]
    lines += [csv_line(map(_csv_cell, row.values())) for row in rows.table.to_pylist()]
    return "".join(lines).encode()


def _csv_cell(value: Any) -> Any:
    return ("true" if value else "false") if isinstance(value, bool) else value


def _stamped(rows: Rows, about: dict[str, Any], mart: str) -> pa.Table:
    metadata = {name: str(value) for name, value in about.items() if value is not None}
    return rows.table.replace_schema_metadata({**metadata, "mart": mart})


def _parquet(rows: Rows, about: dict[str, Any], mart: str) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(_stamped(rows, about, mart), buffer, compression="zstd")
    return buffer.getvalue()


def _arrow(rows: Rows, about: dict[str, Any], mart: str) -> bytes:
    table = _stamped(rows, about, mart)
    buffer = io.BytesIO()
    with pa.ipc.new_stream(buffer, table.schema) as writer:
        writer.write_table(table)
    return buffer.getvalue()


_WRITERS: dict[str, Callable[[Rows, dict[str, Any], str], bytes]] = {
    "json": _json, "csv": _csv, "parquet": _parquet, "arrow": _arrow,
}  # fmt: skip
