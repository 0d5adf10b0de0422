"""Contract checks as asset checks: results of `beacon.checks` in the words of Dagster."""

import dagster as dg

from assets.keys import table_key
from assets.metadata import rows_table
from beacon.checks import CheckResult


def contract_spec(name: str) -> dg.AssetCheckSpec:
    """The check of one table against its contract; that of a mart keeps a release back."""
    return dg.AssetCheckSpec(
        "contract",
        asset=table_key(name),
        blocking=name.startswith("marts."),
        description=f"Keeps its data contract, expectations/{name.replace('.', '/')}.yaml.",
    )


def contract_result(name: str, results: list[CheckResult]) -> dg.AssetCheckResult:
    """What checking one table found: every check with what was observed, failing rows apart."""
    failed = [result for result in results if not result.passed]
    blocking = [result for result in failed if result.severity == "critical"]
    return dg.AssetCheckResult(
        asset_key=table_key(name),
        check_name="contract",
        # Failed informational checks are shown, not failed.
        passed=not [result for result in failed if result.severity != "info"],
        severity=dg.AssetCheckSeverity.ERROR if blocking else dg.AssetCheckSeverity.WARN,
        description="\n".join(result.message for result in failed) or None,
        metadata={
            "number of checks": len(results),
            "number failed": len(failed),
            "checks": rows_table([_row(result) for result in [*failed, *_passed(results)]]),
            **_failing_rows(failed),
        },
    )


def _passed(results: list[CheckResult]) -> list[CheckResult]:
    return [result for result in results if result.passed]


def _row(result: CheckResult) -> dict[str, str | int]:
    count = result.unexpected_count
    return {
        "check": result.name,
        "severity": result.severity,
        "passed": "yes" if result.passed else "no",
        "rows at fault": 0 if result.passed else "the whole table" if count is None else count,
        "what is expected or wrong": result.message,
    }


def _failing_rows(failed: list[CheckResult]) -> dict[str, dg.TableMetadataValue]:
    """The failing rows of each check, as a table of its own."""
    return {
        f"failing rows: {result.name}": rows_table(
            [
                example if isinstance(example, dict) else {"value": example}
                for example in result.examples
            ]
        )
        for result in failed
        if result.examples
    }
