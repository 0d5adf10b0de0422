"""A full rebuild against the least that reading and writing the same bytes can take.

The floor knows everything beforehand: which files matter, their format, where their tables start.
It checks nothing, joins nothing, keeps nothing of what it read, and writes as many bytes of
Parquet as Beacon does. No pipeline reaches it; the ratio says how far from it one is.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.footprints import base_home
from benchmarks.measure import (
    AnswersDifferError,
    Options,
    PartResult,
    Row,
    Timing,
    alternate,
    beacon,
    python,
    run_process,
)

if TYPE_CHECKING:
    import polars as pl

_SHEETS = {".xlsx", ".xls", ".ods"}


def run(options: Options) -> PartResult:
    """Compare a full rebuild with the floor."""
    result = PartResult()
    if options.inputs is None and not options.quick:
        result.notes.append("not available: there is no folder of official files")
        return result
    base = base_home(options)
    home = options.work / "rebuild"
    plan = options.work / "floor.json"
    plan.write_text(json.dumps(plan_of(base.home, base.folder)))
    written = options.work / "floor_out"

    def ours() -> Timing:
        shutil.rmtree(home, ignore_errors=True)
        if base.mode == "sample":
            # What a publisher wrote is there before a run starts.
            shutil.copytree(base.home / "sample", home / "sample")
        return run_process(
            beacon("run", "--home", str(home), *base.arguments),
            expect=(0, 3),
            log=options.work / "rebuild.log",
        )

    def floor() -> Timing:
        shutil.rmtree(written, ignore_errors=True)
        return run_process(
            python("-m", "benchmarks.floor", "--plan", str(plan), "--out", str(written))
        )

    floor()
    answers = _check(plan, written)
    timings = alternate(ours, floor, options)
    planned = json.loads(plan.read_text())
    read = sum(Path(entry["path"]).stat().st_size for entry in planned["files"])
    result.rows.append(
        Row(
            "full rebuild into an empty home, whole process",
            f"{len(planned['files'])} files, {read / 1e6:.0f} MB read, "
            f"{planned['bytes'] / 1e6:.1f} MB of Parquet written",
            *timings,
            "bare script: fastest readers, same bytes written",
            answers,
            "Beacon's time includes its checks (a second process), run history, pages, workbook "
            "and CSVs. Ratios below 1 are how far from the floor it is.",
            {"steps": _steps(options.work / "rebuild.log")},
        )
    )
    return result


def plan_of(home: Path, folder: Path) -> dict[str, Any]:
    """What the floor reads and writes: the inputs of a home's release and its Parquet bytes."""
    label = json.loads((home / "latest.json").read_text())["release"]
    release = home / "releases" / label
    manifest = json.loads((release / "manifest.json").read_text())
    parquet = [*(home / "staging").rglob("*.parquet"), *release.glob("*.parquet")]
    return {
        "files": [
            {"path": str(folder / entry["origin"]), "rows": entry["rows"]}
            for entry in manifest["inputs"]
        ],
        "bytes": sum(path.stat().st_size for path in parquet),
    }


def _check(plan: Path, written: Path) -> str:
    """The floor has read every table and written enough."""
    planned = json.loads(plan.read_text())
    size = sum(path.stat().st_size for path in written.glob("*.parquet"))
    if size < planned["bytes"]:
        raise AnswersDifferError(f"the floor wrote {size:,} bytes, not {planned['bytes']:,}")
    counts = json.loads((written / "rows.json").read_text())
    empty = [path for path, rows in counts.items() if not rows]
    if empty:
        raise AnswersDifferError(f"the floor read no row of {', '.join(empty)}")
    return f"every one of {len(counts)} files read, {size / planned['bytes']:.2f} times the bytes"


def _steps(log: Path) -> list[str]:
    """The lines of progress, which carry seconds since the start."""
    if not log.is_file():
        return []
    lines = log.read_text(errors="replace").splitlines()
    return [line.strip() for line in lines if line.lstrip()[:1].isdigit() and " s  " in line]


# The floor itself


def _read(path: Path) -> list[pl.DataFrame]:
    import polars as pl

    suffix = path.suffix.lower()
    if suffix == ".parquet":
        return [pl.read_parquet(path)]
    if suffix in _SHEETS:
        return _read_sheets(path)
    if suffix == ".gpkg":
        return [_read_geopackage(path)]
    if suffix in (".json", ".geojson"):
        return [_read_features(path)]
    return [
        pl.read_csv(
            path,
            skip_lines=_first_line(path),
            infer_schema=False,
            truncate_ragged_lines=True,
            encoding="utf8-lossy",
        )
    ]


def _first_line(path: Path) -> int:
    """Lines above the table, of which the header has the most commas."""
    import gzip
    from itertools import islice

    opener: Any = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", errors="replace") as stream:
        commas = [line.count(",") for line in islice(stream, 20)]
    return commas.index(max(commas))


def _read_sheets(path: Path) -> list[pl.DataFrame]:
    """The largest sheet, as rows of text."""
    import polars as pl
    from python_calamine import CalamineWorkbook

    book = CalamineWorkbook.from_path(str(path))
    sheets = (book.get_sheet_by_name(name).to_python() for name in book.sheet_names)
    rows = max(sheets, key=lambda sheet: sum(map(len, sheet)))
    width = max(map(len, rows))
    columns = [[str(row[at]) if at < len(row) else "" for row in rows] for at in range(width)]
    return [pl.DataFrame({f"c{at}": column for at, column in enumerate(columns)})]


def _read_geopackage(path: Path) -> pl.DataFrame:
    import sqlite3

    import polars as pl

    with sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True) as connection:
        (table,) = connection.execute("select table_name from gpkg_contents").fetchone()
        cursor = connection.execute(f'select * from "{table}"')
        names = [column[0] for column in cursor.description]
        columns = list(zip(*cursor.fetchall(), strict=True))
    return pl.DataFrame(dict(zip(names, columns, strict=True)), strict=False)


def _read_features(path: Path) -> pl.DataFrame:
    import polars as pl

    features = json.loads(path.read_bytes())["features"]
    return pl.DataFrame(
        {
            "properties": [str(feature["properties"]) for feature in features],
            "geometry": [str(feature["geometry"]) for feature in features],
        }
    )


def main() -> None:
    """Read every file of a plan with the fastest reader and write that many bytes of Parquet."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--plan", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    chosen = parser.parse_args()
    from concurrent.futures import ThreadPoolExecutor

    plan = json.loads(chosen.plan.read_text())
    chosen.out.mkdir(parents=True, exist_ok=True)
    paths = [Path(entry["path"]) for entry in plan["files"]]
    paths.sort(key=lambda path: path.stat().st_size, reverse=True)
    counts: dict[str, int] = {}
    written = number = 0
    largest: Any = None
    with ThreadPoolExecutor(max_workers=2) as pool:
        for path, frames in zip(paths, pool.map(_read, paths), strict=True):
            counts[str(path)] = sum(frame.height for frame in frames)
            for frame in frames:
                if largest is None or frame.estimated_size() > largest.estimated_size():
                    largest = frame
                if written < plan["bytes"]:
                    written += _write(frame, chosen.out, number)
                    number += 1
    while written < plan["bytes"]:
        written += _write(largest, chosen.out, number)
        number += 1
    (chosen.out / "rows.json").write_text(json.dumps(counts))


def _write(frame: pl.DataFrame, out: Path, number: int) -> int:
    path = out / f"{number:04d}.parquet"
    frame.write_parquet(path, compression="zstd")
    return path.stat().st_size


if __name__ == "__main__":
    main()
