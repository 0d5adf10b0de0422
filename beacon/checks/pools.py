"""Columns under the same check, judged together by the values that occur in them.

A check that looks at one value at a time holds for every row of several columns exactly if it
holds for every value that occurs in any of them. Great Expectations takes about as long over ten
values as over ten thousand, so it is asked once for all columns with the same check, and a hundred
checks become thirty. Only a pass is taken from that: where not all values of a pool comply, each
of its checks is run on its own column, on every row, for its count and its examples.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from beacon.checks.check_frames import PRESENT, arrow_family
from beacon.checks.screen import is_plain

if TYPE_CHECKING:
    import pyarrow as pa

    from beacon.contracts.suite import SuiteItem

_BY_PRESENCE = "expect_column_values_to_not_be_null"
_BY_LIST = "expect_column_values_to_be_in_set"
_BY_VALUE = (
    _BY_LIST,
    "expect_column_values_to_match_regex",
    "expect_column_values_to_be_between",
)
_BY_TABLE = ("columns", "row_count", "key_unique")


@dataclass(frozen=True, slots=True)
class Pools:
    """Distinct values of many columns, and the checks of them.

    Attributes:
        table: A column a pool; shorter pools are filled up with a value of their own.
        items: A check a pool.
        members: The names of the checks that have passed where a pool's check has, by its name.
    """

    table: pa.Table
    items: tuple[SuiteItem, ...]
    members: dict[str, tuple[str, ...]]


def _has_labels(item: SuiteItem, arrow: pa.DataType) -> bool:
    """Whether columns with other lists can be judged with it: text, with the column's name before.

    The name ends with an equals sign, which no contract's column has in its name.
    """
    values = item.kwargs.get("value_set")
    return (
        item.type == _BY_LIST
        and _has_values(arrow)
        and arrow_family(arrow) == "text"
        and isinstance(values, list)
        and all(isinstance(value, str) for value in values)
        and "=" not in item.kwargs["column"]
    )


def _label(column: str, value: str = "") -> str:
    return f"{column}={value}"


def _has_values(arrow: pa.DataType) -> bool:
    """Whether checks see a column's values as they are, and not only that there are some."""
    import pyarrow.types as t

    return arrow_family(arrow) not in (None, "binary") and not t.is_dictionary(arrow)


def _pool_of(table: pa.Table, item: SuiteItem) -> tuple[str, ...] | None:
    """What a check has in common with those it may be judged with; None if it is judged alone."""
    if not is_plain(item):
        return None
    column = item.kwargs.get("column")
    if not isinstance(column, str) or table.column_names.count(column) != 1:
        return None
    if item.type == _BY_PRESENCE:
        return (item.type,)
    arrow = table.schema.field(column).type
    if item.type not in _BY_VALUE or not _has_values(arrow):
        return None
    if _has_labels(item, arrow):
        return (item.type,)
    # Told apart by type too: 1 and "1" are not one bound, INTEGER and DOUBLE not one column.
    options = {key: value for key, value in item.kwargs.items() if key != "column"}
    return (item.type, str(arrow), json.dumps(options, default=repr, sort_keys=True))


def _presence(column: pa.ChunkedArray) -> pa.Array:
    """Whether anything is there and whether anything is missing, as at most two values."""
    import pyarrow as pa
    import pyarrow.compute as pc

    missing = pc.sum(pc.is_null(column, nan_is_null=True)).as_py() or 0
    values = [PRESENT] * (missing < len(column)) + [None] * (missing > 0)
    return pa.array(values, pa.string())


def _values(table: pa.Table, item: SuiteItem) -> pa.Array:
    """What one check has to say of its pool: its column's values, each of them once."""
    import pyarrow as pa
    import pyarrow.compute as pc

    name = item.kwargs["column"]
    column = table.column(name)
    if item.type == _BY_PRESENCE:
        return _presence(column)
    values = column.unique()
    if _has_labels(item, values.type):
        # What is missing stays missing.
        return pc.binary_join_element_wise(_label(name), values.cast(pa.string()), "")
    return values


def _check(table: pa.Table, group: Sequence[SuiteItem], name: str) -> SuiteItem:
    """The check of a pool."""
    first = group[0]
    options = {**first.kwargs, "column": name}
    if _has_labels(first, table.schema.field(first.kwargs["column"]).type):
        options["value_set"] = [
            _label(item.kwargs["column"], value)
            for item in group
            for value in item.kwargs["value_set"]
        ]
    return replace(first, name=name, kwargs=options, columns=(name,))


def _filled(values: pa.Array, length: int) -> pa.Array:
    """The values and, up to a length, the first of them again, which adds no value."""
    import pyarrow as pa

    if len(values) == length:
        return values
    return pa.concat_arrays([values, pa.repeat(values[0], length - len(values))])


def pool(table: pa.Table, items: Sequence[SuiteItem]) -> Pools | None:
    """Gather the values of columns that share a check.

    Args:
        table: the rows.
        items: checks of them; those that look at more than one value at a time are left out.

    Returns:
        The pools, or None where no check can be judged so.
    """
    import pyarrow as pa

    groups: dict[tuple[str, ...], list[SuiteItem]] = {}
    for item in items:
        if (common := _pool_of(table, item)) is not None:
            groups.setdefault(common, []).append(item)
    if not groups:
        return None
    named = {f"pool_{number}": group for number, group in enumerate(groups.values())}
    gathered = {
        name: pa.concat_arrays([_values(table, item) for item in group]).unique()
        for name, group in named.items()
    }
    longest = max(map(len, gathered.values()))
    return Pools(
        table=pa.table({name: _filled(values, longest) for name, values in gathered.items()}),
        items=tuple(_check(table, group, name) for name, group in named.items()),
        members={name: tuple(item.name for item in group) for name, group in named.items()},
    )


def narrowed(table: pa.Table, items: Sequence[SuiteItem], key: Sequence[str]) -> pa.Table:
    """The table with nothing in the columns that no check reads; they keep their names and places.

    Args:
        table: the rows.
        items: what is still to be checked.
        key: columns that name a row in the examples of failures.
    """
    import pyarrow as pa

    if not all(item.kind in _BY_TABLE or is_plain(item) for item in items):
        return table  # an option such as row_condition may read any column
    read = {*key, *(name for item in items if item.kind != "columns" for name in item.columns)}
    nothing = pa.nulls(table.num_rows, pa.bool_())
    return pa.table(
        [
            values if name in read else nothing
            for name, values in zip(table.column_names, table.columns, strict=True)
        ],
        names=table.column_names,
    )
