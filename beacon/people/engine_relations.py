"""An extract's tables and areas, where another engine than DuckDB reads them.

What belongs here: names for the engine. What does not: what is asked of the tables.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from beacon.contracts.ddl import quote_literal
from beacon.people.extract_store import StoredExtract
from beacon.people.person_at import AreaTables

if TYPE_CHECKING:
    import duckdb

    from beacon.engines.protocol import Engine


class EngineRelations:
    """Tables of an extract by the names under which an engine has loaded them."""

    def __init__(self, extract: StoredExtract, engine: Engine) -> None:
        self._extract = extract
        self._engine = engine
        self._loaded: set[str] = set()

    def relation(self, table: str, cluster: str | None = None) -> str:
        """SQL that reads a table, or one cluster of it; no rows where the extract has none."""
        files = self._extract.paths(table, cluster)
        if not files:
            return self._extract.relation(table, cluster)
        name = f"extract_{table}" + (f"_{cluster}" if cluster else "")
        if name not in self._loaded:
            self._engine.load(name, *files)
            self._loaded.add(name)
        return name


def hand_areas(
    con: duckdb.DuckDBPyConnection, areas: AreaTables, engine: Engine, folder: Path
) -> AreaTables:
    """Areas of residence, read by the engine from a file that is written into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "areas.parquet"
    con.execute(f"copy (from {areas.lsoa}) to {quote_literal(str(file))} (format parquet)")
    engine.load("areas_of_residence", file)
    return replace(areas, lsoa="areas_of_residence")
