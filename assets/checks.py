"""Contract checks: every table against its contract, before anything is published."""

from collections.abc import Iterator

import dagster as dg

from assets.keys import table_key
from assets.metadata import rows_table
from assets.session import WRITER_POOL
from beacon.checks import CheckResult
from beacon.session import Session, checked_tables

CHECKED_TABLES = checked_tables()


def _specs() -> list[dg.AssetCheckSpec]:
    return [
        dg.AssetCheckSpec(
            "contract",
            asset=table_key(name),
            blocking=name.startswith("marts."),
            description=f"Keeps its data contract, expectations/{name.replace('.', '/')}.yaml.",
        )
        for name in CHECKED_TABLES
    ]


@dg.multi_asset_check(name="contracts", specs=_specs(), can_subset=True, pool=WRITER_POOL)
def contract_checks(
    context: dg.AssetCheckExecutionContext, session: dg.ResourceParam[Session]
) -> Iterator[dg.AssetCheckResult]:
    """Run Great Expectations and the set-based checks on every table."""
    wanted = {key.asset_key for key in context.selected_asset_check_keys}
    names = [name for name in CHECKED_TABLES if table_key(name) in wanted]
    for name, results in session.check_results(names).items():
        yield _as_asset_check(name, results)


def _as_asset_check(name: str, results: list[CheckResult]) -> dg.AssetCheckResult:
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
            "checks": len(results),
            "failed": len(failed),
            **_failures(failed),
        },
    )


def _failures(failed: list[CheckResult]) -> dict[str, dg.TableMetadataValue]:
    """Failed checks as one table, and the failing rows of each as another."""
    if not failed:
        return {}
    tables = {
        "failed checks": rows_table(
            [
                {
                    "check": result.name,
                    "severity": result.severity,
                    "rows": result.unexpected_count
                    if result.unexpected_count is not None
                    else "the whole table",
                    "what is wrong": result.message,
                }
                for result in failed
            ]
        )
    }
    for result in failed:
        if result.examples:
            rows = [
                example if isinstance(example, dict) else {"value": example}
                for example in result.examples
            ]
            tables[f"failing rows: {result.name}"] = rows_table(rows)
    return tables
