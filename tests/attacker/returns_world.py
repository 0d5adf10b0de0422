"""Returns that come late, are corrected and overlap in time, and what was true of them all along."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

from tests.attacker.files import Figure
from tests.attacker.linear import LinearAttacker
from tests.attacker.returns_home import ReturnsHome
from tests.integration.returns.conftest import staff, write_text

SLUG = "ethnic_minority_by_band"
TRUST, BOARD_OFFICE = "ZZT01", "ZZ1"

# A period is made of halves of the year. Each count is true of one half.
HALVES = {
    "2024/25": ("first", "second"),
    "2024-04-01 to 2024-09-30": ("first",),
    "2024-10-01 to 2025-03-31": ("second",),
}
YEAR, FIRST, SECOND = HALVES
_DAYS = {
    YEAR: (date(2024, 4, 1), date(2025, 3, 31)),
    FIRST: (date(2024, 4, 1), date(2024, 9, 30)),
    SECOND: (date(2024, 10, 1), date(2025, 3, 31)),
}

Atom = tuple[str, str, int, str, int, int]
"""Organisation, Place, level, half of the year, member (0 counted, 1 the rest), version."""
Cell = tuple[str, str, str]
"""Period, name of the area, category."""


@dataclass
class Snapshot:
    """What a release was made from: the atoms of each cell, those counted and the rest."""

    cells: dict[Cell, tuple[frozenset[Atom], frozenset[Atom]]]


class ReturnsWorld:
    """Organisations with counts of staff, who send them, send more, and correct them.

    Attributes:
        true: The count of each atom that was ever sent.
        snapshots: By release, what it was made from.
    """

    def __init__(self, home: ReturnsHome, folder: Path, seed: int, levels: int = 6) -> None:
        self.home = home
        self.folder = folder
        self.dice = Random(seed)
        self.levels = range(1, levels + 1)
        self.places = home.context.places
        self.true: dict[Atom, int] = {}
        self.snapshots: dict[str, Snapshot] = {}
        self.targets: dict[frozenset[Atom], int] = {}
        self._version: dict[tuple[str, str, int, str], int] = {}
        self._sent: dict[tuple[str, str], list[str]] = {}
        self._corrected: set[str] = set()
        self._files = 0

    # What happens

    def begin(self) -> None:
        """Two councils in three send the whole year, and the others' office for three Places."""
        for place in self.places:
            if self.dice.random() < 0.67:
                self.send(place, YEAR, place)
        for place in self.dice.sample(list(self.places), 3):
            self.send(BOARD_OFFICE, YEAR, place)

    def happen(self) -> None:
        """One thing that changes what the next release says."""
        councils = list(self.places)
        late = [code for code in councils if (code, YEAR) not in self._sent]
        event = self.dice.choice(["late", "late", "more", "more", "correct", "half"])
        if event == "late" and late:
            place = self.dice.choice(late)
            self.send(place, YEAR, place)
        elif event == "half":
            settled = [code for code in councils if code not in self._corrected]
            place = self.dice.choice(settled or councils)
            if place in settled:
                self.send(place, self.dice.choice([FIRST, SECOND]), place)
        elif event == "correct":
            only_year = [
                code
                for code in councils
                if (code, YEAR) in self._sent
                and not {(code, FIRST), (code, SECOND)} & self._sent.keys()
            ]
            if only_year:
                self.correct(self.dice.choice(only_year))
        else:
            sender = self.dice.choice([TRUST, BOARD_OFFICE])
            there = self._sent.get((sender, YEAR), [])
            left = [place for place in councils if place not in there]
            if left:
                self.send(sender, YEAR, self.dice.choice(left))

    def send(self, sender: str, period: str, place: str) -> None:
        """A return, with those Places that the sender reported before and one more."""
        places = self._sent.setdefault((sender, period), [])
        if place not in places:
            places.append(place)
        self._write(sender, period)

    def correct(self, council: str) -> None:
        """A council sends other counts for one level."""
        self._corrected.add(council)
        level = self.dice.choice(list(self.levels))
        key = (council, council, level, self.dice.choice(["first", "second"]))
        self._version[key] = self._version.get(key, 0) + 1
        self._write(council, YEAR)

    def set_counts(
        self, sender: str, place: str, level: int, counted: int, rest: int, *, version: int = 0
    ) -> None:
        """Decide what a sender counts over the whole year, before it sends it."""
        for member, count in ((0, counted), (1, rest)):
            self.true[sender, place, level, "first", member, version] = count
            self.true[sender, place, level, "second", member, version] = 0

    def _draw(self, atom: Atom) -> int:
        # Most are counted in the first half, so that many counts of the year are small.
        if atom[3] == "second" and self.dice.random() < 0.7:
            return 0
        return self.dice.choice([0, 1, 1, 2, 2, 3, 3, 4, 6, 9, 14, 20, 35])

    def _atoms(self, sender: str, place: str, level: int, period: str, member: int) -> list[Atom]:
        return [
            (sender, place, level, half, member, self._version.get((sender, place, level, half), 0))
            for half in HALVES[period]
        ]

    def _count(self, atoms: list[Atom]) -> int:
        return sum(self._true_of(atom) for atom in atoms)

    def _true_of(self, atom: Atom) -> int:
        if atom not in self.true:
            self.true[atom] = self._draw(atom)
        return self.true[atom]

    def _write(self, sender: str, period: str) -> None:
        start, end = _DAYS[period]
        rows: list[dict[str, Any]] = []
        self._files += 1
        for place in self._sent[sender, period]:
            for level in self.levels:
                counted, rest = (
                    self._count(self._atoms(sender, place, level, period, member))
                    for member in (0, 1)
                )
                rows.append(
                    staff(
                        level,
                        counted,
                        rest,
                        organisation_code=sender,
                        organisation_name=sender,
                        place_code=place,
                        period_start=start,
                        period_end=end,
                        return_id=f"R{self._files}",
                    )
                )
        self.home.accept(write_text(self.folder / f"{self._files}.csv", rows))

    # What is published, and what was true

    def publish(self) -> Path:
        """Publish a release and remember what it was made from."""
        release = self.home.publish().release
        snapshot = Snapshot(self._cells())
        self._add_targets(snapshot)
        self.snapshots[release.label] = snapshot
        return release.path

    def _cells(self) -> dict[Cell, tuple[frozenset[Atom], frozenset[Atom]]]:
        cells: dict[Cell, tuple[set[Atom], set[Atom]]] = {}
        board = self.home.workspace.footprint.icb.name
        for (sender, period), places in self._sent.items():
            for place in places:
                for level in self.levels:
                    for member in (0, 1):
                        atoms = self._atoms(sender, place, level, period, member)
                        for area in (self.places[place], board):
                            for category in ("All", f"Level {level}"):
                                cell = cells.setdefault((period, area, category), (set(), set()))
                                cell[member].update(atoms)
        return {name: (frozenset(a), frozenset(b)) for name, (a, b) in cells.items()}

    def _add_targets(self, snapshot: Snapshot) -> None:
        """Every small count: of a cell, of one sender, of what came since, of a half left over."""
        found: list[frozenset[Atom]] = []
        earlier = [old.cells for old in self.snapshots.values()]
        for (period, area, category), members in snapshot.cells.items():
            for member in (0, 1):
                now = members[member]
                found.append(now)
                less = [
                    *(
                        old[period, area, category][member]
                        for old in earlier
                        if (period, area, category) in old
                    ),
                    *(
                        snapshot.cells[half, area, category][member]
                        for half in (FIRST, SECOND)
                        if period == YEAR and (half, area, category) in snapshot.cells
                    ),
                ]
                found += [now - before for before in less if before < now]
        for (sender, period), places in self._sent.items():
            for place in places:
                for member in (0, 1):
                    by_level = [
                        self._atoms(sender, place, level, period, member) for level in self.levels
                    ]
                    found += [frozenset(atoms) for atoms in by_level]
                    found.append(frozenset(atom for atoms in by_level for atom in atoms))
                    found += self._left_of_a_year(sender, period, place, member)
        for parts in found:
            count = sum(self.true[atom] for atom in parts)
            if 0 < count < 5:
                self.targets[parts] = count

    def _left_of_a_year(
        self, sender: str, period: str, place: str, member: int
    ) -> list[frozenset[Atom]]:
        """What a sender counted in one half, where it sent the year and the other half."""
        if period != YEAR:
            return []
        return [
            frozenset(self._atoms(sender, place, level, YEAR, member))
            - frozenset(self._atoms(sender, place, level, half, member))
            for half in (FIRST, SECOND)
            if place in self._sent.get((sender, half), ())
            for level in self.levels
        ]

    def attacker(self, shown: dict[str, list[Figure]]) -> LinearAttacker:
        """Who knows all that releases show, who sent what when, and which counts were corrected.

        Args:
            shown: The figures of each release, by label, oldest first.
        """
        attacker = LinearAttacker()
        before: Snapshot | None = None
        for label, figures in shown.items():
            now = self.snapshots[label]
            for figure in figures:
                snapshot = before if figure.is_previous else now
                _, *cell = figure.cell
                if snapshot is None or (figure.value is None and figure.counts is None):
                    continue
                counted, rest = snapshot.cells[cell[0], cell[1], cell[2]]
                for parts, low, high in _knowledge(figure, counted, rest):
                    attacker.learns(parts, low, high)
            before = now
        return attacker


def _knowledge(
    figure: Figure, counted: frozenset[Atom], rest: frozenset[Atom]
) -> Iterator[tuple[Any, float, float]]:
    if figure.counts is not None:
        numerator, denominator = figure.counts
        yield counted, numerator, numerator
        yield rest, denominator - numerator, denominator - numerator
    elif figure.value is not None:
        share = figure.value / 100
        weights = {**dict.fromkeys(counted, 1 - share), **dict.fromkeys(rest, -share)}
        if weights:
            yield weights, -1e-6, 1e-6
