"""Messages between a run and its validation process."""

from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from beacon.checks.result import Outcome
from beacon.contracts.suite import SuiteItem


def encode(value: Any) -> Any:
    """What JSON does not know, as it does."""
    # A contract's bounds may be dates, which JSON does not know.
    if isinstance(value, datetime):
        return {"$datetime": value.isoformat()}
    if isinstance(value, date):
        return {"$date": value.isoformat()}
    return str(value)


def decode(value: dict[str, Any]) -> Any:
    """What ``encode`` did, undone."""
    if len(value) == 1:
        if "$datetime" in value:
            return datetime.fromisoformat(value["$datetime"])
        if "$date" in value:
            return date.fromisoformat(value["$date"])
    return value


def item_to_json(item: SuiteItem) -> dict[str, Any]:
    """A check as JSON values."""
    return asdict(item)


def item_from_json(data: dict[str, Any]) -> SuiteItem:
    """A check from JSON values."""
    return SuiteItem(**{**data, "columns": tuple(data["columns"])})


def outcome_to_json(outcome: Outcome) -> dict[str, Any]:
    """An outcome as JSON values."""
    return asdict(outcome)


def outcome_from_json(data: dict[str, Any]) -> Outcome:
    """An outcome from JSON values."""
    return Outcome(**{**data, "examples": tuple(data["examples"])})
