"""`python -m benchmarks.people_on_spark --work FOLDER`: what `benchmarks.people` counts, on Spark.

The folder is one in which `python -m benchmarks.people --work FOLDER` has written and admitted an
extract. Its step `count` is the same on DuckDB: `--only count`.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from beacon.engines import open_engine
from beacon.engines.on_spark import local_session
from beacon.people.evaluate import evaluate
from beacon.people.extract_store import read_extract
from beacon.people.gate import connect
from beacon.people.load_cohorts import load_cohorts
from beacon.people.person_at import AreaTables
from beacon.people.secure_home import SecureHome
from beacon.people.segment_definitions import load_segmentations
from benchmarks.people import DAY, surroundings

MANY_ROWS = {
    "spark__driver__memory": "4g",
    "spark__driver__extraJavaOptions": "",
    "spark__sql__shuffle__partitions": "4",
    "spark__sql__codegen__wholeStage": "true",
    "spark__sql__codegen__factoryMode": "FALLBACK",
    "spark__sql__adaptive__enabled": "true",
}
"""Spark's own defaults in place of those for small tables; partitions for a few cores."""


def count(work: Path) -> dict[str, Any]:
    """All cohorts and segmentations, range by range: seconds and the Java process's own."""
    home = SecureHome.open(work / "secure", ordinary=work / "home")
    con = connect(home)
    con.register("lsoa_frame", surroundings().lsoa)
    con.execute("create temp table lsoa_area as from lsoa_frame")
    every = load_cohorts() | {n: s.as_cohort() for n, s in load_segmentations().items()}
    extract, areas = read_extract(home, DAY.isoformat()), AreaTables("lsoa_area", 2025)
    started, wall = time.process_time(), time.perf_counter()
    session = local_session(**MANY_ROWS)
    engine = open_engine("spark", session, scratch=home.scratch)
    evaluate(con, home, extract, areas, every, engine=engine)
    cells = con.execute(
        "select count(*), sum(eligible), sum(done) from read_parquet(?)",
        [str(home.as_at(extract.as_at) / "cell.parquet")],
    ).fetchall()
    said = {
        "wall_s": round(time.perf_counter() - wall, 1),
        "python_and_duckdb_cpu_s": round(time.process_time() - started, 1),
        **java_process(),
        "cells": cells,
    }
    engine.close()
    session.stop()
    return said


def java_process() -> dict[str, float]:
    """Processor seconds and largest memory of the Java process that this one has started."""
    for status in Path("/proc").glob("[0-9]*/status"):
        fields = dict(line.split(":", 1) for line in status.read_text().splitlines())
        if fields["Name"].strip() == "java" and int(fields["PPid"]) == os.getpid():
            numbers = status.with_name("stat").read_text().rpartition(")")[2].split()
            ticks = int(numbers[11]) + int(numbers[12])
            return {
                "java_cpu_s": round(ticks / os.sysconf("SC_CLK_TCK"), 1),
                "java_largest_mb": round(int(fields["VmHWM"].split()[0]) * 1024 / 1e6),
            }
    return {}


def main() -> None:
    """Count and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.people_on_spark")
    parser.add_argument("--work", type=Path, required=True)
    sys.stdout.write(json.dumps(count(parser.parse_args().work)) + "\n")


if __name__ == "__main__":
    main()
