"""The CSV on the Web description of a table (W3C, Metadata Vocabulary for Tabular Data, 2015)."""

from __future__ import annotations

from typing import Any

from beacon.contracts.model import Column, Contract
from beacon.contracts.types import Family

_TYPES: dict[Family, str] = {
    "text": "string",
    "boolean": "boolean",
    "integer": "integer",
    "decimal": "decimal",
    "float": "double",
    "date": "date",
    "timestamp": "datetime",
}


def csvw_table(contract: Contract, path: str) -> dict[str, Any]:
    """The table's CSV, column by column.

    Allowed values become a pattern of the datatype (`format`), because CSVW has no enumeration.

    Args:
        contract: the table.
        path: the CSV file, relative to the description.

    Returns:
        A JSON-able table of a CSVW table group. Outlines are not in the CSV.
    """
    return {
        "url": path,
        "dc:title": contract.table,
        "dc:description": f"{contract.description} Grain: {contract.grain}.",
        "tableSchema": {
            "columns": [_column(c) for c in contract.columns if c.duck_type.family != "binary"],
            "primaryKey": list(contract.key),
        },
    }


def _column(column: Column) -> dict[str, Any]:
    duck = column.duck_type
    described: dict[str, Any] = {
        "name": column.name,
        "titles": column.name,
        "dc:description": column.description,
        "required": not column.nullable,
        # A list is written in DuckDB's way, [a, b], which CSVW's separators cannot say.
        "datatype": _datatype(column) if not duck.is_list else "string",
    }
    if column.unit:
        described["schema:unitText"] = column.unit
    return described


def _datatype(column: Column) -> Any:
    base = _TYPES[column.duck_type.family]
    if base == "boolean":
        return {"base": base, "format": "true|false"}
    rule: dict[str, Any] = {"base": base}
    if column.min is not None:
        rule["minimum"] = _plain(column.min)
    if column.max is not None:
        rule["maximum"] = _plain(column.max)
    return rule if len(rule) > 1 else base


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value
