"""Which readings are plausible, by unit.

What belongs here: the bounds. A reading outside them is counted and never used or mended: 13.2 mmHg
is not taken for 132.
"""

from __future__ import annotations

PLAUSIBLE = {
    "mm[Hg]": (50.0, 300.0),
    "mmol/L": (0.1, 40.0),
    "mmol/mol": (15.0, 200.0),
    "kg/m2": (8.0, 120.0),
    "%": (0.0, 100.0),
    "cm": (30.0, 250.0),
    "kg": (0.5, 500.0),
}
"""Unit (UCUM) to the lowest and highest plausible value. Of blood pressure, the systolic."""


def is_plausible_sql() -> str:
    """SQL that says whether a row's `value` is plausible for its `unit`."""
    cases = " ".join(
        f"when '{unit}' then value between {low} and {high}"
        for unit, (low, high) in PLAUSIBLE.items()
    )
    return f"(case unit {cases} else true end)"
