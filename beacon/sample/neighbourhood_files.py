"""Returns of the fictional neighbourhood programme, one CSV a council.

Belongs here: what two councils counted, with what is planted: one neighbourhood for which nobody
returned, a column that one did not count, a count that one withheld, and groups of few people. Does
not belong here: the form, which is the registry's.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from beacon.registry import load_neighbourhood_forms
from beacon.sample.formats import opened

FORM = "neighbourhood_teams"
NOT_RETURNED = "cawlderwick_vale"
"""The neighbourhood whose team sent nothing; its Place counts its people all the same."""
NOT_COUNTED = ("cawlderwick_moor", "n_blood_pressure")
WITHHELD = ("brackenmouth_north", "ethnicity", "Other", "n_stopped_smoking")

# Adults with several conditions in each neighbourhood, and the share whom the team supports.
_ELIGIBLE: dict[str, dict[str, tuple[int, float]]] = {
    "Z06000001": {"brackenmouth_north": (2400, 0.32), "brackenmouth_south": (1800, 0.25)},
    "Z06000002": {
        "cawlderwick_harbour": (3100, 0.41),
        "cawlderwick_moor": (1500, 0.28),
        "cawlderwick_vale": (1200, 0.30),
    },
}
# Column: the column that it is a share of, and the share.
_SHARES = {
    "n_care_plan": ("n_supported", 0.62),
    "n_blood_pressure": ("n_eligible", 0.71),
    "n_stopped_smoking": ("n_supported", 0.07),
    "n_emergency_admissions": ("n_eligible", 0.23),
    "n_asked": ("n_supported", 0.55),
    "n_lonely": ("n_asked", 0.19),
}
# Group: its share of the eligible, and how far the team reaches it beside everybody.
_GROUPS = {
    "age": {"18 to 39": (0.18, 0.8), "40 to 64": (0.44, 1.0), "65 and over": (0.38, 1.1)},
    "ethnicity": {
        "Asian": (0.07, 0.9), "Black": (0.03, 0.8), "Mixed": (0.012, 0.7), "White": (0.828, 1.02),
        "Other": (0.02, 1.0), "Not known": (0.04, 1.0),
    },
    "deprivation": {"Core20": (0.42, 0.85), "Elsewhere": (0.58, 1.11)},
}  # fmt: skip
_ORDER = ("n_eligible", "n_supported", *_SHARES)

Counts = dict[str, int]
Planted = list[dict[str, Any]]


def write_neighbourhood_returns(directory: Path) -> Planted:
    """Write the returns.

    Returns:
        What was counted, one dictionary a row: area, breakdown, group and every count, those of the
        neighbourhood that did not return left out.
    """
    form = load_neighbourhood_forms()[FORM]
    names = {"Z06000001": "Brackenmouth", "Z06000002": "Cawlderwick"}
    planted: Planted = []
    for place, neighbourhoods in _ELIGIBLE.items():
        tables = {code: _table(*base) for code, base in neighbourhoods.items()}
        tables[place] = {
            key: {name: sum(table[key][name] for table in tables.values()) for name in _ORDER}
            for key in next(iter(tables.values()))
        }
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, [field.name for field in form.fields], restval="")
        writer.writeheader()
        for code, table in tables.items():
            if code == NOT_RETURNED:
                continue
            for (breakdown, group), counts in table.items():
                said = {"area_code": code, "breakdown": breakdown, "breakdown_group": group}
                planted.append({**said, **counts})
                writer.writerow(
                    {
                        "return_id": f"FICTIONAL-{FORM}-{place}",
                        "form_id": FORM,
                        "definition_version": form.version,
                        "organisation_code": place,
                        "organisation_name": f"{names[place]} Council (fictional)",
                        "period_start": "2024-04-01",
                        "period_end": "2025-03-31",
                        "place_code": place,
                        "area_kind": "place" if code == place else "neighbourhood",
                        **said,
                        "submitted_by_role": "Head of neighbourhoods (fictional)",
                        "approved_by_role": "Director (fictional)",
                        "submitted_at": "2025-06-30",
                        **_as_returned(code, breakdown, group, counts),
                    }
                )
        with opened(directory / f"FICTIONAL_neighbourhood_return_{place}.csv") as out:
            out.write(text.getvalue().encode())
    return planted


def _as_returned(code: str, breakdown: str, group: str, counts: Counts) -> dict[str, Any]:
    row: dict[str, Any] = {name: counts[name] for name in _ORDER if name != "n_lonely"}
    asked = counts["n_asked"]
    row["percent_lonely"] = f"{100 * counts['n_lonely'] / asked:.1f}" if asked else ""
    if code == NOT_COUNTED[0]:
        row[NOT_COUNTED[1]] = ""
    if (code, breakdown, group) == WITHHELD[:3]:
        row[WITHHELD[3]] = "[c]"
    return row


def _table(eligible: int, reach: float) -> dict[tuple[str, str], Counts]:
    """Counts of one neighbourhood by breakdown and group; groups add up to everybody."""
    everybody: Counts = {"n_eligible": eligible, "n_supported": round(eligible * reach)}
    for name, (of, share) in _SHARES.items():
        everybody[name] = round(everybody[of] * share)
    table = {("all", "All"): everybody}
    for breakdown, groups in _GROUPS.items():
        counts: dict[str, Counts] = {group: {} for group in groups}
        for name in _ORDER:
            above = _SHARES[name][0] if name in _SHARES else "n_eligible"
            weights = [
                share * (1.0 if name == "n_eligible" else further)
                if above == "n_eligible"
                else counts[group][above]
                for group, (share, further) in groups.items()
            ]
            for group, count in zip(groups, _split(everybody[name], weights), strict=True):
                counts[group][name] = count
        table |= {(breakdown, group): counts[group] for group in groups}
    return table


def _split(total: int, weights: list[float]) -> list[int]:
    """Whole parts of a total in proportion to weights, by largest remainder."""
    exact = [total * weight / sum(weights) for weight in weights]
    parts = [int(part) for part in exact]
    order = sorted(range(len(parts)), key=lambda n: (parts[n] - exact[n], n))
    for number in order[: total - sum(parts)]:
        parts[number] += 1
    return parts
