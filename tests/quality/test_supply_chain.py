"""No secret in a tracked file, and no known vulnerability in what a server installs."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HOOK = Path(sys.executable).parent / "detect-secrets-hook"


def _scan(files: list[str], tmp_path: Path) -> subprocess.CompletedProcess[str]:
    # The hook moves line numbers in the baseline that it is given; the committed one stays.
    baseline = tmp_path / "baseline"
    shutil.copy(ROOT / ".secrets.baseline", baseline)
    return subprocess.run(
        [str(HOOK), "--baseline", str(baseline), *files],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


@pytest.mark.slow
def test_no_tracked_file_holds_a_secret(tmp_path: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    done = _scan([name for name in listed.stdout.splitlines() if (ROOT / name).is_file()], tmp_path)
    # 3: the same findings on other lines.
    assert done.returncode in (0, 3), (
        f"{done.stdout}\nIf it is no secret: `detect-secrets scan --baseline .secrets.baseline`, "
        "look at the difference, commit."
    )


@pytest.mark.parametrize(
    "line",
    [
        f'aws = "AKIA{"Q7ZK" * 4}"\n',
        f'api_key = "{"x9Fq" * 6}"\n',
        f"-----BEGIN RSA {'PRIVATE'} KEY-----\n",
        f'url = "postgresql://beacon:{"s3cr" * 3}@db/beacon"\n',
    ],
    ids=["aws", "keyword", "private key", "address"],
)
def test_a_file_with_a_secret_is_found(line: str, tmp_path: Path) -> None:
    leaked = tmp_path / "settings.py"
    leaked.write_text(line)
    done = _scan([str(leaked)], tmp_path)
    assert done.returncode == 1
    assert "settings.py" in done.stdout


@pytest.mark.slow
def test_nothing_that_a_server_installs_has_a_known_vulnerability() -> None:
    if shutil.which("uv") is None:
        pytest.skip("uv is not installed")
    done = subprocess.run(
        [sys.executable, str(ROOT / ".ci" / "audit")],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if done.returncode == 2:
        pytest.skip(done.stdout.strip()[:400])
    assert done.returncode == 0, done.stdout + done.stderr
