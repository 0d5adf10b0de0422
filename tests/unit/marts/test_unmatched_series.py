"""A slip in a definition is told as such, and not as the publisher's silence."""

from __future__ import annotations

from typing import Any

from beacon.contracts import create_table, load_contracts
from beacon.contracts.sql_files import sql_table
from beacon.registry import load_indicators
from beacon.registry.sources import load_source_register
from beacon.sources.needed_series import Needed
from beacon.warehouse.registry_tables import _selection_rows, insert_rows
from tests.unit.marts.conftest import PLACE, SmallWarehouse


def define(small: SmallWarehouse, slug: str, **selection: Any) -> None:
    """Put an indicator's selections in place, the first of them changed."""
    indicator = load_indicators()[slug]
    (binding, *others) = (item for item in indicator.sources if item.select)
    changed = binding.select[0].model_copy(update=selection)
    first = binding.model_copy(update={"select": (changed, *binding.select[1:])})
    indicator = indicator.model_copy(update={"sources": (first, *others)})
    insert_rows(small.con, "registry.selection", _selection_rows(indicator))


def unmatched(small: SmallWarehouse) -> list[tuple[Any, ...]]:
    """What matches nothing: series, kind and what is nearest."""
    name = "indicators.practice_observation"
    small.con.execute(create_table(small.contracts[name], name))
    sql = sql_table("indicators.unmatched_series").text
    rows: list[tuple[Any, ...]] = small.con.execute(
        f"select series, unmatched, nearest from ({sql}) order by all"
    ).fetchall()
    return rows


def supply(small: SmallWarehouse, source: str, dataset: str, *series: str, **more: Any) -> None:
    """Rows of a dataset that was supplied, and the dataset in the register."""
    for name in series:
        small.observe(name, PLACE, 1.0, source=source, dataset=dataset, **more)
    small.add("registry.dataset", key=f"{source}/{dataset}", source=source, dataset=dataset,
              staging="observation", is_one_file_a_series=False)  # fmt: skip


def test_a_misspelt_series_is_named_with_the_nearest(small):
    define(small, "progress8", series="AVG_Progg8_Score")
    supply(small, "dfe_lait", "long", "AVG_Prog8_Score", "Level2Age19")
    ((series, kind, nearest),) = [row for row in unmatched(small) if row[0] == "AVG_Progg8_Score"]
    assert (series, kind) == ("AVG_Progg8_Score", "series")
    assert nearest.split("; ")[0] == "AVG_Prog8_Score"


def test_a_series_of_a_dataset_that_was_not_supplied_is_no_slip(small):
    define(small, "active_travel")
    cycling = "CW0302:Cycling:Travel:At least 3 times per week"
    supply(small, "dft_walking_cycling", "cw0302", cycling)
    small.add("registry.dataset", key="dft_walking_cycling/cw0301", source="dft_walking_cycling",
              dataset="cw0301", staging="observation", is_one_file_a_series=False)  # fmt: skip
    assert unmatched(small) == []


def test_a_number_is_not_taken_for_another_number(small):
    define(small, "life_expectancy", series="90367")
    small.observe("90366", PLACE, 80.0, source="fingertips", dataset="indicator")
    small.add("registry.dataset", key="fingertips/indicator", source="fingertips",
              dataset="indicator", staging="observation", is_one_file_a_series=True)  # fmt: skip
    assert unmatched(small) == []


def test_rows_that_fit_no_condition_are_told_with_what_is_there(small):
    define(small, "activity_levels", where={"age": ("19 + yrs",)}, expected_name=None)
    supply(small, "fingertips", "indicator", "93014", age="19+ yrs")
    assert ("93014", "rows", "Persons, 19+ yrs") in unmatched(small)


def test_nothing_is_said_where_all_match(small):
    define(small, "progress8")
    bindings = load_indicators()["progress8"].sources
    supply(small, "dfe_lait", "long", *{s.series for b in bindings for s in b.select})
    assert unmatched(small) == []


def test_a_measure_without_any_match_has_a_state_of_its_own(small):
    define(small, "progress8", series="AVG_Progg8_Score")
    supply(small, "dfe_lait", "long", "AVG_Prog8_Score")
    for name in ("indicators.practice_observation", "indicators.published", "indicators.combined"):
        small.con.execute(create_table(small.contracts[name], name))
    sql = sql_table("indicators.unmatched_series").text
    small.con.execute(f"create table indicators.unmatched_series as {sql}")
    rows = [r for r in small.make("indicators.gap") if r["indicator_slug"] == "progress8"]
    assert {row["value_status"] for row in rows} == {"series_not_found"}
    assert all("Nearest: AVG_Prog8_Score" in row["value_note"] for row in rows)


def test_the_contract_warns_of_it_and_does_not_block():
    contract = load_contracts()["indicators.unmatched_series"]
    assert [check.severity for check in contract.sql_checks] == ["warning"]


def test_a_file_whose_series_has_nearly_the_name_is_read():
    needed = Needed({"ons_els": {"Modelled unemploymnt rate"}})
    spec = load_source_register().datasets["ons_els/topic"]
    assert needed.part(spec, ("Modelled unemployment rate",))
    assert not needed.part(spec, ("Gross median weekly pay",))
