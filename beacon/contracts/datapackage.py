"""The Frictionless description of a table (https://datapackage.org, Data Package v2)."""

from datetime import date
from typing import Any

from beacon.contracts.model import Column, Contract
from beacon.contracts.types import frictionless_type


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _field(column: Column) -> dict[str, Any]:
    field: dict[str, Any] = {
        "name": column.name,
        "type": frictionless_type(column.duck_type),
        "description": column.description,
    }
    if column.unit:
        field["unit"] = column.unit
    constraints: dict[str, Any] = {}
    if not column.nullable:
        constraints["required"] = True
    if column.pattern:
        constraints["pattern"] = column.pattern
    if column.allowed is not None:
        constraints["enum"] = [_plain(value) for value in column.allowed]
    if column.min is not None:
        constraints["minimum"] = _plain(column.min)
    if column.max is not None:
        constraints["maximum"] = _plain(column.max)
    if constraints:
        field["constraints"] = constraints
    return field


def datapackage_resource(contract: Contract, path: str | None = None) -> dict[str, Any]:
    """The table as a Frictionless resource: its CSV, column by column.

    The CSV and not the Parquet file carries the schema, because the Frictionless tool reads
    Parquet through pandas, which turns an empty whole number into "NaN", so that good rows would
    be refused. Outlines are not in the CSV, so they are not among the fields.

    Args:
        contract: the table.
        path: the CSV file, relative to the descriptor; ``<table>.csv`` by default.

    Returns:
        A JSON-able resource. ``name`` is the table's name as it stands, so that a reader finds the
        view of the same name.
    """
    return {
        "name": contract.table,
        "type": "table",
        "path": path or contract.csv_name,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "description": f"{contract.description} Grain: {contract.grain}.",
        "schema": {
            "fields": [_field(c) for c in contract.columns if c.duck_type.family != "binary"],
            "primaryKey": list(contract.key),
        },
    }


def datapackage_parquet(contract: Contract, path: str | None = None) -> dict[str, Any]:
    """The table's Parquet file as a plain file among the resources: where it is and what it holds.

    Args:
        contract: the table.
        path: the file, relative to the descriptor; ``<table>.parquet`` by default.

    Returns:
        A JSON-able resource named ``<table>.parquet``; its columns are those of the resource
        ``<table>`` and, where the table has outlines, the outline.
    """
    return {
        "name": f"{contract.table}.parquet",
        "type": "file",
        "path": path or f"{contract.table}.parquet",
        "format": "parquet",
        "mediatype": "application/vnd.apache.parquet",
        "description": f"{contract.description} Every column, outlines included.",
    }
