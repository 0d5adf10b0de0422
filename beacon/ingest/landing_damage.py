"""Damage to landing, which cannot be made again: what is gone, cut short, or no longer readable."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from beacon.core.files import sha256_of, write_atomically, write_json
from beacon.ingest.landing_store import LandedObject, landed_from_json, read_sidecar

_AGAIN = (
    "beacon run",
    "It keeps the bytes anew where the same file is still supplied. Otherwise `beacon restore` "
    "brings them back from a back-up.",
)
_RECORDS = (
    "beacon run",
    "It writes the file anew from the other records of landing.",
)
_UNREADABLE = (OSError, ValueError, KeyError, TypeError, AttributeError)
SIDECAR = ".landing.json"


@dataclass(frozen=True)
class LandingDamage:
    """One damaged file of landing.

    Attributes:
        file: Its path within the home.
        what: What is wrong.
        command: What mends it.
        then: What the command does.
    """

    file: str
    what: str
    command: str
    then: str


def find_landing_damage(landing: Path, *, hashes: bool = False) -> list[LandingDamage]:
    """Files of landing that are gone, cut short or not readable. Reads only.

    Args:
        landing: The landing directory.
        hashes: Whether to read every object and compare its hash, and not its size only.
    """
    if not landing.is_dir():
        return []
    return list(_find(landing, hashes))


def _find(landing: Path, hashes: bool) -> Iterator[LandingDamage]:
    looked_at: set[Path] = set()
    for sidecar in sorted(landing.glob(f"**/*{SIDECAR}")):
        landed = read_sidecar(sidecar)
        if landed is None:
            yield _damage(landing, sidecar, "The record of a landed file cannot be read.", _RECORDS)
            continue
        looked_at.add(landing / landed.file)
        yield from _about_object(landing, landed, hashes)
    if not _ever_accepted(landing):
        return
    try:
        current = _current(landing)
    except _UNREADABLE:
        yield _damage(landing, landing / "current.json", _record_fault(landing), _RECORDS)
        current = []
    for landed in current:
        if landing / landed.file not in looked_at:
            looked_at.add(landing / landed.file)
            sidecar = landing / f"{landed.file}{SIDECAR}"
            if not sidecar.is_file():
                yield _damage(landing, sidecar, "The record of a landed file is gone.", _RECORDS)
            yield from _about_object(landing, landed, hashes)
    history = landing / "history.jsonl"
    if looked_at and not history.is_file():
        yield _damage(landing, history, "It is gone.", _RECORDS)
    elif history.is_file() and (looked_at or current):
        lines = _lines(history)
        bad = sum(entry is None for entry in lines[:-1]) + (not any(lines))
        if bad:
            yield _damage(landing, history, "Lines of it cannot be read.", _RECORDS)


def _ever_accepted(landing: Path) -> bool:
    """Whether anything was: a first run that was cut short has landed files and no record yet."""
    records = (landing / "current.json", landing / "history.jsonl", landing.parent / "latest.json")
    return any(path.exists() for path in records)


def _record_fault(landing: Path) -> str:
    if not (landing / "current.json").exists():
        return "It is gone, although files have been landed."
    return "It is empty or not the JSON that Beacon wrote."


def _about_object(landing: Path, landed: LandedObject, hashes: bool) -> Iterator[LandingDamage]:
    path = landing / landed.file
    if not path.is_file():
        yield _damage(landing, path, f"The landed file of {landed.name} is gone.", _AGAIN)
    elif path.stat().st_size != landed.size_bytes:
        said = f"It has {path.stat().st_size:,} bytes and not the {landed.size_bytes:,} that came."
        yield _damage(landing, path, said, _AGAIN)
    elif hashes and sha256_of(path) != landed.sha256:
        yield _damage(landing, path, "Its bytes are no longer those that came.", _AGAIN)


def _damage(landing: Path, path: Path, what: str, mend: tuple[str, str]) -> LandingDamage:
    return LandingDamage(path.relative_to(landing.parent).as_posix(), what, *mend)


def _current(landing: Path) -> list[LandedObject]:
    path = landing / "current.json"
    realms = json.loads(path.read_text(encoding="utf-8"))
    return [landed_from_json(record) for realm in realms.values() for record in realm.values()]


def _lines(history: Path) -> list[dict[str, str] | None]:
    found: list[dict[str, str] | None] = []
    for line in history.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            entry = json.loads(line)
            found.append({name: entry[name] for name in ("at", "realm", "name", "sha256")})
        except (ValueError, KeyError, TypeError):
            found.append(None)
    return found


def mend_landing_records(landing: Path) -> list[str]:
    """Write damaged records of landing anew from the others; needs the home's lock.

    What is current is in `current.json`; if that is lost, it is what `history.jsonl` says was
    accepted last, and if that is lost too, what was received last. Objects are never touched.

    Returns:
        Names of the files that were written, relative to the home.
    """
    if not landing.is_dir() or not _ever_accepted(landing):
        return []
    written: list[Path] = []
    sidecars = {path: read_sidecar(path) for path in landing.glob(f"**/*{SIDECAR}")}
    history = landing / "history.jsonl"
    lines = [entry for entry in _lines(history) if entry] if history.is_file() else []
    try:
        current = _current(landing)
    except _UNREADABLE:
        objects = [each for path, each in sidecars.items() if each and not _is_return(path)]
        current = _as_last_accepted(objects, lines)
        realms: dict[str, dict[str, Any]] = {}
        for landed in current:
            realms.setdefault(_realm(landed), {})[landed.name] = asdict(landed)
        write_json(landing / "current.json", realms)
        written.append(landing / "current.json")
    for landed in current:
        sidecar = landing / f"{landed.file}{SIDECAR}"
        if sidecars.get(sidecar) is None and sidecar.parent.is_dir():
            write_json(sidecar, asdict(landed))
            written.append(sidecar)
    if _history_is_damaged(history, any(sidecars.values())):
        known = {(entry["name"], entry["sha256"]) for entry in lines}
        lines += [_as_line(each) for each in current if (each.name, each.sha256) not in known]
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        write_atomically(history, text)
        written.append(history)
    return [path.relative_to(landing.parent).as_posix() for path in written]


def _is_return(sidecar: Path) -> bool:
    """Whether an object is an accepted return. A run takes in the tables made from all of them."""
    details = json.loads(sidecar.read_text(encoding="utf-8")).get("details") or {}
    return not details.keys().isdisjoint({"acceptance", "neighbourhood_acceptance"})


def _history_is_damaged(history: Path, has_objects: bool) -> bool:
    if not history.is_file():
        return has_objects
    lines = _lines(history)
    return has_objects and (None in lines[:-1] or not any(lines))


def _as_last_accepted(
    objects: list[LandedObject], lines: list[dict[str, str]]
) -> list[LandedObject]:
    found: dict[tuple[str, str], LandedObject] = {}
    for landed in sorted(objects, key=lambda each: (each.retrieved_at, each.sha256)):
        found[_realm(landed), landed.name] = landed
    by_hash = {(_realm(each), each.name, each.sha256): each for each in objects}
    for line in lines:
        realm, name = line["realm"], line["name"]
        accepted = by_hash.get((realm, name, line["sha256"]))
        if accepted is not None:
            found[realm, name] = accepted
    return list(found.values())


def _as_line(landed: LandedObject) -> dict[str, str]:
    return {
        "at": landed.retrieved_at,
        "realm": _realm(landed),
        "name": landed.name,
        "sha256": landed.sha256,
    }


def _realm(landed: LandedObject) -> str:
    return "fictional" if landed.fictional else "official"
