"""What the nation's other areas say: the spread behind the scorecard, and the two cuts."""

from pathlib import Path

import duckdb
import pytest

from beacon.core.home import Home
from beacon.release.layout import get_release
from beacon.release.query import connect_release


@pytest.fixture
def con(published: Path) -> duckdb.DuckDBPyConnection:
    return connect_release(get_release(Home(published)))


def test_the_spread_of_the_scorecard_can_be_worked_out_from_the_observations(
    con: duckdb.DuckDBPyConnection,
) -> None:
    """The scorecard sorts authorities by their codes, in a query of its own."""
    rows = con.execute(
        "with figures as (select s.indicator_slug, s.measure, s.period, s.sex, s.age, "
        "count(o.value) as areas, min(o.value) as lowest, max(o.value) as highest "
        "from (select distinct indicator_slug, measure, period, sex, age, nation_area_type "
        "from scorecard where nation_lowest is not null) as s "
        "inner join observation as o using (indicator_slug, measure, period, sex, age) "
        "where o.category = 'All' and (o.authority_tier = 'single_tier' "
        "or o.authority_tier = s.nation_area_type) group by all) "
        "select count(*), count(*) filter (f.areas = s.nation_areas and f.lowest = s.nation_lowest "
        "and f.highest = s.nation_highest) from figures as f "
        "inner join scorecard as s using (indicator_slug, measure, period, sex, age)"
    ).fetchall()
    (everything, equal) = rows[0]
    assert everything > 100
    assert equal == everything


@pytest.mark.parametrize("mart", ["beacon_indicator", "core20plus5_indicator"])
def test_a_cut_has_the_rows_of_its_programmes_and_no_other(
    con: duckdb.DuckDBPyConnection, mart: str
) -> None:
    key = "indicator_slug, measure, area_code, period, sex, age, category_type, category, value"
    cut = f"select {key} from {mart}"
    # The Places, the board, its region and the nation.
    wanted = (
        f"select {key} from observation where programme in (select programme from {mart}) "
        f"and area_code in (select area_code from {mart})"
    )
    for one, other in ((cut, wanted), (wanted, cut)):
        assert con.execute(f"select count(*) from ({one} except all {other})").fetchall() == [(0,)]
    assert con.execute(
        f"select count(*) filter (area_type = 'place'), count(*) from "
        f"(select distinct area_type, area_code from {mart})"
    ).fetchall() == [(9, 12)]
