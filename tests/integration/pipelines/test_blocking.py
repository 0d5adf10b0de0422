"""A failed critical check keeps the last release current; a warning does not."""

from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from beacon.session import MARTS, Session

from assets.checks import _as_asset_check
from beacon.checks import CheckResult
from beacon.core.errors import PublicationBlockedError
from beacon.core.settings import Settings
from beacon.release.layout import latest_release
from beacon.workspace import Workspace


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
    found = _as_asset_check("marts.place", [_result(severity, passed=False)])
    assert found.passed is passes
    assert found.severity is dagster_severity
    assert "not unique" in (found.description or "")


def test_great_expectations_blocks_a_release_with_an_impossible_value(sample_home: Path) -> None:
    """A share above 100 in a mart: found by the suite, named, and nothing is published."""
    before = latest_release(Workspace(Settings(home=sample_home)).home)
    (changed,) = (sample_home / "sample").glob("fingertips/*93014*.csv")
    changed.write_text(changed.read_text().replace("2024/25", "2025/26"))
    with Session(Workspace(Settings(home=sample_home, inputs="sample"))) as session:
        with pytest.raises(PublicationBlockedError, match="core20_share_percent"):
            _run_with_damaged_mart(session)
        assert latest_release(session.workspace.home) == before
        failed = [check for check in session.kept_checks() if not check["passed"]]
    assert {(check["table"], check["severity"]) for check in failed} == {
        ("marts.place", "critical")
    }


def _run_with_damaged_mart(session: Session) -> None:
    derive = session.derive

    def derive_and_damage(name: str) -> int:
        rows = derive(name)
        if name == "marts.place":
            session.warehouse.con.execute("update marts.place set core20_share_percent = 101")
        return rows

    session.derive = derive_and_damage  # type: ignore[method-assign]
    session.run_all(check=True)
    assert MARTS


def test_the_validation_process_has_ended_when_a_release_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its memory is a third of a run's, and nothing is left for it to do."""
    from beacon.checks import ValidationWorker
    from beacon.release import build

    events = []
    close, write = ValidationWorker.close, build.publish_release

    def closed(worker: ValidationWorker) -> None:
        events.append("checks ended")
        close(worker)

    def written(*given: Any, **named: Any) -> Any:
        events.append("release written")
        return write(*given, **named)

    monkeypatch.setattr(ValidationWorker, "close", closed)
    monkeypatch.setattr(build, "publish_release", written)
    with Session(Workspace(Settings(home=tmp_path / "home", inputs="sample"))) as session:
        session.run_all(check=True)
    assert events[:2] == ["checks ended", "release written"]
