"""`beacon targets` and `beacon aspirations` on the sample."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from beacon.cli.main import app
from beacon.core.errors import BeaconError


def run(home: Path, *words: str) -> str:
    done = CliRunner().invoke(app, [*words, "--home", str(home)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def records(home: Path, *words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(run(home, *words, "--format", "json"))
    return found


def test_targets_say_how_far_and_whether_in_time(sample_home: Path) -> None:
    rows = records(sample_home, "targets", "smoking_cheshire_merseyside")
    assert len(rows) == 11
    known = [row for row in rows if row["value"] is not None]
    assert {row["reaches_in_time"] for row in known} <= {"yes", "uncertain", "no"}
    for row in known:
        assert row["still_to_go"] == pytest.approx(row["value"] - 5, abs=1e-3)
        assert row["cited"] == "joint_forward_plan_2023 line 945"


def test_targets_list_every_target_of_the_register(sample_home: Path) -> None:
    from beacon.registry import load_targets

    rows = list(csv.DictReader(io.StringIO(run(sample_home, "targets", "--format", "csv"))))
    assert {row["target_id"] for row in rows} == {t.id for t in load_targets().targets}
    conflicting = [row for row in rows if row["plan_status"] == "conflicting"]
    assert {row["reaches_in_time"] for row in conflicting} == {"not_assessed"}
    assert "conflicting" in run(sample_home, "targets", "--status", "conflicting")


def test_aspirations_list_every_one_and_progress(sample_home: Path) -> None:
    from beacon.registry import load_aspirations

    rows = records(sample_home, "aspirations")
    wanted = {i.id for f in load_aspirations() for g in f.groups for i in g.items}
    assert {row["aspiration_id"] for row in rows} == wanted
    for row in rows:
        assert row["indicators"] or row["could_come_from"] or row["needed"]


def test_aspirations_of_a_place(sample_home: Path) -> None:
    rows = records(sample_home, "aspirations", "--place", "Dunmarrow", "--mapping", "measured")
    assert {row["area_name"] for row in rows} == {"Dunmarrow"}
    assert "smoking_prevalence" in run(sample_home, "aspirations", "jfp_4058_1")


@pytest.mark.parametrize("words", [["targets", "nothing"], ["aspirations", "nothing"]])
def test_what_is_not_there_is_said(sample_home: Path, words: list[str]) -> None:
    with pytest.raises(BeaconError, match=r"No .* matches 'nothing'"):
        run(sample_home, *words)
