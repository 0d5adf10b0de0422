"""JSON Schemas of the registry's files, so that editors complete and check them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from beacon.core.files import canonical_json, write_atomically
from beacon.core.paths import resource_dir
from beacon.registry.actions import ActionRegister
from beacon.registry.aspirations import AspirationFile
from beacon.registry.authorities import AuthorityRegister
from beacon.registry.base import Entry
from beacon.registry.footprints import Footprint
from beacon.registry.indicators import Indicator
from beacon.registry.neighbourhood_forms import NeighbourhoodForm
from beacon.registry.plus_groups import PlusGroup
from beacon.registry.pockets import PocketRules
from beacon.registry.successions import SuccessionRegister
from beacon.registry.targets import TargetRegister

MODELS: Final[dict[str, type[Entry]]] = {
    "indicator": Indicator,
    "footprint": Footprint,
    "neighbourhood_return": NeighbourhoodForm,
    "plus_group": PlusGroup,
    "core20_pockets": PocketRules,
    "targets": TargetRegister,
    "aspirations": AspirationFile,
    "authorities": AuthorityRegister,
    "successions": SuccessionRegister,
    "actions": ActionRegister,
}


def schema_files() -> dict[str, str]:
    """File name and content of every schema, as they should be in `reference_data/schemas`."""
    return {
        f"{name}.schema.json": canonical_json(
            {
                "$schema": "https://json-schema.org/draft/2020-12/schema",
                **model.model_json_schema(),
            }
        )
        for name, model in MODELS.items()
    }


def write_schemas(directory: Path | None = None) -> tuple[Path, ...]:
    """Write every schema and return the paths, by default into `reference_data/schemas`."""
    folder = directory or resource_dir("reference_data") / "schemas"
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, content in schema_files().items():
        path = folder / name
        write_atomically(path, content)
        paths.append(path)
    return tuple(paths)


if __name__ == "__main__":
    write_schemas()
