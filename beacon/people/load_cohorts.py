"""Reading the cohorts of `reference_data/cohorts`.

What belongs here: files to validated definitions, every fault named. What does not: their meaning.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml
from pydantic import ValidationError

from beacon.core.paths import resource_dir
from beacon.people.cohort_definitions import Cohort
from beacon.registry.loading import RegistryError


def load_cohorts(directory: Path | None = None) -> dict[str, Cohort]:
    """Every cohort by its short name, in alphabetical order.

    Raises:
        RegistryError: With every fault of every file.
    """
    if directory is None:
        return dict(_default_cohorts())
    problems: list[str] = []
    cohorts: dict[str, Cohort] = {}
    for path in sorted(directory.glob("*.yaml")):
        try:
            cohort = Cohort.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
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
        if cohort.cohort != path.stem:
            problems.append(f"{path.name}: cohort: the file must be {cohort.cohort}.yaml")
        cohorts[cohort.cohort] = cohort
    if problems:
        raise RegistryError(problems)
    return cohorts


@cache
def _default_cohorts() -> dict[str, Cohort]:
    return load_cohorts(resource_dir("reference_data") / "cohorts")
