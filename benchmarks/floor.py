"""A full rebuild beside the least that reading and writing the same bytes can take.

The floor knows beforehand which files matter and where their tables start. It checks, joins and
keeps nothing, and writes as many bytes of Parquet as Beacon does.
"""

from __future__ import annotations

import gzip
import json
import shutil
import sqlite3
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any

import polars as pl
from python_calamine import CalamineWorkbook

from benchmarks.base_home import base_home
from benchmarks.measure import (
    AnswersDifferError,
    Options,
    Row,
    Timing,
    alternate,
    beacon,
    python,
    run_process,
)


def run(options: Options) -> list[Row]:
    """Compare a rebuild into an empty home with the floor."""
    base = base_home(options)
    plan, written = options.work / "floor.json", options.work / "floor_out"
    home = options.work / "rebuild"
    planned = _plan(base.home, base.folder)
    plan.write_text(json.dumps(planned))

    def rebuild() -> Timing:
        shutil.rmtree(home, ignore_errors=True)
        if base.folder.is_relative_to(base.home):
            shutil.copytree(base.folder, home / "sample")
        command = beacon("run", "--home", str(home), *base.arguments)
        return run_process(command, options.work / "rebuild.log", expect=(0, 3))

    def floor() -> Timing:
        shutil.rmtree(written, ignore_errors=True)
        command = python("-m", "benchmarks.floor", str(plan), str(written))
        return run_process(command, options.work / "floor.log")

    floor()
    answers = _check(planned, written)
    timings = alternate(rebuild, floor, options)
    read = sum(Path(path).stat().st_size for path in planned["files"])
    return [
        Row(
            "full rebuild into an empty home, whole process",
            f"{len(planned['files'])} files, {read / 1e6:.0f} MB read, "
            f"{planned['bytes'] / 1e6:.1f} MB of Parquet written",
            *timings,
            "bare script: fastest readers, same bytes written",
            answers,
        )
    ]


def _plan(home: Path, folder: Path) -> dict[str, Any]:
    """Inputs of a home's release, and how many bytes of Parquet it and its staging have."""
    label = json.loads((home / "latest.json").read_text())["release"]
    release = home / "releases" / label
    manifest = json.loads((release / "manifest.json").read_text())
    parquet = [*(home / "staging").rglob("*.parquet"), *release.glob("*.parquet")]
    # A table of accepted returns is made by a run and is in no folder.
    given = {folder / entry["origin"] for entry in manifest["inputs"]}
    files = sorted(str(path) for path in given if path.is_file())
    return {"files": files, "bytes": sum(path.stat().st_size for path in parquet)}


def _check(planned: dict[str, Any], written: Path) -> str:
    size = sum(path.stat().st_size for path in written.glob("*.parquet"))
    counts = json.loads((written / "rows.json").read_text())
    empty = [path for path, rows in counts.items() if not rows]
    if size < planned["bytes"] or empty:
        raise AnswersDifferError(f"the floor wrote {size:,} bytes and read no row of {empty}")
    return f"every one of {len(counts)} files read, {size / planned['bytes']:.2f} times the bytes"


# The floor itself


def _read(path: Path) -> pl.DataFrame:
    match path.suffix.lower():
        case ".parquet":
            return pl.read_parquet(path)
        case ".xlsx" | ".xls" | ".ods":
            return _largest_sheet(path)
        case ".gpkg":
            return _geopackage(path)
        case ".json" | ".geojson":
            features = json.loads(path.read_bytes())["features"]
            return pl.DataFrame({"feature": [str(feature) for feature in features]})
        case _:
            return pl.read_csv(
                path,
                skip_lines=_header_line(path),
                infer_schema=False,
                truncate_ragged_lines=True,
                encoding="utf8-lossy",
            )


def _header_line(path: Path) -> int:
    """Lines above the table: the header has the most commas of the first twenty."""
    opener: Any = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", errors="replace") as stream:
        commas = [line.count(",") for line in islice(stream, 20)]
    return commas.index(max(commas))


def _largest_sheet(path: Path) -> pl.DataFrame:
    book = CalamineWorkbook.from_path(str(path))
    sheets = (book.get_sheet_by_name(name).to_python() for name in book.sheet_names)
    rows = max(sheets, key=lambda sheet: sum(map(len, sheet)))
    width = max(map(len, rows))
    columns = [[str(row[at]) if at < len(row) else "" for row in rows] for at in range(width)]
    return pl.DataFrame({f"c{at}": column for at, column in enumerate(columns)})


def _geopackage(path: Path) -> pl.DataFrame:
    with sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True) as connection:
        (table,) = connection.execute("select table_name from gpkg_contents").fetchone()
        cursor = connection.execute(f'select * from "{table}"')
        names = [column[0] for column in cursor.description]
        columns = zip(*cursor.fetchall(), strict=True)
        return pl.DataFrame(dict(zip(names, columns, strict=True)), strict=False)


def main(plan: Path, out: Path) -> None:
    """Read every file of a plan with the fastest reader and write that many bytes of Parquet."""
    planned = json.loads(plan.read_text())
    out.mkdir(parents=True, exist_ok=True)
    paths = sorted(map(Path, planned["files"]), key=lambda path: -path.stat().st_size)
    with ThreadPoolExecutor(max_workers=2) as pool:
        frames = dict(zip(map(str, paths), pool.map(_read, paths), strict=True))
    (out / "rows.json").write_text(json.dumps({p: frame.height for p, frame in frames.items()}))
    written = number = 0
    while written < planned["bytes"]:
        # Again from the first, while fewer bytes are written than Beacon writes.
        frame = list(frames.values())[number % len(frames)]
        target = out / f"{number:04d}.parquet"
        frame.write_parquet(target, compression="zstd")
        written += target.stat().st_size
        number += 1


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
