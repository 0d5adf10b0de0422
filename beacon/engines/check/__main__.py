"""`python -m beacon.engines.check`: where SQL leaves the common dialect; exit status 1 if so."""

import sys

import duckdb

from beacon.contracts import create_table, load_contracts
from beacon.core.paths import resource_dir
from beacon.engines.check import check_files
from beacon.engines.protocol import SCHEMAS
from beacon.warehouse.registry_tables import registry_ddl


def table_columns() -> dict[str, dict[str, str]]:
    """Columns and DuckDB types of every table that `sql/` reads or makes, by `schema.table`."""
    schemas: dict[str, dict[str, str]] = {}
    with duckdb.connect() as con:
        for schema in SCHEMAS:
            con.execute(f"create schema {schema}")
        for statement in registry_ddl():
            con.execute(statement)
        for name, contract in load_contracts().items():
            con.execute(create_table(contract, name))
        for schema, table, column, kind in con.execute(
            "select schema_name, table_name, column_name, data_type from duckdb_columns() "
            "where not internal order by all"
        ).fetchall():
            schemas.setdefault(f"{schema}.{table}", {})[column] = kind
    return schemas


def main() -> int:
    """Check all files; give the exit status."""
    found = check_files(table_columns())
    root = resource_dir("sql").parent
    for path, departure in found:
        sys.stdout.write(
            f"{path.relative_to(root)}:{departure.line}: {departure.construct} is not in the "
            f"dialect that both engines run. Write {departure.instead}.\n"
        )
    if not found:
        sys.stdout.write("All SQL is in the dialect that both engines run.\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
