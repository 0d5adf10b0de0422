"""An id of a row: the same in every release that has the row."""

from __future__ import annotations

from beacon.contracts.ddl import quote_identifier
from beacon.contracts.model import Contract

_LENGTH = 20


def row_id_sql(contract: Contract) -> str:
    """SQL that gives the id of a row: the table's name, and a hash of the row's key.

    Args:
        contract: the table that the SQL is put over.
    """
    keys = ", ".join(f"{quote_identifier(key)}::varchar" for key in contract.key)
    return f"'{contract.table}.' || left(sha256(concat_ws(chr(31), {keys})), {_LENGTH})"
