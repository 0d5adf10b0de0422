"""What parts leave of their total is a cell of its own."""

import numpy as np

from beacon.disclosure import Rule
from beacon.disclosure.left_over import Sums


def sums(total: int, *parts: int) -> tuple[Sums, np.ndarray]:
    people = np.array([total, *parts])
    return Sums.closed([0], [np.arange(1, len(people))], people), people


def test_a_sum_that_adds_up_gets_no_cell() -> None:
    exact, people = sums(10, 6, 4)
    assert not exact.left_over.any()
    assert exact.fill(people).tolist() == [10, 6, 4]


def test_what_is_left_over_of_any_counts_is_filled_in() -> None:
    closed, people = sums(13, 6, 4)
    assert closed.left_over.tolist() == [False, False, False, True]
    assert closed.fill(people).tolist() == [13, 6, 4, 3]
    assert closed.fill(np.array([5, 4, 0])).tolist() == [5, 4, 0, 1]


def test_a_total_without_parts_is_left_over_whole_or_not_at_all() -> None:
    for total, cells in ((0, [0]), (3, [3, 3])):
        closed, people = sums(total)
        assert closed.fill(people).tolist() == cells


def test_a_total_below_its_parts_is_no_sum() -> None:
    """People who moved between Places are counted at both, and at the board not at all."""
    closed, people = sums(8, 6, 4)
    assert not closed.left_over.any()
    assert closed.fill(people).tolist() == [8, 6, 4]


def test_the_smallest_part_is_hidden_beside_few_who_are_left_over() -> None:
    closed, people = sums(63, 30, 20, 10)
    counts = closed.fill(people)
    must = np.zeros(5, dtype=np.bool_)
    closed.hide_beside(counts < 5, must, counts)
    assert must.tolist() == [False, False, False, True, False]
    # What is left over is unknown now, and stays known where nothing is hidden.
    assert closed.known(must).tolist() == [False, False, False, True, True]
    assert not closed.known(np.zeros(5, dtype=np.bool_)).any()


def test_a_part_that_leaves_few_of_its_total_is_named() -> None:
    closed, people = sums(33, 30, 3)
    assert closed.complements(people, Rule()).tolist() == [False, True, False]


def test_the_smallest_part_is_hidden_where_few_people_are_in_two_parts() -> None:
    for total, hidden in ((60, []), (58, [3]), (56, [3]), (55, [])):
        exact, people = sums(total, 30, 20, 10)
        must = np.zeros(4, dtype=np.bool_)
        exact.hide_counted_twice(must, people, Rule())
        assert np.flatnonzero(must).tolist() == hidden


def test_one_hidden_cell_is_enough_for_people_who_are_in_two_parts() -> None:
    exact, people = sums(58, 30, 20, 10)
    for cell in range(4):
        must = np.arange(4) == cell
        exact.hide_counted_twice(must, people, Rule())
        assert np.flatnonzero(must).tolist() == [cell]
