"""A version of a piece of code: a hash that changes when what the code does may have changed.

It covers a module and every module of Beacon that it imports, directly or not. What docstrings and
comments say and the numbers of lines do not count, so that rewording a docstring rebuilds nothing.
"""

from __future__ import annotations

import dis
import hashlib
from collections.abc import Iterable
from functools import cache
from importlib.metadata import version
from pathlib import Path
from types import CodeType

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


@cache
def _modules() -> dict[str, Path]:
    """The file of every module of Beacon, by the module's name."""
    found = {}
    for file in _PACKAGE.rglob("*.py"):
        parts = file.relative_to(_PACKAGE).with_suffix("").parts
        found[".".join((_NAME, *parts)).removesuffix(".__init__")] = file
    return found


@cache
def _module(name: str) -> tuple[str, tuple[str, ...]]:
    """The hash of one module's compiled code, and the modules of Beacon that it imports.

    Compiled code has no comments, and at this level of optimisation no docstrings and no asserts.
    """
    file = _modules().get(name)
    if file is None:
        raise ModuleNotFoundError(f"There is no module {name}.")
    digest = hashlib.sha256()
    imported: set[str] = set()
    waiting = [compile(file.read_bytes(), name, "exec", dont_inherit=True, optimize=2)]
    while waiting:
        code = waiting.pop()
        inner = [const for const in code.co_consts if isinstance(const, CodeType)]
        plain = [const for const in code.co_consts if not isinstance(const, CodeType)]
        waiting += inner
        imported |= _imported(code.co_names, plain)
        digest.update(
            repr(
                (
                    code.co_name,
                    _steps(code) or (code.co_code, list(map(_stable, plain))),
                    code.co_names,
                    code.co_varnames,
                    code.co_freevars,
                    code.co_cellvars,
                    code.co_argcount,
                    code.co_posonlyargcount,
                    code.co_kwonlyargcount,
                    code.co_flags,
                    code.co_exceptiontable,
                )
            ).encode()
        )
    return digest.hexdigest(), tuple(sorted(imported))


_FIRST_LINE = "__firstlineno__"


def _steps(code: CodeType) -> list[tuple[str, str]]:
    """What the body of a class does, step by step, but for keeping the number of its first line.

    Empty for any other code, and for Python before 3.13, which keeps no such number.
    """
    if _FIRST_LINE not in code.co_names:
        return []
    steps = list(dis.get_instructions(code))
    kept = next(at for at, step in enumerate(steps) if step.argval == _FIRST_LINE)
    return [
        (step.opname, _stable(step.argval))
        for at, step in enumerate(steps)
        if at != kept - 1 and not isinstance(step.argval, CodeType)
    ]


def _stable(const: object) -> str:
    """A constant as text; a set, whose order differs from process to process, in order."""
    return repr(sorted(map(repr, const))) if isinstance(const, frozenset) else repr(const)


def _imported(names: Iterable[str], constants: Iterable[object]) -> set[str]:
    """Modules of Beacon among the names of some code; what is imported from one may be one too."""
    modules = [name for name in names if name == _NAME or name in _modules()]
    parts = {part for const in constants if isinstance(const, tuple) for part in const}
    inner = {f"{module}.{part}" for module in modules for part in parts}
    return {*modules, *inner} & _modules().keys()
