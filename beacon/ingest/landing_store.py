"""The landing store: publishers' bytes, kept for ever under their own hash.

Layout: `landing/<source>/<dataset>[/<part>]/<sha256>/<original file name>` with a sidecar
`<original file name>.landing.json` beside it; `landing/current.json`, which names the last accepted
object of every dataset; and `landing/history.jsonl`, a line for each time that this changed.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import uuid
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from beacon.core.errors import BeaconError
from beacon.core.files import copy_hashed, read_json, sha256_of, write_json

if TYPE_CHECKING:
    from beacon.registry.sources import Container, DatasetSpec


@dataclass(frozen=True)
class LandedObject:
    """One publisher's file as it was received.

    Attributes:
        key: `source/dataset`.
        part: Part of a dataset of several files, else empty.
        members: Publisher's series in it, where a dataset is split by series.
        sha256: Hash of the bytes.
        file: Path of the bytes relative to the landing directory.
        origin: Where they came from: a URL, or a path relative to the folder that was read.
        original_name: File name as received.
        container: Format of the file.
        retrieved_at: When they were first received, UTC, ISO 8601.
        vintage: The vintage that the register gives the dataset.
        size_bytes: Size.
        fictional: True for the sample's files.
    """

    key: str
    part: str
    members: tuple[str, ...]
    sha256: str
    file: str
    origin: str
    original_name: str
    container: Container
    retrieved_at: str
    vintage: str
    size_bytes: int
    fictional: bool

    @property
    def name(self) -> str:
        """Dataset key and part, for people."""
        return part_name(self.key, self.part)


def part_name(key: str, part: str) -> str:
    """Dataset key and part as one name; `key_of` is the way back."""
    return f"{key}/{part}" if part else key


def key_of(name: str) -> str:
    """The dataset of a part: a key is `source/dataset`."""
    return "/".join(name.split("/")[:2])


class LandingStore:
    """The landing directory of a home. Objects are never changed once stored."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    @property
    def _current_file(self) -> Path:
        return self.directory / "current.json"

    def path_of(self, landed: LandedObject) -> Path:
        """Where an object's bytes are."""
        return self.directory / landed.file

    def store(
        self,
        source: Path,
        spec: DatasetSpec,
        *,
        part: str,
        members: tuple[str, ...],
        container: Container,
        origin: str,
        retrieved_at: str,
        fictional: bool,
        sha256: str | None = None,
        headers: dict[str, str] | None = None,
        details: dict[str, Any] | None = None,
    ) -> LandedObject:
        """Keep a file's bytes, unless the same bytes are kept already.

        `headers` is what a server said of the file, `details` what else its sidecar should say,
        such as who approved a local return.

        Returns:
            The object; for bytes already kept, the record made when they were first received,
            whatever name they came under then.

        Raises:
            BeaconError: When the file changed while it was being copied.
        """
        digest = sha256 or sha256_of(source)
        target_dir = self._object_dir(spec, part, digest)
        known = _kept_in(target_dir)
        if known is not None:
            kept = target_dir / known.original_name
            if not kept.is_file() or kept.stat().st_size != known.size_bytes:
                self._write_object(source, kept, digest)
            return known
        name = source.name
        sidecar = target_dir / f"{name}.landing.json"
        landed = LandedObject(
            key=spec.key,
            part=part,
            members=members,
            sha256=digest,
            file=str((target_dir / name).relative_to(self.directory)),
            origin=origin,
            original_name=name,
            container=container,
            retrieved_at=retrieved_at,
            vintage=spec.dataset.vintage,
            size_bytes=source.stat().st_size,
            fictional=fictional,
        )
        self._write_object(source, target_dir / name, digest)
        write_json(
            sidecar,
            {
                **asdict(landed),
                "publisher": spec.source.publisher,
                "licence": spec.source.licence,
                "attribution": spec.source.attribution,
                "headers": headers or {},
                **({"details": details} if details else {}),
            },
        )
        return landed

    def _object_dir(self, spec: DatasetSpec, part: str, digest: str) -> Path:
        folder = self.directory / spec.source.id / spec.dataset.id
        if part:
            folder = folder / part[:80]
        return folder / digest

    def _write_object(self, source: Path, target: Path, digest: str) -> None:
        target_dir = target.parent
        target_dir.parent.mkdir(parents=True, exist_ok=True)
        temporary = target_dir.parent / f".{uuid.uuid4().hex}.partial"
        temporary.mkdir()
        try:
            copied = copy_hashed(source, temporary / target.name)
            if copied != digest:
                raise BeaconError(f"{source.name} changed while it was being read. Run again.")
            (temporary / target.name).chmod(0o444)
            if _kept_in(target_dir) is not None:
                # Damaged bytes are mended; their record stays.
                (temporary / target.name).replace(target)
                return
            if target_dir.exists():
                # A crash between the bytes and the sidecar left an object without its record.
                shutil.rmtree(target_dir)
            temporary.replace(target_dir)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)

    def current(self, *, fictional: bool) -> dict[str, LandedObject]:
        """The last good object of each dataset part, by name. Fictional and official are apart."""
        records = (read_json(self._current_file) or {}).get(_realm(fictional), {})
        return {name: landed_from_json(record) for name, record in records.items()}

    def accept(self, landed: list[LandedObject], *, fictional: bool) -> None:
        """Make objects the last good ones of their datasets, all in one step."""
        everything = read_json(self._current_file) or {}
        realm = everything.setdefault(_realm(fictional), {})
        for record in landed:
            realm[record.name] = asdict(record)
        # Before the pointer moves: a line too many does no harm, one too few would lose a day.
        self._remember(landed, fictional=fictional)
        write_json(self._current_file, everything)

    @property
    def _history_file(self) -> Path:
        return self.directory / "history.jsonl"

    def _remember(self, landed: list[LandedObject], *, fictional: bool) -> None:
        at = datetime.now(UTC).isoformat(timespec="seconds")
        self.directory.mkdir(parents=True, exist_ok=True)
        with self._history_file.open("a+b") as stream:
            if stream.tell() and os.pread(stream.fileno(), 1, stream.tell() - 1) != b"\n":
                # A power cut left a line half written; ours must not be a part of it.
                stream.write(b"\n")
            for record in landed:
                line = {
                    "at": at,
                    "realm": _realm(fictional),
                    "name": record.name,
                    "sha256": record.sha256,
                }
                stream.write(f"{json.dumps(line, ensure_ascii=False)}\n".encode())
            stream.flush()
            os.fsync(stream.fileno())

    def history(self, *, fictional: bool) -> list[dict[str, str]]:
        """Which object of each dataset part was accepted when, the earliest first.

        Homes from before this was kept have no line for what they held then.
        """
        if not self._history_file.is_file():
            return []
        entries = []
        for line in self._history_file.read_text(encoding="utf-8").splitlines():
            with contextlib.suppress(ValueError):
                # A power cut may have left the last line half written.
                entry = json.loads(line)
                if entry["realm"] == _realm(fictional):
                    entries.append(entry)
        return entries

    def every_object(self, *, fictional: bool) -> list[LandedObject]:
        """Everything that was ever kept, whether or not it was accepted, the earliest first."""
        found = []
        for sidecar in self.directory.glob("**/*.landing.json"):
            landed = read_sidecar(sidecar)
            if landed and landed.fictional == fictional and self.path_of(landed).is_file():
                found.append(landed)
        return sorted(found, key=lambda landed: (landed.retrieved_at, landed.name, landed.sha256))


def _realm(fictional: bool) -> str:
    return "fictional" if fictional else "official"


def landed_from_json(record: dict[str, Any]) -> LandedObject:
    """An object from its record; fields that older records lack or newer ones add are no fault."""
    names = set(LandedObject.__dataclass_fields__)
    known = {name: value for name, value in record.items() if name in names}
    return replace(LandedObject(**known), members=tuple(known["members"]))


def read_sidecar(path: Path) -> LandedObject | None:
    """The record beside an object; None where there is none that can be read."""
    try:
        return landed_from_json(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _kept_in(directory: Path) -> LandedObject | None:
    """The record of the object that a directory holds, whatever name its bytes came under."""
    for sidecar in sorted(directory.glob("*.landing.json")):
        known = read_sidecar(sidecar)
        if known is not None:
            return known
    return None


def remove_partial_objects(directory: Path) -> int:
    """Remove what an interrupted run left half copied; give how many there were."""
    partial = list(directory.glob("**/.*.partial")) if directory.is_dir() else []
    for folder in partial:
        shutil.rmtree(folder, ignore_errors=True)
    return len(partial)
