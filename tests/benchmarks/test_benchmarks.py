"""The benchmarks work and their answers are equal. Nothing here looks at a time."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.__main__ import main
from benchmarks.measure import (
    AnswersDifferError,
    Options,
    Row,
    Timing,
    compare_calls,
    must_agree,
    python,
    run_process,
)


@pytest.fixture
def work(sample_home: Path, tmp_path: Path) -> Path:
    """A working directory that has the sample's release already."""
    directory = tmp_path / "work"
    directory.mkdir()
    shutil.move(sample_home, directory / "base")
    return directory


def measured(parts: str, work: Path) -> list[dict[str, Any]]:
    """All rows, after every part has run without an error."""
    report = work.parent / "report.json"
    status = main(["--quick", "--only", parts, "--work", str(work), "--json", str(report)])
    record = json.loads(report.read_text())
    assert (record["errors"], status) == ({}, 0)
    return [row for rows in record["parts"].values() for row in rows]


def assert_compared(rows: list[dict[str, Any]], count: int) -> None:
    assert len(rows) == count
    assert all(row["answers"] and row["ratios"]["wall"] > 0 for row in rows)


def test_statistics_agree_with_other_ways(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert_compared(measured("statistics", tmp_path / "work"), 9)
    assert "life expectancy" in capsys.readouterr().out


@pytest.mark.slow
def test_commands_and_a_rebuild_run(work: Path) -> None:
    assert_compared(measured("startup,floor", work), 4)


def test_growth_finds_the_planted_core20(
    tmp_path: Path, published_sample: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A whole run takes a minute, and the rebuild above measures one: what it would make is copied.
    def copies(*arguments: str) -> list[str]:
        home = arguments[arguments.index("--home") + 1]
        text = "import shutil, sys; shutil.copytree(*sys.argv[1:], dirs_exist_ok=True)"
        return python("-c", text, str(published_sample), home)

    monkeypatch.setattr("benchmarks.growth.beacon", copies)
    (row,) = measured("growth", tmp_path / "work")
    assert row["answers"] == "360 of 1,800 LSOAs in Core20, as planted"
    assert row["ours"]["memory_mb"][0] > 0


def test_a_part_that_fails_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def differ(options: Options) -> list[Row]:
        raise AnswersDifferError("1 and 2")

    monkeypatch.setattr("benchmarks.__main__.PARTS", {"statistics": differ})
    report = tmp_path / "report.json"
    assert main(["--quick", "--json", str(report), "--only", "statistics"]) == 1
    assert json.loads(report.read_text())["errors"] == {"statistics": "answers differ: 1 and 2"}


def test_a_part_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(SystemExit):
        main(["--only", "no_such_part"])


def test_ways_that_disagree_are_not_timed(tmp_path: Path) -> None:
    calls: list[int] = []

    def check(ours: float, theirs: float) -> str:
        return must_agree("numbers", [ours], [theirs], 1e-9)

    def ours() -> float:
        calls.append(1)
        return 1.0

    options = Options(quick=True, repeats=1, seconds=10, inputs=None, work=tmp_path)
    with pytest.raises(AnswersDifferError, match="numbers differ"):
        compare_calls(ours, lambda: 1.1, check, options)
    assert len(calls) == 1


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [([1.0, np.nan], [1.0, 2.0]), ([1.0], [1.0, 2.0]), ([np.nan], [np.nan]), ([1.0], [1.001])],
)
def test_what_does_not_agree(ours: list[float], theirs: list[float]) -> None:
    with pytest.raises(AnswersDifferError):
        must_agree("values", ours, theirs, 1e-9)


def test_exact_zero_agrees_with_a_rounded_one() -> None:
    assert "equal" in must_agree("limits", [0.0, np.nan], [1e-17, np.nan], 1e-9)


def test_processes_are_measured_with_their_children(tmp_path: Path) -> None:
    child = "b = bytearray(80_000_000); import time; time.sleep(0.4)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    timing = run_process(python("-c", parent), tmp_path / "log")
    assert timing.memory_mb[0] > 80
    with pytest.raises(RuntimeError, match="ended with 1"):
        run_process(python("-c", "raise SystemExit(1)"), tmp_path / "log")


def test_a_measured_process_keeps_its_bytecode(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    run_process(python("-c", "import sys; sys.exit(sys.dont_write_bytecode)"), tmp_path / "log")


def test_ratios_say_how_much_less_beacon_takes() -> None:
    row = Row("", "", Timing([1.0, 2.0, 9.0], [1.0] * 3), Timing([8.0], [2.0]))
    assert row.ratios() == {"wall": 4.0, "cpu": 2.0}
