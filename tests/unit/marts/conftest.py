"""A small working database by hand, for marts whose arithmetic a person can follow."""

from __future__ import annotations

import functools
from datetime import date
from typing import Any

import duckdb
import pytest

from beacon.contracts import Contract, cast_select, create_table, load_contracts
from beacon.contracts.sql_files import sql_table
from beacon.registry import load_footprint, load_indicators
from beacon.registry.targets import TargetRegister
from beacon.statistics.macros import install_macros
from beacon.warehouse.connection import SCHEMAS
from beacon.warehouse.plan_tables import target_rows
from beacon.warehouse.registry_tables import (
    _indicator_row,
    _measure_rows,
    _selection_rows,
    insert_rows,
    registry_ddl,
)

PLACE, ICB, NATION = "Z06000001", "Z54000001", "Z92000001"
DAY = date(2026, 11, 22)
_BESIDE_PUBLISHED = (
    "indicators.practice_observation", "indicators.sub_icb_observation", "indicators.gap",
    "indicators.system", "indicators.combined",
)  # fmt: skip


@functools.cache
def contracts() -> dict[str, Contract]:
    """The data contracts, read once."""
    return load_contracts()


class SmallWarehouse:
    """Tables by contract, filled row by row, and marts made by their own SQL."""

    def __init__(self) -> None:
        self.con = duckdb.connect()
        self.contracts = contracts()
        self.footprint = load_footprint("sample")
        for schema in SCHEMAS:
            self.con.execute(f"create schema {schema}")
        install_macros(self.con)
        for statement in registry_ddl():
            self.con.execute(statement)
        for name in (
            "indicators.fact", "geography.area", "cohorts.core20_area", "marts.place",
            "staging.observation", "marts.inequality", "marts.scorecard", "people.care_gap",
            "marts.core20_cohort", "marts.core20_ethnicity",
        ):  # fmt: skip
            self.con.execute(create_table(self.contracts[name], name))
        indicators = load_indicators()
        insert_rows(
            self.con, "registry.indicator", [_indicator_row(i) for i in indicators.values()]
        )
        insert_rows(
            self.con,
            "registry.measure",
            [row for i in indicators.values() for row in _measure_rows(i)],
        )
        self.add("registry.footprint", footprint_id="sample", fictional=True, nation_code=NATION,
                 nation_name="Albion", icb_code=ICB, icb_name="A system")  # fmt: skip
        self.add("registry.place", place_code=PLACE, place_name="Dunmarrow", sort_order=1)
        for kind, code, name in (
            ("place", PLACE, "Dunmarrow"), ("icb", ICB, "A system"), ("nation", NATION, "Albion")
        ):  # fmt: skip
            self.add("geography.area", area_type=kind, area_code=code, area_name=name, sort_order=1)

    def add(self, table: str, **row: Any) -> None:
        """Insert one row; columns not named are null."""
        names = ", ".join(row)
        marks = ", ".join("?" for _ in row)
        self.con.execute(f"insert into {table} ({names}) values ({marks})", list(row.values()))

    def fact(self, slug: str, year: int, value: float | None, **more: Any) -> None:
        """One yearly value of a Place, or what `more` says."""
        programme, unit = self.con.execute(
            "select programme, unit from registry.indicator as i inner join registry.measure as m "
            "on i.indicator_slug = m.indicator_slug where i.indicator_slug = ? and m.measure = ?",
            [slug, more.get("measure", "main")],
        ).fetchall()[0]
        row: dict[str, Any] = {
            "indicator_id": 1, "indicator_slug": slug, "programme": programme, "measure": "main",
            "role": "measure", "modelled": False, "area_code": PLACE, "period": str(year),
            "period_start": date(year, 1, 1), "period_end": date(year, 12, 31),
            "sex": "Persons", "age": "18+ yrs", "category_type": "All", "category": "All",
            "value": value, "unit": unit, "compared_with_nation": "not_compared",
            "not_compared_reason": "no_limits_and_no_counts" if value is not None else "no_value",
            "value_status": "published" if value is not None else "not_published",
        }  # fmt: skip
        self.add("indicators.fact", **{**row, **more})

    def targets(self, *targets: dict[str, Any], day: date = DAY) -> None:
        """Put a register of these targets in place."""
        register = TargetRegister.model_validate(
            {
                "as_of": "2024-06-30",
                "documents": [{"id": "plan", "title": "A plan", "publisher": "A partnership"}],
                "targets": targets,
            }
        )
        insert_rows(self.con, "registry.target", target_rows(register, self.footprint, day))

    def publish(self, slug: str, **changes: Any) -> list[dict[str, Any]]:
        """Make the rows of one indicator from the staged ones, then the facts; give the facts.

        `changes` are fields of the indicator's definition that differ from the registry's.
        """
        indicator = load_indicators()[slug].model_copy(update=changes)
        insert_rows(self.con, "registry.selection", _selection_rows(indicator))
        self.con.execute("set variable indicator_slugs = ?", [[slug]])
        for name in _BESIDE_PUBLISHED:
            self.con.execute(create_table(self.contracts[name], name))
        self.make("indicators.published")
        return self.make("indicators.fact")

    def make(self, name: str) -> list[dict[str, Any]]:
        """Make a derived table by its own SQL, in the shape of its contract; give its rows."""
        query = cast_select(self.contracts[name], sql_table(name).text, con=self.con)
        self.con.execute(f"create or replace table {name} as {query}")
        rows = self.rows(name)
        for check in self.contracts[name].sql_checks:
            wrong = self.con.execute(check.sql.replace("{table}", name)).fetchall()
            assert wrong == [], check.name
        return rows

    def rows(self, table: str) -> list[dict[str, Any]]:
        """Every row of a table by column name."""
        cursor = self.con.execute(f"from {table}")
        names = [column[0] for column in cursor.description or []]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def observe(self, series: str, area: str, value: float | None, **more: Any) -> None:
        """One staged value of a year."""
        row: dict[str, Any] = {
            "series": series, "area_code": area, "area_name": area, "period": "2023/24",
            "period_start": date(2023, 9, 1), "period_end": date(2024, 8, 31), "sex": "Persons",
            "value": value, "value_status": "published" if value is not None else "suppressed",
            "source_sha256": "0" * 64, "source_row": 1,
        }  # fmt: skip
        self.add("staging.observation", **{**row, **more})

    def derive(self, mart: str) -> list[dict[str, Any]]:
        """Make a mart by its own SQL, in the shape of its contract; give its rows."""
        return self.make(f"marts.{mart}")


@pytest.fixture
def small() -> SmallWarehouse:
    """An empty small working database."""
    return SmallWarehouse()
