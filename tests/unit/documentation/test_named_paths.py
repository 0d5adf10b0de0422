"""Tests that the documents name exist."""

from __future__ import annotations

import re
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[3]
DOCUMENTS = [*PROJECT.glob("*.md"), *PROJECT.glob("docs/**/*.md"), *PROJECT.glob("deploy/*.md")]
# A changelog and decisions also tell of what was there once.
NOW = [path for path in DOCUMENTS if path.name != "CHANGELOG.md" and "decisions" not in path.parts]


def test_every_folder_and_file_of_tests_that_a_document_names_exists() -> None:
    named = {
        (path.name, found.rstrip("."))
        for path in NOW
        for found in re.findall(r"\btests/[a-z][\w./-]*", path.read_text(encoding="utf-8"))
    }
    missing = [each for each in named if not (PROJECT / each[1]).exists()]
    assert not missing
    assert len(named) > 10
