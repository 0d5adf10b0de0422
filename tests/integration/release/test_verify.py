"""Verification finds every kind of damage."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from beacon.core.files import canonical_json, sha256_of
from beacon.release import layout
from beacon.release.layout import Release
from beacon.release.verify import verify_release
from tests.integration.release.conftest import SmallRun


def rewrite(path: Path, content: bytes) -> None:
    path.chmod(0o644)
    path.write_bytes(content)


def flip_a_bit(release: Release) -> None:
    path = release.path / "place.parquet"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    rewrite(path, bytes(content))


def truncate(release: Release) -> None:
    path = release.path / "place.parquet"
    rewrite(path, path.read_bytes()[:-1])


def remove(release: Release) -> None:
    (release.path / "views.sql").unlink()


def add(release: Release) -> None:
    (release.path / "extra.parquet").write_bytes(b"x")


def remove_checksums(release: Release) -> None:
    (release.path / layout.CHECKSUMS).unlink()


def break_manifest(release: Release) -> None:
    rewrite(release.path / layout.MANIFEST, b"{")


def replace_consistently(release: Release) -> None:
    """A forger who also mends SHA256SUMS is caught by the manifest."""
    path = release.path / "place.parquet"
    before = sha256_of(path)
    rewrite(path, (release.path / "core20_lsoa.parquet").read_bytes())
    sums = release.path / layout.CHECKSUMS
    rewrite(sums, sums.read_text().replace(before, sha256_of(path)).encode())


def replace_manifest_too(release: Release) -> None:
    """One who also mends the manifest is caught by the pointer."""
    path = release.path / layout.MANIFEST
    before = sha256_of(path)
    manifest = json.loads(path.read_text())
    manifest["notice"] = "nothing to see"
    rewrite(path, canonical_json(manifest).encode())
    sums = release.path / layout.CHECKSUMS
    rewrite(sums, sums.read_text().replace(before, sha256_of(path)).encode())


def swap_directory(release: Release) -> None:
    """Another release's files under this label."""
    path = release.path / layout.MANIFEST
    manifest = json.loads(path.read_text())
    manifest["release"] = "v2020.01.01-1"
    rewrite(path, canonical_json(manifest).encode())


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (flip_a_bit, "place.parquet has changed"),
        (truncate, "place.parquet has changed"),
        (remove, "views.sql is missing"),
        (add, "extra.parquet was added"),
        (remove_checksums, "SHA256SUMS is missing"),
        (break_manifest, "manifest.json cannot be read"),
        (replace_consistently, "place.parquet is not the one in the manifest"),
        (replace_manifest_too, "latest.json names another manifest"),
        (swap_directory, "the manifest is that of v2020.01.01-1"),
    ],
)
def test_damage_is_found(small: SmallRun, damage: Callable[[Release], None], said: str) -> None:
    release = small.publish().release
    assert verify_release(small.home, release).intact
    damage(release)
    result = verify_release(small.home, release)
    assert not result.intact
    assert any(said in fault for fault in result.faults), result.faults


def test_the_command_fails_on_damage(small: SmallRun) -> None:
    from typer.testing import CliRunner

    from beacon.cli.main import app

    release = small.publish().release
    command = ["verify", "--home", str(small.home.root)]
    assert CliRunner().invoke(app, command).exit_code == 0
    flip_a_bit(release)
    failed = CliRunner().invoke(app, command)
    assert failed.exit_code == 1
    assert "DAMAGED" in failed.stdout
    assert "place.parquet has changed" in failed.stdout
