"""Tables on their way into Great Expectations, which reads pandas frames only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from beacon.contracts.types import DuckType, Family

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

    from beacon.contracts.model import Contract

PRESENT = "(present)"
"""Stands for a geometry, bytes or a list: only whether there is one is checked."""


def frame_to_arrow(frame: pd.DataFrame | pl.DataFrame | pa.Table) -> pa.Table:
    """A pandas or Polars frame as an Arrow table, without the pandas index.

    Raises:
        TypeError: for anything else.
        pyarrow.ArrowInvalid: if a pandas column mixes types, naming the column.
    """
    import pyarrow as pa

    if isinstance(frame, pa.Table):
        return frame
    if hasattr(frame, "to_arrow"):
        return frame.to_arrow()
    if hasattr(frame, "columns") and hasattr(frame, "dtypes"):
        return pa.Table.from_pandas(frame, preserve_index=False)
    raise TypeError(f"a pandas or Polars frame is needed, not {type(frame).__name__}")


def arrow_family(arrow: pa.DataType) -> Family | None:
    """The family of types an Arrow type belongs to; None for an all-null or unknown type."""
    import pyarrow.types as t

    if t.is_dictionary(arrow):
        return arrow_family(arrow.value_type)
    tests: list[tuple[Any, Family]] = [
        (t.is_string, "text"),
        (t.is_large_string, "text"),
        (t.is_string_view, "text"),
        (t.is_boolean, "boolean"),
        (t.is_integer, "integer"),
        (t.is_decimal, "decimal"),
        (t.is_floating, "float"),
        (t.is_date, "date"),
        (t.is_timestamp, "timestamp"),
        (t.is_binary, "binary"),
        (t.is_large_binary, "binary"),
        (t.is_binary_view, "binary"),
    ]
    return next((family for is_type, family in tests if is_type(arrow)), None)


def type_differences(contract: Contract, table: pa.Table) -> list[str]:
    """How an Arrow table's types differ in kind from the contract's.

    A frame need not have DuckDB's exact width (``compare_columns`` sees to that on tables), but
    text must be text and whole numbers whole. An all-null column has no type to be wrong.
    """
    import pyarrow.types as t

    accepted: dict[Family, tuple[Family, ...]] = {
        "float": ("float", "decimal", "integer"),
        "decimal": ("decimal", "float", "integer"),
        "timestamp": ("timestamp", "date"),
    }
    differences = []
    for column in contract.columns:
        if column.name not in table.column_names:
            continue
        arrow = table.schema.field(column.name).type
        duck: DuckType = column.duck_type
        if t.is_null(arrow):
            continue
        is_list = t.is_list(arrow) or t.is_large_list(arrow) or t.is_fixed_size_list(arrow)
        family = arrow_family(arrow.value_type if is_list else arrow)
        if is_list != duck.is_list or family not in accepted.get(duck.family, (duck.family,)):
            differences.append(f"column {column.name} is {arrow}, declared {column.type}")
    return differences


def arrow_to_pandas(table: pa.Table) -> pd.DataFrame:
    """The canonical pandas form of a table.

    Whole numbers and booleans with gaps stay whole numbers and booleans (nullable dtypes); dates
    are timestamps at midnight; decimals are floats; geometries, bytes and lists are only present
    or missing.
    """
    import pandas as pd
    import pyarrow as pa
    import pyarrow.compute as pc

    nullable = {
        pa.int8(): pd.Int8Dtype(),
        pa.int16(): pd.Int16Dtype(),
        pa.int32(): pd.Int32Dtype(),
        pa.int64(): pd.Int64Dtype(),
        pa.uint8(): pd.UInt8Dtype(),
        pa.uint16(): pd.UInt16Dtype(),
        pa.uint32(): pd.UInt32Dtype(),
        pa.uint64(): pd.UInt64Dtype(),
        pa.bool_(): pd.BooleanDtype(),
    }
    columns: dict[str, Any] = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        family = arrow_family(column.type)
        if pa.types.is_null(column.type):
            column = column.cast(pa.string())
        elif family == "decimal":
            column = column.cast(pa.float64())
        elif family in (None, "binary"):
            column = pc.if_else(pc.is_valid(column), PRESENT, pa.scalar(None, pa.string()))
        if not (column.null_count and column.type in nullable):
            columns[name] = column.to_pandas(date_as_object=False)
        else:
            columns[name] = column.to_pandas(types_mapper=nullable.get)
    frame = pd.DataFrame(columns, columns=list(columns))
    frame.columns = table.column_names
    return frame
