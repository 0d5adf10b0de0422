"""Counts that organisations returned, as the atoms and sums of `beacon.disclosure.successive`.

An atom is what one organisation counted in one Place, at one level, in one period: those in the
numerator, and the rest of the denominator. Readers are taken to know who returned and which counts
were corrected. Where periods of one organisation overlap, its atoms are the parts of time that the
periods are made of, and counts of a longer period are the sums of its parts; where its counts
contradict this (they were taken on a day, not over the period) they are left apart.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from beacon.disclosure.successive import Atom, Known, Published, Row, Sum, is_small

Line = Mapping[str, str]
Key = tuple[str, str, str, str]
"""What a total is called: first and last day of its period, area and level."""
Period = tuple[str, str]
"""First and last day, ISO 8601."""
_Source = tuple[str, str, str]
"""Place, organisation and level."""

_EVERY_LEVEL = ""
_MEMBERS = (0, 1)  # the numerator, and the rest of the denominator
_SAME = 1e-6


def read_lines(content: bytes) -> list[Line]:
    """The lines of a table of accepted returns."""
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def total_key(line: Line) -> Key:
    """What a total is called."""
    return line["period_start"], line["period_end"], line["area_code"], line["level"]


@dataclass(frozen=True)
class ReturnedTable:
    """The returns of one indicator as they were put together for a release.

    Attributes:
        lines: The table of accepted returns.
        shown: Keys of the totals that the release shows; empty for one that is still to be made.
        rounding: Shown counts are rounded to a multiple of this.
    """

    lines: Sequence[Line]
    shown: frozenset[Key] = frozenset()
    rounding: int | None = None

    @cached_property
    def counts(self) -> dict[Period, dict[_Source, tuple[float, float] | None]]:
        """Numerator and rest by period and source; None where the sender withheld one."""
        series = self.lines[0]["series"] if self.lines else ""
        found: dict[Period, dict[_Source, tuple[float, float] | None]] = {}
        for line in self.lines:
            # Where a return has two series each is the other's rest, so the first stands for both.
            if line["row_kind"] != "returned" or line["series"] != series:
                continue
            period = found.setdefault((line["period_start"], line["period_end"]), {})
            source = (line["area_code"], line["organisation_code"], line["level"])
            before, more = period.get(source, (0.0, 0.0)), _counted(line)
            period[source] = (
                None
                if before is None or more is None
                else (before[0] + more[0], before[1] + more[1])
            )
        return found

    @cached_property
    def totals(self) -> list[Key]:
        """Keys of the totals that the table asks for."""
        return list(
            dict.fromkeys(total_key(line) for line in self.lines if line["row_kind"] == "total")
        )

    @cached_property
    def board(self) -> str:
        """Code of the board, which all Places add up to."""
        return self.lines[0]["icb_code"] if self.lines else ""

    @cached_property
    def not_comparable(self) -> frozenset[Key]:
        """Totals that are not shown because organisations counted differently."""
        ways: dict[tuple[str, str, str], set[str]] = {}
        for line in self.lines:
            if line["row_kind"] == "returned":
                for area in (line["area_code"], self.board):
                    when = (line["period_start"], line["period_end"], area)
                    ways.setdefault(when, set()).add(line["counted_by"])
        return frozenset(key for key in self.totals if len(ways.get(key[:3], ())) > 1)

    def sources(self, key: Key) -> list[_Source]:
        """What a total adds up."""
        start, end, area, level = key
        return [
            source
            for source in self.counts.get((start, end), {})
            if area in (source[0], self.board) and level in (source[2], _EVERY_LEVEL)
        ]


def _counted(line: Line) -> tuple[float, float] | None:
    try:
        numerator, denominator = float(line["numerator"]), float(line["denominator"])
    except ValueError:
        return None  # the sender's marker in place of a count
    return numerator, denominator - numerator


@dataclass(frozen=True)
class Question:
    """A new table of returned counts and what was published before, as sums of atoms.

    Attributes:
        published: True counts, and what readers know of them.
        rows: The totals of the new table whose counts are known.
        sensitive: What is small beside the new rows' own counts: what one organisation counted,
            counts of earlier tables, and what is left between two tables or two periods of either.
        never_shown: Totals that are not shown for reasons of their own.
        kept: Totals that the latest earlier table hid.
    """

    published: Published
    rows: list[Row[Key]]
    sensitive: list[Sum]
    never_shown: frozenset[Key]
    kept: frozenset[Key]


def question_of(
    new: ReturnedTable, earlier: Sequence[ReturnedTable], *, smallest_shown: int = 5
) -> Question:
    """Put a new table and the earlier ones of the same indicator, oldest first, into atoms."""
    tables = [*earlier, new]
    atoms = _Atoms(tables)
    rows_of = [_rows(table, number, atoms) for number, table in enumerate(tables)]
    known: dict[Known, None] = {}
    for table, rows in zip(earlier, rows_of[:-1], strict=True):
        for row in rows:
            counts = [atoms.count(parts) for parts in row.counts]
            known |= dict.fromkeys(_known(row, counts, table))
    sums: dict[tuple[str, str, int], dict[Sum, None]] = {}
    for rows in rows_of:
        for row in rows:
            for member in _MEMBERS:
                place_and_level = (row.key[2], row.key[3], member)
                sums.setdefault(place_and_level, {})[row.counts[member]] = None
    candidates = [parts for group in sums.values() for parts in group]
    candidates += atoms.of_one_organisation()
    for group in sums.values():
        candidates += _differences(list(group))
    newest = earlier[-1] if earlier else None
    return Question(
        Published(atoms.counts, list(known), atoms.equal, atoms.whole),
        rows_of[-1],
        [
            parts
            for parts in dict.fromkeys(candidates)
            if is_small(atoms.count(parts), smallest_shown)
        ],
        new.not_comparable,
        frozenset(newest.totals) - newest.shown if newest else frozenset(),
    )


def _rows(table: ReturnedTable, number: int, atoms: _Atoms) -> list[Row[Key]]:
    rows = []
    for key in table.totals:
        sources = table.sources(key)
        period = (key[0], key[1])
        if any(table.counts[period][source] is None for source in sources):
            continue
        counts = tuple(
            frozenset(
                atom for source in sources for atom in atoms.parts(number, period, source, member)
            )
            for member in _MEMBERS
        )
        rows.append(Row(key, counts, is_total=key[2] == table.board or key[3] == _EVERY_LEVEL))
    return rows


def _known(row: Row[Key], counts: list[float], table: ReturnedTable) -> list[Known]:
    """What an earlier table tells of one of its rows."""
    base = table.rounding
    if row.key not in table.shown:
        # Zeros are shown, so that what is hidden is known to be somebody.
        return [
            Known(parts, min(1.0, count))
            for parts, count in zip(row.counts, counts, strict=True)
            if count > _SAME
        ]
    if base is None:
        return [Known(parts, count, count) for parts, count in zip(row.counts, counts, strict=True)]
    # The numerator and the denominator are rounded, each by itself.
    numerator, denominator = row.counts[0], row.counts[0] | row.counts[1]
    return [
        Known(parts, max(0.0, rounded - base / 2), rounded + base / 2)
        for parts, count in ((numerator, counts[0]), (denominator, math.fsum(counts)))
        for rounded in (math.floor(count / base + 0.5) * base,)
    ]


def _differences(sums: list[Sum]) -> list[Sum]:
    """What is left of each sum when one that it contains is taken away."""
    return [more - less for more in sums for less in sums if less and less < more]


class _Atoms:
    """The atoms of several tables, and their true counts."""

    def __init__(self, tables: Sequence[ReturnedTable]) -> None:
        self.counts: dict[Atom, float] = {}
        self.equal: list[tuple[Sum, Sum]] = []
        self._parts: dict[tuple[int, Period, _Source, int], Sum] = {}
        told: dict[tuple[_Source, int], list[dict[Period, float]]] = {}
        for number, table in enumerate(tables):
            for period, sources in table.counts.items():
                for source, counted in sources.items():
                    for member in _MEMBERS if counted is not None else ():
                        states = told.setdefault((source, member), [{} for _ in tables])
                        states[number][period] = counted[member]  # type: ignore[index]
        self.whole = all(
            value == round(value)
            for states in told.values()
            for state in states
            for value in state.values()
        )
        for (source, member), states in told.items():
            self._add(source, member, states)

    def count(self, parts: Sum) -> float:
        """The true count of a sum."""
        return math.fsum(self.counts[atom] for atom in parts)

    def parts(self, table: int, period: Period, source: _Source, member: int) -> Sum:
        """The atoms of what one source counted."""
        return self._parts[table, period, source, member]

    def of_one_organisation(self) -> list[Sum]:
        """What one organisation counted in one Place, at each level and at all together.

        And what is left of it: of a year whose half it sent too, or since it last sent a return.
        """
        together: dict[tuple[Any, ...], set[Atom]] = {}
        alike: dict[tuple[Any, ...], dict[Sum, None]] = {}
        for (table, period, source, member), parts in self._parts.items():
            together.setdefault((table, period, source[:2], member), set()).update(parts)
            alike.setdefault((source, member), {})[parts] = None
        for (_, _, sender, member), atoms in together.items():
            alike.setdefault((sender, member), {})[frozenset(atoms)] = None
        sums = [parts for group in alike.values() for parts in group]
        return sums + [left for group in alike.values() for left in _differences(list(group))]

    def _add(self, source: _Source, member: int, states: list[dict[Period, float]]) -> None:
        merged = _merged(states)
        # Without corrections all tables speak of the same counts.
        distinct = [merged] if merged is not None else _distinct(states)
        solved = [_in_parts_of_time(state, states, self.whole) for state in distinct]
        if any(parts is None for parts in solved):
            self._add_apart(source, member, states)
            return
        for version, parts in enumerate(solved):
            for segment, count in (parts or {}).items():
                self.counts[source, member, segment, version] = count
        last: dict[tuple[Period, float], Sum] = {}
        for number, state in enumerate(states):
            version = 0 if merged is not None else distinct.index(state) if state else 0
            for period, value in state.items():
                atoms = frozenset(
                    (source, member, segment, version)
                    for segment in solved[version] or {}
                    if period[0] <= segment[0] and segment[1] <= period[1]
                )
                self._parts[number, period, source, member] = atoms
                before = last.setdefault((period, value), atoms)
                if before != atoms and (before, atoms) not in self.equal:
                    self.equal.append((before, atoms))

    def _add_apart(self, source: _Source, member: int, states: list[dict[Period, float]]) -> None:
        for number, state in enumerate(states):
            for period, value in state.items():
                atom = (source, member, period, value)
                self.counts[atom] = value
                self._parts[number, period, source, member] = frozenset([atom])


def _merged(states: list[dict[Period, float]]) -> dict[Period, float] | None:
    """All counts together, or None where one was corrected."""
    merged: dict[Period, float] = {}
    for state in states:
        for period, value in state.items():
            if merged.setdefault(period, value) != value:
                return None
    return merged


def _distinct(states: list[dict[Period, float]]) -> list[dict[Period, float]]:
    found: list[dict[Period, float]] = []
    for state in states:
        if state and state not in found:
            found.append(state)
    return found


def _in_parts_of_time(
    state: dict[Period, float], states: list[dict[Period, float]], whole: bool
) -> dict[Period, float] | None:
    """Counts of the parts of time that all periods are made of; None where there are none such."""
    periods = sorted({period for other in states for period in other})
    if not _overlap(periods):
        if len(_distinct(states)) > 1 and _merged(states) is None:
            return None  # a correction: the old count and the new are atoms of their own
        return dict(state)
    from scipy.optimize import LinearConstraint, milp

    starts = {start for start, _ in periods} | {_next_day(end) for _, end in periods}
    segments = [
        (first, _day_before(after))
        for first, after in pairwise(sorted(starts))
        if any(start <= first and after <= _next_day(end) for start, end in state)
    ]
    inside = np.array(
        [
            [float(period[0] <= part[0] and part[1] <= period[1]) for part in segments]
            for period in state
        ]
    )
    values = np.array(list(state.values()))
    found = milp(
        np.zeros(len(segments)),
        constraints=LinearConstraint(inside, values, values),
        integrality=np.full(len(segments), int(whole)),
    )
    if found.x is None:
        return None
    counts = found.x.round() if whole else np.maximum(found.x, 0)
    return dict(zip(segments, counts.tolist(), strict=True))


def _overlap(periods: list[Period]) -> bool:
    return any(later[0] <= earlier[1] for earlier, later in pairwise(periods))


def _next_day(day: str) -> str:
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()


def _day_before(day: str) -> str:
    return (date.fromisoformat(day) - timedelta(days=1)).isoformat()
