"""What the working database must know of the previous release to say what changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from beacon.release.fingerprint import code_digest
from beacon.release.layout import Release
from beacon.release.verify import latest_intact
from beacon.warehouse.registry_tables import PREVIOUS_TABLES

if TYPE_CHECKING:
    from beacon.warehouse.connection import Warehouse

_INDICATOR_ROWS = """
select '{mart}' as mart, indicator_slug, measure, area_code, area_name, period, sex, age,
    category_type, category, value, lower_95, upper_95, numerator, denominator, unit, value_status,
    limits_method, source, dataset, series, source_sha256
from read_parquet(?)
"""
_ROWS = {
    "beacon_indicator": _INDICATOR_ROWS,
    "core20plus5_indicator": _INDICATOR_ROWS,
    "core20_cohort": """
select '{mart}' as mart, 'core20_cohort' as indicator_slug, 'people' as measure, area_code,
    area_name, 'IMD ' || imd_vintage as period, sex, age_band as age, 'Core20' as category_type,
    if(core20, 'Core20', 'Not Core20') as category, people::double as value, 'people' as unit,
    'published' as value_status, population_base as series,
    lsoas || ' of ' || lsoas_in_area || ' LSOAs of ' || lsoa_vintage as frame
from read_parquet(?)
""",
    "lsoa": """
select '{mart}' as mart, 'lsoa' as indicator_slug, 'imd2025_decile' as measure,
    lsoa21_code as area_code, lsoa21_name as area_name, 'IMD 2025' as period, 'Persons' as sex,
    'All ages' as age, 'All' as category_type, 'All' as category, imd2025_decile::double as value,
    'decile' as unit, 'published' as value_status, place_code as frame
from read_parquet(?)
""",
}


def load_previous(warehouse: Warehouse, inputs: list[dict[str, Any]]) -> Release | None:
    """Fill `registry.previous_release`, `previous_row` and `changed_input`.

    Args:
        warehouse: The working database.
        inputs: This run's inputs, as the manifest lists them.

    Returns:
        The release compared with; None before the first, when the tables are empty.
    """
    con = warehouse.con
    for table, columns in PREVIOUS_TABLES.items():
        con.execute(f"create or replace table registry.{table} ({columns})")
    previous = latest_intact(warehouse.workspace.home)
    if previous is None:
        return None
    manifest = previous.manifest
    same_code = manifest["code"]["code_sha256"] == code_digest()
    con.execute("insert into registry.previous_release values (?, ?)", [previous.label, same_code])
    present = {mart["name"]: mart["file"] for mart in manifest["marts"]}
    for mart, query in _ROWS.items():
        if mart in present:
            con.execute(
                f"insert into registry.previous_row by name {query.format(mart=mart)}",
                [str(previous.path / present[mart])],
            )
    for source in sorted(_changed_sources(manifest["inputs"], inputs)):
        con.execute("insert into registry.changed_input values (?)", [source])
    return previous


def _changed_sources(before: list[dict[str, Any]], now: list[dict[str, Any]]) -> set[str]:
    """Sources of which an input was added, dropped or replaced by other bytes."""
    old = {(row["name"], row["sha256"]) for row in before}
    new = {(row["name"], row["sha256"]) for row in now}
    return {str(name).split("/")[0] for name, _ in old ^ new}
