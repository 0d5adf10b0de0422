"""Landing: choosing one file for each dataset and keeping its bytes."""

from __future__ import annotations

import functools
import uuid
from collections import defaultdict
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from beacon.core.errors import Problem
from beacon.core.files import read_json, write_json
from beacon.ingest.copies import Copies, why_left_out
from beacon.ingest.landing_store import (
    LandedObject,
    LandingStore,
    key_of,
    landed_from_json,
    part_name,
)
from beacon.ingest.scan import FoundFile
from beacon.registry.sources import DatasetSpec, SourceRegister
from beacon.sources.needed_series import Needed

LandingStatus = Literal["new", "unchanged", "refused", "absent"]


@dataclass(frozen=True)
class LandingOutcome:
    """What happened to one part of one dataset.

    Attributes:
        name: Dataset key and part.
        key: Dataset key.
        status: new: bytes not seen before; unchanged: the last good bytes again; refused: the
            file cannot be used; absent: no file for it was supplied.
        candidate: The object to stage: the one just landed, or the last good one.
        alternates: Other copies of the same dataset, to try where there is no last good one.
        problems: Why it was refused.
    """

    name: str
    key: str
    status: LandingStatus
    candidate: LandedObject | None
    origin: str | None = None
    problems: tuple[Problem, ...] = ()
    alternates: tuple[LandedObject, ...] = ()


@dataclass(frozen=True)
class LandingReport:
    """What one run found and took.

    Attributes:
        outcomes: One for each part of each dataset.
        unrecognised: Files that are none of the register's datasets.
        not_needed: Files of datasets that no indicator uses.
        duplicates: Further copies of what was taken.
        supplied_from: The mode of the run.
        id: Tells this look at the inputs from every other.
        problems_elsewhere: What is wrong with files whose dataset another file supplies.
    """

    outcomes: tuple[LandingOutcome, ...]
    unrecognised: tuple[str, ...] = ()
    not_needed: tuple[str, ...] = ()
    duplicates: tuple[str, ...] = ()
    supplied_from: str = ""
    id: str = ""
    problems_elsewhere: tuple[Problem, ...] = field(default=())

    @property
    def refused(self) -> list[LandingOutcome]:
        """Outcomes of files that were refused."""
        return [outcome for outcome in self.outcomes if outcome.status == "refused"]

    def save(self, path: Path) -> None:
        """Write the report for the steps that follow."""
        write_json(path, asdict(self))

    @classmethod
    def load(cls, path: Path) -> LandingReport:
        """Read the report of the latest landing step."""
        record: dict[str, Any] = read_json(path) or {"outcomes": []}
        outcomes = tuple(_outcome(entry) for entry in record.pop("outcomes"))
        record["problems_elsewhere"] = tuple(
            Problem(**problem) for problem in record.get("problems_elsewhere", ())
        )
        for name in ("unrecognised", "not_needed", "duplicates"):
            record[name] = tuple(record.get(name, ()))
        return cls(outcomes=outcomes, **record)


def _outcome(entry: dict[str, Any]) -> LandingOutcome:
    candidate = entry["candidate"]
    return LandingOutcome(
        name=entry["name"],
        key=entry["key"],
        status=entry["status"],
        candidate=landed_from_json(candidate) if candidate else None,
        alternates=tuple(landed_from_json(other) for other in entry.get("alternates", ())),
        origin=entry["origin"],
        problems=tuple(Problem(**problem) for problem in entry["problems"]),
    )


def land_files(
    found: list[FoundFile],
    register: SourceRegister,
    store: LandingStore,
    needed: Needed,
    *,
    fictional: bool,
    supplied_from: str,
    copies: Copies | None = None,
) -> LandingReport:
    """Land the needed files of a folder.

    Where several files are the same dataset, the one whose data reach furthest is taken and the
    others are reported (`Copies.best_first`). Where the file in use is now damaged, the last good
    object stays in use even if another copy is there, so that a release never changes because of
    damage.
    """
    copies = copies or Copies(fictional=fictional)
    current = store.current(fictional=fictional)
    groups: dict[str, list[FoundFile]] = defaultdict(list)
    damaged: dict[str, list[FoundFile]] = defaultdict(list)
    not_needed: list[str] = []
    elsewhere: list[Problem] = []
    by_origin = {landed.origin: landed for landed in current.values()}
    for file in found:
        seen = file.recognition
        key, part, members = seen.key, seen.part, seen.members
        if seen.problems and file.relative in by_origin:
            known = by_origin[file.relative]
            key, part, members = known.key, known.part, known.members
        if key is None:
            continue
        spec = register.datasets[key]
        known_part = by_origin.get(file.relative)
        if spec.dataset.part_by and known_part is not None and known_part.key == key:
            # A cut or an added series changes what a part would be called, not which file it is.
            part = known_part.part
        if not needed.part(spec, members):
            not_needed.append(file.relative)
        elif seen.problems:
            damaged[part_name(key, part)].append(file)
        else:
            groups[part_name(key, part)].append(file)

    outcomes: list[LandingOutcome] = []
    duplicates: list[str] = []
    now = datetime.now(UTC).isoformat(timespec="seconds")
    for name in sorted({*groups, *damaged, *current}):
        good, bad = groups.get(name, []), damaged.get(name, [])
        last = current.get(name)
        key = key_of(name)
        if key not in register.datasets:
            continue
        spec = register.datasets[key]
        if last is not None and not needed.part(spec, last.members):
            continue
        problems = tuple(problem for file in bad for problem in file.recognition.problems)
        in_use_is_damaged = last is not None and any(file.relative == last.origin for file in bad)
        if in_use_is_damaged or (bad and not good):
            outcomes.append(LandingOutcome(name, key, "refused", last, bad[0].relative, problems))
            continue
        elsewhere.extend(problems)
        if not good:
            outcomes.append(
                LandingOutcome(name, key, "absent", last, last.origin if last else None)
            )
            continue
        (chosen, best), *left = copies.best_first(good, spec)
        others = [file for file, _ in left]
        duplicates.extend(
            f"{file.relative} is left out and {chosen.relative} used for {name}: "
            f"{why_left_out(reach, best)}."
            for file, reach in left
        )
        elsewhere.extend(problem for _, reach in left for problem in reach.problems)
        part = name.removeprefix(key).lstrip("/")
        keep = functools.partial(
            _keep, store=store, spec=spec, part=part, retrieved_at=now, fictional=fictional
        )
        landed = keep(chosen)
        # Where nothing good is known yet, a second copy may save the night.
        different = {file.sha256: file for file in others if file.sha256 != chosen.sha256}
        alternates = tuple(map(keep, different.values())) if last is None else ()
        status: LandingStatus = (
            "unchanged" if last is not None and last.file == landed.file else "new"
        )
        outcomes.append(
            LandingOutcome(name, key, status, landed, chosen.relative, alternates=alternates)
        )

    copies.save()
    outcomes += absent_datasets(outcomes, register, needed)
    return LandingReport(
        outcomes=tuple(sorted(outcomes, key=lambda outcome: outcome.name)),
        unrecognised=tuple(file.relative for file in found if file.recognition.key is None),
        not_needed=tuple(sorted(not_needed)),
        duplicates=tuple(duplicates),
        supplied_from=supplied_from,
        id=uuid.uuid4().hex,
        problems_elsewhere=tuple(elsewhere),
    )


def absent_datasets(
    outcomes: list[LandingOutcome], register: SourceRegister, needed: Needed
) -> list[LandingOutcome]:
    """An outcome for each dataset that is needed and of which there is none."""
    supplied = {outcome.key for outcome in outcomes}
    return [
        LandingOutcome(spec.key, spec.key, "absent", None)
        for spec in register.datasets.values()
        if spec.key not in supplied and needed.dataset(spec)
    ]


def _keep(
    file: FoundFile,
    *,
    store: LandingStore,
    spec: DatasetSpec,
    part: str,
    retrieved_at: str,
    fictional: bool,
) -> LandedObject:
    return store.store(
        file.path,
        spec,
        part=part,
        members=file.recognition.members,
        container=file.recognition.container or "csv",
        origin=file.relative,
        retrieved_at=file.retrieved_at or retrieved_at,
        fictional=fictional,
        sha256=file.sha256,
        headers=file.headers,
    )
