"""Lint, format, types, import rules and the Dagster code location, as tests like any other."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(["ruff", "check", "."], id="lint"),
        pytest.param(["ruff", "format", "--check", "."], id="format"),
        pytest.param(["mypy"], id="types"),
        pytest.param(["lint-imports", "--no-cache"], id="imports"),
        pytest.param(["dg", "check", "defs"], id="dagster"),
    ],
)
def test_tool_finds_nothing(command: list[str], tmp_path: Path) -> None:
    import os

    environment = {
        **os.environ,
        "BEACON_HOME": str(tmp_path / "home"),
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "DAGSTER_HOME": str(tmp_path),
        "DG_CLI_CONFIG": str(tmp_path / "dg.toml"),
        "DAGSTER_DISABLE_TELEMETRY": "1",
    }
    done = subprocess.run(
        [str(BIN / command[0]), *command[1:]],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-3000:]


def test_workspace_names_the_code_location() -> None:
    import yaml

    workspace = yaml.safe_load((ROOT / "workspace.yaml").read_text())
    assert workspace == {"load_from": [{"python_module": "pipelines.definitions"}]}


def test_nothing_given_and_no_machine_path_is_in_the_project() -> None:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    binary = (".xlsx", ".xls", ".ods", ".gpkg", ".zip", ".parquet", ".7z")
    assert [name for name in listed.stdout.splitlines() if name.endswith(binary)] == []
