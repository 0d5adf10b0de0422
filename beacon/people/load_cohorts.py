"""Reading the definitions of `reference_data/cohorts` and of `reference_data/segments`.

What belongs here: files to validated definitions, every fault named. What does not: their meaning.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import ValidationError

from beacon.core.paths import resource_dir
from beacon.people.cohort_definitions import Cohort
from beacon.registry.base import Entry
from beacon.registry.loading import RegistryError

Defined = TypeVar("Defined", bound=Entry)


def load_cohorts(directory: Path | None = None) -> dict[str, Cohort]:
    """Every cohort by its short name, in alphabetical order.

    Raises:
        RegistryError: With every fault of every file.
    """
    if directory is None:
        return dict(_default_cohorts())
    return load_definitions(directory, Cohort, "cohort")


def load_definitions(directory: Path, model: type[Defined], key: str) -> dict[str, Defined]:
    """Every definition of a folder by its short name, in alphabetical order.

    Args:
        directory: The folder, one YAML file a definition.
        model: What a file must be.
        key: The field that gives the short name, which the file is named by.

    Raises:
        RegistryError: With every fault of every file.
    """
    problems: list[str] = []
    found: dict[str, Defined] = {}
    for path in sorted(directory.glob("*.yaml")):
        try:
            definition = model.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            place = f"line {mark.line + 1}" if mark is not None else "file"
            problems.append(f"{path.name}: {place}: not valid YAML")
            continue
        except ValidationError as error:
            problems += [
                f"{path.name}: {'.'.join(map(str, item['loc'])) or 'file'}: "
                f"{item['msg'].removeprefix('Value error, ')}"
                for item in error.errors(include_url=False)
            ]
            continue
        name = str(getattr(definition, key))
        if name != path.stem:
            problems.append(f"{path.name}: {key}: the file must be {name}.yaml")
        found[name] = definition
    if problems:
        raise RegistryError(problems)
    return found


@cache
def _default_cohorts() -> dict[str, Cohort]:
    return load_cohorts(resource_dir("reference_data") / "cohorts")
