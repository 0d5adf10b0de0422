"""One contract with every kind of generated check, and a small table that keeps it."""

from typing import Any

import pytest

from beacon.contracts import Contract

DECLARED: dict[str, Any] = {
    "table": "measure",
    "schema": "marts",
    "grain": "one row per area and year",
    "description": "A rate by area and year.",
    "key": ["area_code", "year"],
    "columns": [
        {
            "name": "area_code",
            "type": "VARCHAR",
            "description": "ONS code.",
            "pattern": r"^[EZ]\d{8}$",
        },
        {"name": "year", "type": "INTEGER", "description": "Year.", "min": 2000, "max": 2100},
        {
            "name": "sex",
            "type": "VARCHAR",
            "description": "Sex.",
            "allowed": ["Female", "Male"],
            "nullable": True,
            "severity": "warning",
        },
        {
            "name": "rate_percent",
            "type": "DOUBLE",
            "description": "The rate.",
            "unit": "percent",
            "min": 0,
            "nullable": True,
            "severity": "info",
        },
        {
            "name": "upper_95",
            "type": "DOUBLE",
            "description": "Upper 95% limit.",
            "nullable": True,
        },
        {
            "name": "published_on",
            "type": "DATE",
            "description": "Day of publication.",
            "min": "2020-01-01",
        },
    ],
    "rows": {"min": 2, "max": 5},
    "expectations": [
        {
            "type": "expect_column_pair_values_a_to_be_greater_than_b",
            "kwargs": {
                "column_A": "upper_95",
                "column_B": "rate_percent",
                "or_equal": True,
                "ignore_row_if": "either_value_is_missing",
            },
            "severity": "warning",
            "why": "A limit below its value is wrong.",
        }
    ],
    "sql_checks": [
        {
            "name": "two_years",
            "sql": "select area_code, count(*) as years from {table} group by 1 having years > 2;",
            "severity": "warning",
            "why": "At most two years.",
        }
    ],
}

ROWS: list[dict[str, Any]] = [
    {
        "area_code": "E06000006",
        "year": 2021,
        "sex": "Female",
        "rate_percent": 10.0,
        "upper_95": 12.0,
        "published_on": "2022-01-01",
    },
    {
        "area_code": "E06000006",
        "year": 2022,
        "sex": None,
        "rate_percent": None,
        "upper_95": None,
        "published_on": "2023-01-01",
    },
    {
        "area_code": "E08000011",
        "year": 2021,
        "sex": "Male",
        "rate_percent": 11.0,
        "upper_95": 11.0,
        "published_on": "2022-01-01",
    },
]

# What is changed in the table -> the one check that must fail, and the rows that fail it.
BREAKS: dict[str, tuple[list[str], str, int | None]] = {
    "pattern": (["update t set area_code = 'X1' where year = 2022"], "area_code__pattern", 1),
    "pattern_line_break": (
        ["update t set area_code = area_code || chr(10) where year = 2022"],
        "area_code__pattern",
        1,
    ),
    "not_null": (
        ["update t set published_on = null where year = 2022"],
        "published_on__not_null",
        1,
    ),
    "allowed": (["update t set sex = 'Other' where sex is not null"], "sex__allowed", 2),
    "range_low": (
        ["update t set rate_percent = -1 where area_code = 'E08000011'"],
        "rate_percent__range",
        1,
    ),
    "range_high": (["update t set year = 2101 where year = 2022"], "year__range", 1),
    "range_date": (
        ["update t set published_on = date '2019-12-31' where year = 2022"],
        "published_on__range",
        1,
    ),
    "key": (["update t set year = 2021"], "key_unique", 2),
    "too_few": (["delete from t where year = 2021"], "row_count", None),
    "too_many": (
        ["insert into t select t.* replace (year + 10 + i * 20 as year) from t, range(2) r(i)"],
        "row_count",
        None,
    ),
    "declared": (
        ["update t set upper_95 = 1 where area_code = 'E08000011'"],
        "upper_95__rate_percent__column_pair_values_a_to_be_greater_than_b",
        1,
    ),
    "type": (["alter table t alter year type bigint"], "types", None),
    "extra_column": (["alter table t add column stray integer"], "columns", None),
}


@pytest.fixture(scope="session")
def contract() -> Contract:
    declared = {**DECLARED, "columns": [dict(c) for c in DECLARED["columns"]]}
    from datetime import date

    declared["columns"][5]["min"] = date(2020, 1, 1)  # as YAML reads it
    return Contract.model_validate(declared)
