"""What a run derives from what is staged: each table, what it reads, and how it is made."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from beacon.contracts.sql_files import sql_tables
from beacon.core.files import write_json
from beacon.core.logs import log, step
from beacon.deriving import Derivation
from beacon.ingest.stage import StagedPart
from beacon.release.previous import load_previous
from beacon.workspace import Workspace

if TYPE_CHECKING:
    from beacon.warehouse.connection import Warehouse

# Tables that are made in Python, and what each reads.
OUTLINES: dict[str, tuple[str, ...]] = {
    "geography.lsoa21_outline": ("geography.lsoa21", "staging.boundary"),
    "geography.place_outline": ("geography.lsoa21_outline", "staging.boundary"),
}
PRACTICE_OBSERVATION = "indicators.practice_observation"
# The rows of all indicators as published, and what is made of them together.
PUBLISHED = "indicators.published"
FACTS = ("indicators.gap", "indicators.system", "indicators.fact", "indicators.trend")
# Made from what was read of every source, beside what their SQL reads.
_LOOK_AT_ALL_INPUTS = frozenset({"marts.source_status", "marts.change"})

# What each indicator made gave: its rows, and what is wrong with it.
IndicatorsMade = dict[str, tuple[int, list[str]]]


@dataclass(frozen=True)
class Derivations:
    """The derived tables of one run.

    Attributes:
        workspace: Settings, home and registers.
        staged_parts: Gives what staging did.
        inputs_in_use: Gives every publisher's object that the tables are made from.
    """

    workspace: Workspace
    staged_parts: Callable[[], list[StagedPart]]
    inputs_in_use: Callable[[], list[dict[str, Any]]]

    def all(self) -> list[Derivation]:
        """Everything that a whole run derives, each thing after what it reads."""
        return [
            *self._tables("geography"),
            *(
                Derivation(name, frozenset(depends), partial(self.derive, name))
                for name, depends in OUTLINES.items()
            ),
            *self._tables("cohorts"),
            self._indicators(PRACTICE_OBSERVATION),
            Derivation(
                PUBLISHED,
                frozenset({"staging.observation", PRACTICE_OBSERVATION}),
                partial(self.derive_indicators, list(self.workspace.indicators)),
            ),
            *map(self._indicators, FACTS),
            *self._tables("marts"),
        ]

    def _indicators(self, name: str) -> Derivation:
        """A table of the indicators' stage; its order is not that of their names."""
        return self._table(name, sql_tables("indicators")[name].depends)

    def _tables(self, schema: str) -> list[Derivation]:
        return [self._table(name, table.depends) for name, table in sql_tables(schema).items()]

    def _table(self, name: str, depends: Iterable[str]) -> Derivation:
        read = {other for other in depends if not other.startswith("registry.") and other != name}
        if name in _LOOK_AT_ALL_INPUTS:
            read |= {f"staging.{table}" for table in self.workspace.staging_tables}
        return Derivation(name, frozenset(read), partial(self.derive, name))

    def derive(self, name: str, warehouse: Warehouse) -> int:
        """Make one table over a connection; give its number of rows."""
        with step("derived", asset=asset_of(name)) as told:
            told["rows"] = rows = self._derive(name, warehouse)
        return rows

    def _derive(self, name: str, warehouse: Warehouse) -> int:
        from beacon.warehouse import outlines

        special: dict[str, Callable[[Warehouse], int]] = {
            "geography.lsoa21_outline": outlines.derive_lsoa_outlines,
            "geography.place_outline": outlines.derive_place_outlines,
        }
        if name in special:
            return special[name](warehouse)
        if name == "marts.source_status":
            self._load_staged_part_table(warehouse)
        if name == "marts.change":
            load_previous(warehouse, self.inputs_in_use())
        return warehouse.derive(name)

    def derive_indicators(self, slugs: Iterable[str], warehouse: Warehouse) -> IndicatorsMade:
        """Make the rows of some indicators; give how many, and what is wrong with each."""
        from beacon.disclosure.own_counts import protect_own_counts
        from beacon.warehouse.indicator_rows import derive_indicators, renamed_series

        wanted = [self.workspace.indicators[slug] for slug in slugs]
        with step("derived indicators") as told:
            rows = derive_indicators(warehouse, wanted, _staged_series(warehouse))
            told["indicators"] = len(rows)
        for indicator in wanted:
            hidden = protect_own_counts(warehouse.con, indicator)
            report = self.workspace.home.state / "disclosure" / f"{indicator.slug}.json"
            if hidden or report.is_file():
                write_json(report, [asdict(cell) for cell in hidden])
        problems = renamed_series(warehouse, wanted)
        for slug, count in rows.items():
            log("derived", asset=f"indicators/{slug}", rows=count)
        return {
            slug: (count, [str(problem) for problem in problems[slug]])
            for slug, count in rows.items()
        }

    def _load_staged_part_table(self, warehouse: Warehouse) -> None:
        from beacon.warehouse.registry_tables import STAGED_PART_COLUMNS, insert_rows

        con = warehouse.con
        con.execute(f"create or replace table registry.staged_part ({STAGED_PART_COLUMNS})")
        insert_rows(
            con, "registry.staged_part", [_status_row(part) for part in self.staged_parts()]
        )


def asset_of(table: str) -> str:
    """The asset of a table, as the orchestrator calls it."""
    return table.replace(".", "/")


def _staged_series(warehouse: Warehouse) -> frozenset[tuple[str, str]]:
    """Which series of which source are staged, so that no SQL is run for those that are not."""
    rows = warehouse.con.execute(
        "select distinct source, series from staging.observation "
        "union select distinct source, series from indicators.practice_observation"
    ).fetchall()
    return frozenset((str(source), str(series)) for source, series in rows)


def _status_row(part: StagedPart) -> tuple[Any, ...]:
    landed = part.in_use
    if part.problems:
        status = "refused_last_good_in_use" if landed else "refused"
    elif part.status == "absent":
        status = "not_supplied_last_good_in_use" if landed else "not_supplied"
    else:
        status = "in_use"
    name = part.name.removeprefix(part.key).lstrip("/")
    return (
        part.key,
        name,
        landed.vintage if landed else None,
        status,
        part.rows if landed else None,
        landed.sha256 if landed else None,
        landed.original_name if landed else None,
        landed.origin if landed else None,
        landed.size_bytes if landed else None,
        "; ".join(str(problem) for problem in part.problems) or None,
    )


__all__ = [
    "FACTS",
    "OUTLINES",
    "PRACTICE_OBSERVATION",
    "PUBLISHED",
    "Derivations",
    "IndicatorsMade",
    "asset_of",
]
