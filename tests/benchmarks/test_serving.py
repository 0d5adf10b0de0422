"""The benchmark of the service works, and finds no answer of two releases."""

import json
from pathlib import Path

import pytest

from benchmarks.serving import ASKED, main


def test_every_question_is_measured_while_releases_are_published(
    published_sample: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    main(["--home", str(published_sample), "--seconds", "1", "--clients", "1"])
    *rows, last = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert [row["asked"] for row in rows] == list(ASKED)
    assert all(row["failed"] == 0 and row["requests"] > 0 for row in rows)
    assert last["memory_mb"] > 0
