from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

FACTS: dict[str, Any] = {
    "id": 23,
    "slug": "new_beacon",
    "name": "A new beacon",
    "name_status": "unconfirmed",
    "programme": "marmot_beacon",
    "theme": "A theme",
    "definition": "What it is",
    "numerator": "Some people",
    "denominator": "All people",
    "unit": "percent",
    "multiplier": 100,
    "value_type": "proportion",
    "polarity": "low_is_good",
    "age": "16+ yrs",
    "sex": ["Persons"],
    "frequency": "Annual",
    "levels_published": ["utla"],
    "sources": [{"source": "fingertips", "select": [{"series": "99999"}]}],
    "ci_method": "wilson",
    "benchmark_method": "confidence_intervals_95",
    "recent_trend": True,
    "rounding": 1,
    "rationale": "A reason",
    "owner": "A role",
    "checked_by": None,
    "next_review": "2027-03-31",
}


@pytest.fixture
def facts() -> dict[str, Any]:
    """Valid facts of an indicator, to be changed by a test."""
    return yaml.safe_load(yaml.safe_dump(FACTS))


@pytest.fixture
def write_yaml(tmp_path: Path) -> Callable[[str, Any], Path]:
    def write(name: str, content: Any) -> Path:
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
        return path

    return write
