"""Writing marts as Parquet: the same rows always give the same bytes."""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from beacon.contracts import Contract, arrow_schema
from beacon.release import CONTRACT_VERSION

_ROW_GROUP_ROWS = 100_000
_GEOMETRY = "geometry"


@dataclass(frozen=True)
class WrittenMart:
    """A mart on disk.

    Attributes:
        name: Name of the mart.
        file: File name within the release.
        rows: Rows.
        size_bytes: Size.
        sha256: Hash of the file.
        content_sha256: Hash of the rows and columns alone, without the release's label and commit:
            equal for two releases that say the same.
    """

    name: str
    file: str
    rows: int
    size_bytes: int
    sha256: str
    content_sha256: str


def write_mart(
    con: duckdb.DuckDBPyConnection,
    contract: Contract,
    directory: Path,
    label: str,
    git_commit: str,
) -> WrittenMart:
    """Write `marts.<table>` to `<table>.parquet`, sorted by its key."""
    table = _read_sorted(con, contract)
    content = _serialise(table, contract, {})
    stamped = _serialise(table, contract, {"release": label, "git_commit": git_commit})
    target = directory / f"{contract.table}.parquet"
    target.write_bytes(stamped)
    return WrittenMart(
        name=contract.table,
        file=target.name,
        rows=table.num_rows,
        size_bytes=len(stamped),
        sha256=hashlib.sha256(stamped).hexdigest(),
        content_sha256=hashlib.sha256(content).hexdigest(),
    )


def _read_sorted(con: duckdb.DuckDBPyConnection, contract: Contract) -> pa.Table:
    keys = ", ".join(f'"{key}"' for key in contract.key)
    columns = ", ".join(f'"{name}"' for name in contract.column_names)
    relation = con.sql(f"select {columns} from {contract.name} order by {keys}")  # noqa: S608
    table: pa.Table = relation.to_arrow_table()
    return table.combine_chunks()


def _serialise(table: pa.Table, contract: Contract, stamp: dict[str, str]) -> bytes:
    metadata = {"contract_version": CONTRACT_VERSION, **stamp}
    if _GEOMETRY in contract.column_names:
        metadata["geo"] = json.dumps(_geo_metadata(table), sort_keys=True)
    schema = arrow_schema(contract, metadata)
    buffer = io.BytesIO()
    pq.write_table(
        table.cast(schema),
        buffer,
        compression="zstd",
        row_group_size=_ROW_GROUP_ROWS,
        store_schema=True,
        version="2.6",
    )
    return buffer.getvalue()


def _geo_metadata(table: pa.Table) -> dict[str, Any]:
    """GeoParquet 1.1 metadata. Without a `crs` coordinates are longitude and latitude (WGS 84).

    Source: GeoParquet specification 1.1.0, "Column metadata".
    """
    import shapely

    column: dict[str, Any] = {"encoding": "WKB", "geometry_types": []}
    outlines = [value for value in table.column(_GEOMETRY).to_pylist() if value is not None]
    if outlines:
        shapes = shapely.from_wkb(outlines)
        column["geometry_types"] = sorted({shape.geom_type for shape in shapes})
        column["bbox"] = [float(edge) for edge in shapely.total_bounds(shapes)]
    return {"version": "1.1.0", "primary_column": _GEOMETRY, "columns": {_GEOMETRY: column}}
