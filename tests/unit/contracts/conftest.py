"""A small contract that uses every feature, as a dict that a test can change before loading it."""

from typing import Any

import pytest


@pytest.fixture
def declared() -> dict[str, Any]:
    return {
        "table": "cohort",
        "schema": "marts",
        "grain": "one row per area and sex",
        "description": "People by area.",
        "key": ["area_code", "sex"],
        "columns": [
            {
                "name": "area_code",
                "type": "VARCHAR",
                "description": "ONS nine-character code of the area.",
                "pattern": r"^[EZ]\d{8}$",
            },
            {
                "name": "sex",
                "type": "VARCHAR",
                "description": "Sex.",
                "allowed": ["Female", "Male", "Persons"],
            },
            {
                "name": "people",
                "type": "BIGINT",
                "description": "Usual residents.",
                "unit": "people",
                "nullable": True,
                "min": 0,
                "max": 100_000_000,
            },
        ],
        "rows": {"min": 1, "max": 1000},
        "sql_checks": [
            {
                "name": "persons_is_sum",
                "sql": "select * from {table} where people < 0",
                "why": "Nobody is negative.",
            }
        ],
    }
