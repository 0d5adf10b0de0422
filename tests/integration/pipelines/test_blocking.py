"""A failed critical check keeps the last release current; a warning does not."""

from pathlib import Path

import dagster as dg
import pytest

from assets.checks import contract_result
from beacon import pipeline
from beacon.checks import CheckResult
from beacon.checks.check_step import kept_checks
from beacon.core.errors import PublicationBlockedError
from beacon.core.settings import Settings
from beacon.operations.runs import list_runs
from beacon.release.layout import latest_release
from beacon.warehouse.connection import Warehouse
from beacon.workspace import Workspace
from tests.fixtures.runs import run_on_sample


def _result(severity: str, *, passed: bool) -> CheckResult:
    return CheckResult(
        table="marts.place",
        name="key_unique",
        type="sql_check",
        severity=severity,  # type: ignore[arg-type]
        passed=passed,
        message="marts.place: place_code is not unique.",
    )


@pytest.mark.parametrize(
    ("severity", "passes", "dagster_severity"),
    [
        ("critical", False, dg.AssetCheckSeverity.ERROR),
        ("warning", False, dg.AssetCheckSeverity.WARN),
        ("info", True, dg.AssetCheckSeverity.WARN),
    ],
)
def test_severities_become_what_dagster_acts_on(
    severity: str, passes: bool, dagster_severity: dg.AssetCheckSeverity
) -> None:
    found = contract_result("marts.place", [_result(severity, passed=False)])
    assert found.passed is passes
    assert found.severity is dagster_severity
    assert "not unique" in (found.description or "")


def test_every_check_is_listed_with_what_failed_first() -> None:
    results = [_result("critical", passed=True), _result("warning", passed=False)]
    found = contract_result("marts.place", results)
    rows = found.metadata["checks"].value.records
    assert [row.data["severity"] for row in rows] == ["warning", "critical"]
    assert found.metadata["number of checks"].value == 2


def test_great_expectations_blocks_a_release_with_an_impossible_value(
    sample_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A share above 100 in a mart: found by the suite, named, and nothing is published."""
    before = latest_release(Workspace(Settings(home=sample_home)).home)
    _revise(sample_home)
    _damage_a_mart(monkeypatch)
    workspace = Workspace(Settings(home=sample_home, inputs="sample"))
    with pytest.raises(PublicationBlockedError, match="core20_share_percent"):
        pipeline.run_pipeline(workspace)
    assert latest_release(workspace.home) == before
    failed = [check for check in kept_checks(workspace) if not check["passed"]]
    assert {(check["table"], check["severity"]) for check in failed} == {
        ("marts.place", "critical")
    }


def test_dagster_runs_no_release_step_after_a_mart_that_fails(
    sample_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same through the nightly job: blocked in words, with the last release current."""
    workspace = Workspace(Settings(home=sample_home))
    before = latest_release(workspace.home)
    _revise(sample_home)
    _damage_a_mart(monkeypatch)
    outcome = run_on_sample(sample_home)
    assert (outcome["success"], outcome["status"]) == (False, "failed")
    assert any("core20_share_percent" in error for error in outcome["errors"]), outcome
    assert latest_release(workspace.home) == before
    record = list_runs(workspace.home)[0]
    assert record.outcome == "blocked"
    assert all(name.startswith("marts.place: ") for name in record.failed_checks)


def _revise(home: Path) -> None:
    (changed,) = (home / "sample").glob("fingertips/*93014*.csv")
    changed.write_text(changed.read_text().replace("2024/25", "2025/26"))


def _damage_a_mart(monkeypatch: pytest.MonkeyPatch) -> None:
    derive_table = pipeline.derive_table

    def derive_and_damage(warehouse: Warehouse, name: str) -> int:
        rows = derive_table(warehouse, name)
        if name == "marts.place":
            warehouse.con.execute("update marts.place set core20_share_percent = 101")
        return rows

    monkeypatch.setattr(pipeline, "derive_table", derive_and_damage)
