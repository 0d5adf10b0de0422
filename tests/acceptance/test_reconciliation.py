"""Beacon's statistics against a publisher's own, row by row.

The Fingertips export of hospital admissions caused by injuries in children (indicator 90284)
carries counts, denominators, values, limits, the publisher's comparison with England and its
recent trend. Each is computed here from what it depends on and compared.
"""

from pathlib import Path

import duckdb
import pytest

from beacon.registry.sources import load_source_register
from beacon.sources.readers import READERS
from beacon.statistics.macros import install_macros

pytestmark = pytest.mark.given

# The publisher computes from unrounded figures and prints seven significant ones.
RELATIVE_TOLERANCE = 5e-5


@pytest.fixture(scope="module")
def con(official_files: Path) -> duckdb.DuckDBPyConnection:
    spec = load_source_register().datasets["fingertips/indicator"]
    path = official_files / "fingertips" / "dfe_csc__la_hospital_admissions_2324.csv"
    frame = READERS["fingertips"](path, "csv", spec, False)
    con = duckdb.connect()
    install_macros(con)
    con.register("staged", frame)
    con.execute(
        "create table o as select * replace (coalesce(category_type, 'All') as category_type, "
        "coalesce(category, 'All') as category) from staged"
    )
    return con


def _table(name: str, rows: list[tuple[object, ...]]) -> None:
    print(f"\n{name}")
    for row in rows:
        print("  " + "  ".join(str(value) for value in row))


def _values(con: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    """Rows with a count, and those whose value follows from it."""
    (row,) = con.execute(
        "select count(*), count(*) filter (abs(numerator / denominator * 10000 / value - 1) < ?) "
        "from o where value > 0 and numerator is not null and denominator > 0",
        [RELATIVE_TOLERANCE],
    ).fetchall()
    return row


def _limits(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """How many printed limits are Byar's (exact below 10) of which count."""
    return dict(
        con.execute(
            """
            with tried as (
                select *, unnest([-2, -1, 0, 1, 2]) as shift
                from o where lower_95 is not null and numerator is not null and denominator > 0
            ),
            best as (
                select area_code, sex, age, category_type, category, period, min_by(abs(shift), gap) as shift,
                    min(gap) as gap
                from (
                    select *,
                        abs(coalesce(poisson_lower(greatest(numerator + shift, 0), 0.95), 0)
                            / denominator * 10000 - lower_95) / greatest(lower_95, 1)
                        + abs(poisson_upper(greatest(numerator + shift, 0), 0.95)
                            / denominator * 10000 - upper_95) / upper_95 as gap
                    from tried
                )
                group by all
            )
            select case
                when gap >= 5e-5 then 'different'
                when shift = 0 then 'equal, from the printed count'
                else 'equal, from a count that was rounded to 5 before printing'
            end, count(*)
            from best group by all
            """
        ).fetchall()
    )


def _comparison(con: duckdb.DuckDBPyConnection) -> list[tuple[str, str, int]]:
    return con.execute(
        """
        with england as (
            select period, sex, age, value from o
            where area_code = 'E92000001' and category_type = 'All'
        )
        select lower(replace(o.publisher_comparison, ' ', '_')) as theirs,
            compare_with_benchmark(o.lower_95, o.upper_95, england.value, 'low_is_good') as ours,
            count(*)
        from o inner join england using (period, sex, age)
        where o.area_code <> 'E92000001' and o.category_type = 'All' and o.value is not null
        group by all order by all
        """
    ).fetchall()


def _trends(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    return dict(
        con.execute(
            """
            with recent as (
                select *, year(period_start) as y from o where value is not null
                qualify row_number() over (
                    partition by area_code, sex, age, category_type, category
                    order by period_end desc
                ) <= 5
            ),
            series as (
                select area_code, sex, age, category_type, category,
                    max_by(publisher_trend, period_end) as theirs,
                    count(distinct y) = 5 and max(y) - min(y) = 4 as complete,
                    regr_slope(value, y) as slope,
                    recent_trend(list(value order by y), list(lower_95 order by y),
                        list(upper_95 order by y)) as word
                from recent group by all
            )
            select case
                when not complete and theirs = 'Cannot be calculated' then 'equal: cannot be calculated'
                when not complete then 'a year is missing: publisher joins over it, Beacon does not'
                when word = 'No significant change' and theirs = word then 'equal: no significant change'
                when word in ('Increasing', 'Decreasing') and split_part(theirs, ' ', 1) = word
                    then 'equal: significant, same direction'
                when word in ('Increasing', 'Decreasing') and split_part(theirs, ' ', 1) in ('Increasing', 'Decreasing')
                    and (slope > 0) = (word = 'Increasing')
                    then 'significant in both; the publisher prints the direction its own values contradict'
                else 'different'
            end, count(*)
            from series where theirs is not null group by all
            """
        ).fetchall()
    )


def test_reconciliation(con: duckdb.DuckDBPyConnection, capsys: pytest.CaptureFixture[str]) -> None:
    values, limits, comparison, trends = _values(con), _limits(con), _comparison(con), _trends(con)
    with capsys.disabled():
        _table("value from count and denominator: rows, equal", [values])
        _table("95% limits", sorted(limits.items()))
        _table("compared with England: publisher, Beacon, rows", comparison)
        _table("recent trend", sorted(trends.items()))

    assert values == (6244, 6244)
    assert sum(limits.values()) == 6244
    assert limits.get("different", 0) == 0
    assert sum(count for theirs, ours, count in comparison if theirs != ours) == 0
    assert sum(count for *_, count in comparison) == 5701
    assert trends.get("different", 0) == 0
    # This export prints "Increasing" over falling values, which is why Beacon computes its own.
    assert (
        trends["significant in both; the publisher prints the direction its own values contradict"]
        > 200
    )
