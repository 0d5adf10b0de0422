"""A file that crashes, starves or never ends costs that file, whatever the file."""

from __future__ import annotations

import gzip
import json
import multiprocessing
import os
import sqlite3
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from beacon.core.errors import InputRefusedError
from beacon.core.settings import FileLimits
from beacon.ingest.check_files import FileReport, check_files
from beacon.ingest.worker_pool import FileJob, WorkerLostError, end_workers, run_jobs
from beacon.registry.sources import load_source_register
from tests.fixtures import hostile_jobs

SHORT = FileLimits(file_seconds=5, file_memory_mb=512)


@pytest.fixture(autouse=True)
def no_workers_left() -> Iterator[None]:
    yield
    end_workers(at_once=True)


def job(function: Callable[..., Any], *arguments: Any) -> FileJob[Any]:
    return FileJob(f"{function.__name__}.csv", function, arguments)


def test_what_ends_a_worker_is_refused_by_name_and_the_others_go_on() -> None:
    hostile = [
        hostile_jobs.exits,
        hostile_jobs.aborts,
        hostile_jobs.reads_address_zero,
        hostile_jobs.takes_all_memory,
        hostile_jobs.never_ends,
    ]
    jobs = [job(hostile_jobs.sound, 1), *map(job, hostile), job(hostile_jobs.sound, 2)]
    first, *refused, last = run_jobs(jobs, SHORT)
    assert (first, last) == (2, 4)
    for function, error in zip(hostile, refused, strict=True):
        assert isinstance(error, WorkerLostError), error
        (problem,) = error.problems
        assert problem.file == f"{function.__name__}.csv"
        assert "tried twice" in problem.message


def test_problems_of_a_file_come_back_as_they_are() -> None:
    (error,) = run_jobs([job(hostile_jobs.refuses)], SHORT)
    assert isinstance(error, InputRefusedError)
    assert not isinstance(error, WorkerLostError)
    assert (error.problems[0].file, error.problems[0].row) == ("bad.csv", 3)


def test_a_fault_of_our_own_is_no_fault_of_the_file() -> None:
    with pytest.raises(LookupError, match="not the file's fault"):
        run_jobs([job(hostile_jobs.has_a_fault_of_our_own)], SHORT)


@pytest.mark.parametrize(
    "once", [hostile_jobs.ends_its_worker_once, hostile_jobs.sleeps_past_the_limit_once]
)
def test_what_is_lost_once_is_no_fault_of_the_file(
    tmp_path: Path, once: Callable[..., int]
) -> None:
    assert run_jobs([job(once, tmp_path / "marker")], SHORT) == [1]


def test_without_files_and_for_our_own_no_worker_starts() -> None:
    assert run_jobs([], SHORT) == []
    assert run_jobs([job(hostile_jobs.process_id)], SHORT, trusted=True) == [os.getpid()]
    assert multiprocessing.active_children() == []


# Real files.


IMD_HEADER = [
    "LSOA code (2011)", "LSOA name (2011)", "Local Authority District code (2019)",
    "Local Authority District name (2019)", "Index of Multiple Deprivation (IMD) Rank",
    "Index of Multiple Deprivation (IMD) Decile",
]  # fmt: skip


def far_cell(path: Path) -> None:
    """A workbook of some kilobytes with a value in the last column of the last row."""
    book = xlsxwriter.Workbook(str(path.with_suffix(".xlsx")))
    sheet = book.add_worksheet("IMD2019")
    sheet.write_row(0, 0, IMD_HEADER)
    sheet.write_row(1, 0, ["E01000001", "City of London 001A", "E09000001", "City of London", 1, 1])
    sheet.write(1_048_575, 16_383, 1)
    book.close()


def far_repeated_cell(path: Path) -> None:
    """OpenDocument can say in one line that a value fills all rows and columns."""
    cells = "".join(
        f'<table:table-cell office:value-type="string"><text:p>{name}</text:p></table:table-cell>'
        for name in IMD_HEADER
    )
    content = (
        '<?xml version="1.0"?><office:document-content '
        'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
        'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body>'
        f'<office:spreadsheet><table:table table:name="IMD2019"><table:table-row>{cells}'
        '</table:table-row><table:table-row table:number-rows-repeated="1048575">'
        '<table:table-cell table:number-columns-repeated="16384" office:value-type="float" '
        'office:value="1"><text:p>1</text:p></table:table-cell></table:table-row></table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    with zipfile.ZipFile(path.with_suffix(".ods"), "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)


def bomb(path: Path) -> None:
    """A compressed export whose one row goes on for gigabytes."""
    header = load_source_register().datasets["ons_els/topic"].dataset.header
    with gzip.open(path.with_suffix(".csv.gz"), "wb", compresslevel=1) as stream:
        stream.write((",".join(header) + "\n").encode())
        for _ in range(1800):
            stream.write(b"x" * (1 << 20))


def endless_view(path: Path) -> None:
    """A GeoPackage whose layer is a query that never ends."""
    connection = sqlite3.connect(path.with_suffix(".gpkg"))
    connection.executescript(
        """
        create table gpkg_contents (table_name text, data_type text, srs_id integer);
        create table gpkg_geometry_columns (table_name text, column_name text, srs_id integer);
        create view lsoa as with recursive n(rowid) as (select 1 union all select 1 from n)
            select rowid, 'E01000001' as LSOA21CD, 'City' as LSOA21NM, x'00' as geom from n;
        insert into gpkg_contents values ('lsoa', 'features', 4326);
        insert into gpkg_geometry_columns values ('lsoa', 'geom', 4326);
        """
    )
    connection.commit()
    connection.close()


def deep_nesting(path: Path) -> None:
    text = '{"type": "FeatureCollection", "features": ' + "[" * 200_000 + "]" * 200_000 + "}"
    path.with_suffix(".geojson").write_text(text, encoding="utf-8")


def entity_bomb(path: Path) -> None:
    """Entities of entities in the part that names the sheets."""
    levels = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 20}">' for n in range(1, 12))
    book = f'<!DOCTYPE workbook [<!ENTITY e0 "ha">{levels}]><workbook><sheets>&e11;</sheets></workbook>'
    with zipfile.ZipFile(path.with_suffix(".xlsx"), "w") as archive:
        archive.writestr("xl/workbook.xml", book)
        archive.writestr("xl/_rels/workbook.xml.rels", "<Relationships/>")
        archive.writestr("[Content_Types].xml", "<Types/>")


def sound_file(path: Path) -> None:
    rows = ["lsoa21_code,name", *(f"E0100000{n},Area {n}" for n in range(1, 9))]
    path.with_suffix(".geojson").write_text(
        json.dumps({"type": "FeatureCollection", "features": []}), encoding="utf-8"
    )
    path.with_suffix(".csv").write_text("\n".join(rows), encoding="utf-8")


HOSTILE = [far_cell, far_repeated_cell, bomb, endless_view, deep_nesting, entity_bomb]


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, FileReport]:
    folder = tmp_path_factory.mktemp("hostile")
    for make in [*HOSTILE, sound_file]:
        make(folder / make.__name__)
    files = [(path.stem.split(".")[0], path) for path in sorted(folder.iterdir())]
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("BEACON_FILE_SECONDS", "20")
        environment.setenv("BEACON_FILE_MEMORY_MB", "1024")
        found = check_files(files, allow_fictional=False)
    return {report.file: report for report in found}


@pytest.mark.parametrize("make", HOSTILE)
def test_a_hostile_file_is_met_by_name(
    reports: dict[str, FileReport], make: Callable[[Path], None]
) -> None:
    report = reports[make.__name__]
    assert report.status in ("refused", "unrecognised")
    assert report.problems
    assert all(problem.file.startswith(make.__name__) for problem in report.problems)


def test_a_cell_far_from_the_others_is_named(reports: dict[str, FileReport]) -> None:
    (problem,) = reports["far_cell"].problems
    assert problem.column == "IMD2019"
    assert "row 1,048,576 and column 16,384" in problem.message


def test_a_query_without_an_end_is_ended(reports: dict[str, FileReport]) -> None:
    (problem,) = reports["endless_view"].problems
    assert reports["endless_view"].dataset is None or "lsoa" in reports["endless_view"].dataset
    assert "tried twice" in problem.message
