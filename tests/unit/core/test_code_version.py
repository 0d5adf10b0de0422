"""A version of code: what is said about the code leaves it alone, what it does changes it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from beacon.core import code_version as versions

MODULE = '''"""What it is for."""

import json

from beacon.low import LIMIT


class Reader:
    """Reads."""

    size = 3
    """How many."""


def read(text):
    """Read it."""
    # Why.
    return json.loads(text)[:LIMIT]
'''

Version = Callable[..., str]


@pytest.fixture
def version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Version:
    """The version of `beacon.high` with some of its text, or of another module, replaced."""
    package = tmp_path / "beacon"
    package.mkdir()
    monkeypatch.setattr(versions, "_PACKAGE", package)

    def forget() -> None:
        versions._module.cache_clear()
        versions._modules.cache_clear()

    def of(old: str = "", new: str = "", low: str = "LIMIT = 5\n", other: str = "") -> str:
        assert old in MODULE
        (package / "high.py").write_text(MODULE.replace(old, new) if old else MODULE)
        (package / "low.py").write_text(low)
        (package / "other.py").write_text(other)
        forget()
        return versions.code_version(["beacon.high"])

    yield of
    forget()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("What it is for.", "What it is really for."),
        ("Reads.", "Reads, and closes."),
        ("How many.", "How many there are."),
        ("Read it.", "Read its rows."),
        ("# Why.", "# Why not."),
        ("    # Why.\n", ""),
        ("import json\n", "\n\n# Of the library.\nimport json\n"),
        ("json.loads(text)[:LIMIT]", "json.loads( text )[ :LIMIT ]"),
    ],
)
def test_words_and_layout_leave_it_the_same(version: Version, old: str, new: str) -> None:
    assert version(old, new) == version()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("size = 3", "size = 4"),
        ("import json", "import marshal as json"),
        ("from beacon.low import LIMIT", "from beacon.other import LIMIT"),
        ("[:LIMIT]", "[: LIMIT + 1]"),
        ("def read(text)", "def read(text=None)"),
        ("return json", "return not json"),
    ],
)
def test_an_import_a_constant_or_a_statement_changes_it(
    version: Version, old: str, new: str
) -> None:
    assert version(old, new) != version()


def test_modules_that_are_imported_count_and_others_do_not(version: Version) -> None:
    assert version(low="LIMIT = 6\n") != version()
    assert version(low="# Enough.\nLIMIT = 5\n") == version()
    assert version(other="LIMIT = 7\n") == version()


def test_an_import_inside_a_function_and_a_circle_are_followed(version: Version) -> None:
    circle = "def limit():\n    from beacon import high, other\n\nLIMIT = 5\n"
    assert version(low=circle, other="A = 1\n") != version(low=circle, other="A = 2\n")


def test_versions_of_libraries_count(version: Version, monkeypatch: pytest.MonkeyPatch) -> None:
    version()
    before = versions.code_version(["beacon.high"], ["polars"])
    monkeypatch.setattr(versions, "version", lambda _: "0")
    assert versions.code_version(["beacon.high"], ["polars"]) != before


def test_a_module_that_does_not_exist_is_an_error(version: Version) -> None:
    with pytest.raises(ModuleNotFoundError, match=r"beacon\.nowhere"):
        versions.code_version(["beacon.nowhere"])
