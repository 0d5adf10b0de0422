"""What operators see beside an asset: rows, columns, where a column comes from.

What belongs here: Dagster metadata made from contracts and SQL. What does not: values of data.
"""

from typing import Any

import dagster as dg

from assets.keys import contracts, table_key
from assets.lineage import known_lineage
from beacon.contracts import Contract
from beacon.sql_files import SqlTable


def column_schema(contract: Contract) -> dg.TableSchema:
    """A contract's columns as Dagster shows them."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name=column.name,
                type=column.type,
                description=column.description + (f" Unit: {column.unit}." if column.unit else ""),
                constraints=dg.TableColumnConstraints(
                    nullable=column.nullable,
                    unique=list(contract.key) == [column.name],
                ),
            )
            for column in contract.columns
        ]
    )


def definition_metadata(name: str) -> dict[str, Any]:
    """Metadata of a table that holds before it is made: its columns."""
    contract = contracts().get(name)
    metadata: dict[str, Any] = {"dagster/table_name": name}
    if contract is not None:
        metadata["dagster/column_schema"] = column_schema(contract)
    return metadata


def description(name: str, table: SqlTable | None = None) -> str:
    """A table's description: what it is, its grain, and the SQL that makes it."""
    contract = contracts().get(name)
    parts = []
    if contract is not None:
        parts += [contract.description, f"Grain: {contract.grain}."]
    if table is not None:
        parts.append(f"```sql\n{table.text.strip()}\n```")
    return "\n\n".join(parts)


def column_lineage(table: SqlTable) -> dg.TableColumnLineage | None:
    """Which columns each column comes from; None where the SQL cannot be followed.

    Read from the file that `python -m assets.lineage` writes, because following the SQL of every
    table takes seconds and nothing but the SQL decides the answer.
    """
    deps = {
        column: [
            dg.TableColumnDep(asset_key=table_key(source), column_name=source_column)
            for source, source_column in sources
        ]
        for column, sources in known_lineage().get(table.name, {}).items()
    }
    return dg.TableColumnLineage(deps_by_column=deps) if deps else None
