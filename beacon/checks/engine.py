"""Great Expectations behind one function: a frame and a list of checks in, outcomes out.

Two passes keep it cheap: the first asks only yes or no of every check; the second asks the few
that failed for their rows. Everything that is not a clear yes is a failure.
"""

import math
import os
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

from beacon.checks.result import MAX_EXAMPLES, Outcome
from beacon.contracts.suite import SuiteItem

if TYPE_CHECKING:
    import pandas as pd


@cache
def _batch_definition() -> Any:
    """The one batch definition through which every frame goes; imports on first use (3 to 5 s)."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations as gx

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    asset = context.data_sources.add_pandas("beacon").add_dataframe_asset("table")
    return asset.add_batch_definition_whole_dataframe("whole")


def plain(value: Any) -> Any:
    """``value`` as something JSON can hold; every kind of missing becomes None."""
    if hasattr(value, "item"):  # a numpy scalar, which is a float to Python and not to JSON
        return plain(value.item())
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


def _validate(batch: Any, expectations: list[Any], result_format: dict[str, Any]) -> dict[str, Any]:
    """Results by check name. Great Expectations returns them in an order of its own."""
    import great_expectations as gx

    suite = gx.ExpectationSuite(name="contract", expectations=expectations)
    results = batch.validate(suite, result_format=result_format).results
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
        outcomes |= _run(frame, items, expectations, key)
    share = round((time.perf_counter() - started) / max(len(items), 1), 6)
    missing = "Great Expectations gave no result for it"
    return [
        replace(
            outcomes.get(item.name) or Outcome(item.name, passed=False, error=missing),
            duration_seconds=share,
        )
        for item in items
    ]


def _run(
    frame: "pd.DataFrame",
    items: Sequence[SuiteItem],
    expectations: dict[str, Any],
    key: Sequence[str],
) -> dict[str, Outcome]:
    by_name = {item.name: item for item in items}
    try:
        batch = _batch_definition().get_batch({"dataframe": frame})
        first = _validate(batch, list(expectations.values()), {"result_format": "BOOLEAN_ONLY"})
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
            second = _validate(batch, again, detail)
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
