"""How long everyday commands take from the shell, imports included."""

from __future__ import annotations

from benchmarks.base_home import base_home
from benchmarks.measure import Options, Row, Timing, alternate, beacon, python, run_process

_SQL = "select place_name, core20_share_percent from place order by 2 desc"

_BARE_QUERY = """
import json, pathlib, sys, duckdb
home = pathlib.Path(sys.argv[1])
label = json.loads((home / "latest.json").read_text())["release"]
file = home / "releases" / label / "place.parquet"
print(duckdb.sql(f"with place as (from '{file}') " + sys.argv[2]).fetchall())
"""

_BARE_HASH = """
import hashlib, pathlib, sys
for path in sorted(pathlib.Path(sys.argv[1]).rglob("*")):
    if path.is_file():
        with path.open("rb") as stream:
            hashlib.file_digest(stream, "sha256")
"""


def run(options: Options) -> list[Row]:
    """Measure `--help`, a query and a run that finds nothing new, each beside bare Python."""
    base = base_home(options)
    home, log = str(base.home), options.work / "startup.log"
    jobs = (
        ("beacon --help", beacon("--help"), python("-c", "print()"), "Python that prints"),
        (
            "beacon query, one mart",
            beacon("query", _SQL, "--home", home),
            python("-c", _BARE_QUERY, home, _SQL),
            "Python and DuckDB on the same file",
        ),
        (
            "beacon run, nothing changed",
            beacon("run", "--home", home, *base.arguments),
            python("-c", _BARE_HASH, str(base.folder)),
            "Python that hashes the same files",
        ),
    )
    rows = []
    for case, ours, theirs, other in jobs:

        def beacons(command: list[str] = ours) -> Timing:
            return run_process(command, log, expect=(0, 3))

        def bare(command: list[str] = theirs) -> Timing:
            return run_process(command, log)

        beacons()  # not measured: the first may compile bytecode
        timings = alternate(beacons, bare, options)
        rows.append(Row(case, "whole process", *timings, other, "exit status"))
    return rows
