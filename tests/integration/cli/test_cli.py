"""The command line as people use it, on a published sample."""

import csv
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from beacon.cli.main import app
from beacon.core.home import Home
from beacon.operations.runs import list_runs

ROOT = Path(__file__).resolve().parents[3]


def beacon(*arguments: str, home: Path | None = None, code: int = 0) -> str:
    found = CliRunner().invoke(app, [*arguments, *(["--home", str(home)] if home else [])])
    assert found.exit_code == code, found.output + repr(found.exception)
    return found.stdout


def test_query_gives_the_cohort_as_csv(sample_home: Path) -> None:
    text = beacon("query", "select * from core20_cohort", "--format", "csv", home=sample_home)
    rows = list(csv.DictReader(io.StringIO(text)))
    wanted = {
        "area_code",
        "area_name",
        "imd_vintage",
        "sex",
        "age_band",
        "core20",
        "people",
        "lsoas",
    }
    assert wanted <= set(rows[0])
    totals = [row for row in rows if row["sex"] == "Persons" and row["age_band"] == "All ages"]
    assert {row["core20"] for row in totals} == {"true", "false"}
    assert len({row["area_code"] for row in totals}) == 9 + 2


def test_query_gives_json_and_a_table(sample_home: Path) -> None:
    rows = json.loads(
        beacon("query", "select 1 as one, null as none", "--format", "json", home=sample_home)
    )
    assert rows == [{"one": 1, "none": None}]
    assert "place_name" in beacon("query", "select place_name from place", home=sample_home)


@pytest.mark.parametrize(
    "sql",
    [
        "create table t as select 1",
        "select * from read_csv('/etc/passwd')",
        "copy (select 1) to '/tmp/beacon-should-not-exist.csv'",
        "set enable_external_access = true",
        "install spatial",
        "attach '/tmp/other.duckdb'",
    ],
)
def test_query_can_change_and_read_nothing_else(sample_home: Path, sql: str) -> None:
    found = CliRunner().invoke(app, ["query", sql, "--home", str(sample_home)])
    if sql.startswith("create"):
        # A table in memory harms nobody and is gone at once; the release is not touched.
        from beacon.core.home import Home
        from beacon.release.layout import get_release
        from beacon.release.verify import verify_release

        home = Home(sample_home)
        assert verify_release(home, get_release(home)).intact
        return
    assert found.exit_code != 0
    assert not Path("/tmp/beacon-should-not-exist.csv").exists()


def test_a_wrong_query_is_one_sentence_without_a_traceback(sample_home: Path) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "beacon.cli.main",
            "query",
            "select nothing",
            "--home",
            str(sample_home),
        ],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 1
    assert "The query failed" in done.stderr
    assert "Traceback" not in done.stderr


def test_releases_and_verify(sample_home: Path) -> None:
    assert "current" in beacon("releases", home=sample_home)
    assert "fictional" in beacon("releases", home=sample_home)
    assert "intact" in beacon("verify", home=sample_home)
    (mart,) = (sample_home / "releases").glob("*/place.parquet")
    mart.chmod(0o644)
    mart.write_bytes(mart.read_bytes()[:-1] + b"?")
    assert "place.parquet has changed" in beacon("verify", home=sample_home, code=1)


def test_indicators_lists_all_22_with_their_state(sample_home: Path) -> None:
    rows = json.loads(beacon("indicators", "--format", "json", home=sample_home))
    assert [row["id"] for row in rows] == list(range(1, 23))
    life = rows[0]
    assert life["status"] == "published"
    assert life["places"] == "9 of 9"
    shown = beacon("indicators", "2", home=sample_home)
    assert "direction     high is good" in shown
    assert "null" not in shown.lower()
    assert "definition" in beacon("indicators", "life_expectancy", home=sample_home)
    assert "next          beacon trace 2 PLACE" in shown


def test_trace_says_why_a_value_with_counts_has_no_limits(sample_home: Path) -> None:
    modelled = beacon("trace", "fuel_poverty", "Dunmarrow", home=sample_home)
    (counts,) = re.findall(r"^counts +(\d+) of (\d+)$", modelled, re.MULTILINE)
    (value,) = re.findall(r"^value +([\d.]+) percent", modelled, re.MULTILINE)
    assert int(counts[0]) / int(counts[1]) * 100 == pytest.approx(float(value))
    assert "no limits published, and none computed: the counts are modelled" in modelled
    assert "no counts" not in modelled
    without = beacon("trace", "attainment8", "Dunmarrow", "--sex", "Persons", home=sample_home)
    assert "no limits published, and no counts to compute them from" in without
    assert "\ncounts " not in without


def test_what_is_missing_is_named_with_its_reason(sample_home: Path) -> None:
    rows = json.loads(beacon("indicators", "--all", "--missing", "--json", home=sample_home))
    assert rows
    assert all(row["places"].startswith("0 of") and row["why"] for row in rows)


def test_columns_are_chosen_and_a_misspelt_one_is_told(sample_home: Path) -> None:
    sql = "select place_name, people, lsoas from place"
    text = beacon(
        "query", sql, "--columns", "lsoas,place_name", "--format", "csv", home=sample_home
    )
    assert text.splitlines()[0] == "lsoas,place_name"
    found = CliRunner().invoke(
        app, ["query", sql, "--columns", "peopel", "--home", str(sample_home)]
    )
    assert "Did you mean 'people'?" in str(found.exception)


@pytest.mark.parametrize(
    "arguments",
    [
        ("releases",), ("verify",), ("indicators",), ("targets",), ("aspirations",), ("doctor",),
        ("alerts",), ("returns", "list"), ("query", "select 1 as a"), ("trace", "1", "Dunmarrow"),
    ],
)  # fmt: skip
def test_every_command_that_prints_a_table_gives_json(
    arguments: tuple[str, ...], sample_home: Path
) -> None:
    rows = json.loads(beacon(*arguments, "--json", home=sample_home))
    assert isinstance(rows, list)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--help",), ("run", "--help"), ("stats", "--help"), ("releases",), ("verify",), ("indicators",),
        ("indicators", "--all"), ("indicators", "15"), ("targets",), ("aspirations",), ("doctor",),
        ("query", "from scorecard limit 2"), ("query", "from scorecard limit 9"), ("status",),
        ("query", "from target"), ("sources",), ("targets", "--place", "Dunmarrow"),
    ],
)  # fmt: skip
def test_nothing_is_wider_than_80_columns(
    arguments: tuple[str, ...], sample_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("BEACON_HOME", str(sample_home))
    found = CliRunner().invoke(app, [*arguments])
    assert found.exception is None or isinstance(found.exception, SystemExit), found.output
    paths = [line for line in found.stdout.splitlines() if len(line) > 80 and "/" not in line]
    assert paths == []
    assert "\x1b" not in found.stdout


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (("indicators", "life_expectency"), "'life_expectancy'"),
        (("trace", "fuel_povrty", "Dunmarrow"), "'fuel_poverty'"),
        (("trace", "16", "Dunmarow"), "'Dunmarrow'"),
        (("targets", "smoking_cheshire"), "'smoking_cheshire_merseyside'"),
        (("targets", "--place", "Dunmarow"), "'Dunmarrow'"),
    ],
)
def test_a_misspelt_name_is_told_with_what_is_like_it(
    arguments: tuple[str, ...], meant: str, sample_home: Path
) -> None:
    found = CliRunner().invoke(app, [*arguments, "--home", str(sample_home)])
    assert found.exit_code == 1
    assert "Did you mean " in str(found.exception)
    assert meant in str(found.exception)


def test_a_folder_without_official_files_is_said_before_any_table_is_made(tmp_path: Path) -> None:
    folder = tmp_path / "inputs"
    folder.mkdir()
    (folder / "notes.csv").write_text("a,b\n1,2\n")
    (folder / "linked").symlink_to(tmp_path, target_is_directory=True)
    home = tmp_path / "home"
    found = CliRunner().invoke(
        app, ["run", "--inputs", "folder", "--folder", str(folder), "--home", str(home)]
    )
    assert found.exit_code == 1
    assert f"{folder} has no file that Beacon can use, of 1 looked at" in str(found.exception)
    assert "Links to folders are not followed" in str(found.exception)
    assert not (home / "warehouse.duckdb").exists()
    assert [run.outcome for run in list_runs(Home(home))] == ["failed"]
    # A file that was meant to be one is named with what is wrong with it.
    (folder / "File_7_-_IMD2025.csv").write_text("<html>Sorry</html>")
    found = CliRunner().invoke(
        app, ["run", "--inputs", "folder", "--folder", str(folder), "--home", str(home)]
    )
    assert "of 2 looked at" in str(found.exception)


def test_a_misspelt_release_is_told_with_what_is_like_it(sample_home: Path) -> None:
    (label,) = (
        row["release"] for row in json.loads(beacon("releases", "--json", home=sample_home))
    )
    found = CliRunner().invoke(app, ["verify", label[:-1] + "7", "--home", str(sample_home)])
    assert f"Did you mean '{label}'?" in str(found.exception)


def test_the_version_and_the_defaults_are_told() -> None:
    assert beacon("--version").startswith("beacon ")
    text = " ".join(beacon("run", "--help").split())
    for default in ("./data", "sample", "sample for the sample, else cheshire_merseyside"):
        assert f"default: ({default}" in text
    assert "BEACON_HOME" in text
    assert "--install-completion" in beacon("--help")


def test_python_dash_m_beacon_is_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "beacon", "--version"],
        capture_output=True, text=True, cwd=ROOT, check=True,
    )  # fmt: skip
    assert done.stdout.startswith("beacon ")


def test_a_quiet_command_says_nothing(sample_home: Path) -> None:
    assert beacon("prune", "--keep", "9", "--quiet", home=sample_home) == ""
    assert beacon("prune", "--keep", "9", home=sample_home) == "Nothing to remove.\n"


def test_doctor_finds_this_machine_fit(sample_home: Path) -> None:
    text = beacon("doctor", home=sample_home)
    assert "FAIL" not in text
    assert "declared, all valid" in text


def test_without_a_release_the_way_on_is_said(tmp_path: Path) -> None:
    found = CliRunner().invoke(app, ["query", "select 1", "--home", str(tmp_path)])
    assert found.exit_code == 1
    assert "beacon run" in str(found.exception)


def test_the_sample_is_refused_at_once_over_official_releases(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    official = SimpleNamespace(manifest={"fictional": False})
    monkeypatch.setattr("beacon.release.layout.latest_release", lambda home: official)
    found = CliRunner().invoke(app, ["run", "--home", str(tmp_path)])
    assert found.exit_code == 1
    assert f"beacon run --inputs folder --folder FOLDER --home {tmp_path}" in str(found.exception)
    assert not (tmp_path / "sample").exists()


def test_the_home_comes_from_the_environment(
    sample_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BEACON_HOME", str(sample_home))
    assert "intact" in beacon("verify")


def test_help_needs_no_heavy_import() -> None:
    code = (
        "import sys; import beacon.cli.main; "
        "print([m for m in ('dagster', 'polars', 'pandas', 'duckdb', 'great_expectations', "
        "'geopandas', 'pydantic', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert done.stdout.strip() == "[]"


def test_a_run_without_news_loads_no_library_of_checks(sample_home: Path) -> None:
    code = (
        "import sys; from beacon.cli.main import main; "
        f"sys.argv = ['beacon', 'run', '--home', {str(sample_home)!r}]\n"
        "try:\n    main()\nexcept SystemExit as ended:\n    print('exit', ended.code)\n"
        "print([m for m in ('pandas', 'great_expectations', 'geopandas', 'openpyxl') "
        "if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert "(unchanged)" in done.stdout
    assert done.stdout.splitlines()[-2:] == ["exit 0", "[]"]


def test_run_refuses_a_folder_that_is_not_there(tmp_path: Path) -> None:
    found = CliRunner().invoke(
        app,
        ["run", "--inputs", "folder", "--folder", str(tmp_path / "no"), "--home", str(tmp_path)],
    )
    assert found.exit_code == 1
    assert "does not exist" in found.output


def test_run_publishes_then_says_unchanged_then_names_a_damaged_file(tmp_path: Path) -> None:
    home = tmp_path / "home"
    environment = {**os.environ, "BEACON_HOME": str(home)}

    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "beacon.cli.main", "run"],
            capture_output=True, text=True, cwd=tmp_path, env=environment, check=False,
        )  # fmt: skip

    first = run()
    assert first.returncode == 0, first.stdout + first.stderr
    assert "(published)" in first.stdout
    assert "FICTIONAL SAMPLE" in first.stdout
    second = run()
    assert second.returncode == 0
    assert "(unchanged)" in second.stdout
    (damaged,) = (home / "sample").glob("imd2025/*File_1*.xlsx")
    whole = damaged.read_bytes()
    damaged.write_bytes(whole[:5000])
    third = run()
    assert third.returncode == 3, third.stdout
    assert "(unchanged)" in third.stdout
    assert f"REFUSED  {damaged.name}" in third.stdout
    damaged.write_bytes(whole)
    mended = run()
    assert mended.returncode == 0, "what an earlier night could not read is no news of this one"
    assert "REFUSED" not in mended.stdout
    assert {path.name for path in tmp_path.iterdir()} == {"home"}, "nothing outside the home"


def test_a_copy_that_cannot_be_used_is_said_and_is_no_fault(sample_home: Path) -> None:

    from beacon.cli.run_commands import _exit_code, _notes
    from beacon.core.settings import Settings
    from beacon.pipeline import land
    from beacon.workspace import Workspace

    (good,) = (sample_home / "sample").glob("imd2025/*File_1*.xlsx")
    copy = good.with_name(good.stem + "_copy.xlsx")
    copy.write_bytes(good.read_bytes()[:5000])
    workspace = Workspace(Settings(home=sample_home, inputs="sample"))
    land(workspace)
    outcome = {"success": True, "quiet": False}
    assert [copy.name in note for note in _notes(workspace, outcome)] == [True]
    assert _exit_code(workspace, outcome) == 0
