"""What decides the content of a release, as one hash: has anything changed since the last one?"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from beacon.core.code_version import code_version
from beacon.core.files import read_json, write_json
from beacon.core.home import Home
from beacon.core.paths import ResourceName, resource_dir
from beacon.ingest.landing_store import LandingStore
from beacon.people.load_crossed import crossed_digest
from beacon.workspace import Workspace

# Where the way from landed bytes to checked marts begins; what they import is followed.
_MODULES = (
    "beacon.ingest.stage",
    "beacon.sources.readers",
    "beacon.warehouse.transform",
    "beacon.checks.check_tables",
    "beacon.release.parquet",
)
_LIBRARIES = (
    "duckdb",
    "great-expectations",
    "polars",
    "pyarrow",
    "pyogrio",
    "python-calamine",
    "scipy",
    "shapely",
)
_FACTS: tuple[tuple[ResourceName, str], ...] = (
    ("sql", "**/*.sql"),
    ("expectations", "**/*.yaml"),
    ("reference_data", "**/*.yaml"),
)


@cache
def code_digest() -> str:
    """A hash of the code, SQL, contracts, curated facts and libraries that make the marts."""
    digest = hashlib.sha256(code_version(_MODULES, _LIBRARIES).encode())
    for name, pattern in _FACTS:
        folder = resource_dir(name)
        for path in sorted(folder.glob(pattern)):
            digest.update(path.relative_to(folder).as_posix().encode())
            digest.update(_without_comments(path))
    return digest.hexdigest()


def _without_comments(path: Path) -> bytes:
    """The lines of a file that are not comments as a whole; a SQL header counts."""
    mark = b"#" if path.suffix == ".yaml" else b"-- "
    headers = (b"-- table:", b"-- depends:", b"-- columns:")
    return b"\n".join(
        line
        for line in path.read_bytes().splitlines()
        if not line.lstrip().startswith(mark) or line.startswith(headers)
    )


def build_fingerprint(workspace: Workspace, store: LandingStore) -> str:
    """A hash of all that decides the content of a release.

    Inputs in use, what crossed from the secure home, signatures, code, footprint, and which of the
    targets' due dates have passed.
    """
    digest = hashlib.sha256()
    day = workspace.judged_on
    passed = [
        (target.id, number)
        for target in workspace.targets.targets
        for number, step in enumerate(target.stated)
        if target.status_on(day, step) == "expired"
    ]
    digest.update(repr(passed).encode())
    digest.update(code_digest().encode())
    digest.update(workspace.footprint.model_dump_json().encode())
    current = store.current(fictional=workspace.is_fictional)
    for name in sorted(current):
        landed = current[name]
        spec = workspace.register.datasets.get(landed.key)
        if spec is not None and workspace.needed.part(spec, landed.members):
            digest.update(f"{name}:{landed.sha256}".encode())
    signed = {slug: one.checked_by for slug, one in workspace.indicators.items() if one.checked_by}
    digest.update(repr(signed).encode())
    digest.update(crossed_digest(workspace.home.root).encode())
    return digest.hexdigest()


def _built_file(home: Home) -> Path:
    return home.state / "built.json"


def remember_build(home: Home, label: str, fingerprint: str) -> None:
    """Keep that a build of the present inputs and code says what a release says.

    A change of code alone often changes no number; without this every later run would build
    everything, because the release's own manifest names the older code.
    """
    write_json(_built_file(home), {"release": label, "fingerprint": fingerprint})


def is_built(home: Home, label: str, manifest: dict[str, Any], fingerprint: str) -> bool:
    """Whether a build with this fingerprint is known to give this release."""
    if manifest.get("build_fingerprint") == fingerprint:
        return True
    known: object = read_json(_built_file(home))
    return known == {"release": label, "fingerprint": fingerprint}
