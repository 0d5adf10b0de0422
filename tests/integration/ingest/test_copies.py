"""Of several downloads of one dataset the one that reaches furthest is used, and that is said."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import polars as pl
import pytest

from beacon.core.settings import Settings
from beacon.ingest.copies import Copies
from beacon.ingest.land import LandingReport, land_files
from beacon.ingest.landing_store import LandingStore
from beacon.ingest.scan import scan_folder
from beacon.inputs import land
from beacon.pipeline import run_pipeline
from beacon.workspace import Workspace
from tests.conftest import given_directory
from tests.unit.sources.test_kinds import lines, row

KEY = "fingertips/indicator"


def export(path: Path, last: int, areas: int = 3) -> None:
    """A fictional export with the years from 2020 to the last."""
    rows = [
        row(place, **{"Time period": str(year), "Time period Sortable": f"{year}0000"})
        for place in range(1, areas + 1)
        for year in range(2020, last + 1)
    ]
    path.write_text(lines(*rows), encoding="utf-8")


def taken(folder: Path, home: Path, last: LandingStore | None = None) -> tuple[str, LandingReport]:
    workspace = Workspace(Settings(home=home, inputs="sample"))
    found = scan_folder(folder, workspace.register, home / "recognised.json", trusted=True)
    report = land_files(
        found,
        workspace.register,
        last or LandingStore(home / "landing"),
        workspace.needed,
        fictional=True,
        supplied_from="folder",
        copies=Copies(home / "copies.json", fictional=True, trusted=True),
    )
    (outcome,) = [outcome for outcome in report.outcomes if outcome.key == KEY]
    assert outcome.candidate is not None
    return outcome.candidate.original_name, report


def test_later_data_win_whatever_the_names(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    export(folder / "a.csv", 2022, areas=5)
    export(folder / "b.csv", 2024)
    export(folder / "c.csv", 2023)
    name, report = taken(folder, tmp_path)
    assert name == "b.csv"
    assert len(report.duplicates) == 2
    assert "a.csv is left out and b.csv used" in report.duplicates[1] + report.duplicates[0]
    assert any("reach to 2022-12-31, those to 2024-12-31" in said for said in report.duplicates)


def test_then_the_more_rows_then_the_newer_file(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    export(folder / "a.csv", 2024, areas=3)
    export(folder / "b.csv", 2024, areas=4)
    assert taken(folder, tmp_path)[0] == "b.csv"
    (folder / "c.csv").write_text((folder / "b.csv").read_text() + "\n")
    os.utime(folder / "b.csv", (1_000_000, 1_000_000))
    name, report = taken(folder, tmp_path / "again")
    assert name == "c.csv"
    assert any("both reach as far" in said for said in report.duplicates)


def test_a_copy_that_cannot_be_read_gives_way_and_says_why(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    export(folder / "a.csv", 2023)
    export(folder / "b.csv", 2024)
    text = (folder / "b.csv").read_text().replace("15.5", "15,5x", 1)
    (folder / "b.csv").write_text(text)
    name, report = taken(folder, tmp_path)
    assert name == "a.csv"
    assert any(problem.file == "b.csv" for problem in report.problems_elsewhere)


def test_a_newer_download_beside_the_one_in_use_is_taken(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    export(folder / "a.csv", 2023)
    store = LandingStore(tmp_path / "landing")
    _, report = taken(folder, tmp_path, store)
    store.accept([o.candidate for o in report.outcomes if o.candidate], fictional=True)
    export(folder / "z.csv", 2024)
    name, report = taken(folder, tmp_path, store)
    assert name == "z.csv"
    assert [o.status for o in report.outcomes if o.key == KEY] == ["new"]


@pytest.mark.given
def test_the_newer_of_two_given_downloads_is_used(tmp_path: Path) -> None:
    wild = given_directory("BEACON_TEST_WILD", "wild") / "newer_download_ignored"
    name, report = taken(wild, tmp_path)
    assert name == "smoking_downloaded_2026.csv"
    assert len(report.duplicates) == 1


def test_a_run_publishes_the_newer_download(sample_home: Path) -> None:
    folder = sample_home / "sample" / "fingertips"
    (smoking,) = folder.glob("*92443*")
    with smoking.open(encoding="utf-8-sig", newline="") as stream:
        header, *rows = list(csv.reader(stream))
    when = header.index("Time period")
    last = max(int(cells[when]) for cells in rows)
    newer = [[*cells] for cells in rows if int(cells[when]) == last]
    for cells in newer:
        cells[when] = str(last + 1)
        cells[header.index("Time period Sortable")] = f"{last + 1}0000"
    with (folder / "FICTIONAL_92443_a_newer_download.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows([header, *rows, *newer])
    workspace = Workspace(Settings(home=sample_home, inputs="sample"))
    assert land(workspace).duplicates
    assert run_pipeline(workspace, checks=False).status == "published"
    release = sorted((sample_home / "releases").iterdir())[-1]
    mart = next(release.rglob("core20plus5_indicator*.parquet"))
    periods = pl.read_parquet(mart).filter(pl.col("indicator_slug") == "smoking_prevalence")
    assert str(last + 1) in set(periods["period"])
