"""A list of pseudonyms is made only as signed for, logged, and gone after its day."""

from __future__ import annotations

import json
import shutil
import subprocess
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from beacon.people.load_cohorts import load_cohorts
from beacon.people.practice_list import NAMESPACE, ListRefusedError, make_list, remove_expired
from beacon.people.secure_home import SecureHome
from tests.unit.people.fixtures import NOW, PeopleRun

pytestmark = pytest.mark.skipif(
    shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed"
)
COHORT = load_cohorts()["hypertension_register"]
PRACTICE = "Z00010"
SAID = {
    "cohort": "hypertension_register", "measure": "treated_to_target", "practice": PRACTICE,
    "as_at": "2025-03-31", "purpose": "recall of people above the threshold",
    "approver": "caldicott@example.org", "clinical_safety_officer": "A. Nother",
    "expires": "2025-04-30",
}  # fmt: skip


@pytest.fixture
def secure(people_run: PeopleRun, tmp_path: Path) -> SecureHome:
    """A secure home of its own with what lists are made of, and one approver's key."""
    home = SecureHome.open(tmp_path / "secure", ordinary=tmp_path / "home")
    home.key.symlink_to(people_run.secure.key)
    (home.root / "as_at").symlink_to(people_run.secure.root / "as_at")
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "key")], check=True
    )
    public = (tmp_path / "key.pub").read_text()
    (home.root / "approvers").write_text(f"{SAID['approver']} {public}")
    return home


def signed(folder: Path, **changes: Any) -> Path:
    approval = folder / "approval.json"
    approval.write_text(json.dumps({k: v for k, v in (SAID | changes).items() if v is not None}))
    subprocess.run(
        ["ssh-keygen", "-q", "-Y", "sign", "-n", NAMESPACE, "-f", str(folder / "key"),
         str(approval)],
        check=True, capture_output=True,
    )  # fmt: skip
    return approval


def test_a_list_has_the_pseudonyms_not_reached_and_no_more(
    people_run: PeopleRun, secure: SecureHome, tmp_path: Path
) -> None:
    made = make_list(secure, COHORT, PRACTICE, signed(tmp_path), now=NOW)
    lines = made.path.read_text().splitlines()
    folder = people_run.secure.as_at("2025-03-31")
    ((persons,),) = duckdb.sql(
        f"select count(*) from '{folder / 'cohort/hypertension_register/*.parquet'}' "
        f"inner join '{folder / 'person/*.parquet'}' using (person_id) "
        f"where practice_code = '{PRACTICE}' and not treated_to_target__done"
    ).fetchall()
    assert lines[0] == "pseudonym"
    assert len(lines) - 1 == made.persons == persons > 0
    assert all(line.startswith("FICT") for line in lines[1:])
    assert made.path.stat().st_mode & 0o777 == 0o600
    note = made.note.read_text()
    assert "DCB0129" in note
    assert "unchecked" in note
    log = [json.loads(line) for line in secure.log.read_text().splitlines()]
    assert [(line["what"], line["approver"], line["persons"]) for line in log] == [
        ("listed", SAID["approver"], persons)
    ]
    assert not [line for line in lines[1:] if line in secure.log.read_text()]


def test_a_list_past_its_day_is_removed(secure: SecureHome, tmp_path: Path) -> None:
    made = make_list(secure, COHORT, PRACTICE, signed(tmp_path), now=NOW)
    assert remove_expired(secure, now=NOW) == []
    assert remove_expired(secure, now=NOW + timedelta(days=60)) == ["2025-04-30"]
    assert not made.path.exists()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"expires": "2025-12-31"}, "ends on 2025-12-31"),
        ({"expires": "2025-04-01"}, "ends on 2025-04-01"),
        ({"practice": "Z00011"}, "is for hypertension_register at Z00011"),
        ({"purpose": None}, "purpose: Field required"),
        ({"approver": "somebody@example.org"}, "is not in"),
        ({"measure": "no_such"}, "has no measure no_such"),
        ({"as_at": "2020-01-31"}, "was not computed as at 2020-01-31"),
    ],
)
def test_refused(secure: SecureHome, tmp_path: Path, changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ListRefusedError, match=says):
        make_list(secure, COHORT, PRACTICE, signed(tmp_path, **changes), now=NOW)
    assert not secure.lists.exists()


def test_off_by_default_and_not_with_an_altered_approval(
    secure: SecureHome, tmp_path: Path
) -> None:
    approval = signed(tmp_path)
    approval.write_text(approval.read_text().replace("recall", "research"))
    with pytest.raises(ListRefusedError, match="is not a signature"):
        make_list(secure, COHORT, PRACTICE, approval, now=NOW)
    (secure.root / "approvers").unlink()
    with pytest.raises(ListRefusedError, match="Lists are off"):
        make_list(secure, COHORT, PRACTICE, signed(tmp_path), now=NOW)
    assert date.fromisoformat(SAID["expires"]) > NOW.date()
