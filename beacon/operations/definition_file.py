"""Checking one file of definitions, such as an indicator or a board, before a run uses it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import BaseModel, ValidationError

from beacon.core.errors import BeaconError
from beacon.core.suggestions import did_you_mean
from beacon.people.cohort_definitions import Cohort
from beacon.people.segment_definitions import Segmentation
from beacon.registry import Footprint, Indicator, NeighbourhoodForm, load_indicators
from beacon.registry.base import own_errors
from beacon.registry.loading import (
    RegistryError,
    footprints_in,
    load_aspirations,
    load_targets,
)
from beacon.registry.schemas import MODELS
from beacon.registry.sources import Source, load_source_register
from beacon.returns.neighbourhood_context import faults_of_form

KINDS: Final[dict[str, type[BaseModel]]] = {
    **MODELS,
    "source": Source,
    "cohort": Cohort,
    "segmentation": Segmentation,
}
"""What a file can define, and its model."""

_SCHEMA = re.compile(r"\$schema=\S*?(\w+)\.schema\.json")
# No file of definitions comes near it.
_MOST_BYTES = 2_000_000
# A file that has fewer of the fields that a kind needs is not taken for that kind.
_LEAST_SHARE = 0.5


@dataclass(frozen=True)
class Fault:
    """What is wrong with a file.

    Attributes:
        line: From 1; None where it is about the whole file.
        field: Path of the field, such as "sources.0.select"; empty for the whole file.
        message: What is wrong.
    """

    line: int | None
    field: str
    message: str


@dataclass(frozen=True)
class DefinitionFile:
    """What was found in a file.

    Attributes:
        kind: One of `KINDS`; empty where it cannot be told.
        name: What the file defines, by its own name.
        faults: In the order of the file; none where a run can use it.
        series: Source and series of all that an indicator without faults reads.
        authorities: Codes of the local authorities of a footprint without faults.
    """

    kind: str
    name: str
    faults: tuple[Fault, ...]
    series: tuple[tuple[str, str], ...] = ()
    authorities: tuple[str, ...] = ()


def check_definition(
    path: Path, kind: str | None = None, footprints: Path | None = None
) -> DefinitionFile:
    """Check one YAML file as a run would, and say where each fault is.

    Args:
        path: The file.
        kind: What it defines, one of `KINDS`; found out from its fields by default.
        footprints: A home's folder of footprints. Those of the registry and those beside the file
            are known in any case.

    Raises:
        BeaconError: When there is no such file or kind, or the file is far too large.
    """
    if kind is not None and kind not in KINDS:
        raise BeaconError(
            f"There is no kind {kind!r}.{did_you_mean(kind, KINDS)} Kinds: {', '.join(KINDS)}."
        )
    text = _text(path)
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        content = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        message = f"not valid YAML: {getattr(error, 'problem', None) or type(error).__name__}"
        return DefinitionFile(
            kind or "", "", (Fault(mark.line + 1 if mark else None, "", message),)
        )
    if not isinstance(content, dict):
        return DefinitionFile(kind or "", "", (Fault(1, "", "there are no fields in it"),))
    kind = kind or _kind(text, content)
    if not kind:
        message = f"it cannot be told what it defines; say so with --kind ({', '.join(KINDS)})"
        return DefinitionFile("", "", (Fault(None, "", message),))
    faults = [*_repeated(node, ()), *_broken(KINDS[kind], content, node)]
    if not faults:
        faults += _clashes(kind, content, path, node)
        if kind == "neighbourhood_return":
            faults += _unfit(content, node, [path.parent, *([footprints] if footprints else [])])
    name = content.get("slug") or content.get("id") or content.get("cohort") or path.stem
    ordered = sorted(faults, key=lambda fault: fault.line or 0)
    found = DefinitionFile(kind, str(name), tuple(ordered))
    if not faults and kind == "indicator":
        return replace(found, series=_series(Indicator.model_validate(content)))
    if not faults and kind == "footprint":
        return replace(found, authorities=Footprint.model_validate(content).local_authority_codes)
    return found


def _series(indicator: Indicator) -> tuple[tuple[str, str], ...]:
    return tuple(sorted({key for binding in indicator.sources for key in binding.series_keys}))


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise BeaconError(f"{path} is larger than any file of definitions. Give a YAML file.")
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise BeaconError(f"{path} cannot be read: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise BeaconError(f"{path} is not UTF-8 text. Save it as UTF-8.") from error


def _kind(text: str, content: dict[Any, Any]) -> str:
    """What a file says it is, or the kind whose needed fields it has most of."""
    stated = _SCHEMA.search(text)
    if stated and stated[1] in KINDS:
        return stated[1]

    def likeness(kind: str) -> tuple[float, int]:
        fields = KINDS[kind].model_fields
        needed = [name for name, field in fields.items() if field.is_required()]
        share = sum(name in content for name in needed) / max(len(needed), 1)
        return share, sum(name in content for name in fields)

    best = max(KINDS, key=likeness)
    return best if likeness(best)[0] >= _LEAST_SHARE else ""


def _repeated(node: Any, path: tuple[str, ...]) -> list[Fault]:
    """Keys given twice, of which YAML would keep the last and say nothing."""
    faults: list[Fault] = []
    if isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            faults += _repeated(item, (*path, str(number)))
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            if name in seen:
                field = ".".join((*path, name))
                faults.append(Fault(key.start_mark.line + 1, field, "the field is given twice"))
            seen.add(name)
            faults += _repeated(value, (*path, name))
    return faults


def _broken(model: type[BaseModel], content: dict[Any, Any], node: Any) -> list[Fault]:
    try:
        model.model_validate(content)
    except ValidationError as error:
        return [
            Fault(
                _line(node, item["loc"]),
                ".".join(map(str, item["loc"])),
                _message(item["type"], item["msg"], str(item["loc"][-1]), model)
                if item["loc"]
                else item["msg"].removeprefix("Value error, "),
            )
            for item in own_errors(error)
        ]
    return []


def _message(kind: str, text: str, field: str, model: type[BaseModel]) -> str:
    if kind == "extra_forbidden":
        return f"there is no such field.{did_you_mean(field, model.model_fields)}"
    if kind == "missing":
        return "the field is missing"
    return text.removeprefix("Value error, ")


def _line(node: Any, place: Sequence[int | str]) -> int | None:
    """The line of a field, or of the nearest thing around it that is in the file."""
    line: int | None = None
    for part in place:
        if isinstance(node, yaml.MappingNode):
            pair = next((pair for pair in node.value if pair[0].value == str(part)), None)
            if pair is None:
                return line
            line, node = pair[0].start_mark.line + 1, pair[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            if part >= len(node.value):
                return line
            node = node.value[part]
            line = node.start_mark.line + 1
    return line


def _as_loaded(kind: str, path: Path, node: Any) -> list[Fault]:
    """What a run finds wrong with a file of targets or aspirations, from its own messages."""
    try:
        if kind == "targets":
            load_targets(path)
        else:
            load_aspirations(path.parent)
    except RegistryError as error:
        told = (problem.partition(": ")[::2] for problem in error.problems)
        own = (text.partition(": ")[::2] for file, text in told if file == path.name)
        return [Fault(_line(node, _place(field)), field, message) for field, message in own]
    return []


def _place(field: str) -> list[int | str]:
    return [int(part) if part.isdigit() else part for part in field.split(".")]


def _clashes(kind: str, content: dict[Any, Any], path: Path, node: Any) -> list[Fault]:
    """Faults against the rest of the registry: names taken, names not there."""
    faults: list[Fault] = []
    if kind in ("targets", "aspirations"):
        return _as_loaded(kind, path, node)
    if kind == "indicator":
        faults += _names_taken(content, node)
        faults += _series_taken(Indicator.model_validate(content), node)
        known = load_source_register().sources
        for number, source in enumerate(content.get("sources") or ()):
            # A source that nothing reads yet may be named without its series.
            if source.get("select") and source["source"] not in known:
                message = (
                    f"{source['source']!r} is not a source of the register."
                    f"{did_you_mean(source['source'], known)}"
                )
                place = ("sources", number, "source")
                faults.append(Fault(_line(node, place), f"sources.{number}.source", message))
    if kind in ("source", "cohort"):
        field = "id" if kind == "source" else "cohort"
        if content[field] != path.stem:
            message = f"the file has to be named {content[field]}.yaml"
            faults.append(Fault(_line(node, (field,)), field, message))
    return faults


def _unfit(content: dict[Any, Any], node: Any, folders: list[Path]) -> list[Fault]:
    """Why a run could not use a form with its footprint."""
    form = NeighbourhoodForm.model_validate(content)
    return [
        Fault(_line(node, place), ".".join(map(str, place)), message)
        for place, message in faults_of_form(form, footprints_in(*folders))
    ]


def _names_taken(content: dict[Any, Any], node: Any) -> list[Fault]:
    """A number or short name that another indicator of the registry has."""
    faults: list[Fault] = []
    for other in load_indicators().values():
        for field in ("id", "slug"):
            same = content[field] == getattr(other, field)
            itself = content["slug"] == other.slug and content["id"] == other.id
            if same and not itself:
                message = f"{content[field]!r} is already used by {other.id} {other.slug}"
                faults.append(Fault(_line(node, (field,)), field, message))
    return faults


def _series_taken(indicator: Indicator, node: Any) -> list[Fault]:
    """Series that another indicator reads: one figure would stand on pages under two names."""
    faults: list[Fault] = []
    for other in load_indicators().values():
        if other.slug == indicator.slug:
            continue
        for number, binding in enumerate(indicator.sources):
            read_there = [
                selection
                for theirs in other.sources
                if theirs.source == binding.source
                for selection in theirs.select
            ]
            for place, selection in enumerate(binding.select):
                if any(selection.may_share_rows(theirs) for theirs in read_there):
                    message = (
                        f"{binding.source} {selection.series!r} is already read by {other.id} "
                        f"{other.slug}: add a measure there, or say with `where` which rows "
                        "are meant"
                    )
                    field = f"sources.{number}.select.{place}.series"
                    at = ("sources", number, "select", place, "series")
                    faults.append(Fault(_line(node, at), field, message))
    return faults
