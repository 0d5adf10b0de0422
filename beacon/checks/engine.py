"""Great Expectations behind one function: a frame and a list of checks in, outcomes out.

Two passes keep it cheap: the first asks only yes or no of every check; the second asks the few
that failed for their rows. Everything that is not a clear yes is a failure.
"""

import math
import os
import threading
import time
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from beacon.checks.check_frames import arrow_to_pandas
from beacon.checks.lighter import kept_configurations
from beacon.checks.pools import narrowed, pool
from beacon.checks.result import MAX_EXAMPLES, Outcome
from beacon.contracts.suite import SuiteItem

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

_lock = threading.Lock()
_batch_definition: Any = None


def _ready() -> Any:
    """The one batch definition through which every frame goes; imports on first use (3 to 5 s)."""
    global _batch_definition
    if _batch_definition is None:
        os.environ["GX_ANALYTICS_ENABLED"] = "false"
        import great_expectations as gx

        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = {"globally": False}
        asset = context.data_sources.add_pandas("beacon").add_dataframe_asset("table")
        _batch_definition = asset.add_batch_definition_whole_dataframe("whole")
    return _batch_definition


def warm_up() -> None:
    """Import Great Expectations and build its context now rather than at the first check."""
    with _lock:
        _ready()


def plain(value: Any) -> Any:
    """``value`` as something JSON can hold; every kind of missing becomes None."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None if math.isnan(value) else str(value)
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [plain(item) for item in value]
    if type(value).__name__ in ("NAType", "NaTType"):
        return None
    if isinstance(value, datetime):
        midnight = (value.hour, value.minute, value.second, value.microsecond) == (0, 0, 0, 0)
        return value.date().isoformat() if midnight and not value.tzinfo else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, timedelta):
        return str(value)
    if hasattr(value, "item"):  # a numpy scalar
        return plain(value.item())
    return str(value)


def _for_pandas(value: Any) -> Any:
    """Dates as midnight timestamps, which is what dates are in the canonical frame."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day)
    if isinstance(value, list | tuple):
        return [_for_pandas(item) for item in value]
    if isinstance(value, dict):
        return {key: _for_pandas(item) for key, item in value.items()}
    return value


def _reason(exception_info: Any) -> str | None:
    """The message of an expectation that raised, or None."""
    if not isinstance(exception_info, dict):
        return None
    infos = [exception_info, *(v for v in exception_info.values() if isinstance(v, dict))]
    for info in infos:
        if info.get("raised_exception") or info.get("exception_message"):
            return str(info.get("exception_message") or "the expectation raised an exception")
    return None


def _expectation(item: SuiteItem) -> Any:
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    return ExpectationConfiguration(
        type=item.type,
        kwargs=_for_pandas(item.kwargs),
        severity=item.severity,
        meta={"beacon_check": item.name},
    ).to_domain_obj()


def _validator(batch_definition: Any, frame: "pd.DataFrame") -> Any:
    """What ``Batch.validate`` makes anew for every suite; kept, it takes the frame in once."""
    from great_expectations.validator.v1_validator import Validator

    return Validator(batch_definition, batch_parameters={"dataframe": frame})


def _validate(
    validator: Any, expectations: list[Any], result_format: dict[str, Any]
) -> dict[str, Any]:
    """Results by check name. Great Expectations returns them in an order of its own."""
    import great_expectations as gx

    suite = gx.ExpectationSuite(name="contract", expectations=expectations)
    validator.result_format = result_format
    results = validator.validate_expectation_suite(suite).results
    return {str((r.expectation_config.meta or {}).get("beacon_check")): r for r in results}


def _examples(item: SuiteItem, details: dict[str, Any]) -> tuple[Any, ...]:
    rows = details.get("partial_unexpected_index_list")
    values = details.get("partial_unexpected_list") or []
    if rows and isinstance(rows[0], dict):
        wanted = dict.fromkeys([*rows[0], *item.columns])
        return tuple(plain({key: row.get(key) for key in wanted}) for row in rows[:MAX_EXAMPLES])
    return tuple(plain(value) for value in values[:MAX_EXAMPLES])


def run_suite(
    frame: "pd.DataFrame", items: Sequence[SuiteItem], key: Sequence[str] = ()
) -> list[Outcome]:
    """Run checks on a frame in this process.

    Args:
        frame: in the canonical form of ``frames.arrow_to_pandas``.
        items: the checks; those that are not Great Expectations' own must be left out.
        key: columns that name a row in the examples of failures.

    Returns:
        One outcome an item, in the order of ``items``. Anything but a clear pass is a failure:
        an expectation that raised, is unknown, has unknown kwargs, or gave no result.
    """
    with _lock:
        batch_definition = _ready()
        started = time.perf_counter()
        outcomes: dict[str, Outcome] = {}
        expectations: dict[str, Any] = {}
        for item in items:
            try:
                expectations[item.name] = _expectation(item)
            except Exception as error:  # noqa: BLE001 - a check that cannot be built has failed
                text = " ".join(str(error).split()) or type(error).__name__
                outcomes[item.name] = Outcome(item.name, passed=False, error=text)
        if expectations:
            with kept_configurations():
                outcomes |= _run(batch_definition, frame, items, expectations, key)
        share = (time.perf_counter() - started) / max(len(items), 1)
    missing = "Great Expectations gave no result for it"
    return [
        _timed(outcomes.get(item.name) or Outcome(item.name, passed=False, error=missing), share)
        for item in items
    ]


def run_checks(
    table: "pa.Table", items: Sequence[SuiteItem], key: Sequence[str] = ()
) -> list[Outcome]:
    """Run checks on an Arrow table in this process, those that columns share once for all of them.

    Args:
        table: any.
        items: as for ``run_suite``.
        key: as for ``run_suite``.

    Returns:
        What ``run_suite`` returns for the same rows.
    """
    passed: dict[str, Outcome] = {}
    if (pools := pool(table, items)) is not None:
        for outcome in run_suite(arrow_to_pandas(pools.table), pools.items):
            if outcome.passed:
                members = pools.members[outcome.name]
                share = outcome.duration_seconds / len(members)
                passed |= {n: _timed(Outcome(n, passed=True), share) for n in members}
    left = [item for item in items if item.name not in passed]
    if left:
        frame = arrow_to_pandas(narrowed(table, left, key))
        passed |= {outcome.name: outcome for outcome in run_suite(frame, left, key)}
    return [passed[item.name] for item in items]


def _timed(outcome: Outcome, seconds: float) -> Outcome:
    from dataclasses import replace

    return replace(outcome, duration_seconds=round(seconds, 6))


def _run(
    batch_definition: Any,
    frame: "pd.DataFrame",
    items: Sequence[SuiteItem],
    expectations: dict[str, Any],
    key: Sequence[str],
) -> dict[str, Outcome]:
    by_name = {item.name: item for item in items}
    try:
        validator = _validator(batch_definition, frame)
        first = _validate(validator, list(expectations.values()), {"result_format": "BOOLEAN_ONLY"})
        failed = [
            name
            for name in expectations
            if name in first
            and first[name].success is not True
            and _reason(first[name].exception_info) is None
        ]
        second: dict[str, Any] = {}
        if failed:
            detail = {"result_format": "SUMMARY", "partial_unexpected_count": MAX_EXAMPLES}
            named = [column for column in key if column in frame.columns]
            if named:
                detail["unexpected_index_column_names"] = named
            again = [_expectation(by_name[name]) for name in failed]
            second = _validate(validator, again, detail)
    except Exception as error:  # noqa: BLE001 - whatever it is, nothing has been shown to hold
        text = f"{type(error).__name__}: {' '.join(str(error).split())}"
        return {name: Outcome(name, passed=False, error=text) for name in expectations}
    outcomes: dict[str, Outcome] = {}
    for name in expectations:
        if name not in first:
            continue
        reason = _reason(first[name].exception_info)
        if reason is not None:
            outcomes[name] = Outcome(name, passed=False, error=reason)
        elif first[name].success is True:
            outcomes[name] = Outcome(name, passed=True)
        else:
            details = (second[name].result or {}) if name in second else {}
            count = details.get("unexpected_count")
            outcomes[name] = Outcome(
                name,
                passed=False,
                observed=plain(details.get("observed_value")),
                unexpected_count=None if count is None else int(count),
                examples=_examples(by_name[name], details),
            )
    return outcomes
