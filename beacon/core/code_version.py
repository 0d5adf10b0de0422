"""A version of a piece of code: a hash that changes when what the code does may have changed.

It covers a module and every module of Beacon that it imports, directly or not. Docstrings, comments
and the numbers of lines do not count, so that rewording a docstring rebuilds nothing.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.metadata import version
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent
_NAME = _PACKAGE.name


def code_version(modules: Iterable[str], libraries: Iterable[str] = ()) -> str:
    """A hash of some modules, of all that they import of Beacon, and of versions of libraries.

    Args:
        modules: Full names, such as "beacon.sources.readers".
        libraries: Names of distributions, such as "polars".

    Returns:
        64 hexadecimal digits.

    Raises:
        ModuleNotFoundError: For a module that does not exist.
    """
    found: set[str] = set()
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(_module(name)[1])
    digest = hashlib.sha256()
    for name in sorted(found):
        digest.update(f"{name}:{_module(name)[0]}\n".encode())
    for library in sorted(libraries):
        digest.update(f"{library}=={version(library)}\n".encode())
    return digest.hexdigest()


def _file(name: str) -> Path | None:
    if name != _NAME and not name.startswith(f"{_NAME}."):
        return None
    place = _PACKAGE.joinpath(*name.split(".")[1:])
    for file in (place.with_suffix(".py"), place / "__init__.py"):
        if file.is_file() and file != _PACKAGE.with_suffix(".py"):
            return file
    return None


@cache
def _module(name: str) -> tuple[str, tuple[str, ...]]:
    """The hash of one module's syntax tree, and the modules of Beacon that it imports."""
    file = _file(name)
    if file is None:
        raise ModuleNotFoundError(f"There is no module {name}.")
    tree = ast.parse(file.read_bytes())
    imported = tuple(sorted(_imported(tree)))
    digest = hashlib.sha256(ast.dump(_without_docstrings(tree)).encode()).hexdigest()
    return digest, imported


def _without_docstrings(tree: ast.Module) -> ast.Module:
    """A module's syntax tree, in which neither comments nor numbers of lines are."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = [statement for statement in node.body if not _is_text(statement)]
    return tree


def _is_text(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        yield from (name for name in names if _file(name) is not None)
