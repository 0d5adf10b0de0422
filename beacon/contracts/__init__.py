"""Data contracts: what each table promises, declared once, and what is generated from it.

What belongs here: the declaration (``model``), reading it (``loader``) and one small module for
each thing generated from it. What does not: running checks on data (``beacon.validation``).
"""

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
from beacon.contracts.parquet import arrow_schema
from beacon.contracts.suite import SuiteItem, build_suite

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
