"""The DuckDB types a contract may name, and what each is in Arrow and in Frictionless."""

import re
from dataclasses import dataclass
from typing import Any, Literal

Family = Literal["text", "boolean", "integer", "decimal", "float", "date", "timestamp", "binary"]

_SCALARS: dict[str, Family] = {
    "VARCHAR": "text",
    "UUID": "text",
    "JSON": "text",
    "BOOLEAN": "boolean",
    "TINYINT": "integer",
    "SMALLINT": "integer",
    "INTEGER": "integer",
    "BIGINT": "integer",
    "HUGEINT": "integer",
    "UTINYINT": "integer",
    "USMALLINT": "integer",
    "UINTEGER": "integer",
    "UBIGINT": "integer",
    "FLOAT": "float",
    "DOUBLE": "float",
    "DATE": "date",
    "TIMESTAMP": "timestamp",
    "TIMESTAMP WITH TIME ZONE": "timestamp",
    "BLOB": "binary",
    "GEOMETRY": "binary",
}
_ALIASES = {
    "TEXT": "VARCHAR",
    "STRING": "VARCHAR",
    "BOOL": "BOOLEAN",
    "INT": "INTEGER",
    "LONG": "BIGINT",
    "REAL": "FLOAT",
    "TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE",
}
_DECIMAL = re.compile(r"(?:DECIMAL|NUMERIC)\s*\(\s*(\d+)\s*,\s*(\d+)\s*\)")
_GEOMETRY = re.compile(r"GEOMETRY\s*\(.*\)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class DuckType:
    """A parsed DuckDB type: its normal spelling, its family, and whether it is a list of it."""

    name: str
    family: Family
    is_list: bool = False
    precision: int | None = None
    scale: int | None = None


def parse_type(text: str) -> DuckType:
    """Parse and normalise a DuckDB type name.

    A geometry's coordinate system is dropped (``GEOMETRY('OGC:CRS84')`` is ``GEOMETRY``): it is
    a property of the data, carried in the file's own metadata, not of the storage type.

    Args:
        text: a scalar type of DuckDB (any case, aliases allowed), or a list of one (``DATE[]``).

    Returns:
        The parsed type; ``name`` is the spelling DuckDB itself prints.

    Raises:
        ValueError: for a type contracts do not use, naming those that they do.
    """
    name = " ".join(text.split())
    if _GEOMETRY.fullmatch(name):
        return DuckType("GEOMETRY", "binary")
    name = name.upper()
    is_list = name.endswith("[]")
    base = name[:-2].strip() if is_list else name
    if match := _DECIMAL.fullmatch(base):
        precision, scale = int(match[1]), int(match[2])
        if not (1 <= precision <= 38 and scale <= precision):
            raise ValueError(f"{text!r}: a decimal has 1 to 38 digits, and no more after the point")
        return DuckType(
            f"DECIMAL({precision},{scale}){'[]' * is_list}", "decimal", is_list, precision, scale
        )
    base = _ALIASES.get(base, base)
    family = _SCALARS.get(base)
    if family is None:
        known = ", ".join([*_SCALARS, "DECIMAL(p,s)"])
        raise ValueError(
            f"{text!r} is not a type a contract may use; use one of {known}, or a list"
        )
    return DuckType(base + "[]" * is_list, family, is_list)


def arrow_type(duck: DuckType) -> Any:
    """The pyarrow ``DataType`` in which DuckDB writes ``duck`` to Parquet or Arrow.

    HUGEINT becomes a 38-digit decimal: DuckDB itself would write a DOUBLE, which loses digits.
    GEOMETRY becomes binary (WKB), as in GeoParquet.
    """
    import pyarrow as pa  # noqa: PLC0415 - 60 ms, and most uses of a contract need no schema

    base = duck.name.removesuffix("[]")
    types: dict[str, Any] = {
        "VARCHAR": pa.string(),
        "UUID": pa.string(),
        "JSON": pa.string(),
        "BOOLEAN": pa.bool_(),
        "TINYINT": pa.int8(),
        "SMALLINT": pa.int16(),
        "INTEGER": pa.int32(),
        "BIGINT": pa.int64(),
        "HUGEINT": pa.decimal128(38, 0),
        "UTINYINT": pa.uint8(),
        "USMALLINT": pa.uint16(),
        "UINTEGER": pa.uint32(),
        "UBIGINT": pa.uint64(),
        "FLOAT": pa.float32(),
        "DOUBLE": pa.float64(),
        "DATE": pa.date32(),
        "TIMESTAMP": pa.timestamp("us"),
        "TIMESTAMP WITH TIME ZONE": pa.timestamp("us", tz="UTC"),
        "BLOB": pa.binary(),
        "GEOMETRY": pa.binary(),
    }
    if duck.precision is not None:
        arrow = pa.decimal128(duck.precision, duck.scale or 0)
    else:
        arrow = types[base]
    return pa.list_(arrow) if duck.is_list else arrow


def frictionless_type(duck: DuckType) -> str:
    """The Frictionless Table Schema field type (https://datapackage.org/standard/table-schema/)."""
    if duck.is_list:
        return "array"
    if duck.name.startswith("TIMESTAMP"):
        return "datetime"
    if duck.name in ("JSON",):
        return "any"
    by_family: dict[Family, str] = {
        "text": "string",
        "boolean": "boolean",
        "integer": "integer",
        "decimal": "number",
        "float": "number",
        "date": "date",
        "timestamp": "datetime",
        "binary": "any",
    }
    return by_family[duck.family]
