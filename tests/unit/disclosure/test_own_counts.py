"""Which rows of an indicator are protected, and what is left of them."""

from collections.abc import Iterator

import duckdb
import pytest
from pydantic import ValidationError

from beacon.contracts import load_contracts
from beacon.disclosure.own_counts import SUPPRESSED_NOTE, protect_own_counts
from beacon.registry import Indicator, load_indicators
from beacon.registry.indicators import DisclosureRule

SLUG = "ethnic_minority_by_band"


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        con.execute("create schema indicators; create schema registry")
        columns = load_contracts()["indicators.published"].columns
        # Without what may not be missing: a test fills what it is about.
        wanted = ", ".join(f"{column.name} {column.type}" for column in columns)
        con.execute(f"create table indicators.published ({wanted})")
        con.execute("create table registry.place (place_code varchar)")
        con.execute("insert into registry.place values ('Z06000001'), ('Z06000002'), ('Z06000003')")
        con.execute("create table registry.footprint as select 'Z54000001' as icb_code")
        yield con


def indicator(**disclosure: object) -> Indicator:
    return load_indicators()[SLUG].model_copy(
        update={"disclosure": DisclosureRule(**disclosure)}  # type: ignore[arg-type]
    )


def fill(con: duckdb.DuckDBPyConnection, source: str, counts: dict[str, float]) -> None:
    for area, count in counts.items():
        con.execute(
            "insert into indicators.published by name select ? as indicator_slug, 'main' as measure, ? as area_code, "
            "'2025' as period, 'Persons' as sex, 'All ages' as age, 'All' as category_type, "
            "'All' as category, ? / 10.0 as value, 1.0 as lower_95, 9.0 as upper_95, "
            "? as numerator, 1000.0 as denominator, 'published' as value_status, ? as source",
            [SLUG, area, count, count, source],
        )


COUNTS = {"Z06000001": 3.0, "Z06000002": 20.0, "Z06000003": 50.0, "Z54000001": 73.0}


def statuses(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    return dict(
        con.execute(
            "select area_code, value_status from indicators.published order by area_code"
        ).fetchall()
    )


def test_a_local_return_is_protected_by_default(con: duckdb.DuckDBPyConnection) -> None:
    fill(con, "local_return", COUNTS)
    hidden = protect_own_counts(con, indicator())
    assert [(cell.cell["area_code"], cell.reason) for cell in hidden] == [
        ("Z06000001", "small_count"),
        ("Z06000002", "complementary"),
    ]
    assert statuses(con) == {
        "Z06000001": "suppressed",
        "Z06000002": "suppressed",
        "Z06000003": "published",
        "Z54000001": "published",
    }
    left = con.execute(
        "select count(value), count(lower_95), count(upper_95), count(numerator), "
        "count(denominator), any_value(value_note) from indicators.published "
        "where value_status = 'suppressed'"
    ).fetchall()
    assert left == [(0, 0, 0, 0, 0, SUPPRESSED_NOTE)]


def test_what_a_publisher_has_protected_is_not_suppressed_twice(
    con: duckdb.DuckDBPyConnection,
) -> None:
    fill(con, "fingertips", COUNTS)
    assert protect_own_counts(con, indicator()) == []
    assert set(statuses(con).values()) == {"published"}
    assert len(protect_own_counts(con, indicator(apply="always"))) == 2


def test_the_registry_decides_the_rule(con: duckdb.DuckDBPyConnection) -> None:
    fill(con, "local_return", COUNTS)
    assert protect_own_counts(con, indicator(apply="never", reason="No people are counted.")) == []
    one = protect_own_counts(con, indicator(complementary=False, reason="No total is shown."))
    assert [cell.cell["area_code"] for cell in one] == ["Z06000001"]


def test_parts_of_people_are_counts_too(con: duckdb.DuckDBPyConnection) -> None:
    fill(con, "local_return", {"Z06000001": 2.4, "Z06000002": 20.1, "Z54000001": 22.5})
    assert len(protect_own_counts(con, indicator())) == 2


def test_a_share_of_few_people_is_hidden(con: duckdb.DuckDBPyConnection) -> None:
    fill(con, "local_return", {"Z06000001": 0.0})
    con.execute("update indicators.published set denominator = 3")
    protect_own_counts(con, indicator())
    assert statuses(con) == {"Z06000001": "suppressed"}


def test_rounded_counts_give_rounded_values(con: duckdb.DuckDBPyConnection) -> None:
    fill(con, "local_return", {"Z06000003": 52.0})
    assert protect_own_counts(con, indicator(rounding=5)) == []
    assert con.execute(
        "select numerator, denominator, value, lower_95, value_status from indicators.published"
    ).fetchall() == [(50.0, 1000.0, 5.0, None, "published")]


def test_switching_it_off_needs_a_reason() -> None:
    for wrong in ({"apply": "never"}, {"complementary": False}):
        with pytest.raises(ValidationError, match="reason is needed"):
            DisclosureRule(**wrong)  # type: ignore[arg-type]
