"""Shipped files are found from a checkout and from a wheel."""

from __future__ import annotations

from pathlib import Path

import pytest

from beacon.core import paths


def test_checkout_comes_first() -> None:
    root = Path(__file__).resolve().parents[3]
    assert paths.resource_dir("sql") == root / "sql"


def test_bundled_copy_serves_a_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "site-packages" / "beacon"
    bundled = package / "_resources" / "sql"
    bundled.mkdir(parents=True)
    (tmp_path / "site-packages" / "sql").mkdir()  # another package's, beside ours
    monkeypatch.setattr(paths, "_PACKAGE", package)
    assert paths.resource_dir("sql") == bundled
    with pytest.raises(paths.ResourceNotFoundError, match="neither beside the package"):
        paths.resource_dir("expectations")


def test_unknown_resources() -> None:
    with pytest.raises(paths.ResourceNotFoundError, match="there are: sql"):
        paths.resource_dir("secrets")  # type: ignore[arg-type]
