"""`beacon check` says what it looked at and what only a run sees."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
from typer.testing import CliRunner

from beacon.cli.main import app
from beacon.core.home import Home
from beacon.core.paths import resource_dir
from beacon.operations.files_read import unknown_authorities
from beacon.registry.loading import load_footprint

FUEL_POVERTY = resource_dir("reference_data") / "indicators" / "16_fuel_poverty.yaml"
FOOTPRINT = resource_dir("reference_data") / "footprints" / "cheshire_merseyside.yaml"
TARGETS = resource_dir("reference_data") / "targets.yaml"
SERIES = "Proportion of households fuel poor (%)"


def message(file: Path, home: Path) -> str:
    done = CliRunner().invoke(app, ["check", str(file), "--home", str(home), "--json"])
    assert done.exit_code == 0, done.output
    (row,) = json.loads(done.stdout)
    found: str = row["message"]
    return found


def staged(home: Path, name: str, source: str, *series: str) -> None:
    """A file of observations as a run leaves it, with the columns that matter here and one more."""
    folder = home / "staging" / "observation"
    folder.mkdir(parents=True, exist_ok=True)
    frame = pl.DataFrame({"source": [source] * len(series), "series": series})
    frame.with_columns(pl.lit(name).alias("note")).write_parquet(folder / f"{name}.parquet")


def test_without_a_home_that_read_files_the_series_are_left_to_a_run(tmp_path: Path) -> None:
    said = message(FUEL_POVERTY, tmp_path / "none")
    assert said == "sound in form; whether its series are in your files is seen by a run"
    assert not (tmp_path / "none").exists()


def test_a_series_that_no_file_of_the_home_has_is_named_and_is_no_fault(tmp_path: Path) -> None:
    staged(tmp_path, "a", "desnz_fuel_poverty", "another", SERIES)
    staged(tmp_path, "b", "another_source", "93759")
    said = message(FUEL_POVERTY, tmp_path)
    assert said == (
        f"sound in form; no file that {tmp_path} has read so far has '93759' of fingertips"
    )
    staged(tmp_path, "c", "fingertips", "93759")
    assert message(FUEL_POVERTY, tmp_path) == (
        f"sound; its series are in files that {tmp_path} has read"
    )


def test_a_file_that_reads_nothing_is_just_sound(tmp_path: Path) -> None:
    staged(tmp_path, "a", "fingertips", "93759")
    assert message(TARGETS, tmp_path) == "sound"


def areas(home: Path, *authorities: str) -> None:
    """A deprivation file as a run leaves it, with the column that matters here."""
    folder = home / "staging" / "imd_lsoa"
    folder.mkdir(parents=True, exist_ok=True)
    pl.DataFrame({"lad_code": authorities}).write_parquet(folder / "imd.parquet")


def test_an_authority_that_no_file_of_the_home_has_is_named_and_is_no_fault(tmp_path: Path) -> None:
    assert message(FOOTPRINT, tmp_path).startswith("sound in form; whether its authorities")
    codes = load_footprint("cheshire_merseyside").local_authority_codes
    areas(tmp_path, *codes[1:], "E06000001")
    assert message(FOOTPRINT, tmp_path) == (
        f"sound in form; no file that {tmp_path} has read so far has {codes[0]}"
    )
    areas(tmp_path, *codes)
    assert message(FOOTPRINT, tmp_path) == (
        f"sound; its authorities are in files that {tmp_path} has read"
    )


def test_an_authority_is_known_by_a_code_that_it_had_before(tmp_path: Path) -> None:
    """Barnsley has been E08000038 since April 2025; deprivation files have the older code."""
    areas(tmp_path, "E08000016")
    assert unknown_authorities(Home(tmp_path), ["E08000038", "E06000001"]) == ["E06000001"]


def test_a_staged_file_that_is_damaged_leaves_the_series_to_a_run(tmp_path: Path) -> None:
    staged(tmp_path, "a", "fingertips", "93759")
    (tmp_path / "staging" / "observation" / "b.parquet").write_bytes(b"PAR1")
    assert "seen by a run" in message(FUEL_POVERTY, tmp_path)
