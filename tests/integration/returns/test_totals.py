"""Totals are sums over sums, of returns that counted alike, with small counts withheld."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import pytest

from beacon.ingest.landing_store import LandingStore
from beacon.returns import ReturnContext, ReturnRefusedError, accept_return, collect_returns
from beacon.returns.accept import accepted_returns
from beacon.sources.publishers.returned_tables import read_local_returns

from .conftest import (
    BRACKENMOUTH,
    CAWLDERWICK,
    TRUST,
    Row,
    contract,
    contracts_of,
    counted,
    spend,
    staff,
    write_workbook,
)

ICB = "Z54000001"
Totals = Callable[..., pl.DataFrame]


def from_trust(row: Row, **more: Any) -> Row:
    """The same row, sent by the fictional trust."""
    own = {"organisation_code": TRUST, "organisation_name": "Trust", "return_id": "T1"}
    return {**row, **own, **more}


def in_cawlderwick(row: Row) -> Row:
    """The same row, sent by the council of another Place."""
    return {
        **row,
        "organisation_code": CAWLDERWICK,
        "organisation_name": "Cawlderwick Council",
        "place_code": CAWLDERWICK,
    }


@pytest.fixture
def totals(context: ReturnContext, tmp_path: Path) -> Totals:
    """Accept returns, put them together and read what comes of it."""

    def made(*returns: list[Row]) -> pl.DataFrame:
        store = LandingStore(tmp_path / "landing")
        for number, rows in enumerate(returns):
            path = write_workbook(tmp_path / f"r{number}.xlsx", rows)
            accept_return(path, context, store, now=datetime(2026, 1, 1, number, tzinfo=UTC))
        (found,) = collect_returns(context, store, tmp_path / "state")
        assert not found.recognition.problems
        spec = context.register.datasets[found.recognition.key or ""]
        frame = read_local_returns(found.path, "csv", spec, True)
        assert not frame.select("series", "source_row").is_duplicated().any()
        return frame

    return made


def _one(frame: pl.DataFrame, area: str, **where: Any) -> dict[str, Any]:
    where = {"category": None, **where}
    found = frame.filter(
        pl.col("area_code") == area,
        *(pl.col(name).eq_missing(pl.lit(value)) for name, value in where.items()),
    )
    assert found.height == 1, found
    return found.row(0, named=True)


def test_a_total_is_the_sum_of_numerators_over_the_sum_of_denominators(totals: Totals) -> None:
    frame = totals([spend(10, 100)], [from_trust(spend(270, 300))])
    place = _one(frame, BRACKENMOUTH)
    assert (place["numerator"], place["denominator"], place["value"]) == (280, 400, 70)
    assert place["value_note"] == "Local returns: 2 of 2 expected (100%)."
    assert place["period"] == "2024/25"


def test_a_missing_return_is_missing_and_the_share_that_came_is_said(totals: Totals) -> None:
    frame = totals([spend(10, 100)])
    assert _one(frame, BRACKENMOUTH)["value"] == 10
    note = _one(frame, BRACKENMOUTH)["value_note"]
    assert note.startswith("Local returns: 1 of 2 expected (50%). Not returned: Brackenmouth (fic")
    other = _one(frame, CAWLDERWICK)
    assert (other["value"], other["numerator"], other["value_status"]) == (
        None,
        None,
        "not_supplied",
    )
    assert "0 of 1 expected (0%). Not returned: Cawlderwick" in other["value_note"]
    assert _one(frame, ICB)["value_note"].startswith("Local returns: 1 of 10 expected (10%).")


def test_a_count_is_the_numerator_and_has_no_denominator(totals: Totals) -> None:
    frame = totals([counted(309, "n_with_contact", "n_residents_under_18", 900, 9000)])
    row = _one(frame, BRACKENMOUTH)
    assert (row["value"], row["numerator"], row["denominator"]) == (900, 900, None)


def test_an_estimate_of_a_survey_gives_a_figure_and_no_counts(totals: Totals) -> None:
    """From which limits would be computed as if everybody had been asked."""
    form = ("n_in_absolute_poverty", "n_in_private_households", 6000, 40000)
    frame = totals([counted(15, *form, n_households_asked=1200)])
    row = _one(frame, BRACKENMOUTH)
    assert (row["value"], row["numerator"], row["denominator"]) == (15, None, None)
    assert _one(frame, ICB)["value"] == 15


def test_one_organisation_that_returns_for_two_places_is_one(totals: Totals) -> None:
    form = ("n_continuity_of_carer", "n_women_booked", 30, 90)
    rows = [counted(201, *form, place_code=place) for place in (BRACKENMOUTH, CAWLDERWICK)]
    frame = totals(rows)
    assert _one(frame, ICB)["value_note"] == "Local returns: 1 organisation; none is required."


def test_returns_that_counted_differently_give_no_total(totals: Totals) -> None:
    frame = totals([spend(10, 100)], [from_trust(spend(1, 2), local_area_definition="Five miles")])
    place = _one(frame, BRACKENMOUTH)
    assert (place["value"], place["value_status"]) == (None, "not_comparable")
    assert "Trust: local_area_definition 'Five miles'" in place["value_note"]
    assert _one(frame, ICB)["value_status"] == "not_comparable"


def test_full_time_equivalents_are_summed_over_contracts(totals: Totals) -> None:
    frame = totals([contract(7.5, 20), contract(8, 11, "C2")])
    assert _one(frame, BRACKENMOUTH)["value"] == pytest.approx(50)


@pytest.mark.parametrize(("permanent", "fixed"), [(4, 100), (100, 1), (0, 3)])
def test_a_small_count_hides_both_kinds_of_contract(
    totals: Totals, permanent: int, fixed: int
) -> None:
    frame = totals([contracts_of(permanent, fixed)])
    for area in (BRACKENMOUTH, ICB):
        for series in ("11:permanent", "11:non_permanent"):
            row = _one(frame, area, series=series)
            assert row["value_status"] == "suppressed"
            assert row["value"] is row["numerator"] is row["denominator"] is None


def test_kinds_of_contract_that_are_large_enough_are_shown(totals: Totals) -> None:
    frame = totals([contracts_of(90, 10)])
    assert _one(frame, BRACKENMOUTH, series="11:permanent")["value"] == 90
    row = _one(frame, BRACKENMOUTH, series="11:non_permanent")
    assert row["value"] == 10
    assert row["value_note"] == "Local returns: 1 organisation; none is required."


def test_pay_levels_are_hidden_so_that_none_can_be_worked_out(totals: Totals) -> None:
    levels = [(1, 40, 60), (2, 3, 50), (3, 20, 80)]
    frame = totals(
        [staff(*level) for level in levels],
        [in_cawlderwick(staff(*level)) for level in [(1, 30, 30), (2, 9, 40), (3, 10, 40)]],
    )
    levels_shown = frame.filter(pl.col("category").is_not_null())
    assert set(levels_shown["category_type"]) == {"Pay level"}
    shown = {
        (row["area_code"], row["category"]): row["numerator"]
        for row in frame.filter(pl.col("numerator").is_not_null()).to_dicts()
    }
    small = (BRACKENMOUTH, "Level 2")
    assert small not in shown
    # Neither from the other levels of its Place, nor from the other Place and the board.
    assert {(BRACKENMOUTH, "Level 1"), (BRACKENMOUTH, "Level 3"), (BRACKENMOUTH, None)} - set(shown)
    assert {(CAWLDERWICK, "Level 2"), (ICB, "Level 2")} - set(shown)
    assert _one(frame, BRACKENMOUTH, category="Level 2")["value_status"] == "suppressed"


def _range_known(frame: pl.DataFrame, places: list[str], cell: tuple[str, int, int]) -> float:
    """How widely a reader of all that is shown must still guess one count."""
    from scipy.optimize import linprog

    levels = sorted({c for c in frame["category"] if c is not None})
    index = {
        (place, level, member): number
        for number, (place, level, member) in enumerate(product(places, levels, (0, 1)))
    }
    equations, sums = [], []
    for row in frame.filter(pl.col("numerator").is_not_null()).to_dicts():
        areas = places if row["area_code"] == ICB else [row["area_code"]]
        within = [row["category"]] if row["category"] else levels
        for member, count in ((0, row["numerator"]), (1, row["denominator"] - row["numerator"])):
            equation = [0.0] * len(index)
            for area, level in product(areas, within):
                equation[index[area, level, member]] = 1.0
            equations.append(equation)
            sums.append(count)
    ends = []
    for sign in (1.0, -1.0):
        goal = [0.0] * len(index)
        goal[index[cell[0], f"Level {cell[1]}", cell[2]]] = sign
        ends.append(sign * linprog(goal, A_eq=equations, b_eq=sums).fun)
    return float(ends[1] - ends[0])


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_small_count_can_be_worked_out_from_all_that_is_shown(
    context: ReturnContext, totals: Totals, seed: int
) -> None:
    random = Random(seed)
    places = list(context.places)
    counts = {
        (place, level): (random.randint(0, 25), random.randint(0, 60))
        for place in places
        for level in (1, 2, 3)
    }
    frame = totals(
        *(
            [
                staff(
                    level,
                    *counts[place, level],
                    organisation_code=place,
                    organisation_name=f"Council of {place}",
                    place_code=place,
                )
                for level in (1, 2, 3)
            ]
            for place in places
        )
    )
    small = [
        (place, level, member)
        for (place, level), pair in counts.items()
        for member in (0, 1)
        if 0 < pair[member] < 5
    ]
    assert small
    assert frame.filter(pl.col("value").is_not_null()).height > 5
    for cell in small:
        assert _range_known(frame, places, cell) >= 1


def test_a_count_that_its_sender_withheld_is_suppressed_in_every_total_of_it(
    totals: Totals,
) -> None:
    frame = totals(
        [
            staff(1, 40, 60, suppression_applied=True),
            staff(2, "[c]", "[c]", suppression_applied=True),
        ]
    )
    assert _one(frame, BRACKENMOUTH, category="Level 1")["value"] == 40
    for category in ("Level 2", None):
        row = _one(frame, BRACKENMOUTH, category=category)
        assert (row["value"], row["value_status"]) == (None, "suppressed")


def test_a_correction_replaces_a_return_and_both_are_kept(
    context: ReturnContext, tmp_path: Path
) -> None:
    store = LandingStore(tmp_path / "landing")
    first = write_workbook(tmp_path / "first.xlsx", [spend(10, 100)])
    second = write_workbook(tmp_path / "second.xlsx", [spend(20, 100)])
    for hour, path in enumerate((first, second, second)):
        accepted, _ = accept_return(
            path, context, store, now=datetime(2026, 1, 1, hour, tzinfo=UTC)
        )
    assert not accepted.is_new
    (in_use,) = accepted_returns(store, context)
    assert in_use.landed.original_name == "second.xlsx"
    assert len(accepted_returns(store, context, superseded=True)) == 2
    (table,) = collect_returns(context, store, tmp_path / "state")
    assert in_use.landed.sha256 in table.path.read_text()
    with pytest.raises(ReturnRefusedError, match=r"replaced on .* by second\.xlsx"):
        accept_return(first, context, store)


def test_an_accepted_return_that_was_changed_refuses_its_table(
    context: ReturnContext, tmp_path: Path
) -> None:
    store = LandingStore(tmp_path / "landing")
    path = write_workbook(tmp_path / "r.xlsx", [spend()])
    accepted, _ = accept_return(path, context, store)
    kept = store.path_of(accepted.landed)
    kept.chmod(0o644)
    kept.write_bytes(b"tampered")
    (table,) = collect_returns(context, store, tmp_path / "state")
    assert "has changed since it was accepted" in str(table.recognition.problems[0])
