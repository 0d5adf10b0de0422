"""Checks of a data frame in this process."""

from typing import TYPE_CHECKING

from beacon.checks.check_frames import arrow_to_pandas, frame_to_arrow, type_differences
from beacon.checks.engine import run_suite
from beacon.checks.result import CheckResult, Outcome, to_results
from beacon.contracts.model import Contract
from beacon.contracts.suite import build_suite

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl


def validate_frame(frame: "pd.DataFrame | pl.DataFrame", contract: Contract) -> list[CheckResult]:
    """Check a frame against its contract's suite, with Great Expectations in this process.

    Types are compared in kind (text, whole number, date …), as a frame has no DuckDB types.

    Args:
        frame: pandas or Polars; a pandas index is ignored.
        contract: what it promises.

    Returns:
        One result a check, in the suite's order.
    """
    items = build_suite(contract)
    try:
        table = frame_to_arrow(frame)
        wrong = type_differences(contract, table)
        data = arrow_to_pandas(table)
    except Exception as error:  # noqa: BLE001 - a frame that cannot be read has failed its checks
        text = f"the frame cannot be read as a table: {' '.join(str(error).split())}"
        failed = [Outcome(item.name, passed=False, error=text) for item in items]
        return to_results(contract, items, failed)
    outcomes: list[Outcome] = []
    left = []
    for item in items:
        missing = [name for name in item.columns if name not in data.columns]
        if item.kind == "types":
            outcomes.append(Outcome(item.name, passed=not wrong, observed=wrong or None))
        elif missing:
            text = f"the frame has no column {', '.join(missing)}"
            outcomes.append(Outcome(item.name, passed=False, error=text))
        else:
            left.append(item)
    return to_results(contract, items, [*outcomes, *run_suite(data, left, contract.key)])
