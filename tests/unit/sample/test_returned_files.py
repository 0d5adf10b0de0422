"""The fictional organisations' returns are filled in as the forms ask, but one, which is refused."""

from __future__ import annotations

import csv

from beacon.returns import check_return, load_return_context
from beacon.returns.neighbourhood_check import check_neighbourhood_return
from beacon.returns.neighbourhood_context import load_neighbourhood_context
from beacon.sample import returns_beside
from tests.unit.sample.conftest import Sample

REFUSED = "FICTIONAL_return_012_Z08000005.csv"


def test_all_but_one_can_be_accepted(sample: Sample) -> None:
    context = load_return_context("sample")
    files = sorted(returns_beside(sample.root).glob("FICTIONAL_return_*.csv"))
    faulty = {}
    for path in files:
        checked = check_return(path, context)
        if not checked.is_good:
            faulty[path.name] = [fault.message for fault in checked.faults]
    assert list(faulty) == [REFUSED]
    assert any("is above total_fte" in message for message in faulty[REFUSED])
    # Each indicator that takes returns has some.
    kinds = {int(path.name.split("_")[2]) for path in files}
    assert kinds == set(context.kinds)


def test_the_neighbourhood_programme_can_be_accepted(sample: Sample) -> None:
    context = load_neighbourhood_context("sample")
    files = sorted(returns_beside(sample.root).glob("FICTIONAL_neighbourhood_return_*.csv"))
    assert len(files) == 2
    for path in files:
        assert check_neighbourhood_return(path, context).faults == ()


def test_nobody_returned_spending_for_one_place(sample: Sample) -> None:
    names = {path.name for path in returns_beside(sample.root).glob("*_021_*.csv")}
    assert "FICTIONAL_return_021_Z06000004.csv" not in names
    assert len(names) == 9  # eight councils and the trust
    assert sample.truths.returned["local_supply_chain_spend"]["Z06000004"] is None


def test_truths_are_sums_over_sums(sample: Sample) -> None:
    top = bottom = 0.0
    for sender in ("Z06000001", "ZZT01"):
        path = returns_beside(sample.root) / f"FICTIONAL_return_012_{sender}.csv"
        with path.open(newline="") as stream:
            for row in csv.DictReader(stream):
                top += float(row["local_fte"])
                bottom += float(row["total_fte"])
    assert sample.truths.returned["local_employees_fte"]["Z06000001"] == 100 * top / bottom
