"""The benchmarks work and their answers are equal. Nothing here looks at a time."""

import contextlib
import json
import os
import shutil
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from benchmarks import peers_r, profiling, render
from benchmarks.__main__ import available_parts, main
from benchmarks.footprints import footprint_files
from benchmarks.growth import run as grow
from benchmarks.measure import (
    AnswersDifferError,
    Options,
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


def options(work: Path) -> Options:
    return Options(quick=True, repeats=1, seconds=10, inputs=None, work=work)


def measured(parts: str, work: Path, report: Path) -> dict[str, dict[str, Any]]:
    """Rows by case, after all parts have run without an error."""
    status = main(["--quick", "--only", parts, "--work", str(work), "--json", str(report)])
    found = json.loads(report.read_text())["parts"]
    assert {part: one.get("error") for part, one in found.items()} == dict.fromkeys(
        parts.split(",")
    )
    assert status == 0
    return {row["case"]: row for part in found.values() for row in part["rows"]}


def assert_compared(rows: dict[str, dict[str, Any]], least: int) -> None:
    compared = [row for row in rows.values() if "theirs" in row]
    assert len(compared) >= least
    assert all(row["answers"] and row["ratios"]["wall"] > 0 for row in compared)


def test_statistics_agree_and_are_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "report.json"
    rows = measured("statistics", tmp_path / "work", report)
    assert_compared(rows, 9)
    # A line that R fails at becomes one that is not available: each that can be there must be.
    for beside, version in (
        (", beside plain R", peers_r.r_version()),
        (", beside PHEindicatormethods", peers_r.package_version()),
    ):
        lines = {case: row for case, row in rows.items() if case.endswith(beside)}
        assert_compared(lines, 0 if version is None else 9)
    printed = capsys.readouterr().out
    assert "Quick sizes" in printed
    assert "life expectancy" in printed
    document = tmp_path / "performance.md"
    document.write_text(f"before\n{render.BEGIN}\nold\n{render.END}\nafter\n")
    render.render_into(document, json.loads(report.read_text()))
    text = document.read_text()
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "old" not in text
    assert "| directly standardised rates, function |" in text


def test_where_there_is_no_r_the_line_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(peers_r, "r_version", lambda: None)
    (row,) = peers_r.compare_with_r(
        "a job",
        "3 rows",
        {},
        "proportions",
        pl.DataFrame(),
        lambda ours, theirs: "",
        options(tmp_path),
    )
    assert (row.ours, row.note) == (None, "not available: there is no Rscript on this machine")


@pytest.fixture
def no_r(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An Rscript that is none: what it is given is its answer, and it takes the same time always."""
    program = tmp_path / "bin" / "Rscript"
    program.parent.mkdir()
    program.write_text(
        "#!/bin/sh\n"
        '[ "$2" = proportions ] || { echo "Error: no such job" >&2; exit 1; }\n'
        'cp "$3" "$5"; echo 0.5 0.25\n'
        "while read -r asked; do echo 0.125 0.0625; done\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    return program


FIVE_COLUMNS = pl.DataFrame({name: [float(n), n + 0.1] for n, name in enumerate("abcde")})


def test_columns_and_times_of_r_are_understood(no_r: Path) -> None:
    with peers_r.job_in_r("proportions", FIVE_COLUMNS) as job:
        names = ["value", "lower95_0cl", "upper95_0cl", "lower99_8cl", "upper99_8cl"]
        assert list(job.answer) == names
        assert job.answer["upper99_8cl"].tolist() == [4.0, 4.1]
        assert job.first == Timing([0.5], [0.25])
        assert [job.again(), job.again()] == [Timing([0.125], [0.0625])] * 2


def test_r_that_fails_is_told_and_r_that_is_not_needed_ends(no_r: Path) -> None:
    with (
        pytest.raises(RuntimeError, match="R failed at rates: Error: no such job"),
        peers_r.job_in_r("rates", FIVE_COLUMNS),
    ):
        pass
    with (
        pytest.raises(AnswersDifferError),
        peers_r.job_in_r("proportions", FIVE_COLUMNS),
    ):
        raise AnswersDifferError


def test_r_that_ends_between_two_calls_is_told(no_r: Path) -> None:
    no_r.write_text(
        "#!/bin/sh\n"
        'cp "$3" "$5"; echo 0.5 0.25\n'
        'read -r asked; echo "Error: no memory" >&2; exit 1\n'
    )

    def ask_twice() -> None:
        with peers_r.job_in_r("proportions", FIVE_COLUMNS) as job:
            with contextlib.suppress(peers_r.RInTroubleError):
                job.again()
            # It has ended for certain now: this line finds nobody to read it.
            job.again()

    with pytest.raises(peers_r.RInTroubleError, match="R failed at proportions: Error: no memory"):
        ask_twice()


def test_lines_beside_r_take_turns(
    monkeypatch: pytest.MonkeyPatch, no_r: Path, tmp_path: Path
) -> None:
    monkeypatch.setattr(peers_r, "r_version", lambda: "4.9.9")
    monkeypatch.setattr(peers_r, "package_version", lambda: None)
    absent, row = peers_r.compare_with_r(
        "a job",
        "2 rows",
        {"function": lambda: {"value": np.array([0.0, 0.1])}},
        "proportions",
        FIVE_COLUMNS,
        lambda ours, theirs: must_agree("values", ours["value"], theirs["value"], 1e-9),
        replace(options(tmp_path), repeats=3),
    )
    assert absent.note == "not available: Rscript is there, PHEindicatormethods is not"
    assert (row.other, row.answers) == ("R 4.9.9, whole columns, no package", "values equal")
    assert row.theirs == Timing([0.125] * 3, [0.0625] * 3)
    assert row.ours is not None
    assert len(row.ours.wall) == 3


def test_a_package_that_fails_takes_no_other_line_with_it(
    monkeypatch: pytest.MonkeyPatch, no_r: Path, tmp_path: Path
) -> None:
    monkeypatch.setattr(peers_r, "r_version", lambda: "4.9.9")
    monkeypatch.setattr(peers_r, "package_version", lambda: "1.4.1")
    monkeypatch.setattr(peers_r, "dplyr_version", lambda: "1.0.0")
    failed, row = peers_r.compare_with_r(
        "a job",
        "2 rows",
        {"function": dict},
        "proportions",
        FIVE_COLUMNS,
        lambda ours, theirs: "the same",
        options(tmp_path),
    )
    assert failed.note.startswith("not available: R failed at package:proportions")
    assert failed.other == "PHEindicatormethods 1.4.1 (R 4.9.9)"
    assert row.theirs == Timing([0.125], [0.0625])


@pytest.mark.skipif(peers_r.r_version() is None, reason="there is no Rscript on this machine")
def test_r_gives_published_limits() -> None:
    """81 of 263, Wilson: Newcombe 1998, Statistics in Medicine 17: 857-872, table I."""
    with peers_r.job_in_r("proportions", pl.DataFrame({"x": [81.0], "n": [263.0]})) as job:
        assert job.answer["lower95_0cl"][0] == pytest.approx(25.53, abs=0.005)
        assert job.answer["upper95_0cl"][0] == pytest.approx(36.62, abs=0.005)
        assert len(job.again().wall) == 1


@pytest.mark.skipif(
    peers_r.package_version() is None, reason="PHEindicatormethods is not installed in R"
)
def test_the_fields_package_is_asked_for_the_same() -> None:
    frame = pl.DataFrame({"x": [81.0, 5.0], "n": [263.0, 100.0]})
    for name in ("proportions", "rates"):
        with (
            peers_r.job_in_r(name, frame) as plain,
            peers_r.job_in_r(f"package:{name}", frame) as package,
        ):
            for column, values in plain.answer.items():
                assert package.answer[column] == pytest.approx(values, rel=1e-12)


@pytest.mark.skipif(peers_r.r_version() is None, reason="there is no Rscript on this machine")
def test_a_job_that_fails_in_r_says_what_r_said() -> None:
    with (
        pytest.raises(RuntimeError, match="object 'nothing' not found"),
        peers_r.job_in_r("nothing", pl.DataFrame({"x": [1.0]})),
    ):
        pass


@pytest.mark.slow
def test_core20_agrees_with_a_notebook(work: Path, tmp_path: Path) -> None:
    assert_compared(measured("core20", work, tmp_path / "report.json"), 2)


@pytest.mark.slow
def test_every_board_is_built_without_reading_again(work: Path, tmp_path: Path) -> None:
    rows = measured("footprints,queries", work, tmp_path / "report.json")
    boards = rows["footprints: every board in one process"]["figures"]
    assert (boards["published"], boards["failed"], boards["files_read_again"]) == (2, 0, 0)
    assert rows["footprints: the whole nation"]["figures"]["published"] == 1
    assert rows["size of a release on disk"]["figures"]["parquet_mb"] > 0


@pytest.mark.slow
def test_commands_and_a_rebuild_run(work: Path, tmp_path: Path) -> None:
    rows = measured("startup,floor", work, tmp_path / "report.json")
    assert_compared(rows, 4)
    assert rows["full rebuild into an empty home, whole process"]["figures"]["steps"]


@pytest.mark.slow
def test_every_stage_of_growth_keeps_the_planted_truths(tmp_path: Path) -> None:
    record = grow(options(tmp_path)).record()
    assert [row["case"].split(",")[0] for row in record["rows"]] == [
        "generating", "landing", "reading", "deriving", "publishing",
    ]  # fmt: skip
    assert "360 of 1,800 LSOAs in Core20" in record["rows"][-1]["answers"]
    steps = record["rows"][2]["figures"]["largest_steps"]
    assert all(step["peak_mb"] >= step["before_mb"] > 0 for step in steps)


def test_readers_are_compared_form_by_form(tmp_path: Path) -> None:
    rows = measured("readers", tmp_path / "work", tmp_path / "report.json")
    assert_compared(rows, 6)
    assert {"reading csv", "reading xlsx", "reading ods", "reading gpkg"} <= set(rows)
    assert all(row["figures"]["rows_per_second"] > 0 for row in rows.values())


def test_parts_whose_module_is_absent_are_left_out() -> None:
    assert {
        "statistics",
        "readers",
        "core20",
        "floor",
        "startup",
        "growth",
        "footprints",
        "queries",
    } <= set(available_parts())
    with pytest.raises(SystemExit):
        main(["--only", "no_such_part"])


def test_ways_that_disagree_are_not_timed(tmp_path: Path) -> None:
    calls = []

    def check(ours: float, theirs: float) -> str:
        return must_agree("numbers", [ours], [theirs], 1e-9)

    with pytest.raises(AnswersDifferError, match="numbers differ"):
        compare_calls(
            "", "", lambda: calls.append(1) or 1.0, lambda: 1.1, check, options(tmp_path), other=""
        )
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


def test_processes_are_measured_with_their_children() -> None:
    child = "b = bytearray(80_000_000); import time; time.sleep(0.4)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    timing = run_process(python("-c", parent))
    assert timing.tree_mb[0] > 80 > timing.peak_mb[0]
    with pytest.raises(RuntimeError, match="ended with 1"):
        run_process(python("-c", "raise SystemExit(1)"))


def test_a_measured_process_keeps_its_bytecode(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    run_process(python("-c", "import sys; sys.exit(sys.dont_write_bytecode)"))


def test_ratios_say_how_much_less_beacon_takes() -> None:
    from benchmarks.measure import Row

    record = Row("", "", Timing([1.0, 2.0, 9.0], [1.0] * 3), Timing([8.0], [2.0])).record()
    assert record["ratios"] == {"wall": 4.0, "cpu": 2.0}


def test_footprints_cover_every_authority_once(work: Path, tmp_path: Path) -> None:
    from beacon.registry import load_footprint

    *boards, nation = [
        load_footprint(str(path))
        for path in footprint_files(work / "base" / "sample", tmp_path / "footprints")
    ]
    everywhere = sorted(code for board in boards for code in board.local_authority_codes)
    assert everywhere == sorted(nation.local_authority_codes)
    assert len(everywhere) == len(set(everywhere))
    sample = load_footprint("sample")
    assert set(sample.place_codes) == set(boards[0].place_codes)


@pytest.mark.given
def test_footprints_of_england(official_files: Path, tmp_path: Path) -> None:
    from beacon.registry import load_footprint

    paths = footprint_files(official_files, tmp_path)
    nation = load_footprint(str(paths[-1]))
    assert (len(paths) - 1, len(nation.places), len(nation.local_authority_codes)) == (42, 153, 296)
    ours = load_footprint("cheshire_merseyside")
    built = load_footprint(str(tmp_path / f"{ours.icb.code.lower()}.yaml"))
    assert set(built.place_codes) == set(ours.place_codes)


def test_profile_knows_where_time_was_spent(tmp_path: Path) -> None:
    over = threading.Event()

    def spin_for_the_profile() -> None:
        while not over.is_set():
            sum(range(1000))

    with profiling.sampling() as sampler:
        threading.Timer(0.3, over.set).start()
        spin_for_the_profile()
    summary = profiling.write_profile(tmp_path, sampler, 0.3)
    assert summary["samples"] > 0
    assert "spin_for_the_profile" in (tmp_path / "profile.collapsed").read_text()
    svg = (tmp_path / "profile.svg").read_text()
    assert svg.startswith("<svg")
    assert "spin_for_the_profile" in svg


def test_samples_are_charged_to_packages_and_stages() -> None:
    importing = (
        "beacon.cli.run_commands:_execute",
        "importlib._bootstrap:_find_and_load",
        "dagster:<module>",
        "importlib._bootstrap:_find_and_load",
        "sqlalchemy:<module>",
    )
    deriving = (
        "beacon.session:derive",
        "beacon.warehouse.connection:derive",
        "duckdb or sqlite:execute",
    )
    assert profiling.package_of(importing) == "import dagster"
    assert profiling.stage_of(importing) == "imports outside a stage"
    assert profiling.package_of(deriving) == "duckdb or sqlite"
    assert profiling.stage_of(deriving) == "deriving"
    assert profiling.beacon_function_of(deriving) == "beacon.warehouse.connection:derive"


def test_a_sampler_that_falls_over_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """A profile of the first half second once passed for one of the whole run."""

    def fall_over(frame: object) -> tuple[str, ...]:
        raise TypeError("between two lines")

    monkeypatch.setattr(profiling, "_stack_of", fall_over)
    with pytest.raises(TypeError, match="between two lines"), profiling.sampling():
        time.sleep(0.1)
