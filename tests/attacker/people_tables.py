"""Working out hidden counts of people from every table that crossed, with nothing of the code that hid.

The attacker knows how areas, groups, measures and segments add up, which sums are exact, and that a
hidden count is of somebody, unless what it is a part of is hidden too. For each hidden count linear programmes look for its least and greatest
value in all tables that fit; one that cannot be otherwise by a whole person is recovered.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_matrix

Cell = tuple[str, str, str, str]
"""What is counted, area, breakdown, member."""

_CORE20 = "case when core20 then 'Core20' when not core20 then 'Not Core20' end"
_MEMBERS = {
    "all": "'All'",
    "imd_quintile": "imd_quintile::varchar",
    "core20": _CORE20,
    "ethnicity": "nullif(ethnicity, 'Not known')",
    "sex": "nullif(sex, 'Not known')",
    "age_band": "age_band",
    "core20_and_sex": f"{_CORE20} || ' | ' || nullif(sex, 'Not known')",
    "core20_and_ethnicity": f"{_CORE20} || ' | ' || nullif(ethnicity, 'Not known')",
}


@dataclass
class Tables:
    """True counts of one cohort or segmentation, what is shown of them, and what adds up.

    Attributes:
        true: Every count.
        shown: The counts that are published.
        sums: A total and its parts.
    """

    true: dict[Cell, int] = field(default_factory=dict)
    shown: dict[Cell, int] = field(default_factory=dict)
    sums: list[tuple[Cell, list[Cell]]] = field(default_factory=list)


def true_counts(folder: Path, cohort: str, board: str) -> dict[Cell, int]:
    """Counts of the board and of every area below it, from the cells of the secure home."""
    found: dict[Cell, int] = {}
    for area in (f"'{board}'", "place_code"):
        for breakdown, member in _MEMBERS.items():
            if " | " in member and area == "place_code":
                continue  # Pairs are of the board only.
            rows = duckdb.execute(
                f"select measure, {area}, {member}, sum(eligible), sum(done) "
                f"from '{folder / 'cell.parquet'}' where cohort = ? and {area} is not null "
                f"and ({member}) is not null group by all",
                [cohort],
            ).fetchall()
            found |= dict(_cells(breakdown, rows))
    rows = duckdb.execute(
        "select measure, area_code, 'All', sum(eligible), sum(done) "
        f"from '{folder / 'small_cell.parquet'}' where cohort = ? group by all",
        [cohort],
    ).fetchall()
    return found | dict(_cells("all", rows))


def _cells(
    breakdown: str, rows: list[tuple[str, str, str, int, int]]
) -> Iterator[tuple[Cell, int]]:
    for measure, area, member, eligible, done in rows:
        yield (
            ("people" if measure == "" else f"{measure} eligible", area, breakdown, member),
            int(eligible),
        )
        if measure:
            yield (f"{measure} done", area, breakdown, member), int(done)


def cohort_tables(people: Path, folder: Path, cohort: str, board: str, areas: Areas) -> Tables:
    """A cohort's tables of one as-at date: sizes, and of each measure eligible and done."""
    day = folder.name
    true = true_counts(folder, cohort, board)
    tables = Tables(true)
    for area, breakdown, member, count in duckdb.execute(
        "select area_code, breakdown, breakdown_group, people "
        f"from '{people / 'cohort_size' / f'{day}.parquet'}' where cohort = ?",
        [cohort],
    ).fetchall():
        tables.true.setdefault(("people", area, breakdown, member), 0)
        if count is not None:
            tables.shown[("people", area, breakdown, member)] = count
    for measure, area, breakdown, member, eligible, done in duckdb.execute(
        "select measure, area_code, breakdown, breakdown_group, eligible, done "
        f"from '{people / 'care_gap' / f'{day}.parquet'}' where cohort = ?",
        [cohort],
    ).fetchall():
        for state, count in (("eligible", eligible), ("done", done)):
            tables.true.setdefault((f"{measure} {state}", area, breakdown, member), 0)
            if count is not None:
                tables.shown[(f"{measure} {state}", area, breakdown, member)] = count
    _keep_published(tables)
    whats = {cell[0] for cell in tables.true}
    # Who is eligible is everybody of the cohort where it is so in every cell.
    for what in sorted(w for w in whats if w.endswith(" eligible")):
        own = {cell[1:]: count for cell, count in tables.true.items() if cell[0] == what}
        if all(tables.true.get(("people", *key), 0) == count for key, count in own.items()):
            tables.sums += [(("people", *key), [(what, *key)]) for key in own]
            tables.shown |= {
                (what, *key): count
                for key, count in own.items()
                if ("people", *key) in tables.shown
            }
    for what in sorted(whats):
        keys = {cell[1:] for cell in tables.true if cell[0] == what}
        tables.sums += [
            ((what, *total), [(what, *part) for part in parts])
            for total, parts in areas.sums(board, keys)
        ]
    for what, *key in list(tables.true):
        if what.endswith(" done"):
            rest = (what.replace(" done", " not done"), *key)
            whole = (what.replace(" done", " eligible"), *key)
            tables.true[rest] = tables.true[whole] - tables.true[(what, *key)]
            tables.sums.append((whole, [(what, *key), rest]))
            if (what, *key) in tables.shown and whole in tables.shown:
                tables.shown[rest] = tables.true[rest]
    return tables


def segment_tables(people: Path, folder: Path, name: str, board: str, areas: Areas) -> Tables:
    """A segmentation's table of one as-at date, with the counts of everybody registered."""
    day = folder.name
    tables = Tables()
    for (what, *key), count in true_counts(folder, name, board).items():
        if what == "people" or what.endswith(" done"):
            tables.true[(what.removesuffix(" done"), *key)] = count
    names = {what for what, *_ in tables.true} - {"people"}
    for segment, area, breakdown, member, count, whole in duckdb.execute(
        "select segment, area_code, breakdown, breakdown_group, people, people_in_all_segments "
        f"from '{people / 'segment' / f'{day}.parquet'}' where segmentation = ?",
        [name],
    ).fetchall():
        tables.true.setdefault((segment, area, breakdown, member), 0)
        tables.true.setdefault(("people", area, breakdown, member), 0)
        if count is not None:
            tables.shown[(segment, area, breakdown, member)] = count
        if whole is not None:
            tables.shown[("people", area, breakdown, member)] = whole
    everybody = true_counts(folder, "registered_people", board)
    published = set(tables.shown) | {cell for cell in tables.true if cell[1] in areas.of_board}
    for area, breakdown, member, count in duckdb.execute(
        "select area_code, breakdown, breakdown_group, people "
        f"from '{people / 'cohort_size' / f'{day}.parquet'}' where cohort = 'registered_people'"
    ).fetchall():
        cell = ("people", area, breakdown, member)
        if cell in published and tables.true.get(cell) == everybody.get(cell) and count is not None:
            tables.shown[cell] = count
    tables.true = {
        cell: n
        for cell, n in tables.true.items()
        if cell[2] in ("all", "core20", "sex", "age_band") and cell[1] in areas.of_board | {board}
    }
    keys = {cell[1:] for cell in tables.true}
    for what in ("people", *sorted(names)):
        tables.sums += [
            ((what, *total), [(what, *part) for part in parts])
            for total, parts in areas.sums(board, keys)
        ]
    tables.sums += [
        (("people", *key), [(n, *key) for n in sorted(names) if (n, *key) in tables.true])
        for key in keys
    ]
    return tables


def _keep_published(tables: Tables) -> None:
    """Leave out counts that no table has a row of, such as of areas outside the board."""
    rows = {cell[1:] for cell in tables.shown}
    areas = {key[0] for key in rows}
    tables.true = {cell: n for cell, n in tables.true.items() if cell[1] in areas}


@dataclass(frozen=True)
class Areas:
    """Which area lies in which.

    Attributes:
        of_board: Places of the board.
        ward: Ward to Place.
        practice: Practice to network.
    """

    of_board: frozenset[str]
    ward: dict[str, str]
    practice: dict[str, str]

    def sums(
        self, board: str, keys: set[tuple[str, str, str]]
    ) -> Iterator[tuple[tuple[str, str, str], list[tuple[str, str, str]]]]:
        """Totals and their parts among cells of area, breakdown and member."""
        families: dict[tuple[str, tuple[str, str, str]], list[tuple[str, str, str]]] = {}

        def add(kind: str, total: tuple[str, str, str], part: tuple[str, str, str]) -> None:
            if total in keys:
                families.setdefault((kind, total), []).append(part)

        for area, breakdown, member in sorted(keys):
            part = (area, breakdown, member)
            if area in self.of_board:
                add("places", (board, breakdown, member), part)
            if breakdown == "all":
                if area in self.ward:
                    add("wards", (self.ward[area], "all", "All"), part)
                if area in self.practice:
                    add("practices", (self.practice[area], "all", "All"), part)
                if area in set(self.practice.values()):
                    add("networks", (board, "all", "All"), part)
                continue
            add(breakdown, (area, "all", "All"), part)
            if breakdown == "imd_quintile":
                core20 = "Core20" if member == "1" else "Not Core20"
                add("quintiles", (area, "core20", core20), part)
            if " | " in member:
                for other, name in zip(breakdown.split("_and_"), member.split(" | "), strict=True):
                    add(f"{breakdown} {other}", (area, other, name), part)
        for (_, total), parts in families.items():
            yield total, parts


def _least(tables: Tables, cell: Cell) -> int:
    """A hidden count is of somebody, unless it is a part of a hidden one, or truly nobody."""
    what, *key = cell
    whole = what.replace(" not done", " eligible").replace(" done", " eligible")
    part_of_hidden = whole != what and (whole, *key) not in tables.shown
    return 0 if part_of_hidden or tables.true[cell] == 0 else 1


def recovered(tables: Tables, *, tries: int = 12, seed: int = 1) -> list[tuple[Cell, int]]:
    """Hidden counts that the attacker works out to the person, with their true value.

    Sums that do not hold exactly, because somebody is in none of the parts, bound from above.
    """
    hidden = sorted(cell for cell in tables.true if cell not in tables.shown)
    index = {cell: number for number, cell in enumerate(hidden)}
    if not hidden:
        return []
    equal, most = [], []
    for total, parts in tables.sums:
        parts = [part for part in parts if part in tables.true]
        row: dict[int, float] = {}
        value = 0.0
        for cell, sign in [(total, -1.0), *((part, 1.0) for part in parts)]:
            if cell in index:
                row[index[cell]] = row.get(index[cell], 0.0) + sign
            else:
                value -= sign * tables.true[cell]
        if row:
            exact = sum(tables.true[part] for part in parts) == tables.true[total]
            (equal if exact else most).append((row, value))
    kept = {"A_eq": equal, "A_ub": most}
    system: dict[str, object] = {}
    for name, rows in kept.items():
        if rows:
            entries = [(n, c, w) for n, (row, _) in enumerate(rows) for c, w in row.items()]
            at, columns, weights = zip(*entries, strict=True)
            system[name] = csr_matrix((weights, (at, columns)), shape=(len(rows), len(hidden)))
            system[name.replace("A", "b")] = [value for _, value in rows]
    truth = np.array([tables.true[cell] for cell in hidden], dtype=float)
    low, high = truth.copy(), truth.copy()
    least = [_least(tables, cell) for cell in hidden]
    bounds = [(low, None) for low in least]
    rng = np.random.default_rng(seed)

    def look(aim: np.ndarray) -> None:
        found = linprog(aim, bounds=bounds, method="highs", **system)
        if found.status == 3:  # Unbounded: it could be anything; ask again within reach.
            near = [(low, float(n) + 50) for low, n in zip(least, truth, strict=True)]
            found = linprog(aim, bounds=near, method="highs", **system)
        assert found.status == 0, "nothing fits what is taken to be known"
        np.minimum(low, found.x, out=low)
        np.maximum(high, found.x, out=high)

    for _ in range(tries):
        look(rng.normal(size=len(hidden)))
    for number in np.flatnonzero(high - low < 1 - 1e-6):
        if high[number] - low[number] >= 1 - 1e-6:
            continue
        for sign in (1.0, -1.0):
            aim = np.zeros(len(hidden))
            aim[number] = sign
            look(aim)
    known = np.flatnonzero(high - low < 1 - 1e-6)
    return [(hidden[number], tables.true[hidden[number]]) for number in known]
