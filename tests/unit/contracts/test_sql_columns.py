"""Every file of `sql/` gives the columns of its contract: none less, and none more.

A run looks for what is missing only; a column too many would be dropped without a word.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from beacon.contracts import cast_select
from beacon.contracts.loader import ContractError
from beacon.contracts.sql_files import sql_table, sql_tables
from beacon.core.settings import Settings
from beacon.warehouse.connection import Warehouse, open_warehouse
from beacon.workspace import Workspace

_WRONG = "select 'E06000001' as place, 1 as stray"
SCHEMAS = ("geography", "cohorts", "indicators", "marts")


@pytest.fixture
def warehouse(sample_home: Path) -> Iterator[Warehouse]:
    with open_warehouse(Workspace(Settings(home=sample_home, inputs="sample"))) as opened:
        yield opened


def test_every_file_gives_exactly_the_columns_of_its_contract(warehouse: Warehouse) -> None:
    tables = [table for schema in SCHEMAS for table in sql_tables(schema).values()]
    assert len(tables) > 35
    for table in tables:
        contract = warehouse.workspace.contracts[table.name]
        cast_select(contract, table.text, con=warehouse.con)


def test_a_file_that_lacks_a_column_is_told_all_that_is_wrong(warehouse: Warehouse) -> None:
    before = warehouse.row_count("marts.place")
    with pytest.raises(ContractError, match="place_code") as error:
        warehouse.derive(replace(sql_table("marts.place"), text=_WRONG))
    assert "stray, which the contract does not declare" in str(error.value)
    assert warehouse.row_count("marts.place") == before
