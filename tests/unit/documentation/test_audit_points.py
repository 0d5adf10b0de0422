"""The page of audit points names tests that exist, for every point."""

from __future__ import annotations

import re
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[3]
PAGE = (PROJECT / "docs" / "audit_points.md").read_text(encoding="utf-8")
ROWS = {
    match[1]: line
    for line in PAGE.splitlines()
    if (match := re.match(r"\| ([NSUR]\d+) \|", line)) is not None
}


def test_every_point_is_there_once() -> None:
    wanted = [f"N{n}" for n in range(1, 10)] + [f"S{n}" for n in range(1, 11)]
    wanted += [f"U{n}" for n in range(1, 17)] + [f"R{n}" for n in range(1, 10)]
    assert list(ROWS) == wanted


def test_every_test_that_is_named_exists() -> None:
    for point, line in ROWS.items():
        named = re.findall(r"`(\S+\.py)::(test_\w+)`", line)
        assert named, f"{point} names no test"
        for file, test in named:
            text = (PROJECT / "tests" / file).read_text(encoding="utf-8")
            assert re.search(rf"^(?:async )?def {test}\(", text, re.MULTILINE), (point, file, test)
