"""The process: quick to hand work to, and never a pass or a hang when it goes wrong."""

import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

import beacon
from beacon.checks import ValidationWorker, validate_table
from beacon.contracts import Contract, build_suite, create_table

from .conftest import BREAKS, ROWS

PROTOCOL = textwrap.dedent(
    """
    import os, sys, time
    from beacon.processes import send, receive
    out = sys.stdout.buffer
    def hello():
        send(out, {"ready": True, "seconds": 0, "peak_megabytes": 1})
    """
)


def _fake(body: str) -> tuple[str, ...]:
    return (sys.executable, "-c", PROTOCOL + textwrap.dedent(body))


@pytest.fixture
def con(contract: Contract) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    con.execute(create_table(contract, "t"))
    for row in ROWS:
        con.execute("insert into t values (?, ?, ?, ?, ?, ?)", list(row.values()))
    return con


@pytest.fixture(scope="module")
def worker() -> Iterator[ValidationWorker]:
    with ValidationWorker.start() as worker:
        yield worker


def _gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z"


def test_start_does_not_wait_until_the_process_is_ready() -> None:
    worker = ValidationWorker.start()
    ready_seconds = worker.stats.ready_seconds
    worker.close()
    assert worker.stats.starts == 1
    assert ready_seconds is None


@pytest.mark.parametrize("case", [None, "pattern", "range_date", "key", "declared", "type"])
def test_the_process_finds_what_this_process_finds(
    worker: ValidationWorker,
    con: duckdb.DuckDBPyConnection,
    contract: Contract,
    case: str | None,
) -> None:
    for statement in BREAKS[case][0] if case else []:
        con.execute(statement)
    there = worker.validate_table(con, "t", contract).result(60)
    here = validate_table(con, "t", contract)
    assert [r.as_dict() | {"duration_seconds": 0} for r in there] == [
        r.as_dict() | {"duration_seconds": 0} for r in here
    ]


def test_the_table_may_change_once_it_is_handed_over(
    worker: ValidationWorker, con: duckdb.DuckDBPyConnection, contract: Contract
) -> None:
    future = worker.validate_table(con, "t", contract)
    con.execute("drop table t")
    assert all(result.passed for result in future.result(60))


def _all_failed(worker: ValidationWorker, con: duckdb.DuckDBPyConnection, c: Contract) -> str:
    """Every check that needed the process has failed; returns the message of one."""
    results = worker.validate_table(con, "t", c).result(30)
    assert [r.name for r in results] == [item.name for item in build_suite(c)]
    failed = [r for r in results if not r.passed]
    assert {r.name for r in results} - {r.name for r in failed} == {"types"}
    assert not any(r.evaluated for r in failed)
    return failed[0].message


def test_a_crash_is_a_failure_that_says_why(
    con: duckdb.DuckDBPyConnection, contract: Contract
) -> None:
    fake = _fake("hello(); receive(sys.stdin.buffer); sys.exit('out of luck')")
    with ValidationWorker.start(command=fake) as worker:
        message = _all_failed(worker, con, contract)
    assert "ended with status 1 (out of luck)" in message


def test_a_process_that_never_gets_ready_is_a_failure(
    con: duckdb.DuckDBPyConnection, contract: Contract
) -> None:
    fake = _fake("time.sleep(600)")
    with ValidationWorker.start(command=fake, start_seconds=0.3) as worker:
        assert "no answer in 0.3 seconds" in _all_failed(worker, con, contract)


def test_a_job_that_takes_too_long_is_a_failure(
    con: duckdb.DuckDBPyConnection, contract: Contract
) -> None:
    fake = _fake("hello(); time.sleep(600)")
    with ValidationWorker.start(command=fake, job_seconds=0.3) as worker:
        assert "no answer in 0.3 seconds" in _all_failed(worker, con, contract)


@pytest.mark.parametrize(
    "body",
    [
        "hello(); receive(sys.stdin.buffer); out.write(b'not a message at all'); out.flush()",
        "hello(); receive(sys.stdin.buffer); send(out, {'id': 99}); time.sleep(600)",
        "hello(); send(out, {'id': receive(sys.stdin.buffer)['id']}); time.sleep(600)",
        "send(out, {'ready': False}); time.sleep(600)",
        "sys.exit(3)",
    ],
)
def test_nonsense_is_a_failure(
    con: duckdb.DuckDBPyConnection, contract: Contract, body: str
) -> None:
    with ValidationWorker.start(command=_fake(body), job_seconds=5) as worker:
        assert "validation process failed" in _all_failed(worker, con, contract)


def test_outcomes_left_out_are_failures(con: duckdb.DuckDBPyConnection, contract: Contract) -> None:
    body = """
    hello()
    job = receive(sys.stdin.buffer)
    send(out, {"id": job["id"], "outcomes": [], "seconds": 0, "peak_megabytes": 1})
    time.sleep(600)
    """
    with ValidationWorker.start(command=_fake(body)) as worker:
        assert "gave no result" in _all_failed(worker, con, contract)


def test_a_command_that_does_not_exist_is_a_failure(
    con: duckdb.DuckDBPyConnection, contract: Contract
) -> None:
    with ValidationWorker.start(command=("no-such-program-anywhere",)) as worker:
        assert "could not be started" in _all_failed(worker, con, contract)


def test_the_next_job_gets_a_new_process_but_not_for_ever(
    con: duckdb.DuckDBPyConnection, contract: Contract
) -> None:
    with ValidationWorker.start(command=_fake("hello(); sys.exit(1)")) as worker:
        for _ in range(5):
            message = _all_failed(worker, con, contract)
        assert worker.stats.starts == 3
    assert "already been started 3 times" in message


def test_a_killed_process_is_replaced(con: duckdb.DuckDBPyConnection, contract: Contract) -> None:
    with ValidationWorker.start() as worker:
        assert worker._process is not None
        worker._process.popen.kill()
        worker._process.popen.wait()
        results = worker.validate_table(con, "t", contract).result(60)
        assert all(r.passed for r in results)
        assert worker.stats.starts == 2


def test_close_leaves_no_process_and_no_file(
    con: duckdb.DuckDBPyConnection, contract: Contract, tmp_path: Path
) -> None:
    worker = ValidationWorker.start(tmp_path / "work", command=_fake("hello(); time.sleep(600)"))
    waiting = [worker.validate_table(con, "t", contract) for _ in range(3)]
    assert worker._process is not None
    process = worker._process.popen
    worker.close()
    worker.close()
    assert process.returncode is not None
    assert list((tmp_path / "work").iterdir()) == []
    waiting.append(worker.validate_table(con, "t", contract))
    for future in waiting:
        assert not any(r.passed for r in future.result(5) if r.name != "types")


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")
def test_a_killed_run_leaves_no_process_and_no_file(tmp_path: Path) -> None:
    script = textwrap.dedent(
        f"""
        import time
        from pathlib import Path
        from beacon.checks import ValidationWorker
        worker = ValidationWorker.start(Path({str(tmp_path)!r}))
        print(worker._process.popen.pid, flush=True)
        time.sleep(600)
        """
    )
    root = str(Path(beacon.__file__).resolve().parent.parent)
    run = subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": root},
    )
    assert run.stdout is not None
    pid = int(run.stdout.readline())
    time.sleep(1)  # so that it is past its own start-up
    run.kill()
    run.wait()
    run.stdout.close()
    deadline = time.monotonic() + 20
    while not (_gone(pid) and list(tmp_path.iterdir()) == []) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert _gone(pid)
    assert list(tmp_path.iterdir()) == []


def test_works_where_main_cannot_be_imported(tmp_path: Path) -> None:
    """As in a step process: the code comes on standard input, so there is no main module."""
    script = textwrap.dedent(
        """
        import duckdb
        from beacon.contracts import Contract
        from beacon.checks import ValidationWorker
        contract = Contract.model_validate(dict(
            table="t", schema="main", grain="g", description="d", key=["k"],
            columns=[dict(name="k", type="INTEGER", description="k")]))
        con = duckdb.connect()
        con.execute("create table t as select 1 as k")
        worker = ValidationWorker.start()
        results = worker.validate_table(con, "t", contract).result(60)
        assert all(r.passed for r in results), results
        print("passed", len(results))
        """
    )
    (tmp_path / "pandas.py").write_text("raise SystemExit('the wrong pandas')")
    root = str(Path(beacon.__file__).resolve().parent.parent)
    run = subprocess.run(
        [sys.executable, "-P", "-"],
        input=script,
        capture_output=True,
        text=True,
        timeout=90,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": root},
        check=False,
    )
    assert run.stdout.startswith("passed 5"), run.stderr
    assert run.returncode == 0
