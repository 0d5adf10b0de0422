"""Tables published one after another, protected together: small cases worked by hand."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beacon.disclosure.successive import Known, Published, Row, hide, told
from tests.attacker.linear import LinearAttacker

PLACES = ("A", "B", "C")


def rows(**atoms: str) -> list[Row[tuple[str]]]:
    """A row for each Place, named after the atom that is in it now, and one for the board."""
    places = [Row((place,), (frozenset([atoms.get(place, place)]),)) for place in PLACES]
    board = frozenset(atoms.get(place, place) for place in PLACES)
    return [*places, Row(("Board",), (board,), is_total=True)]


def after(table: list[Row[tuple[str]]], counts: dict[str, float], hidden: set[str]) -> list[Known]:
    """What readers know of a table once it is published."""
    return [
        Known(parts, min(1, count)) if row.key[0] in hidden else Known(parts, count, count)
        for row in table
        for parts in row.counts
        for count in (sum(counts[str(atom)] for atom in parts),)
    ]


def hidden_of(found: object) -> set[str]:
    return {key[0] for key in found.hidden}  # type: ignore[attr-defined]


def test_one_table_hides_a_second_place_not_the_total() -> None:
    found = hide(Published({"A": 3, "B": 20, "C": 50}), rows())
    assert hidden_of(found) == {"A", "B"}
    assert found.already_told == ()


def test_the_partner_of_before_is_kept_though_another_is_cheaper_now() -> None:
    counts = {"A": 3, "B": 20, "B corrected": 90, "C": 50}
    known = after(rows(), counts, {"A", "B"})
    now = rows(B="B corrected")
    published = Published(counts, known)
    found = hide(published, now, kept={("A",), ("B",)})
    assert hidden_of(found) == {"A", "B"}
    # Alone, the new table would hide C, which the old one shows: with it, A follows.
    assert hidden_of(hide(Published(counts), now)) == {"A", "C"}
    shown = [row for row in now if row.key[0] not in {"A", "C"}]
    assert told(published, shown, [frozenset("A")]) == [frozenset("A")]


def test_a_late_sender_with_a_small_count_hides_the_total_that_would_give_it_away() -> None:
    counts = {"A": 30, "B": 20, "C": 50, "late": 3}
    known = after(rows(), counts, set())
    now = [
        Row(("A",), (frozenset(["A", "late"]),)),
        *rows()[1:3],
        Row(("Board",), (frozenset([*PLACES, "late"]),), is_total=True),
    ]
    late = frozenset(["late"])
    published = Published(counts, known)
    assert told(published, now, [late]) == [late]
    found = hide(published, now, sensitive=[late])
    assert hidden_of(found) == {"A", "Board"}
    assert told(published, [row for row in now if row.key not in found.hidden], [late]) == []


def test_what_earlier_tables_tell_by_themselves_is_said_and_hides_nothing_more() -> None:
    counts = {"A": 3, "B": 20, "C": 50}
    known = after(rows(), counts, {"A"})
    found = hide(Published(counts, known), rows())
    assert found.already_told == (frozenset("A"),)
    assert hidden_of(found) == {"A"}


def test_counts_known_to_be_equal_are_tied() -> None:
    counts = {"year": 30, "first": 27, "second": 3}
    year = Row(("year",), (frozenset(["first", "second"]),))
    first = Row(("first",), (frozenset(["first"]),))
    rest = frozenset(["second"])
    known = [Known(frozenset(["year"]), 30, 30)]
    tied = Published(counts, known, equal=[(frozenset(["year"]), year.counts[0])])
    assert told(tied, [first], [rest]) == [rest]
    assert told(Published(counts, known), [first], [rest]) == []
    assert hide(tied, [first], sensitive=[rest]).hidden == {("first",)}


def test_a_rounded_count_of_before_leaves_room() -> None:
    counts = {"A": 30, "late": 3}
    late = frozenset(["late"])
    now = [Row(("A",), (frozenset(["A", "late"]),))]
    exact = Published(counts, [Known(frozenset("A"), 30, 30)])
    rounded = Published(counts, [Known(frozenset("A"), 27.5, 32.5)])
    assert told(exact, now, [late]) == [late]
    assert told(rounded, now, [late]) == []


def test_whole_numbers_are_not_told_apart_by_halves() -> None:
    """Bounds leave two thirds of a person to each; only one whole number fits."""
    counts = {"A": 1, "B": 1, "C": 1}
    pairs = [
        Row((name,), (frozenset(parts),))
        for name, parts in (("AB", "AB"), ("BC", "BC"), ("AC", "AC"))
    ]
    assert told(Published(counts), pairs, [frozenset("A")]) == [frozenset("A")]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(*[st.integers(0, 12)] * 3), min_size=2, max_size=5), st.data())
def test_no_series_of_tables_tells_a_small_count(
    series: list[tuple[int, int, int]], data: st.DataObject
) -> None:
    """Each table corrects some counts of the one before; the attacker knows which."""
    counts: dict[str, float] = {}
    known: list[Known] = []
    attacker = LinearAttacker()
    kept: frozenset[tuple[str]] = frozenset()
    small: dict[frozenset[object], None] = {}
    names: dict[str, str] = {}
    for number, drawn in enumerate(series):
        for place, count in zip(PLACES, drawn, strict=True):
            if number == 0 or data.draw(st.booleans()):
                names[place] = f"{place}{number}"
                counts[names[place]] = count
        table = rows(**names)
        for row in table:
            for parts in row.counts:
                if 0 < sum(counts[str(atom)] for atom in parts) < 5:
                    small[parts] = None
        found = hide(Published(counts, known), table, sensitive=list(small), kept=kept)
        assert found.already_told == ()
        kept = found.hidden
        known += after(table, counts, hidden_of(found))
        for row in table:
            if row.key not in kept:
                for parts in row.counts:
                    attacker.learns(parts, sum(counts[str(atom)] for atom in parts))
        for row in table:
            # Not to be known beforehand, or the sum is nowhere in what the attacker has.
            attacker.learns(row.counts[0], 0, 1000)
    assert not [parts for parts in small if attacker.recovers(parts)]


@pytest.mark.parametrize("count", [0.4, 4.6])
def test_parts_of_people_are_small_counts_too(count: float) -> None:
    published = Published({"A": count, "B": 20.5, "C": 50}, whole=False)
    assert hidden_of(hide(published, rows())) == {"A", "B"}
