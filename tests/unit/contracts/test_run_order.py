"""The order of the run comes from the `depends` lines of `sql/`, and from nothing else."""

from graphlib import CycleError
from pathlib import Path

import pytest

from assets.keys import indicator_key, indicators, table_key
from beacon.contracts import load_contracts, sql_files
from beacon.contracts.sql_files import all_sql_tables, mart_names
from beacon.pipeline import FILLED_BY_THE_RUN
from beacon.warehouse.indicator_rows import PUBLISHED
from beacon.warehouse.transform import derived_tables
from pipelines.definitions import defs


def test_every_table_is_made_once_after_all_that_it_reads() -> None:
    order = derived_tables()
    assert len(order) == len(set(order))
    assert set(order) == set(all_sql_tables())
    at = {name: number for number, name in enumerate(order)}
    for name, table in all_sql_tables().items():
        for needed in table.depends:
            schema = needed.partition(".")[0]
            if schema not in ("registry", "staging", "people"):
                assert at[needed] < at[name], f"{name} reads {needed}"


def test_every_table_of_the_run_has_a_contract_to_be_checked_against() -> None:
    assert set(derived_tables()) <= set(load_contracts())


def test_the_assets_depend_on_what_the_files_name() -> None:
    graph = defs.resolve_asset_graph()
    for name, table in all_sql_tables().items():
        expected = set()
        for needed in table.depends:
            if needed == PUBLISHED:
                expected |= {table_key(needed), *(indicator_key(slug) for slug in indicators())}
            elif not needed.startswith("registry."):
                expected.add(table_key(needed))
        found = graph.get(table_key(name)).parent_keys
        if FILLED_BY_THE_RUN.keys() & set(table.depends):
            assert found > expected or found == expected
        else:
            assert found == expected, name


def test_a_new_file_finds_its_place_and_a_circle_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(table: str, depends: str) -> None:
        schema, name = table.split(".")
        file = tmp_path / schema / f"{name}.sql"
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"-- table: {table}\n-- grain: x\n-- depends: {depends}\nselect 1\n")

    monkeypatch.setattr(sql_files, "resource_dir", lambda _: tmp_path)
    afresh = all_sql_tables.__wrapped__
    write("cohorts.a", "cohorts.b, staging.s")
    write("cohorts.b", "geography.c")
    write("geography.c", "registry.r")
    assert list(afresh()) == ["geography.c", "cohorts.b", "cohorts.a"]
    write("geography.c", "cohorts.a")
    with pytest.raises(CycleError):
        afresh()


def test_marts_are_the_files_of_their_folder() -> None:
    folder = next(iter(all_sql_tables().values())).path.parents[1] / "marts"
    assert mart_names() == sorted(file.stem for file in folder.glob("*.sql"))
