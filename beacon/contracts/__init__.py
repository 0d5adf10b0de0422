"""Data contracts: what each table promises, declared once, and what is generated from it.

What belongs here: the declaration (``model``), reading it (``loader``) and one small module for
each thing generated from it. What does not: running checks on data (``beacon.checks``).

Each name is imported from its module when it is first asked for: what only passes checks about
(``beacon.checks``) needs neither Pydantic nor YAML.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from beacon.contracts.compare import compare_columns
    from beacon.contracts.datapackage import datapackage_parquet, datapackage_resource
    from beacon.contracts.ddl import cast_select, comment_statements, create_table
    from beacon.contracts.dictionary import dictionary_markdown
    from beacon.contracts.loader import ContractError, load_contracts, read_contract
    from beacon.contracts.model import (
        Column,
        Contract,
        Expectation,
        RowCount,
        Severity,
        SqlCheck,
    )
    from beacon.contracts.parquet_schema import arrow_schema
    from beacon.contracts.suite import SuiteItem, build_suite

_MODULES = {
    "Column": "model",
    "Contract": "model",
    "ContractError": "loader",
    "Expectation": "model",
    "RowCount": "model",
    "Severity": "model",
    "SqlCheck": "model",
    "SuiteItem": "suite",
    "arrow_schema": "parquet_schema",
    "build_suite": "suite",
    "cast_select": "ddl",
    "comment_statements": "ddl",
    "compare_columns": "compare",
    "create_table": "ddl",
    "datapackage_parquet": "datapackage",
    "datapackage_resource": "datapackage",
    "dictionary_markdown": "dictionary",
    "load_contracts": "loader",
    "read_contract": "loader",
}

__all__ = [
    "Column",
    "Contract",
    "ContractError",
    "Expectation",
    "RowCount",
    "Severity",
    "SqlCheck",
    "SuiteItem",
    "arrow_schema",
    "build_suite",
    "cast_select",
    "comment_statements",
    "compare_columns",
    "create_table",
    "datapackage_parquet",
    "datapackage_resource",
    "dictionary_markdown",
    "load_contracts",
    "read_contract",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    return value
