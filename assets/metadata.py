"""What operators see beside an asset: rows, columns, where a column comes from."""

import os
import warnings
from pathlib import Path
from typing import Any

import dagster as dg

from assets.keys import contracts, table_key
from assets.known_lineage import known_lineage
from beacon.contracts import Contract
from beacon.contracts.sql_files import SqlTable

# Their names may change; the tests of the definitions would say so. Operators need not be told.
warnings.filterwarnings("ignore", message=".*CodeReference.*", category=dg.BetaWarning)

# In the order of the flow, which the UI shows them in because of their numbers.
STAGES = (
    "publishers",
    "landing",
    "staging",
    "geography",
    "cohorts",
    "indicators",
    "marts",
    "release",
)

# Who is asked about a table. The registry names the owner of each indicator.
_PIPELINE_TEAM = "team:data-engineering"
_ANALYSTS_TEAM = "team:population-health-intelligence"

# Address under which the files of this checkout can be read, such as
# https://git.example/beacon/-/blob/<commit>. Without it links lead to the files themselves.
CODE_URL = "BEACON_CODE_URL"
_ROOT = Path(__file__).resolve().parent.parent


def group(stage: str) -> str:
    """The name of a stage's group."""
    return f"{STAGES.index(stage) + 1}_{stage}"


def owners(stage: str) -> list[str]:
    """Who is asked about the tables of a stage."""
    pipeline = stage in ("publishers", "landing", "staging", "release")
    return [_PIPELINE_TEAM if pipeline else _ANALYSTS_TEAM]


def code_references(*files: str) -> dict[str, dg.CodeReferencesMetadataValue]:
    """Links to the files, relative to the checkout, that make or define an asset."""
    base = os.environ.get(CODE_URL, "").rstrip("/")
    return {
        "dagster/code_references": dg.CodeReferencesMetadataValue(
            code_references=[
                dg.UrlCodeReference(url=f"{base}/{file}", label=file)
                if base
                else dg.LocalFileCodeReference(file_path=str(_ROOT / file), label=file)
                for file in files
            ]
        )
    }


def rows_table(rows: list[dict[str, Any]]) -> dg.TableMetadataValue:
    """Rows of any shape as a table of the UI, whose cells hold no more than one value."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    return dg.MetadataValue.table(
        records=[dg.TableRecord({name: _cell(row.get(name)) for name in names}) for row in rows],
        schema=dg.TableSchema(columns=[dg.TableColumn(name) for name in names]),
    )


def _cell(value: Any) -> str | int | float | bool:
    if value is None:
        return "(missing)"
    return value if isinstance(value, str | int | float | bool) else str(value)


def problems_table(problems: list[Any]) -> dict[str, dg.TableMetadataValue]:
    """Faults of files: where, what, and what to do. Nothing where there are none."""
    if not problems:
        return {}
    return {
        "faults": rows_table(
            [
                {
                    "file": problem.file,
                    "row": "" if problem.row is None else problem.row,
                    "column": problem.column or "",
                    "fault": problem.message,
                    "what to do": problem.remedy,
                }
                for problem in problems[:MAX_FAULTS]
            ]
        )
    }


# A file with every cell wrong must not fill the run history.
MAX_FAULTS = 50


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
    files = []
    if not name.startswith(("staging.", "people.")):
        files.append(f"sql/{name.replace('.', '/')}.sql")
    if contract is not None:
        metadata["dagster/column_schema"] = column_schema(contract)
        files.append(f"expectations/{name.replace('.', '/')}.yaml")
    return {**metadata, **code_references(*files)}


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
