"""The Department for Education's own numbers of local authorities."""

from __future__ import annotations

from functools import cache

import yaml

from beacon.core.paths import resource_dir


@cache
def ons_codes_by_number() -> dict[str, str]:
    """ONS code of every authority, region and England by the Department's number, as text.

    Source: `reference_data/dfe_authority_numbers.yaml`, which says where the pairs come from.
    """
    path = resource_dir("reference_data") / "dfe_authority_numbers.yaml"
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    rows = yaml.load(path.read_text("utf-8"), Loader=loader)["authorities"]  # noqa: S506
    return {str(number): code for number, code, _ in rows}


# Source: ONS, Register of Geographic Codes. The Department's dashboards name regions without codes.
REGION_CODES: dict[str, str] = {
    "North East": "E12000001",
    "North West": "E12000002",
    "Yorkshire and The Humber": "E12000003",
    "Yorkshire and the Humber": "E12000003",
    "East Midlands": "E12000004",
    "West Midlands": "E12000005",
    "East of England": "E12000006",
    "London": "E12000007",
    "South East": "E12000008",
    "South West": "E12000009",
}
ENGLAND = "E92000001"
