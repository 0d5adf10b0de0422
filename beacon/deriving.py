"""Deriving tables beside the steps that ask for them, more than one at a time.

A step asks for one table after another and tells the run's history of each; the database would
wait meanwhile. Many tables are small, so that planning their query, on one core, takes longer than
running it. Here each is made as soon as all that it reads is there.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from beacon.core.errors import BeaconError
from beacon.processes import Closing

if TYPE_CHECKING:
    from beacon.warehouse.connection import Warehouse


_BETWEEN_INTERRUPTS_SECONDS = 0.05


class NotMadeError(BeaconError):
    """A table was not made, because one that it reads was not."""


@dataclass(frozen=True)
class Derivation:
    """One thing to be made.

    Attributes:
        name: Its name, usually the table's.
        depends: Names of what it reads: of other derivations, or of what comes from elsewhere.
        make: Makes it over a connection that no other thread uses meanwhile.
    """

    name: str
    depends: frozenset[str]
    make: Callable[[Warehouse], Any]


class DerivingAhead(Closing):
    """Makes all that it is given; ask for each result when it is wanted.

    Use as a context manager: what is not made when it closes is given up.
    """

    def __init__(
        self, derivations: Iterable[Derivation], connections: Collection[Warehouse]
    ) -> None:
        """Start.

        Args:
            derivations: What to make, in an order in which it could be made one by one.
            connections: A connection for each thread, all to one database; they are closed here.
        """
        self._left = {one.name: one for one in derivations}
        self._futures: dict[str, Future[Any]] = {name: Future() for name in self._left}
        self._lacks = {name: set(one.depends) for name, one in self._left.items()}
        self._heights = _heights(self._left)
        self._changed = threading.Condition()
        self._closed = False
        self._connections = connections
        self._threads = [
            threading.Thread(
                target=self._work, args=[warehouse], name=f"beacon-deriving-{number}", daemon=True
            )
            for number, warehouse in enumerate(connections)
        ]
        for thread in self._threads:
            thread.start()

    def __contains__(self, name: str) -> bool:
        return name in self._futures

    def have(self, *names: str) -> None:
        """Say that something that comes from elsewhere is there."""
        with self._changed:
            for lacks in self._lacks.values():
                lacks.difference_update(names)
            self._changed.notify_all()

    def result(self, name: str) -> Any:
        """What making one thing gave, once it is made. It is given once.

        Whoever asks for anything has already seen to all that comes from elsewhere.

        Raises:
            NotMadeError: When something that it reads could not be made.
            Exception: Whatever making it raised.
        """
        with self._changed:
            for lacks in self._lacks.values():
                lacks.intersection_update(self._heights)
            self._changed.notify_all()
        try:
            return self._futures[name].result()
        finally:
            del self._futures[name]

    def close(self) -> None:
        """Stop what is being made, and end."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread, warehouse in zip(self._threads, self._connections, strict=True):
            while thread.is_alive():
                warehouse.con.interrupt()  # ends one statement, and there may be another
                thread.join(_BETWEEN_INTERRUPTS_SECONDS)
        for warehouse in self._connections:
            warehouse.con.close()
        for future in self._futures.values():
            future.cancel()

    def _work(self, warehouse: Warehouse) -> None:
        while (derivation := self._next()) is not None:
            future = self._futures[derivation.name]
            try:
                made = derivation.make(warehouse)
            except BaseException as error:  # noqa: BLE001 - raised where it is asked for
                self._give_up(derivation.name)
                future.set_exception(error)
            else:
                self.have(derivation.name)
                future.set_result(made)

    def _next(self) -> Derivation | None:
        """What can be made now and most waits for; waits until there is something."""
        with self._changed:
            while self._left and not self._closed:
                ready = [name for name in self._left if not self._lacks[name]]
                if ready:
                    return self._left.pop(max(ready, key=self._heights.__getitem__))
                self._changed.wait()
        return None

    def _give_up(self, name: str) -> None:
        """Make nothing that reads what could not be made."""
        with self._changed:
            for one in [one for one in self._left.values() if name in one.depends]:
                # It may be gone already: two things that it reads could not be made.
                if self._left.pop(one.name, None) is not None:
                    self._futures[one.name].set_exception(
                        NotMadeError(f"{one.name} was not made, because {name} was not.")
                    )
                    self._give_up(one.name)
            self._changed.notify_all()


def _heights(derivations: dict[str, Derivation]) -> dict[str, int]:
    """How many others, one after another, wait for each: the longest such chain is made first."""
    readers: dict[str, list[str]] = {name: [] for name in derivations}
    for one in derivations.values():
        for name in one.depends & readers.keys():
            readers[name].append(one.name)

    @cache
    def height(name: str) -> int:
        return max((1 + height(reader) for reader in readers[name]), default=0)

    return {name: height(name) for name in derivations}


__all__ = ["Derivation", "DerivingAhead", "NotMadeError"]
