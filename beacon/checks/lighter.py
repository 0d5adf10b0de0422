"""Great Expectations without what checking a pandas frame never uses."""

import importlib.util
import operator
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

LATE = ("altair", "jsonschema", "scipy.stats")
"""Modules that Great Expectations imports at its own top and uses in a few places: charts of its
documents, one expectation on JSON, a few on distributions. They are a third of its import, in time
and in memory. Each is loaded when something of it is first asked for, so nothing is missing."""


class _Late(MetaPathFinder):
    """Finds the modules of ``LATE`` as the import system would, to be loaded on first use."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name not in LATE:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = importlib.util.LazyLoader(spec.loader)
        return spec


@contextmanager
def late_imports() -> Iterator[None]:
    """Modules of ``LATE`` that are imported inside are loaded when they are first used.

    Meant for a process that does nothing else: the first use must not be by two threads at once.
    """
    finder = _Late()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


@contextmanager
def kept_configurations() -> Iterator[None]:
    """Inside, an expectation's configuration is built once and not some seventy times.

    ``Expectation.configuration`` is a property that turns the expectation's fields into a new
    object whenever one of them is asked for, which was half of the time of a suite. Here the
    object is kept for as long as each field is the very same object.

    Meant for one thread at a time; what was kept is let go at the end.
    """
    from great_expectations.expectations.expectation import Expectation

    ordinary: property = Expectation.__dict__["configuration"]
    # By identity: expectations compare by their fields, which takes longer than what is saved.
    # The expectation itself is kept too, so that no other can have its identity meanwhile.
    kept: dict[int, tuple[Any, tuple[Any, ...], Any]] = {}

    def configuration(self: Any) -> Any:
        fields = tuple(self.__dict__.values())
        if (found := kept.get(id(self))) is not None:
            _, earlier, built = found
            if len(earlier) == len(fields) and all(map(operator.is_, earlier, fields)):
                return built
        built = ordinary.__get__(self)
        kept[id(self)] = (self, fields, built)
        return built

    Expectation.configuration = property(configuration)
    try:
        yield
    finally:
        Expectation.configuration = ordinary
