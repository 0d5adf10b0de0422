"""The Parquet schema of a contract."""

from typing import TYPE_CHECKING

import pyarrow as pa

from beacon.contracts.model import Contract
from beacon.contracts.types import arrow_type

if TYPE_CHECKING:
    import pyarrow as pa


def arrow_schema(contract: Contract, metadata: dict[str, str] | None = None) -> "pa.Schema":
    """The Arrow schema in which the table is written to Parquet.

    Args:
        contract: the table.
        metadata: further key-value metadata of the file (release, commit).

    Returns:
        A schema in the contract's order. Each field has ``description`` and, where there is one,
        ``unit`` in its metadata; the schema has ``table``, ``grain`` and ``description``.
    """
    fields = [
        pa.field(
            column.name,
            arrow_type(column.duck_type),
            nullable=column.nullable,
            metadata={"description": column.description}
            | ({"unit": column.unit} if column.unit else {}),
        )
        for column in contract.columns
    ]
    about = {
        "table": contract.name,
        "grain": contract.grain,
        "description": contract.description,
    }
    return pa.schema(fields, metadata=about | (metadata or {}))
