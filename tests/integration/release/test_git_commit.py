"""A release names the commit of the checkout that made it, however it was checked out."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from beacon.release.build import git_commit

Git = Callable[..., str]


@pytest.fixture
def git(tmp_path: Path) -> Git:
    """Runs Git in a folder; the first commit of `checkout` is there."""
    program = shutil.which("git")
    if program is None:
        pytest.skip("git is not installed")

    def run(*arguments: str, folder: str = "checkout") -> str:
        who = ("-c", "user.name=A", "-c", "user.email=a@b.example", "-c", "commit.gpgsign=false")
        done = subprocess.run(
            [program, *who, *arguments],
            cwd=tmp_path / folder,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    (tmp_path / "checkout").mkdir()
    run("init", "--quiet")
    run("commit", "--quiet", "--allow-empty", "--message", "First")
    return run


@pytest.mark.parametrize("packed", [False, True])
def test_a_checkout_and_its_worktrees(git: Git, tmp_path: Path, packed: bool) -> None:
    git("worktree", "add", "--quiet", "-b", "topic/other", str(tmp_path / "tree"))
    git("commit", "--quiet", "--allow-empty", "--message", "Second", folder="tree")
    git("worktree", "add", "--quiet", "--detach", str(tmp_path / "detached"))
    if packed:
        git("pack-refs", "--all")
    commits = {name: git("rev-parse", "HEAD", folder=name) for name in ("checkout", "tree")}
    assert commits["checkout"] != commits["tree"]
    for name in ("checkout", "tree"):
        assert git_commit(tmp_path / name) == commits[name]
    assert git_commit(tmp_path / "detached") == commits["checkout"]


def test_outside_a_checkout_it_is_unknown(tmp_path: Path) -> None:
    assert git_commit(tmp_path) == "unknown"
    (tmp_path / ".git").write_text("gitdir: nowhere\n")
    assert git_commit(tmp_path) == "unknown"
