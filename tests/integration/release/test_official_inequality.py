"""The inequality mart and tracing on the real official files."""

from pathlib import Path

import pytest

from beacon.core.home import Home
from beacon.release.layout import get_release
from beacon.release.query import connect_release
from beacon.release.trace import trace

pytestmark = pytest.mark.given


def test_free_school_meal_gaps_are_differences_of_what_is_published(official_home: Path) -> None:
    key = "indicator_slug, measure, area_code, period, sex, age"
    with connect_release(get_release(Home(official_home))) as con:
        rows = con.execute(
            "select i.absolute_gap, n.value - e.value, i.direction, i.polarity, i.sii "
            "from inequality as i "
            f"inner join beacon_indicator as e using ({key}) "
            f"inner join beacon_indicator as n using ({key}) "
            "where i.breakdown = 'free_school_meals' and e.category_type = 'Free school meals' "
            "and e.category = 'Eligible' and n.category_type = 'Free school meals' "
            "and n.category = 'Not eligible' and e.value is not null and n.value is not null"
        ).fetchall()
    assert len(rows) > 200
    assert all(gap == expected for gap, expected, *_ in rows)
    assert {polarity for *_, polarity, _ in rows} == {"high_is_good"}
    assert {(gap > 0, direction) for gap, _, direction, *_ in rows if gap} <= {
        (True, "worse_for_disadvantaged"),
        (False, "better_for_disadvantaged"),
    }
    # Two groups make no slope.
    assert {slope for *_, slope in rows} == {None}


def test_deciles_run_from_the_most_deprived_whatever_their_order_in_the_file(
    official_home: Path,
) -> None:
    """Admissions for injury rise with deprivation in England (OHID), so the slope is negative."""
    with connect_release(get_release(Home(official_home))) as con:
        rows = con.execute(
            "select disadvantaged_group, comparison_group, absolute_gap, sii, sii_upper_95, "
            "rii, rii_upper_95, direction from inequality "
            "where indicator_slug = 'injury_admissions_0_14' and breakdown = 'deprivation_decile'"
        ).fetchall()
    assert rows
    for most, least, gap, slope, upper, ratio, ratio_upper, direction in rows:
        assert most.startswith("Most deprived decile")
        assert least.startswith("Least deprived decile")
        assert gap < 0
        assert slope < upper < 0
        assert 0 < ratio < ratio_upper < 1
        assert direction == "worse_for_disadvantaged"


def test_a_real_number_is_traced_to_its_publisher(official_home: Path) -> None:
    home = Home(official_home)
    chains = trace(home, get_release(home), "life_expectancy", "Liverpool", "latest", sex="Male")
    assert len(chains) == 1
    (chain,) = chains
    assert chain.intact is True
    assert chain.staged is not None
    assert chain.staged["value"] == chain.row["value"]
    assert chain.input is not None
    assert chain.input["licence"]


def test_a_sex_that_the_publisher_left_out_is_traced_at_the_period_of_the_scorecard(
    official_home: Path,
) -> None:
    home = Home(official_home)
    release = get_release(home)
    # The publisher's file of 2022 has zeros for those who were not yet 19.
    for place in ("Halton", "England"):
        (chain,) = trace(home, release, "level2_at_19", place, "latest", sex="female")
        assert (chain.row["period"], chain.row["value_status"]) == ("2023/24", "not_published")
    (chain,) = trace(home, release, "local_supply_chain_spend", "Halton", "latest")
    assert (chain.row["value_status"], chain.input) == ("not_supplied", None)
    assert "only as a return" in chain.row["value_note"]
