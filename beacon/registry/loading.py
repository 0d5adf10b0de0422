"""From YAML files to validated facts, with every fault of every file in one error."""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable, Iterable
from pathlib import Path
from typing import Any, Final, TypeVar

import yaml
from pydantic import ValidationError

from beacon.core.errors import BeaconError
from beacon.core.paths import resource_dir
from beacon.registry.actions import Action, ActionRegister
from beacon.registry.aspirations import AspirationFile
from beacon.registry.authorities import AuthorityRegister
from beacon.registry.base import Entry, own_errors
from beacon.registry.footprints import Footprint
from beacon.registry.indicators import Indicator
from beacon.registry.neighbourhood_forms import NeighbourhoodForm
from beacon.registry.plus_groups import PlusGroup
from beacon.registry.pockets import PocketRules
from beacon.registry.successions import SuccessionRegister
from beacon.registry.targets import TargetRegister

T = TypeVar("T", bound=Entry)
Identified = TypeVar("Identified", PlusGroup, NeighbourhoodForm)

REFERENCE_DATA: Final = "reference_data"
INDICATOR_FOLDERS = ("indicators", "core20plus5")

try:
    _BaseLoader: type[Any] = yaml.CSafeLoader
except AttributeError:  # PyYAML without libyaml: slower, same result
    _BaseLoader = yaml.SafeLoader


class RegistryError(BeaconError):
    """Reference data cannot be used.

    Attributes:
        problems: One line each: `file: path.to.field: message`.
    """

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems: tuple[str, ...] = tuple(problems)
        count = len(self.problems)
        heading = f"{count} problem{'s' if count != 1 else ''} in the reference data:"
        super().__init__("\n".join([heading, *(f"  {problem}" for problem in self.problems)]))


class _StrictLoader(_BaseLoader):  # type: ignore[misc]
    """Refuses a key given twice, of which YAML would silently keep the last."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            name = key.value
            if name in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {name!r} is given twice", key.start_mark
                )
            if isinstance(name, str):
                seen.add(name)
        return super().construct_mapping(node, deep=deep)  # type: ignore[no-any-return]


def _message(error: Any) -> str:
    text = str(error["msg"]).removeprefix("Value error, ")
    given = error["input"]
    if error["type"] == "string_type" and isinstance(given, int | float) and given is not None:
        text += f" (put it in quotes: '{given}')"
    elif error["type"] == "extra_forbidden":
        text = "unknown field; check its spelling against the schema"
    elif error["type"] in {"literal_error", "string_pattern_mismatch"}:
        text += f", not {given!r}"
    return text


def _read(path: Path, model: type[T], problems: list[str]) -> T | None:
    """Validate one file. Faults go to `problems`; None is returned when there are any."""
    try:
        content = yaml.load(path.read_bytes(), Loader=_StrictLoader)  # noqa: S506 - safe subclass
    except OSError as error:
        problems.append(f"{path.name}: file: cannot be read: {error.strerror or error}")
        return None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}" if mark is not None else "file"
        problems.append(f"{path.name}: {place}: {getattr(error, 'problem', None) or error}")
        return None
    if not isinstance(content, dict):
        problems.append(f"{path.name}: file: expected fields, found {type(content).__name__}")
        return None
    try:
        return model.model_validate(content)
    except ValidationError as error:
        for item in own_errors(error):
            field = ".".join(str(part) for part in item["loc"]) or "file"
            problems.append(f"{path.name}: {field}: {_message(item)}")
        return None


def _read_one(path: Path, model: type[T]) -> T:
    """Validate one file that has no other beside it.

    Raises:
        RegistryError: With every fault of the file.
    """
    problems: list[str] = []
    content = _read(path, model, problems)
    if content is None:
        raise RegistryError(problems)
    return content


def _report_duplicates(
    loaded: Iterable[tuple[Path, T]],
    field: str,
    key: Callable[[T], object],
    problems: list[str],
) -> None:
    first: dict[object, Path] = {}
    for path, item in loaded:
        value = key(item)
        if value in first:
            problems.append(
                f"{path.name}: {field}: {value!r} is already used by {first[value].name}"
            )
        else:
            first[value] = path


def _yaml_files(directory: Path, problems: list[str]) -> list[Path]:
    if not directory.is_dir():
        problems.append(f"{directory.name}: file: there is no such directory")
        return []
    return sorted(directory.glob("*.yaml"))


def load_indicators(directory: Path | None = None) -> dict[str, Indicator]:
    """Every indicator of the registry.

    Args:
        directory: A directory of indicator files. By default the beacons and context of
            `reference_data/indicators` and the measures of `reference_data/core20plus5`.

    Returns:
        Indicators by slug, in the order of their numbers.

    Raises:
        RegistryError: With every fault of every file.
    """
    if directory is None:
        return dict(_default_indicators())
    return _load_indicators((directory,))


@functools.cache
def _default_indicators() -> dict[str, Indicator]:
    root = resource_dir(REFERENCE_DATA)
    return _load_indicators(tuple(root / folder for folder in INDICATOR_FOLDERS))


def _load_indicators(directories: tuple[Path, ...]) -> dict[str, Indicator]:
    problems: list[str] = []
    loaded: list[tuple[Path, Indicator]] = []
    for directory in directories:
        for path in _yaml_files(directory, problems):
            indicator = _read(path, Indicator, problems)
            if indicator is not None:
                loaded.append((path, indicator))
    _report_duplicates(loaded, "id", lambda indicator: indicator.id, problems)
    _report_duplicates(loaded, "slug", lambda indicator: indicator.slug, problems)
    if problems:
        raise RegistryError(problems)
    ordered = sorted((indicator for _, indicator in loaded), key=lambda indicator: indicator.id)
    return {indicator.slug: indicator for indicator in ordered}


def load_footprint(name_or_path: str | Path, directory: Path | None = None) -> Footprint:
    """One footprint, by name or by file.

    Args:
        name_or_path: Name of a file in the directory without `.yaml`, or the path of a YAML file.
        directory: Where names are looked up; `reference_data/footprints` by default.

    Raises:
        RegistryError: If there is no such footprint, naming those there are, or with every fault
            of the file.
    """
    folder = directory or resource_dir(REFERENCE_DATA) / "footprints"
    given = Path(name_or_path)
    path = given if given.suffix in {".yaml", ".yml"} else folder / f"{name_or_path}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(item.stem for item in folder.glob("*.yaml"))) or "none"
        raise RegistryError([f"{path.name}: file: there is no such footprint. Known: {known}."])
    return _read_one(path, Footprint)


def footprints_in(*folders: Path) -> dict[str, Footprint]:
    """The footprints among the YAML files of the registry and of other folders, by id."""
    found: dict[str, Footprint] = {}
    for folder in (resource_dir(REFERENCE_DATA) / "footprints", *folders):
        for path in sorted(folder.glob("*.yaml")):
            footprint = _read(path, Footprint, [])
            if footprint is not None:
                found.setdefault(footprint.id, footprint)
    return found


def load_targets(
    path: Path | None = None, indicators: dict[str, Indicator] | None = None
) -> TargetRegister:
    """The numeric targets of the published plans.

    Args:
        path: The targets file; `reference_data/targets.yaml` by default.
        indicators: Indicators that targets may refer to; the registry's own by default.

    Raises:
        RegistryError: With every fault, unknown indicators and targets on beacons included.
    """
    path = path or resource_dir(REFERENCE_DATA) / "targets.yaml"
    indicators = load_indicators() if indicators is None else indicators
    problems: list[str] = []
    register = _read(path, TargetRegister, problems)
    if register is None:
        raise RegistryError(problems)
    for number, target in enumerate(register.targets):
        field = f"{path.name}: targets.{number}"
        for slug in target.related:
            if slug not in indicators:
                problems.append(f"{field}.related: {slug!r} is not an indicator of the registry")
        if target.indicator is None:
            continue
        if target.indicator not in indicators:
            problems.append(
                f"{field}.indicator: {target.indicator!r} is not an indicator of the registry"
            )
        elif indicators[target.indicator].is_beacon:
            problems.append(
                f"{field}.indicator: the beacon {target.indicator!r} has a direction, no target"
            )
        elif target.kind == "level" and target.unit != indicators[target.indicator].unit_of():
            problems.append(
                f"{field}.unit: {target.unit!r} is not the unit of {target.indicator}, "
                f"{indicators[target.indicator].unit_of()!r}; name it under related instead"
            )
    if problems:
        raise RegistryError(problems)
    return register


def load_aspirations(
    directory: Path | None = None,
    indicators: dict[str, Indicator] | None = None,
    targets: TargetRegister | None = None,
) -> tuple[AspirationFile, ...]:
    """What the published plans aspire to, one file a document, in the order of file names.

    Args:
        directory: A directory of such files; `reference_data/aspirations` by default.
        indicators: Indicators that may be named; the registry's own by default.
        targets: Targets that may be named; the registry's own by default.

    Raises:
        RegistryError: With every fault, names that are not in the registry included.
    """
    folder = directory or resource_dir(REFERENCE_DATA) / "aspirations"
    indicators = load_indicators() if indicators is None else indicators
    targets = load_targets(indicators=indicators) if targets is None else targets
    aims = {target.id for target in targets.targets}
    problems: list[str] = []
    loaded: list[AspirationFile] = []
    owner: dict[str, str] = {}
    for path in _yaml_files(folder, problems):
        file = _read(path, AspirationFile, problems)
        if file is None:
            continue
        loaded.append(file)
        for item in (item for group in file.groups for item in group.items):
            if item.id in owner:
                problems.append(f"{path.name}: {item.id}: is already used by {owner[item.id]}")
            owner[item.id] = path.name
            problems += [
                f"{path.name}: {item.id}: {slug!r} is not an indicator of the registry"
                for slug in (evidence.indicator for evidence in item.measured_by)
                if slug not in indicators
            ]
            problems += [
                f"{path.name}: {item.id}: {name!r} is not a target of the register"
                for name in item.targets
                if name not in aims
            ]
    if problems:
        raise RegistryError(problems)
    return tuple(loaded)


def load_plus_groups(directory: Path | None = None) -> dict[str, PlusGroup]:
    """Definitions of PLUS groups, by id.

    Args:
        directory: A directory of definitions; `reference_data/plus_groups` by default.

    Raises:
        RegistryError: With every fault of every file.
    """
    folder = directory or resource_dir(REFERENCE_DATA) / "plus_groups"
    return _by_id(folder, PlusGroup)


def _by_id(folder: Path, model: type[Identified]) -> dict[str, Identified]:
    """Every definition of a folder by its id; all faults of all files at once."""
    problems: list[str] = []
    loaded: list[tuple[Path, Identified]] = []
    for path in _yaml_files(folder, problems):
        entry = _read(path, model, problems)
        if entry is not None:
            loaded.append((path, entry))
    _report_duplicates(loaded, "id", lambda entry: entry.id, problems)
    if problems:
        raise RegistryError(problems)
    return {entry.id: entry for _, entry in loaded}


def load_neighbourhood_forms(directory: Path | None = None) -> dict[str, NeighbourhoodForm]:
    """Forms of neighbourhood programmes, by id.

    Args:
        directory: A directory of forms; `reference_data/neighbourhood_returns` by default.

    Raises:
        RegistryError: With every fault of every file.
    """
    folder = directory or resource_dir(REFERENCE_DATA) / "neighbourhood_returns"
    return _by_id(folder, NeighbourhoodForm)


def load_authorities(path: Path | None = None) -> AuthorityRegister:
    """How many authorities nations have.

    Args:
        path: The file; `reference_data/authorities.yaml` by default.

    Raises:
        RegistryError: With every fault of the file.
    """
    return _read_one(path or resource_dir(REFERENCE_DATA) / "authorities.yaml", AuthorityRegister)


def load_successions(path: Path | None = None) -> SuccessionRegister:
    """Which areas took over from which.

    Args:
        path: The file; `reference_data/successions.yaml` by default.

    Raises:
        RegistryError: With every fault of the file.
    """
    return _read_one(path or resource_dir(REFERENCE_DATA) / "successions.yaml", SuccessionRegister)


def load_pocket_rules(path: Path | None = None) -> PocketRules:
    """What counts as a small pocket of Core20.

    Args:
        path: The rules' file; `reference_data/core20_pockets.yaml` by default.

    Raises:
        RegistryError: With every fault of the file.
    """
    return _read_one(path or resource_dir(REFERENCE_DATA) / "core20_pockets.yaml", PocketRules)


def load_actions(path: Path | None = None) -> dict[str, Action]:
    """What can be done about an indicator and by whom, by its slug.

    Args:
        path: The file; `reference_data/actions.yaml` by default.

    Raises:
        RegistryError: With every fault of the file.
    """
    return _read_one(path or resource_dir(REFERENCE_DATA) / "actions.yaml", ActionRegister).actions
