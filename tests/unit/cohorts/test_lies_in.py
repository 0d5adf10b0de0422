"""In which areas an LSOA lies."""

from __future__ import annotations

import duckdb
import pytest

from beacon.statistics.macros import install_macros


@pytest.mark.fast
@pytest.mark.parametrize(
    ("area_type", "area_code", "expected"),
    [
        ("place", "E06000006", True),
        ("place", "E08000012", False),
        ("icb", "E54000008", True),  # the board of 2024
        ("icb", "E54000065", True),  # the board of 2026
        ("icb", "E54000048", False),
        ("nation", "E92000001", True),
        ("region", "E12000002", False),
    ],
)
def test_an_lsoa_lies_in_its_place_its_boards_and_the_nation(
    area_type: str, area_code: str, expected: bool
) -> None:
    con = duckdb.connect()
    install_macros(con)
    found = con.execute(
        "select lies_in(?, ?, 'E06000006', 'E54000008', 'E54000065')", [area_type, area_code]
    ).fetchone()
    assert found == (expected,)


@pytest.mark.fast
def test_an_lsoa_outside_the_places_lies_in_the_nation_only() -> None:
    con = duckdb.connect()
    install_macros(con)
    found = con.execute(
        "select list(kind) from unnest(['place', 'icb', 'nation']) as t(kind) "
        "where lies_in(kind, 'E06000006', null, null, null)"
    ).fetchone()
    assert found == (["nation"],)
