"""The lookups that footprints of boards are made from, out of a folder of official files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from beacon.core.errors import BeaconError, InputRefusedError
from beacon.core.files import write_atomically
from beacon.core.settings import SAMPLE_FOOTPRINT
from beacon.ingest.check_files import files_of, register_in_use
from beacon.registry import Area, Footprint, load_footprint, load_successions
from beacon.registry.board_footprints import (
    LocatedLsoa,
    Tier,
    board_footprints,
    of_april_2026,
)
from beacon.registry.sources import Container, DatasetSpec
from beacon.sources.readers import read_rows
from beacon.sources.recognise import recognise

_BOARDS = {2024: "ons_open_geography/lsoa21_icb24", 2026: "ons_open_geography/lsoa21_icb26"}
_AUTHORITIES = "ons_open_geography/lsoa21_ward24"
_COUNTIES = "ons_open_geography/ltla23_utla23"
_ENGLAND = Area(code="E92000001", name="England")


def footprints_from(
    paths: Iterable[Path], vintage: int, tier: Tier = "upper"
) -> tuple[list[Footprint], str]:
    """A footprint for every board of a year, and from which lookup.

    Args:
        paths: Files and folders that hold the lookups of the ONS; other files are passed over.
        vintage: 2024 or 2026.
        tier: As for `board_footprints`.

    Raises:
        BeaconError: When a lookup that is needed is not there, naming it.
        InputRefusedError: When one of them cannot be read.
    """
    register = register_in_use()
    wanted = {*_BOARDS.values(), _AUTHORITIES, _COUNTIES}
    tables: dict[str, pl.DataFrame] = {}
    for _, path in files_of(paths):
        if ".csv" not in path.suffixes:
            continue
        seen = recognise(path, register)
        if seen.key not in wanted or seen.container is None or seen.key in tables:
            continue
        if seen.problems:
            raise InputRefusedError(seen.problems)
        spec = register.datasets[seen.key]
        tables[seen.key] = _rows(path, seen.container, spec)
    own = _BOARDS[vintage] in tables
    boards = tables.get(_BOARDS[vintage], tables.get(_BOARDS[2024]))
    missing = [
        register.datasets[key].dataset.title
        for key, table in ((_BOARDS[2024], boards), (_AUTHORITIES, tables.get(_AUTHORITIES)))
        if table is None
    ]
    if missing or boards is None:
        raise BeaconError(f"No file is there of: {'; '.join(missing)}. Give a folder that has it.")
    year = vintage if own else 2024
    lsoas = _located(boards, f"{year % 100}", tables[_AUTHORITIES])
    if not own and vintage == 2026:
        lsoas = of_april_2026(lsoas, load_successions())
    counties = _counties(tables.get(_COUNTIES))
    said = register.datasets[_BOARDS[year]].dataset.title
    if not own and vintage == 2026:
        said += ", and what became of those boards in April 2026 (reference_data/successions.yaml)"
    nation = _ENGLAND
    if lsoas and lsoas[0].board_code.startswith("Z"):
        nation = load_footprint(SAMPLE_FOOTPRINT).nation
    return board_footprints(lsoas, nation, vintage, tier, counties), said


def write_footprints(found: Iterable[Footprint], source: str, directory: Path) -> None:
    """Write footprints as YAML files, named by their ids.

    Args:
        found: The footprints.
        source: What they were made from, for the head of each file.
        directory: Where to; made where it is not there yet.
    """
    directory.mkdir(parents=True, exist_ok=True)
    for one in found:
        content = one.model_dump(mode="json", exclude_defaults=True)
        content = {"id": one.id, "name": one.name, "kind": one.kind, **content}
        text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=110)
        write_atomically(directory / f"{one.id}.yaml", f"# Made from: {source}\n{text}")


def _rows(path: Path, container: Container, spec: DatasetSpec) -> pl.DataFrame:
    """The rows of a lookup, official or of the fictional sample; never of both in one file."""
    try:
        return read_rows(path, container, spec, fictional=False).rows.collect()
    except InputRefusedError as refused:
        try:
            return read_rows(path, container, spec, fictional=True).rows.collect()
        except InputRefusedError:
            raise refused from None


def _located(boards: pl.DataFrame, year: str, authorities: pl.DataFrame) -> list[LocatedLsoa]:
    joined = boards.join(authorities, on="lsoa21_code", how="inner").sort("lsoa21_code")
    if joined.height < boards.height:
        raise BeaconError(
            f"{boards.height - joined.height} LSOAs of the lookup of boards have no authority in "
            "the lookup of wards. Use lookups of the same LSOAs."
        )
    columns = (
        "lsoa21_code", f"icb{year}_code", f"icb{year}_name", f"icb{year}_ods_code",
        f"sub_icb{year}_ods_code", "lad24_code", "lad24_name",
    )  # fmt: skip
    return [LocatedLsoa(*row) for row in joined.select(columns).iter_rows()]


def _counties(table: pl.DataFrame | None) -> dict[str, tuple[str, str]]:
    if table is None:
        return {}
    rows: Iterable[Any] = table.select("ltla23_code", "utla23_code", "utla23_name").iter_rows()
    return {code: (county, name) for code, county, name in rows if code.startswith(("E", "Z"))}
