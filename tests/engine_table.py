"""`python -m tests.engine_table [ENGINE ...]`: how many known answers each engine gives, by method.

Engines are `polars`, `duckdb`, `postgres` and `spark`; all by default, one after the other. The
table that it prints stands in docs/scale.md.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg2

from beacon.engines import open_engine
from tests.fixtures.engine_answers import NotCarriedError, Postgres, Runs, score_of
from tests.fixtures.known_answers import KNOWN, Known
from tests.servers.postgres import running_cluster

ENGINES = {
    "polars": "Polars functions",
    "duckdb": "DuckDB",
    "postgres": "PostgreSQL",
    "spark": "Spark",
}


@contextmanager
def opened(name: str) -> Iterator[Runs | None]:
    """An engine by its name; none for the functions on Polars."""
    if name == "polars":
        yield None
    elif name == "postgres":
        with running_cluster() as cluster:
            connection = psycopg2.connect(cluster.new_database(), password=cluster.password)
            connection.autocommit = True
            yield Postgres(connection)
            connection.close()
    else:
        engine = open_engine(name)
        yield engine
        engine.close()


def cell(engine: Runs | None, known: list[Known], work: Path) -> str:
    """Right answers of a method on an engine, or why there are none."""
    asked = [each for each in known if engine is None or each.sql is not None]
    if not asked:
        return "not in SQL"
    try:
        scores = [score_of(engine, each, work) for each in asked]
    except NotCarriedError:
        return "not carried over"
    right, wrong = sum(each.right for each in scores), sum(len(each.wrong) for each in scores)
    return f"{right:,}" if not wrong else f"{right:,}, and {wrong:,} wrong"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.engine_table")
    parser.add_argument("engines", nargs="*", default=list(ENGINES), metavar="ENGINE")
    names = parser.parse_args().engines
    methods = defaultdict(list)
    for each in KNOWN:
        methods[each.method].append(each)
    cells: dict[str, list[str]] = {method: [] for method in methods}
    with tempfile.TemporaryDirectory(prefix="engine-table-") as work:
        for name in names:
            with opened(name) as engine:
                for method, known in methods.items():
                    cells[method].append(cell(engine, known, Path(work)))
    print("| method |", " | ".join(ENGINES[name] for name in names), "|")
    print("|---|" + "---:|" * len(names))
    for method, found in cells.items():
        print(f"| `{method}` |", " | ".join(found), "|")


if __name__ == "__main__":
    main()
