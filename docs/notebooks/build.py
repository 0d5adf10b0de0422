"""Write the answers into `docs/cookbook.md`, and the notebook of the same questions.

`python docs/notebooks/build.py HOME`, where HOME holds a published sample; with a second home, in
which fictional people were published, the answers of `docs/people.md` too. What belongs here:
running the cookbook's code and laying it out. What does not: the questions (`docs/cookbook.md`).
"""

from __future__ import annotations

import ast
import json
import os
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

DOCS = Path(__file__).resolve().parents[1]
COOKBOOK = DOCS / "cookbook.md"
PEOPLE = DOCS / "people.md"
NOTEBOOK = DOCS / "notebooks" / "cookbook.ipynb"

_LINES = r"(?:(?!## |```)[^\n]*\n)*"
_CODE = r"(?:(?!```)[^\n]*\n)*"
_RECIPE = re.compile(
    rf"^## (?P<title>[^\n]+)\n(?P<text>{_LINES})"
    rf"```(?P<language>sql|python)\n(?P<code>{_CODE})```\n\n```text\n(?P<answer>{_CODE})```\n",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Recipe:
    """One question: its title, what is said of it, its code and the answer in the document."""

    title: str
    text: str
    language: str
    code: str
    answer: str


def recipes(document: str) -> list[Recipe]:
    """Every recipe of a cookbook, in order."""
    return [
        Recipe(**{name: text.strip("\n") for name, text in match.groupdict().items()})
        for match in _RECIPE.finditer(document)
    ]


def answer(recipe: Recipe, home: Path) -> str:
    """Run a recipe on a home as an analyst would, and give its answer as text."""
    if recipe.language == "python":
        os.environ["BEACON_HOME"] = str(home)
        return str(run_python(recipe.code, {}))
    with duckdb.connect(str(home / "beacon.duckdb"), read_only=True) as con:
        cursor = con.execute(recipe.code)
        return as_text([column[0] for column in cursor.description or []], cursor.fetchall())


def run_python(code: str, names: dict[str, Any]) -> Any:
    """Run code as a notebook cell does; give the value of its last expression, or None."""
    tree = ast.parse(code)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "<cell>", "exec"), names)  # noqa: S102 - our own document
    if last is None:
        return None
    return eval(compile(ast.Expression(last.value), "<cell>", "eval"), names)  # noqa: S307


def as_text(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Rows in columns of equal width, numbers to the right."""
    cells = [["" if value is None else str(value) for value in row] for row in rows]
    if not cells:
        return f"{'  '.join(columns)}\n(no rows)"
    width = [max(map(len, column)) for column in zip(columns, *cells, strict=True)]
    number = [
        all(re.fullmatch(r"-?[\d.]*", row[index]) for row in cells) for index in range(len(columns))
    ]
    lines = [
        "  ".join(
            text.rjust(size) if right else text.ljust(size)
            for text, size, right in zip(row, width, number, strict=True)
        ).rstrip()
        for row in [list(columns), *cells]
    ]
    return "\n".join(lines)


def with_answers(document: str, home: Path) -> str:
    """The document with every answer written anew."""
    answers = iter([answer(recipe, home) for recipe in recipes(document)])

    def fill(match: re.Match[str]) -> str:
        start, end = match.span("answer")
        whole, offset = match.group(0), match.start()
        return whole[: start - offset] + next(answers) + "\n" + whole[end - offset :]

    return _RECIPE.sub(fill, document)


def notebook(document: str) -> str:
    """The same questions as a notebook, without outputs: run it on your own release."""
    introduction = (
        "# Cookbook\n\nThe questions of `docs/cookbook.md`. Set `BEACON_HOME` to the directory "
        "that `beacon run` wrote to, or start Jupyter beside `data/`."
    )
    setup = (
        "import os\nfrom pathlib import Path\n\nimport duckdb\n\n"
        'home = Path(os.environ.get("BEACON_HOME", "data"))\n'
        'con = duckdb.connect(str(home / "beacon.duckdb"), read_only=True)'
    )
    cells = [_cell("markdown", introduction, 0), _cell("code", setup, 1)]
    for recipe in recipes(document):
        text = f"## {recipe.title}" + (f"\n\n{recipe.text}" if recipe.text else "")
        cells.append(_cell("markdown", text, len(cells)))
        code = recipe.code
        if recipe.language == "sql":
            code = f'con.execute("""\n{code}\n""").df()'
        cells.append(_cell("code", code, len(cells)))
    content = {
        "cells": cells,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _cell(kind: str, source: str, number: int) -> dict[str, Any]:
    cell: dict[str, Any] = {
        "cell_type": kind,
        "id": f"cell-{number:02d}",
        "metadata": {},
        "source": source.splitlines(keepends=True),
    }
    if kind == "code":
        cell |= {"execution_count": None, "outputs": []}
    return cell


def main() -> None:
    """Write both files, and the answers about people where their home is named."""
    if len(sys.argv) > 2:
        people = with_answers(PEOPLE.read_text(encoding="utf-8"), Path(sys.argv[2]).absolute())
        PEOPLE.write_text(people, encoding="utf-8")
    document = with_answers(COOKBOOK.read_text(encoding="utf-8"), Path(sys.argv[1]).absolute())
    COOKBOOK.write_text(document, encoding="utf-8")
    NOTEBOOK.write_text(notebook(document), encoding="utf-8")


if __name__ == "__main__":
    main()
