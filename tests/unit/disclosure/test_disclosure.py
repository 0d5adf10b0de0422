"""No hidden cell can be worked out; the same attacker succeeds where nobody guards against it."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import null_space
from scipy.optimize import linprog

from beacon.disclosure import Breakdown, Protected, Rule, protect

TABLES = 1_000
PLACE_TOTAL, SEX_TOTAL, AGE_TOTAL = "Board", "Persons", "All ages"


def breakdowns(places: int, sexes: int, ages: int) -> list[Breakdown]:
    return [
        Breakdown.flat("place", [f"Place {i}" for i in range(places)], PLACE_TOTAL),
        Breakdown.flat("sex", [f"Sex {i}" for i in range(sexes)], SEX_TOTAL),
        Breakdown.flat("age", [f"Age {i}" for i in range(ages)], AGE_TOTAL),
    ]


def table_of(inner: np.ndarray) -> pl.DataFrame:
    """A table of all cells and all totals from the inner counts (places x sexes x ages)."""
    full = inner
    for axis in range(3):
        full = np.concatenate([full, full.sum(axis=axis, keepdims=True)], axis=axis)
    names = [
        [f"{word} {i}" for i in range(size)] + [total]
        for word, size, total in zip(
            ("Place", "Sex", "Age"), inner.shape, (PLACE_TOTAL, SEX_TOTAL, AGE_TOTAL), strict=True
        )
    ]
    rows = [
        {"place": names[0][i], "sex": names[1][j], "age": names[2][k], "people": int(full[i, j, k])}
        for i, j, k in np.ndindex(full.shape)
    ]
    return pl.DataFrame(rows)


def attack(published: pl.DataFrame, shape: tuple[int, int, int]) -> dict[int, float]:
    """What somebody who sees only the published table can tell of the hidden cells.

    Written apart from the module: the equations are made from the names, solved by SVD, and what
    is left is bounded by linear programming.
    """
    cells = {(r["place"], r["sex"], r["age"]): i for i, r in enumerate(published.to_dicts())}
    people = published["people"].to_list()
    hidden = [i for i, value in enumerate(people) if value is None]
    if not hidden:
        return {}
    rows, sums = [], []
    for axis, (word, total) in enumerate(
        (("Place", PLACE_TOTAL), ("Sex", SEX_TOTAL), ("Age", AGE_TOTAL))
    ):
        for cell, i in cells.items():
            if cell[axis] != total:
                continue
            row, known = np.zeros(len(hidden)), 0
            parts = [
                cells[(*cell[:axis], f"{word} {n}", *cell[axis + 1 :])] for n in range(shape[axis])
            ]
            for member, sign in [(i, -1), *((part, 1) for part in parts)]:
                if people[member] is None:
                    row[hidden.index(member)] += sign
                else:
                    known += sign * people[member]
            rows.append(row)
            sums.append(-known)
    matrix, right = np.array(rows), np.array(sums, dtype=float)
    kernel = null_space(matrix)
    solution = np.linalg.lstsq(matrix, right, rcond=None)[0]
    told: dict[int, float] = {}
    for position, cell in enumerate(hidden):
        if np.abs(kernel[position]).max(initial=0) < 1e-9:
            told[cell] = float(solution[position])
    return told


def attack_bounds(published: pl.DataFrame, protected: Protected, least: int) -> int:
    """How many hidden cells can be only one whole number, not below `least`, by bounds alone."""
    shape = tuple(published[name].n_unique() - 1 for name in ("place", "sex", "age"))
    cells = {(r["place"], r["sex"], r["age"]): i for i, r in enumerate(published.to_dicts())}
    people = published["people"].to_list()
    hidden = [i for i, value in enumerate(people) if value is None]
    rows, sums = [], []
    for axis, (word, total) in enumerate(
        (("Place", PLACE_TOTAL), ("Sex", SEX_TOTAL), ("Age", AGE_TOTAL))
    ):
        for cell, i in cells.items():
            if cell[axis] == total:
                row, known = np.zeros(len(hidden)), 0.0
                members = [(i, -1)] + [
                    (cells[(*cell[:axis], f"{word} {n}", *cell[axis + 1 :])], 1)
                    for n in range(shape[axis])
                ]
                for member, sign in members:
                    if people[member] is None:
                        row[hidden.index(member)] += sign
                    else:
                        known += sign * people[member]
                rows.append(row)
                sums.append(-known)
    count = 0
    for position in range(len(hidden)):
        aim = np.zeros(len(hidden))
        aim[position] = 1
        low = linprog(aim, A_eq=rows, b_eq=sums, bounds=(least, None), method="highs")
        high = linprog(-aim, A_eq=rows, b_eq=sums, bounds=(least, None), method="highs")
        if high.status != 3 and -high.fun - low.fun < 1 - 1e-6:
            count += 1
    return count


def random_table(dice: np.random.Generator) -> tuple[np.ndarray, tuple[int, int, int]]:
    shape = (int(dice.integers(2, 6)), 2, int(dice.integers(2, 4)))
    scale = float(dice.choice([2.0, 5.0, 12.0, 40.0]))
    return dice.poisson(dice.gamma(1.0, scale, shape)), shape


@pytest.mark.slow
def test_the_attacker_recovers_nothing_and_much_without_complements() -> None:
    dice = np.random.default_rng(5)
    guarded = unguarded = hidden = 0
    for _ in range(TABLES):
        inner, shape = random_table(dice)
        table = table_of(inner)
        parts = breakdowns(*shape)
        safe = protect(table, count="people", breakdowns=parts)
        hidden += len(safe.hidden)
        guarded += len(attack(safe.table, shape))
        open_ = protect(table, count="people", breakdowns=parts, rule=Rule(complementary=False))
        told = attack(open_.table, shape)
        unguarded += len(told)
        # The attacker is right, not merely certain.
        assert all(round(value) == table["people"][cell] for cell, value in told.items())
    assert hidden > TABLES
    assert guarded == 0
    assert unguarded > TABLES


def test_bounds_tell_nothing_either() -> None:
    """Two hidden cells that sum to 2 are both 1 to somebody who knows that zeros are shown."""
    dice = np.random.default_rng(6)
    for _ in range(15):
        inner, shape = random_table(dice)
        table = table_of(inner)
        safe = protect(table, count="people", breakdowns=breakdowns(*shape))
        zero_hidden = any(table["people"][cell.row] == 0 for cell in safe.hidden)
        if len(safe.hidden) < table.height:
            assert attack_bounds(safe.table, safe, 0 if zero_hidden else 1) == 0


@settings(max_examples=60, deadline=None)
@given(
    st.integers(2, 4),
    st.integers(2, 3),
    st.data(),
    st.integers(2, 8),
    st.sampled_from([None, 5]),
)
def test_what_is_promised_of_every_table(
    places: int, ages: int, data: st.DataObject, smallest: int, rounding: int | None
) -> None:
    counts = data.draw(
        st.lists(st.integers(0, 30), min_size=places * 2 * ages, max_size=places * 2 * ages)
    )
    inner = np.array(counts).reshape(places, 2, ages)
    table = table_of(inner).with_columns(pl.col("people").cast(pl.Float64).alias("rate"))
    rule = Rule(smallest_shown=smallest, rounding=rounding)
    done = protect(
        table, count="people", breakdowns=breakdowns(places, 2, ages), rule=rule, blank=["rate"]
    )
    out = done.table
    small = (table["people"] > 0) & (table["people"] < smallest)
    # Every small count is hidden, with its rate, and says why.
    assert out.filter(small)["suppressed"].all()
    assert sum(cell.reason == "small_count" for cell in done.hidden) == small.sum()
    assert out.filter(pl.col("suppressed"))["people"].null_count() == len(done.hidden)
    assert out.filter(pl.col("suppressed"))["rate"].null_count() == len(done.hidden)
    # Nothing else is touched, but for rounding.
    shown = out.with_columns(table["people"].alias("true")).filter(~pl.col("suppressed"))
    assert ((shown["people"] - shown["true"]).abs() <= (rounding or 1) / 2).all()
    if rounding:
        assert (shown["people"] % rounding == 0).all()
    else:
        assert (shown["people"] == shown["true"]).all()
        assert attack(out, (places, 2, ages)) == {}
    # A complementary cell says on whose account it is hidden.
    assert all((cell.protects is None) == (cell.reason == "small_count") for cell in done.hidden)


def test_one_small_place_hides_a_second_not_the_total() -> None:
    table = pl.DataFrame({"place": ["A", "B", "C", "Board"], "people": [3, 20, 50, 73]})
    done = protect(
        table, count="people", breakdowns=[Breakdown.flat("place", ["A", "B", "C"], "Board")]
    )
    assert done.table["people"].to_list() == [None, None, 50, 73]
    assert [(cell.cell["place"], cell.reason, cell.protects) for cell in done.hidden] == [
        ("A", "small_count", None),
        ("B", "complementary", {"place": "A"}),
    ]


def test_nested_totals_are_guarded_too() -> None:
    table = pl.DataFrame(
        {"area": ["a1", "a2", "A", "b1", "b2", "B", "All"], "people": [2, 30, 32, 40, 50, 90, 122]}
    )
    nested = Breakdown("area", {"a1": "A", "a2": "A", "b1": "B", "b2": "B", "A": "All", "B": "All"})
    done = protect(table, count="people", breakdowns=[nested])
    assert done.table["people"].to_list() == [None, None, 32, 40, 50, 90, 122]


def test_periods_are_tables_of_their_own_and_zero_is_shown() -> None:
    table = pl.DataFrame(
        {
            "period": ["1", "1", "1", "2", "2", "2"],
            "place": ["A", "B", "Board"] * 2,
            "people": [0, 9, 9, 3, 9, 12],
        }
    )
    done = protect(
        table,
        count="people",
        by=["period"],
        breakdowns=[Breakdown.flat("place", ["A", "B"], "Board")],
    )
    assert done.table["people"].to_list() == [0, 9, 9, None, None, 12]


def test_unknown_counts_stay_unknown_and_are_not_called_suppressed() -> None:
    table = pl.DataFrame({"place": ["A", "B", "Board"], "people": [None, 9, 12]})
    done = protect(table, count="people", breakdowns=[Breakdown.flat("place", ["A", "B"], "Board")])
    assert done.table["people"].to_list() == [None, 9, 12]
    assert done.hidden == ()


def test_parts_that_do_not_make_up_their_total_give_nothing_away() -> None:
    table = pl.DataFrame({"sex": ["Female", "Male", "Persons"], "people": [3, 20, 30]})
    both = Breakdown.flat("sex", ["Female", "Male"], "Persons")
    assert protect(table, count="people", breakdowns=[both]).table["people"].to_list() == [
        None,
        20,
        30,
    ]


@pytest.mark.parametrize("people", [[-1, 2], [1.5, 2.0], [float("nan"), 1.0]])
def test_what_is_no_count_is_refused(people: list[float]) -> None:
    table = pl.DataFrame({"place": ["A", "B"], "people": people})
    with pytest.raises(ValueError, match="whole and not negative"):
        protect(table, count="people", breakdowns=[Breakdown.flat("place", ["A"], "B")])


def test_two_rows_of_one_cell_are_refused() -> None:
    table = pl.DataFrame({"place": ["A", "A"], "people": [1, 2]})
    with pytest.raises(ValueError, match="Two rows"):
        protect(table, count="people", breakdowns=[Breakdown.flat("place", ["A"], "B")])


@pytest.mark.parametrize("wrong", [{"smallest_shown": 0}, {"rounding": 1}])
def test_a_rule_that_means_nothing_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="at least"):
        Rule(**wrong)
