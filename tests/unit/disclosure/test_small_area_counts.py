"""Counts of small areas cannot be worked out, from one table or from two that follow each other."""

from __future__ import annotations

from beacon.disclosure import Rule
from beacon.disclosure.small_area_counts import State, Sum, protect_state

RULE = Rule(5)
PLACE = Sum("areas", "place", ("north", "south", "east"))


def _hidden(counts: dict[object, int | None], *earlier: State) -> frozenset[object]:
    return protect_state(counts, [PLACE], RULE, earlier).hidden


def test_a_small_count_takes_another_with_it() -> None:
    hidden = _hidden({"place": 93, "north": 3, "south": 40, "east": 50})
    assert "north" in hidden
    assert len(hidden) == 2


def test_zero_is_shown_and_large_counts_too() -> None:
    assert not _hidden({"place": 90, "north": 0, "south": 40, "east": 50})


def test_what_areas_leave_of_their_total_is_a_count_too() -> None:
    # Nobody returned for the east; the place counts its three people all the same.
    hidden = _hidden({"place": 93, "north": 50, "south": 40})
    assert hidden & {"place", "north", "south"}
    assert not _hidden({"place": 110, "north": 50, "south": 40})


def test_a_count_that_its_sender_withheld_is_not_worked_out() -> None:
    hidden = _hidden({"place": 93, "north": None, "south": 40, "east": 50})
    assert "north" in hidden
    assert hidden & {"place", "south", "east"}


def test_a_correction_by_few_people_is_hidden() -> None:
    first = protect_state({"place": 190, "north": 60, "south": 60, "east": 70}, [PLACE], RULE)
    assert not first.hidden
    corrected: dict[object, int | None] = {"place": 192, "north": 62, "south": 60, "east": 70}
    hidden = _hidden(corrected, first)
    assert {"place", "north"} <= hidden
    # A correction by many tells of nobody.
    assert not _hidden({"place": 230, "north": 100, "south": 60, "east": 70}, first)


def test_what_was_hidden_and_has_hardly_changed_stays_hidden() -> None:
    first = protect_state({"place": 93, "north": 3, "south": 40, "east": 50}, [PLACE], RULE)
    (beside,) = first.hidden - {"north"}
    counts: dict[object, int | None] = {"place": 143, "north": 53, "south": 40, "east": 50}
    assert beside in _hidden(counts, first)


def test_a_table_that_no_other_fits_is_hidden_whole() -> None:
    # One person in each part: none can fall, so none may be shown.
    counts: dict[object, int | None] = {"place": 2, "north": 1, "south": 1}
    state = protect_state(counts, [Sum("areas", "place", ("north", "south"))], RULE)
    assert {"place", "north", "south"} <= state.hidden
