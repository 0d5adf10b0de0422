"""Column lineage: which columns each column of a derived table comes from.

Run `python -m assets.lineage` after changing a file of `sql/`.
"""

import json

import duckdb

from assets.known_lineage import LINEAGE_FILE, Lineage
from beacon.contracts import create_table, load_contracts
from beacon.contracts.column_lineage import derive_column_lineage
from beacon.contracts.sql_files import all_sql_tables
from beacon.warehouse.connection import SCHEMAS
from beacon.warehouse.registry_tables import registry_ddl


def derive_lineage() -> Lineage:
    """Derive the lineage of every derived table from its SQL.

    Tables of the registry have no contract; their columns come from an empty database.
    """
    con = duckdb.connect()
    for schema in SCHEMAS:
        con.execute(f"create schema {schema}")
    for statement in registry_ddl():
        con.execute(statement)
    for name, contract in load_contracts().items():
        con.execute(create_table(contract, name))
    schemas: dict[str, dict[str, str]] = {}
    for schema, table, column, kind in con.execute(
        "select schema_name, table_name, column_name, data_type from duckdb_columns() "
        "where not internal order by all"
    ).fetchall():
        schemas.setdefault(f"{schema}.{table}", {})[column] = kind
    found: Lineage = {}
    for name, table in all_sql_tables().items():
        lineage = derive_column_lineage(table.text, schemas)
        found[name] = {
            column: [list(source) for source in sources if not source[0].startswith("registry.")]
            for column, sources in lineage.items()
        }
    return found


def write_lineage() -> None:
    """Write the lineage file."""
    text = json.dumps(derive_lineage(), indent=1, sort_keys=True)
    LINEAGE_FILE.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    write_lineage()
