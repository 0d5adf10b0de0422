from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from beacon.core.paths import resource_dir
from beacon.registry.schemas import MODELS, schema_files, write_schemas

ROOT = resource_dir("reference_data")

FOLDERS = {
    "indicators": "indicator",
    "core20plus5": "indicator",
    "footprints": "footprint",
    "plus_groups": "plus_group",
}
FILES = [(path, kind) for name, kind in FOLDERS.items() for path in sorted((ROOT / name).glob("*"))]
FILES += [(ROOT / "targets.yaml", "targets"), (ROOT / "core20_pockets.yaml", "core20_pockets")]


def test_committed_schemas_are_current() -> None:
    committed = {
        path.name: path.read_text(encoding="utf-8")
        for path in (ROOT / "schemas").glob("*.schema.json")
    }
    expected = schema_files()
    ours = {name: text for name, text in committed.items() if name in expected}
    assert ours == expected, "run: python -m beacon.registry.schemas"


def test_schemas_are_written_where_asked(tmp_path: Path) -> None:
    paths = write_schemas(tmp_path / "schemas")
    assert {path.name for path in paths} == {f"{name}.schema.json" for name in MODELS}
    assert json.loads(paths[0].read_text(encoding="utf-8"))["additionalProperties"] is False


@pytest.mark.parametrize(("path", "kind"), FILES, ids=lambda item: getattr(item, "name", item))
def test_editors_find_a_schema_that_accepts_the_file(path: Path, kind: str) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    text = path.read_text(encoding="utf-8")
    first_line = text.splitlines()[0]
    marker = "# yaml-language-server: $schema="
    assert first_line.startswith(marker)
    schema_path = (path.parent / first_line.removeprefix(marker)).resolve()
    assert schema_path == (ROOT / "schemas" / f"{kind}.schema.json").resolve()
    # Dates as text, as an editor sees them.
    loader = type("TextDates", (yaml.SafeLoader,), {})
    loader.yaml_implicit_resolvers = {
        key: [(tag, regexp) for tag, regexp in pairs if not tag.endswith("timestamp")]
        for key, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    jsonschema.validate(yaml.load(text, Loader=loader), json.loads(schema_path.read_text()))
