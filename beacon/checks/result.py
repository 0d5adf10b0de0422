"""What a check found, in a form that any caller can show or store."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from beacon.contracts.suite import SuiteItem

if TYPE_CHECKING:
    from beacon.contracts.model import Contract, Severity

MAX_EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The result of one check on one table.

    Attributes:
        table: ``schema.table`` of the contract.
        name: The check, unique within the table; letters, digits and underscores.
        type: Great Expectations type, ``sql_check`` or our own column type check.
        severity: ``critical`` blocks a release, ``warning`` warns, ``info`` informs.
        passed: True only if the check was evaluated and held on every row.
        message: What was expected, what was found and what to do, in plain English.
        observed: What was found, where the check has one figure or list for the whole table.
        unexpected_count: Rows that fail it; None where the check has no rows to count.
        examples: Up to five failing rows (key columns and the column at fault), JSON-able.
        columns: The columns it reads.
        duration_seconds: Seconds of this check where it was timed alone, else its share of
            the suite's.
        evaluated: False where the check could not be carried out; it has then failed.
    """

    table: str
    name: str
    type: str
    severity: Severity
    passed: bool
    message: str
    observed: Any = None
    unexpected_count: int | None = None
    examples: tuple[Any, ...] = ()
    columns: tuple[str, ...] = ()
    duration_seconds: float = 0.0
    evaluated: bool = True

    @property
    def blocks(self) -> bool:
        """Whether this result must keep a release from being published."""
        return not self.passed and self.severity == "critical"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an engine found for one suite item, before it is put into words.

    ``error`` set means that the check could not be evaluated, which is a failure.
    """

    name: str
    passed: bool
    observed: Any = None
    unexpected_count: int | None = None
    examples: tuple[Any, ...] = ()
    error: str | None = None
    duration_seconds: float = 0.0


def _shown(example: Any) -> str:
    if isinstance(example, dict):
        return ", ".join(f"{key} {_shown(value)}" for key, value in example.items())
    if isinstance(example, list):
        return ", ".join(_shown(value) for value in example)
    return "missing" if example is None else str(example)


def _rows(count: int) -> str:
    return "1 row does not comply" if count == 1 else f"{count:,} rows do not comply"


def to_result(contract: Contract, item: SuiteItem, outcome: Outcome) -> CheckResult:
    """Put an outcome into words.

    A passed outcome with an error or of another check is treated as a failure.
    """
    table = contract.name
    file = f"expectations/{contract.schema_}/{contract.table}.yaml"
    error = outcome.error
    if outcome.name != item.name:
        error = f"the result belongs to another check ({outcome.name})"
    passed = outcome.passed and error is None
    if passed:
        message = f"{table}: {item.summary}."
    elif error is not None:
        message = (
            f"{table}: check {item.name} could not be evaluated, which counts as a failure: "
            f"{error.rstrip('.')}. Correct the cause, or the check in {file}."
        )
    else:
        found = []
        if outcome.unexpected_count:
            found.append(_rows(outcome.unexpected_count))
        if outcome.observed is not None:
            found.append(f"found: {_shown(outcome.observed)}")
        if outcome.examples:
            found.append("for example " + "; ".join(_shown(e) for e in outcome.examples[:3]))
        detail = ", ".join(found) or "that is not so"
        message = (
            f"{table}: it is expected that {item.summary}, but {detail}. "
            f"{item.why.rstrip('.')}. Correct the input or the SQL that makes {table}; "
            f"if the data are right, change {file}."
        )
    return CheckResult(
        table=table,
        name=item.name,
        type=item.type,
        severity=item.severity,
        passed=passed,
        message=message,
        observed=outcome.observed,
        unexpected_count=outcome.unexpected_count,
        examples=tuple(outcome.examples[:MAX_EXAMPLES]),
        columns=item.columns,
        duration_seconds=outcome.duration_seconds,
        evaluated=error is None,
    )


def to_results(
    contract: Contract, items: Iterable[SuiteItem], outcomes: Iterable[Outcome]
) -> list[CheckResult]:
    """Put the outcomes of a suite into words; an item without an outcome has failed."""
    by_name = {outcome.name: outcome for outcome in outcomes}
    results = [
        to_result(
            contract,
            item,
            by_name.get(item.name) or Outcome(item.name, passed=False, error="it gave no result"),
        )
        for item in items
    ]
    if results:
        return results
    empty = "no checks were given for this table; an empty suite proves nothing"
    return [
        CheckResult(
            table=contract.name,
            name="suite",
            type="suite",
            severity="critical",
            passed=False,
            message=f"{contract.name}: {empty}.",
            evaluated=False,
        )
    ]
