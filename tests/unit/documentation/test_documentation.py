"""Committed documentation says what the declarations say, and documented tables are the real ones."""

from pathlib import Path

import pytest

from beacon.contracts import compare_columns, load_contracts
from beacon.contracts.sql_files import mart_names
from beacon.contracts.sql_header import check_sql_directory
from beacon.core.paths import resource_dir
from beacon.core.settings import Settings
from beacon.documentation import pages
from beacon.warehouse.connection import open_warehouse
from beacon.workspace import Workspace

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("name", list(pages()))
def test_the_committed_page_is_current(name: str) -> None:
    committed = (ROOT / "docs" / name).read_text(encoding="utf-8")
    assert committed == pages()[name], "run `python -m beacon.documentation` and commit"


def test_documented_columns_are_the_materialised_ones(sample_home: Path) -> None:
    workspace = Workspace(Settings(home=sample_home, inputs="sample"))
    with open_warehouse(workspace, prepare=False) as warehouse:
        made = {
            f"{schema}.{table}"
            for schema, table in warehouse.con.execute(
                "select table_schema, table_name from information_schema.tables"
            ).fetchall()
        }
        for name, contract in workspace.contracts.items():
            if name in made:
                assert compare_columns(contract, warehouse.columns(name)) == [], name
    assert {f"marts.{mart}" for mart in mart_names()} <= made


def test_every_mart_has_a_contract_and_every_contract_a_table() -> None:
    contracts = load_contracts()
    assert {name for name in contracts if name.startswith("marts.")} == {
        f"marts.{m}" for m in mart_names()
    }


def test_sql_headers_say_what_the_sql_and_the_contracts_say() -> None:
    assert check_sql_directory(resource_dir("sql"), load_contracts()) == []


def test_the_list_of_tables_names_every_mart() -> None:
    tables = (ROOT / "docs" / "tables.md").read_text(encoding="utf-8")
    assert [mart for mart in mart_names() if f"`{mart}`" not in tables] == []
