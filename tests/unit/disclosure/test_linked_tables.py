"""An attacker with linear programmes recovers no hidden count of linked tables."""

import numpy as np
import pytest
from scipy.optimize import linprog

from beacon.disclosure import Rule
from beacon.disclosure.linked_tables import Counts, Equations, Way, equations_of, hide_linked
from beacon.disclosure.nested_areas import Nested, hide_nested
from beacon.people.protect_cells import Layout, protect_split

PLACES = [f"place {n}" for n in range(5)]
MEMBERS = {"sex": ["f", "m"], "quintile": ["1", "2", "3", "4", "5"]}


def layout() -> tuple[list[tuple[str, str]], Equations]:
    groups = ["all", *(f"{b}:{m}" for b, members in MEMBERS.items() for m in members)]
    cells = [(area, group) for area in ["board", *PLACES] for group in groups]
    ways = [Way(0, dict.fromkeys(PLACES, "board"))]
    ways += [Way(1, {f"{b}:{m}": "all" for m in members}) for b, members in MEMBERS.items()]
    return cells, equations_of(cells, ways)


def people(rng: np.random.Generator, mean: float) -> np.ndarray:
    cells, _ = layout()
    full = rng.poisson(mean, (len(PLACES), 2, 5))
    found = {}
    for n, place in enumerate(PLACES):
        found[(place, "all")] = full[n].sum()
        for s, name in enumerate(MEMBERS["sex"]):
            found[(place, f"sex:{name}")] = full[n, s].sum()
        for q, name in enumerate(MEMBERS["quintile"]):
            found[(place, f"quintile:{name}")] = full[n, :, q].sum()
    for _, group in cells:
        found[("board", group)] = sum(found[(place, group)] for place in PLACES)
    return np.array([found[cell] for cell in cells])


def exactly_known(values: np.ndarray, equations: Equations, hidden: np.ndarray) -> list[int]:
    """Hidden cells of which only one value fits what is shown, none below zero."""
    matrix = np.zeros((len(equations.total), equations.cells))
    for row, (total, parts) in enumerate(zip(equations.total, equations.parts, strict=True)):
        matrix[row, total] = -1
        matrix[row, parts] = 1
    bounds = [(0, None) if h else (v, v) for v, h in zip(values, hidden, strict=True)]
    known = []
    for cell in np.flatnonzero(hidden):
        ends = []
        for sign in (1.0, -1.0):
            aim = np.zeros(equations.cells)
            aim[cell] = sign
            found = linprog(aim, A_eq=matrix, b_eq=np.zeros(len(matrix)), bounds=bounds)
            ends.append(sign * found.fun if found.status == 0 else sign * -np.inf)
        if ends[1] - ends[0] < 1 - 1e-6:
            known.append(int(cell))
    return known


@pytest.mark.parametrize("seed", range(12))
def test_no_hidden_size_is_known(seed: int) -> None:
    rng = np.random.default_rng(seed)
    _, equations = layout()
    values = people(rng, mean=[0.6, 1.5, 3.0, 6.0][seed % 4])
    must = (values > 0) & (values < 5)
    hidden = hide_linked(Counts.of_people(values), equations, must)
    assert (hidden | ~must).all()
    assert exactly_known(values, equations, hidden) == []


def test_the_attacker_succeeds_where_only_small_counts_are_hidden() -> None:
    recovered = 0
    for seed in range(12):
        values = people(np.random.default_rng(seed), mean=3.0)
        _, equations = layout()
        must = (values > 0) & (values < 5)
        recovered += len(exactly_known(values, equations, must))
    assert recovered > 0


@pytest.mark.parametrize("seed", range(8))
def test_no_part_of_shown_totals_is_known(seed: int) -> None:
    rng = np.random.default_rng(seed)
    _, equations = layout()
    total = people(rng, mean=8.0)
    # Parts that add up as the totals do.
    part_rng = np.random.default_rng(seed)
    part = people(part_rng, mean=8.0) // 1
    part = np.minimum(part, total)
    total_hidden = np.zeros(len(total), dtype=bool)
    rest = total - part
    must = ((part > 0) & (part < 5)) | ((rest > 0) & (rest < 5))
    hidden = hide_linked(Counts.of_parts(total, part, total_hidden), equations, must)
    assert exactly_known(part, equations, hidden) == []


def test_parts_of_an_area_protect_one_another() -> None:
    values = np.array([40, 30, 8, 2])
    hidden = np.array([False, False, False, True])
    hide_nested(Counts.of_people(values), Nested(((0, np.array([1, 2, 3])),)), hidden)
    assert hidden.tolist() == [False, False, True, True]


def test_a_hidden_area_is_not_the_sum_of_shown_parts() -> None:
    values = np.array([38, 30, 8])
    hidden = np.array([True, False, False])
    hide_nested(Counts.of_people(values), Nested(((0, np.array([1, 2])),)), hidden)
    assert hidden.tolist() == [True, False, True]


def test_two_ones_do_not_protect_each_other() -> None:
    values = np.array([20, 18, 1, 1])
    hidden = np.array([False, False, True, True])
    hide_nested(Counts.of_people(values), Nested(((0, np.array([1, 2, 3])),)), hidden)
    assert hidden.all() or hidden.tolist() == [False, True, True, True]


def test_an_area_of_ones_is_hidden_with_them() -> None:
    """None of them could be fewer: it is the area that must give way, not the whole measure."""
    total, part = np.array([90, 30, 30, 30]), np.array([3, 1, 1, 1])
    counts = Counts.of_parts(total, part, np.zeros(4, dtype=bool))
    nested = Nested(((0, np.array([1, 2, 3])),))
    hidden = np.array([False, True, True, True])
    assert hide_nested(counts, nested, hidden) == [0]
    hidden = np.array([True, True, True, True])
    assert hide_nested(counts, nested, hidden) == []


def test_a_measure_of_ones_in_a_ward_leaves_the_rest_shown() -> None:
    cells = [
        ("board", "all"),
        *((f"p{n}", "all") for n in range(3)),
        *((f"w{n}", "all") for n in range(3)),
    ]
    layout = Layout.of(
        cells, [Way(0, {"p0": "board", "p1": "board", "p2": "board"})],
        [{"w0": "p0", "w1": "p0", "w2": "p0"}], {},
    )  # fmt: skip
    total = np.array([900, 90, 400, 410, 30, 30, 30])
    part = np.array([123, 3, 50, 70, 1, 1, 1])
    nobody = np.zeros(7, dtype=bool)
    hidden = protect_split(layout, total, nobody, part, Rule())
    # The Place of three ones is hidden with one other, so that it does not follow from the board.
    assert hidden.tolist() == [False, True, True, False, True, True, True]
