"""The tables of a person-level extract, read from `reference_data/person_level`.

What belongs here: which tables and columns an extract has. What does not: judging an extract
(`gate`).
"""

from __future__ import annotations

from functools import cache

from beacon.contracts import Contract, load_contracts
from beacon.core.paths import resource_dir

PSEUDONYM = "pseudonym"
"""The column of a delivered file that stands where the contract has `person_id`."""
CLUSTERED = ("event", "medication")
"""Tables that are kept as one file a cluster of codes."""
REQUIRED = ("person", "registration")
"""Tables without which nothing can be counted."""
DATE_COLUMNS = {
    "event": "event_date",
    "medication": "issue_date",
    "hospital": "start_date",
    "community": "event_date",
    "cancer": "diagnosis_date",
}
"""Tables of things that happen to living people, and the day on which they do."""


@cache
def person_tables() -> dict[str, Contract]:
    """The contracts of the tables, by name."""
    contracts = load_contracts(resource_dir("reference_data") / "person_level")
    return {contract.table: contract for contract in contracts.values()}


def delivered_columns(table: str) -> tuple[str, ...]:
    """The columns that a delivered file of a table must have."""
    names = person_tables()[table].column_names
    return tuple(PSEUDONYM if name == "person_id" else name for name in names)


def optional_columns(table: str) -> frozenset[str]:
    """Columns that a delivered file may leave out: those that may be empty."""
    return frozenset(c.name for c in person_tables()[table].columns if c.nullable)
