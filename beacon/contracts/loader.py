"""Reads every contract in a directory and reports every mistake in them at once."""

import functools
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from beacon.contracts.model import Contract
from beacon.core.errors import BeaconError
from beacon.core.paths import resource_dir

# The C loader reads forty contracts in well under 0.1 s; the pure Python one takes ten times that.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class ContractError(BeaconError, ValueError):
    """One or more contracts are wrong; ``errors`` lists every mistake, one line each."""

    def __init__(self, errors: list[str]) -> None:
        self.errors = errors
        super().__init__("\n".join(errors))


class _UniqueKeyLoader(_Loader):  # type: ignore[misc]
    """Refuses a repeated key, of which YAML would silently keep the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise yaml.constructor.ConstructorError(
                        None, None, f"{key.value!r} is given twice", key.start_mark
                    )
                seen.add(key.value)
        mapping: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        return mapping


def _line(text: str, location: tuple[int | str, ...]) -> int:
    """The line of the deepest part of ``location`` that the file holds."""
    node = yaml.compose(text, Loader=_Loader)
    if node is None:
        return 1
    line = node.start_mark.line
    for step in location:
        if isinstance(node, yaml.MappingNode):
            found = next(((k, v) for k, v in node.value if k.value == step), None)
            if found is None:
                break
            line, node = found[0].start_mark.line, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            if step >= len(node.value):
                break
            node = node.value[step]
            line = node.start_mark.line
        else:
            break
    return int(line) + 1


def _where(data: Any, location: tuple[int | str, ...]) -> str:
    """``columns.3.type`` with the column's own name beside its number, as a reader looks for it."""
    parts: list[str] = []
    here = data
    for step in location:
        if isinstance(step, int) and isinstance(here, list) and step < len(here):
            here = here[step]
            label = here.get("name", here.get("type")) if isinstance(here, dict) else None
            parts.append(f"{step} ({label})" if label else str(step))
        elif isinstance(here, dict) and step in here:
            here = here[step]
            parts.append(str(step))
        else:
            parts.append(str(step))
    return ".".join(parts)


def read_contract(path: Path) -> Contract:
    """Read one contract.

    Args:
        path: a YAML file named ``<schema>/<table>.yaml``.

    Returns:
        The contract.

    Raises:
        ContractError: with every mistake in the file, each as ``file:line: where: what``.
    """
    shown = f"{path.parent.name}/{path.name}"
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ContractError([f"{shown}: cannot be read as UTF-8 text: {error}"]) from error
    try:
        data = yaml.load(text, Loader=_UniqueKeyLoader)  # noqa: S506 - a subclass of the safe loader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        at = f":{mark.line + 1}" if mark else ""
        raise ContractError([f"{shown}{at}: not valid YAML: {error.problem}"]) from error
    except yaml.YAMLError as error:
        raise ContractError([f"{shown}: not valid YAML: {error}"]) from error
    try:
        contract = Contract.model_validate(data)
    except ValidationError as error:
        errors = []
        for item in error.errors(include_url=False):
            location = item["loc"]
            where = _where(data, location)
            message = item["msg"].removeprefix("Value error, ")
            line = _line(text, location)
            errors.append(f"{shown}:{line}: {where + ': ' if where else ''}{message}")
        raise ContractError(list(dict.fromkeys(errors))) from error
    expected = f"{contract.schema_}/{contract.table}.yaml"
    if shown != expected:
        raise ContractError(
            [f"{shown}:1: declares {contract.name}, so the file must be {expected}"]
        )
    return contract


def load_contracts(directory: Path | None = None) -> dict[str, Contract]:
    """Load every contract under a directory.

    Args:
        directory: holds ``<schema>/<table>.yaml``; by default the project's ``expectations``.

    Returns:
        Contracts by ``schema.table``, sorted by that name.

    Raises:
        ContractError: with every mistake in every file.
    """
    if directory is None:
        return dict(_load_once(resource_dir("expectations")))
    return _load(directory)


# Contracts do not change while a process lives, and reading them all takes a tenth of a second.
@functools.cache
def _load_once(directory: Path) -> dict[str, Contract]:
    return _load(directory)


def _load(directory: Path) -> dict[str, Contract]:
    if not directory.is_dir():
        raise ContractError([f"{directory}: no such directory of contracts"])
    errors: list[str] = []
    contracts: dict[str, Contract] = {}
    for path in sorted(directory.glob("**/*.y*ml")):
        if path.suffix not in (".yaml", ".yml"):
            continue
        relative = path.relative_to(directory)
        if len(relative.parts) != 2 or path.suffix != ".yaml":
            errors.append(f"{relative}: a contract is a file <schema>/<table>.yaml; move it there")
            continue
        try:
            contract = read_contract(path)
        except ContractError as error:
            errors.extend(error.errors)
        else:
            contracts[contract.name] = contract
    if errors:
        raise ContractError(errors)
    return contracts
