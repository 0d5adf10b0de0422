"""Rows per second of each reader, and its time in times of the bare library's on the same file.

`python benchmarks/readers.py` reads the fictional sample, `--folder DIRECTORY` official files;
`--json FILE` also writes the table. The library does no checking: python-calamine for XLSX, ODS and
XLS, Polars for CSV and Parquet, SQLite or `json` with Shapely for outlines. Beacon's side is what a
run does: the header found by name, every cell checked and typed, keys, markers and periods, into
rows of a staging table. Each side reads a file `--repeats` times, in turn, and the fastest counts,
so that what else the machine does weighs little.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from beacon.core.errors import InputRefusedError
from beacon.ingest.scan import list_files
from beacon.registry.sources import DatasetSpec, load_source_register
from beacon.sources.readers import READERS
from beacon.sources.recognise import recognise
from benchmarks import measure as measured
from benchmarks.measure import Options, PartResult, Row


@dataclass(frozen=True)
class Timing:
    """One file read both ways.

    Attributes:
        file: Its name.
        form: What the row is for: the container, or "fingertips csv".
        rows: Rows that the library gives, headers and notes included.
        read_rows: Rows of the staging table that Beacon makes of it.
        library: What it is compared with.
        beacon_seconds: Fastest of Beacon's reader.
        library_seconds: Fastest of the bare library.
        beacon_cpu: Least seconds of processor, all threads.
        library_cpu: The same of the bare library.
    """

    file: str
    form: str
    rows: int
    read_rows: int
    library: str
    beacon_seconds: float
    library_seconds: float
    beacon_cpu: float
    library_cpu: float

    @property
    def rows_per_second(self) -> float:
        """Of the file, by Beacon."""
        return self.rows / self.beacon_seconds

    @property
    def ratio(self) -> float:
        """Beacon's time for the file in times of the library's."""
        return self.beacon_seconds / self.library_seconds


def _workbook(path: Path) -> int:
    from python_calamine import CalamineWorkbook

    workbook = CalamineWorkbook.from_path(str(path))
    # Caches of other workbooks, which OpenDocument keeps as sheets, are no data on either side.
    sheets = [name for name in workbook.sheet_names if not name.startswith("'file:")]
    return sum(len(workbook.get_sheet_by_name(sheet).to_python()) for sheet in sheets)


def _csv(path: Path) -> int:
    import polars as pl

    data = path.read_bytes()
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    # As text, like Beacon's first step; titles above a header make lines of other lengths.
    return pl.read_csv(io.BytesIO(data), infer_schema=False, truncate_ragged_lines=True).height


def _parquet(path: Path) -> int:
    import polars as pl

    return pl.read_parquet(path).height


def _geopackage(path: Path) -> int:
    import sqlite3

    import shapely

    with sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True) as connection:
        ((table,),) = connection.execute("select table_name from gpkg_contents").fetchall()
        ((column,),) = connection.execute(
            "select column_name from gpkg_geometry_columns"
        ).fetchall()
        blobs = [row[0] for row in connection.execute(f'select "{column}" from "{table}"')]
    # The envelope's kind, in bits 1 to 3 of the flags, says how long the header is.
    sizes = (0, 32, 48, 48, 64)
    return len(shapely.from_wkb([blob[8 + sizes[blob[3] >> 1 & 7] :] for blob in blobs]))


def _geojson(path: Path) -> int:
    import shapely

    features = json.loads(path.read_bytes())["features"]
    return len(shapely.from_geojson([json.dumps(f["geometry"]) for f in features]))


LIBRARIES: dict[str, tuple[str, Callable[[Path], int]]] = {
    "xlsx": ("python-calamine", _workbook),
    "ods": ("python-calamine", _workbook),
    "xls": ("python-calamine", _workbook),
    "csv": ("polars", _csv),
    "csv.gz": ("polars", _csv),
    "parquet": ("polars", _parquet),
    "gpkg": ("sqlite3 and shapely", _geopackage),
    "geojson": ("json and shapely", _geojson),
}


def _fastest(repeats: int, *sides: Callable[[], Any]) -> tuple[list[float], list[float]]:
    """The least seconds of each side, taken in turn: by the clock, and of processor."""
    wall, cpu = [float("inf")] * len(sides), [float("inf")] * len(sides)
    for _ in range(repeats):
        for place, side in enumerate(sides):
            started, worked = time.perf_counter(), time.process_time()
            side()
            wall[place] = min(wall[place], time.perf_counter() - started)
            cpu[place] = min(cpu[place], time.process_time() - worked)
    return wall, cpu


def measure(folder: Path, repeats: int, *, fictional: bool) -> list[Timing]:
    """Time every file of a folder that a reader takes."""
    register = load_source_register()
    timings: list[Timing] = []
    for path in list_files(folder):
        found = recognise(path, register)
        if found.key is None or found.problems or found.container is None:
            continue
        spec = register.datasets[found.key]
        if spec.dataset.is_read and found.container in LIBRARIES:
            timing = _time_file(path, found.container, spec, repeats, fictional=fictional)
            if timing is not None:
                timings.append(timing)
    return timings


def _time_file(
    path: Path, container: Any, spec: DatasetSpec, repeats: int, *, fictional: bool
) -> Timing | None:
    reader = READERS[spec.dataset.reader]
    library, bare = LIBRARIES[container]
    try:
        read_rows = reader(path, container, spec, fictional).height
    except InputRefusedError as error:
        sys.stderr.write(f"{path.name} is refused: {error.problems[0]}\n")
        return None
    rows = bare(path)
    wall, cpu = _fastest(
        repeats, lambda: reader(path, container, spec, fictional), lambda: bare(path)
    )
    form = "fingertips csv" if spec.source.id == "fingertips" else str(container)
    return Timing(path.name, form, rows, read_rows, library, *wall, *cpu)


def by_form(timings: Sequence[Timing]) -> list[Timing]:
    """The files of each form together."""
    forms = dict.fromkeys(timing.form for timing in timings)
    return [
        Timing(
            f"{len(group)} files",
            form,
            sum(t.rows for t in group),
            sum(t.read_rows for t in group),
            group[0].library,
            sum(t.beacon_seconds for t in group),
            sum(t.library_seconds for t in group),
            sum(t.beacon_cpu for t in group),
            sum(t.library_cpu for t in group),
        )
        for form in sorted(forms)
        for group in [[t for t in timings if t.form == form]]
    ]


def run(options: Options) -> PartResult:
    """The forms of the official files, or of the sample where there are none."""
    result = PartResult()
    with tempfile.TemporaryDirectory() as temporary:
        folder = None if options.quick else options.inputs
        if folder is None:
            from beacon.sample import write_sample

            write_sample(Path(temporary))
        timings = measure(folder or Path(temporary), options.repeats, fictional=folder is None)
    for timing in by_form(timings):
        result.rows.append(
            Row(
                f"reading {timing.form}",
                f"{timing.file}, {timing.rows:,} rows",
                measured.Timing(wall=[timing.beacon_seconds], cpu=[timing.beacon_cpu]),
                measured.Timing(wall=[timing.library_seconds], cpu=[timing.library_cpu]),
                f"{timing.library}, which checks and types nothing",
                f"every file read whole; {timing.read_rows:,} rows staged",
                "The fastest of each file, summed.",
                {"rows_per_second": round(timing.rows_per_second)},
            )
        )
    return result


def print_table(timings: Sequence[Timing]) -> None:
    """Print rows per second and the ratio, one line each."""
    sys.stdout.write(
        f"{'format':<16}{'file':<44}{'rows':>10}{'rows/s':>12}{'seconds':>9}"
        f"{'library':>9}{'ratio':>7}  compared with\n"
    )
    for t in timings:
        sys.stdout.write(
            f"{t.form:<16}{t.file[:42]:<44}{t.rows:>10,}{t.rows_per_second:>12,.0f}"
            f"{t.beacon_seconds:>9.3f}{t.library_seconds:>9.3f}{t.ratio:>7.1f}  {t.library}\n"
        )


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, help="folder of official files; default the sample")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--each", action="store_true", help="a line for each file too")
    parser.add_argument("--json", type=Path, help="write the table here as well")
    options = parser.parse_args()
    if options.folder is not None:
        timings = measure(options.folder, options.repeats, fictional=False)
    else:
        from beacon.sample import write_sample

        with tempfile.TemporaryDirectory() as folder:
            write_sample(Path(folder))
            timings = measure(Path(folder), options.repeats, fictional=True)
    shown = by_form(timings)
    print_table([*timings, *shown] if options.each else shown)
    if options.json is not None:
        record = {
            "what": "the sample" if options.folder is None else "a folder of official files",
            "repeats": options.repeats,
            "formats": [_record(t) for t in shown],
            "files": [_record(t) for t in timings],
        }
        options.json.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def _record(timing: Timing) -> dict[str, Any]:
    return {
        **asdict(timing),
        "rows_per_second": round(timing.rows_per_second),
        "ratio": round(timing.ratio, 2),
    }


if __name__ == "__main__":
    main()
