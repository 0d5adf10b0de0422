"""Tables on their way into Great Expectations, which reads pandas frames only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as t

from beacon.contracts.types import Family

if TYPE_CHECKING:
    import pandas as pd

PRESENT = "(present)"
"""Stands for a geometry, bytes or a list: only whether there is one is checked."""


def arrow_family(arrow: pa.DataType) -> Family | None:
    """The family of types an Arrow type belongs to; None for an all-null or unknown type."""
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


def arrow_to_pandas(table: pa.Table) -> pd.DataFrame:
    """The canonical pandas form of a table.

    Whole numbers and booleans with gaps stay whole numbers and booleans (nullable dtypes); dates
    are timestamps at midnight; decimals are floats; geometries, bytes and lists are only present
    or missing.
    """
    # A third of a second that a night without news does not need.
    import pandas as pd

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
