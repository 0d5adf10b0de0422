"""How long a person waits for the first useful output of everyday commands."""

from __future__ import annotations

from benchmarks.footprints import base_home
from benchmarks.measure import Options, PartResult, Row, alternate, beacon, python, run_process

_SQL = "select place_name, core20_share_percent from place order by 2 desc"

_BARE_QUERY = """
import json, pathlib, sys, duckdb
home = pathlib.Path(sys.argv[1])
label = json.loads((home / "latest.json").read_text())["release"]
file = home / "releases" / label / "place.parquet"
print(duckdb.sql(f"with place as (from '{file}') " + sys.argv[2]).fetchall())
"""

_BARE_LOOK = """
import hashlib, pathlib, sys
for path in sorted(pathlib.Path(sys.argv[1]).rglob("*")):
    if path.is_file():
        with path.open("rb") as stream:
            hashlib.file_digest(stream, "sha256")
print("nothing has changed")
"""


def run(options: Options) -> PartResult:
    """Measure the commands."""
    base = base_home(options)
    home = str(base.home)
    jobs = (
        (
            "beacon --help",
            "",
            beacon("--help"),
            python("-c", "print('help')"),
            "Python that prints a word",
        ),
        (
            "beacon query",
            "one mart",
            beacon("query", _SQL, "--home", home),
            python("-c", _BARE_QUERY, home, _SQL),
            "Python and DuckDB on the same file",
        ),
        (
            "beacon run, nothing changed",
            "every file looked at",
            beacon("run", "--home", home, *base.arguments),
            python("-c", _BARE_LOOK, str(base.folder)),
            "Python that hashes the same files",
        ),
    )
    result = PartResult()
    for case, size, ours, theirs, other in jobs:
        # Once unmeasured: a first run may still compile and remember.
        run_process(ours, expect=(0, 3))
        timings = alternate(
            lambda command=ours: run_process(command, expect=(0, 3)),  # type: ignore[misc]
            lambda command=theirs: run_process(command),  # type: ignore[misc]
            options,
        )
        result.rows.append(Row(case, size, *timings, other, "exit status"))
    return result
