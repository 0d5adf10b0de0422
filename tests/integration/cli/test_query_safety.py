"""What `beacon query` refuses: hostile statements on a published release."""

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from beacon.cli.main import app
from beacon.core.errors import BeaconError
from beacon.core.home import Home
from beacon.release.layout import Release, latest_release
from beacon.release.query import ask

# {mart}: a file of the release; {release}: its directory; {outside}: a directory beside the home.
WRITES = [
    "copy place to '{mart}'",
    "copy place to '{mart}' (use_tmp_file false)",
    "copy place to '{release}/manifest.json' (format csv, use_tmp_file false)",
    "copy place to '{outside}/stolen.csv'",
    "copy (from place) to '{release}/new.parquet'",
    "copy place to '{outside}/parts' (partition_by place_code)",
    "export database '{outside}/export'",
    "export database '{release}'",
    "attach '{outside}/new.duckdb' as other",
    "attach '{release}/new.duckdb' as other",
    "attach ':memory:' as other",
    "with x as (copy (select 1) to '{mart}' (use_tmp_file false)) from x",
    "with x as (copy (select 1) to '{outside}/stolen.csv') from x",
    "explain analyze copy place to '{mart}' (use_tmp_file false)",
    "with x as (delete from place returning *) from x",
    "with x as (insert into place from place returning *) from x",
    "with x as (update place set place_name = 'x' returning *) from x",
    "create table t as select 1",
    "create temp table t as select 1",
    "create or replace view place as select 1",
    "create macro place() as 1",
    "create secret s (type s3)",
    "insert into place from place",
    "update place set place_name = 'x'",
    "delete from place",
    "truncate place",
    "drop view scorecard",
    "drop table place",
    "alter table place rename to other",
    "comment on table place is 'x'",
    "merge into place using place p on true when matched then delete",
]
READS = [
    "from read_text('/etc/passwd')",
    "from read_csv('/etc/passwd')",
    "from read_blob('/etc/hostname')",
    "from '/etc/passwd'",
    "from read_parquet('{mart}')",
    "from read_text('{release}/manifest.json')",
    "from read_json('{release}/manifest.json')",
    "from parquet_metadata('{mart}')",
    "from sniff_csv('{release}/SHA256SUMS')",
    "from glob('/*')",
    "from glob('{release}/*')",
    "from glob('{mart}')",
    "from read_text('{release}/../../latest.json')",
    "from 'https://example.org/x.parquet'",
    "from read_parquet('s3://bucket/x.parquet')",
    "from duckdb_secrets()",
    "from query('copy place to ''{outside}/x.csv''')",
    "select getenv('HOME')",
]
SETTINGS = [
    "set enable_external_access = true",
    "set lock_configuration = false",
    "set memory_limit = '900GB'",
    "set allowed_directories = ['/']",
    "set temp_directory = '{outside}'",
    "set variable x = 1",
    "reset memory_limit",
    "pragma threads = 64",
    "pragma database_list",
    "call enable_logging()",
    "call pragma_version()",
    "install httpfs",
    "load httpfs",
    "load '{outside}/x.so'",
    "update extensions",
    "import database '{outside}'",
    "use system",
    "begin",
    "checkpoint",
    "vacuum",
    "prepare p as select 1",
    "detach memory",
]
SEVERAL = [
    "select 1; select 2",
    "select 1; copy place to '{outside}/x.csv'",
    "commit; create table t as select 1",
    "select 1; set enable_external_access = true; from '/etc/passwd'",
    "",
    ";",
    "/* nothing */",
]
HOSTILE = [*WRITES, *READS, *SETTINGS, *SEVERAL]
HARMLESS = {
    "from place select place_name order by 1": 9,
    "select 1; -- copy": 1,
    "select ';' as semicolon": 1,
    "with x as (from place) select count(*) from x": 1,
    "values (1), (2)": 2,
    "table place": 9,
    "describe place": None,
    "summarize place": None,
    "show tables": None,
    "explain from place": None,
    "pivot scorecard on sex using count(*) group by place_name": None,
    "from (pivot scorecard on sex using count(*) group by place_name)": None,
    "unpivot place on people_core20, people into name n value v": None,
    "from query_table('place')": 9,
    "select table_name, column_name from information_schema.columns": None,
    "select wilson_lower(5, 10, 0.95)": 1,
}


def _hashes(directory: Path) -> dict[str, str]:
    return {
        str(path.relative_to(directory)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def release(published_sample: Path) -> Release:
    found = latest_release(Home(published_sample))
    assert found is not None
    return found


@pytest.fixture(scope="module", autouse=True)
def nothing_moves(published_sample: Path) -> object:
    before = _hashes(published_sample)
    yield
    assert _hashes(published_sample) == before


@pytest.mark.parametrize("statement", ["copy place to 'x.csv'", "export database 'x'"])
def test_who_wants_a_file_is_told_how_to_write_one(statement: str, release: Release) -> None:
    with pytest.raises(BeaconError, match=r'beacon query --format csv "SELECT \.\.\." > FILE'):
        ask(release, statement)
    with pytest.raises(BeaconError) as other:
        ask(release, "drop table place")
    assert "FILE" not in str(other.value)


@pytest.mark.parametrize("statement", HOSTILE)
def test_a_hostile_statement_is_refused_and_leaves_nothing(
    statement: str, release: Release, published_sample: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    sql = statement.format(
        mart=release.path / "place.parquet", release=release.path, outside=outside
    )
    # As root, whom a file's mode does not keep from writing: DuckDB itself has to refuse.
    before = sorted(path.name for path in release.path.iterdir())
    done = CliRunner().invoke(app, ["query", sql, "--home", str(published_sample)])
    assert done.exit_code != 0
    assert isinstance(done.exception, BeaconError), done.exception
    assert done.stdout == ""
    assert list(outside.iterdir()) == []
    assert sorted(path.name for path in release.path.iterdir()) == before


def test_there_are_enough_of_them() -> None:
    assert len(HOSTILE) == len(set(HOSTILE)) >= 36


@pytest.mark.parametrize(("sql", "rows"), HARMLESS.items())
def test_a_query_that_reads_is_answered(release: Release, sql: str, rows: int | None) -> None:
    _, answer = ask(release, sql)
    assert answer if rows is None else len(answer) == rows


def test_every_mart_can_be_read_whole(release: Release) -> None:
    for mart in release.manifest["marts"]:
        columns, rows = ask(release, f"from {mart['name']}")
        assert columns == [column["name"] for column in mart["columns"]]
        assert len(rows) == mart["rows"]


def _query(home: Path, sql: str, *more: str) -> tuple[subprocess.CompletedProcess[str], float]:
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "beacon.cli.main", "query", sql, "--home", str(home), *more],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    return done, time.monotonic() - started


@pytest.mark.parametrize(
    "endless",
    [
        "select count(*) from range(100000000) a, range(100000000) b",
        "with recursive r as (select 1 i union all select i + 1 from r) select count(*) from r",
        # One call of one function, which DuckDB does not interrupt.
        "select levenshtein(repeat('a', 400000), repeat('b', 400000))",
    ],
)
def test_a_query_without_end_is_stopped(published_sample: Path, endless: str) -> None:
    done, _ = _query(published_sample, endless, "--timeout", "1")
    assert done.returncode == 1
    assert "after 1 seconds" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "greedy",
    [
        "select string_agg(i::varchar) from range(2000000000) t(i)",
        "select length(repeat('x', 4000000000))",
        "select list_sum(list_sort(range(2000000000)))",
        "from (select repeat('abc', 100000000) from range(200))",
    ],
)
def test_a_query_that_would_take_all_memory_is_refused(published_sample: Path, greedy: str) -> None:
    done, _ = _query(published_sample, greedy)
    assert done.returncode == 1
    assert "memory" in done.stderr or "after 60 seconds" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_process_that_holds_more_than_the_bound_is_answered_too(published_sample: Path) -> None:
    """As where a long program calls the command: under the bound no thread could start."""
    program = (
        "import mmap, sys; from typer.testing import CliRunner; from beacon.cli.main import app\n"
        "held = mmap.mmap(-1, 5 << 30, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)\n"
        "sys.exit(CliRunner().invoke(app, sys.argv[1:]).exit_code)"
    )
    command = ["query", "from place", "--home", str(published_sample)]
    done = subprocess.run([sys.executable, "-c", program, *command], timeout=120, check=False)
    assert done.returncode == 0
