"""Every answer in the cookbook is what the sample says, and the notebook runs."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
BUILD = ROOT / "docs" / "notebooks" / "build.py"


def load_build() -> ModuleType:
    spec = importlib.util.spec_from_file_location("cookbook_build", BUILD)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    import sys

    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


build = load_build()
DOCUMENT = build.COOKBOOK.read_text(encoding="utf-8")
RECIPES = build.recipes(DOCUMENT)


def test_there_are_twenty_and_none_is_passed_over() -> None:
    assert len(RECIPES) >= 20
    assert len(RECIPES) == DOCUMENT.count("\n## ")
    assert [int(recipe.title.split(".")[0]) for recipe in RECIPES] == list(
        range(1, len(RECIPES) + 1)
    )


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.title.split(".")[0])
def test_the_answer_is_what_the_sample_says(
    recipe: Any, published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BEACON_HOME", str(published))
    assert build.answer(recipe, published) == recipe.answer, (
        "If the sample or a method was meant to change: python docs/notebooks/build.py HOME"
    )


def test_the_notebook_has_the_same_questions() -> None:
    assert build.NOTEBOOK.read_text(encoding="utf-8") == build.notebook(DOCUMENT)


def test_the_notebook_runs(published: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cell by cell in one namespace, as a kernel would."""
    monkeypatch.setenv("BEACON_HOME", str(published))
    cells = json.loads(build.NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    names: dict[str, Any] = {}
    results = [
        build.run_python("".join(cell["source"]), names)
        for cell in cells
        if cell["cell_type"] == "code"
    ]
    assert len(results) == len(RECIPES) + 1
    assert all(result is not None for result in results[1:])
    names["con"].close()
