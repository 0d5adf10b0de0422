"""What `beacon sources` says: freshness by cadence, and the last run over the release."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from beacon.cli.main import app
from beacon.core.home import Home
from beacon.operations.source_state import freshness, next_expected, source_states
from beacon.registry.sources import Cadence, load_source_register

YEARLY = Cadence(every="yearly, in March", issued_in_months=(3,), stale_after_days=450)
QUARTERLY = Cadence(every="quarterly", issued_in_months=(1, 4, 7, 10), stale_after_days=130)


@pytest.mark.parametrize(
    ("cadence", "received", "expected"),
    [
        (YEARLY, date(2026, 3, 20), "2027-03-31"),
        (YEARLY, date(2026, 2, 1), "2026-03-31"),
        (YEARLY, date(2026, 12, 31), "2027-03-31"),
        (QUARTERLY, date(2026, 10, 2), "2027-01-31"),
        (QUARTERLY, date(2026, 1, 30), "2026-04-30"),
        (Cadence(every="?", next_expected=date(2027, 5, 6)), None, "2027-05-06"),
        (Cadence(every="ten years"), date(2026, 1, 1), None),
        (YEARLY, None, None),
    ],
)
def test_the_next_issue(cadence: Cadence, received: date | None, expected: str | None) -> None:
    found = next_expected(cadence, received)
    assert (found.isoformat() if found else None) == expected


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (date(2027, 3, 31), "fresh"),
        (date(2027, 4, 1), "due"),
        (date(2027, 6, 13), "due"),
        (date(2027, 6, 14), "overdue"),
    ],
)
def test_fresh_then_due_then_overdue(today: date, expected: str) -> None:
    assert freshness(YEARLY, date(2026, 3, 20), today) == expected


def test_a_series_that_has_ended_is_never_overdue() -> None:
    ended = Cadence(every="superseded")
    assert freshness(ended, date(2020, 1, 1), date(2030, 1, 1)) == "not_applicable"
    assert freshness(ended, None, date(2030, 1, 1)) == "unknown"


def test_the_sample_is_in_order(sample_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BEACON_STAT_XPLORE_KEY", raising=False)
    result = CliRunner().invoke(app, ["sources", "--home", str(sample_home), "--format", "json"])
    assert result.exit_code == 0, result.output
    states = {row["dataset"]: row for row in json.loads(result.stdout)}
    assert set(states) == set(load_source_register().datasets)
    iod = states["mhclg_iod2025/file_1"]
    assert (iod["mode"], iod["state"], iod["freshness"]) == ("sample", "in_use", "not_applicable")
    assert states["nhs_gp_patients/by_lsoa"]["vintage"] == "01oct2025-all"
    assert states["mhclg_iod2019/file_9"]["state"] == "not_read"
    key = states["dwp_stat_xplore/children_absolute"]
    assert (key["mode"], key["state"]) == ("not configured", "not_configured")
    assert "BEACON_STAT_XPLORE_KEY" in key["message"]


def test_what_the_last_run_refused_shows_over_the_release(sample_home: Path) -> None:
    report = sample_home / "state" / "landing.json"
    record = json.loads(report.read_text("utf-8"))
    outcome = next(o for o in record["outcomes"] if o["key"] == "mhclg_iod2025/file_1")
    outcome["status"] = "refused"
    outcome["problems"] = [{"file": "x.xlsx", "message": "is damaged."}]
    report.write_text(json.dumps(record), "utf-8")
    states = {s.key: s for s in source_states(Home(sample_home), load_source_register())}
    state = states["mhclg_iod2025/file_1"]
    assert (state.state, state.files) == ("refused_last_good_in_use", 1)
    assert "x.xlsx: is damaged." in state.message
    result = CliRunner().invoke(app, ["sources", "--home", str(sample_home)])
    assert result.exit_code == 3


def test_a_home_without_anything(tmp_path: Path) -> None:
    states = source_states(Home(tmp_path), load_source_register())
    assert {s.state for s in states} <= {"not_supplied", "not_read", "not_used", "not_configured"}
