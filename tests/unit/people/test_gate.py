"""What the gate refuses, each by a fixture that makes it fail, and that it tells no values."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from beacon.core.errors import InputRefusedError
from beacon.people.extract_store import StoredExtract, read_extract
from beacon.people.gate import KnownCodes, admit
from beacon.people.secure_home import SecureHome

TODAY = date(2025, 4, 10)
KNOWN = KnownCodes(frozenset({"Z00001"}), frozenset({"Z01000001"}))
CANARY = "canarybird"
NHS = "9434765919"


def manifest(**changes: Any) -> dict[str, Any]:
    said = {
        "supplier": "Supplier", "controller": "Board", "purpose": "secondary use",
        "legal_basis": "basis", "dpia_reference": "DPIA-1", "sharing_agreement_reference": "DSA-1",
        "opt_out_applied": "yes", "as_at": "2025-03-31",
        "row_counts": {"person": 2, "registration": 2, "event": 2}, "code_edition": "2025-03",
        "clusters": ["BP_COD"], "retain_until": "2026-03-31", "fictional": False,
    }  # fmt: skip
    return {**said, **changes}


PERSON = "pseudonym,birth_month,sex,ethnicity_16,lsoa21_code,death_month\n"
REGISTRATION = "pseudonym,practice_code,start_date,end_date\n"
EVENT = "pseudonym,event_date,cluster,code,value,unit\n"


def good() -> dict[str, str]:
    return {
        "extract.json": json.dumps(manifest()),
        "person.csv": PERSON + "pa,1950-01-01,Female,A,Z01000001,\npb,1960-01-01,Male,,Z01000001,\n",
        "registration.csv": REGISTRATION + "pa,Z00001,2010-01-01,\npb,Z00001,2010-01-01,\n",
        "event.csv": EVENT + "pa,2025-01-01,BP_COD,1000,130,mm[Hg]\npb,2025-01-02,BP_COD,1000,13.2,mm[Hg]\n",
    }  # fmt: skip


def admitted(tmp_path: Path, files: dict[str, str]) -> StoredExtract:
    folder = tmp_path / "delivery"
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    home = SecureHome.open(tmp_path / "secure", ordinary=tmp_path / "home")
    return admit(folder, home, today=TODAY, known=KNOWN)


def test_a_good_extract_is_stored_in_the_types_of_the_contract(tmp_path: Path) -> None:
    extract = admitted(tmp_path, good())
    rows = duckdb.sql(f"from {extract.relation('event', 'BP_COD')}").fetchall()
    assert rows == [
        (1, date(2025, 1, 1), "BP_COD", 1000, 130.0, None, "mm[Hg]"),
        (2, date(2025, 1, 2), "BP_COD", 1000, 13.2, None, "mm[Hg]"),
    ]
    assert [w["check"] for w in extract.warnings] == ["without_ethnicity_16", "implausible_value"]
    home = SecureHome(tmp_path / "secure")
    assert read_extract(home, "2025-03-31") == extract
    assert duckdb.sql(f"from '{home.key}'").fetchall() == [("pa", 1), ("pb", 2)]


def test_a_person_keeps_the_number_in_the_next_extract(tmp_path: Path) -> None:
    admitted(tmp_path, good())
    files = good()
    files["extract.json"] = json.dumps(manifest(as_at="2025-04-05"))
    files["person.csv"] = (
        PERSON + "pc,1950-01-01,Female,A,Z01000001,\npb,1960-01-01,Male,,Z01000001,\n"
    )
    files["registration.csv"] = files["registration.csv"].replace("pa", "pc")
    files["event.csv"] = files["event.csv"].replace("pa", "pc")
    extract = admitted(tmp_path, files)
    ids = duckdb.sql(f"select person_id from {extract.relation('person')}").fetchall()
    assert ids == [(2,), (3,)]


Change = Callable[[dict[str, str]], None]


def replaced(name: str, old: str, new: str) -> Change:
    def change(files: dict[str, str]) -> None:
        assert old in files[name]
        files[name] = files[name].replace(old, new)

    return change


def said(**changes: Any) -> Change:
    def change(files: dict[str, str]) -> None:
        files["extract.json"] = json.dumps(manifest(**changes))

    return change


def without(field: str) -> Change:
    def change(files: dict[str, str]) -> None:
        files["extract.json"] = json.dumps({k: v for k, v in manifest().items() if k != field})

    return change


def twice(files: dict[str, str]) -> None:
    files["person.csv"] += "pb,1960-01-01,Male,,Z01000001,\n"
    said(row_counts={"person": 3, "registration": 2, "event": 2})(files)


REFUSED: dict[str, tuple[Change, str]] = {
    "no manifest": (lambda files: files.pop("extract.json") and None, "extract.json"),
    **{f"no {field}": (without(field), field) for field in manifest()},
    "opt-out not applied": (said(opt_out_applied="no"), "opted out"),
    "retention over": (said(retain_until="2025-04-01"), "must be deleted"),
    "as-at in the future": (said(as_at="2025-05-01"), "in the future"),
    "a sample": (said(fictional=True), "fictional"),
    "row count off by one": (said(row_counts={"person": 2, "registration": 2, "event": 3}), "has 2 rows"),
    "forbidden column": (replaced("person.csv", "death_month", "nhs_number"), "identifies people"),
    "column not asked for": (replaced("person.csv", "death_month", "height"), "not asked for"),
    "column missing": (replaced("person.csv", "birth_month", "sexx"), "is missing"),
    "NHS number as pseudonym": (replaced("person.csv", "pa,", f"{NHS},"), "NHS numbers"),
    "NHS number with spaces": (replaced("event.csv", "mm[Hg]\npb", "943 476 5919\npb"), "NHS numbers"),
    "NHS number as a code": (replaced("event.csv", "pa,2025-01-01,BP_COD,1000", f"pa,2025-01-01,BP_COD,{NHS}"), "NHS numbers"),
    "text for a date": (replaced("event.csv", "2025-01-01", CANARY), "not DATE"),
    "text for a number": (replaced("event.csv", ",130,", f",{CANARY},"), "not DOUBLE"),
    "no number": (replaced("event.csv", ",13.2,", ",nan,"), "event.csv, row 3, column 'value': 1 values are not a finite number"),
    "a number without end": (replaced("event.csv", ",13.2,", ",-inf,"), "event.csv, row 3, column 'value': 1 values are not a finite number"),
    "a day without end": (replaced("registration.csv", "pb,Z00001,2010-01-01,", "pb,Z00001,2010-01-01,infinity"), "registration.csv, row 3, column 'end_date': 1 values are not a finite day"),
    "value not of the list": (replaced("person.csv", "Female", CANARY), "not one of Female, Male"),
    "value not of the form": (replaced("person.csv", ",A,", f",{CANARY},"), "not of the form"),
    "no birth month": (replaced("person.csv", "1950-01-01", ""), "missing"),
    "person twice": (twice, "come more than once"),
    "event in the future": (replaced("event.csv", "2025-01-01", "2025-04-01"), "after the as-at date"),
    "event before birth": (replaced("event.csv", "2025-01-01", "1949-12-01"), "before birth"),
    "event long after death": (replaced("person.csv", "Z01000001,\npb", "Z01000001,2024-10-01\npb"), "after death"),
    "practice not listed": (replaced("registration.csv", "pa,Z00001", "pa,Z00009"), "list of practices"),
    "LSOA of another vintage": (replaced("person.csv", "Female,A,Z01000001", "Female,A,Z01000002"), "LSOA 2021"),
    "events of unknown persons": (replaced("event.csv", "pb,", "px,"), "not in the extract"),
    "unknown file": (lambda files: files.update({"letters.csv": "a\n1\n"}), "no table of the contract"),
    "a table twice": (
        lambda files: files.update({"person/part-0.csv": files["person.csv"]}),
        "holds the table person, as person does",
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", REFUSED)
def test_faults_are_refused_and_told_without_values(tmp_path: Path, fault: str) -> None:
    change, message = REFUSED[fault]
    files = good()
    change(files)
    with pytest.raises(InputRefusedError, match=message) as caught:
        admitted(tmp_path, files)
    text = str(caught.value)
    for value in (CANARY, NHS, "943 476 5919", "pa,", "13.2"):
        assert value not in text
    assert caught.value.__cause__ is None
    # Nothing of a refused extract is kept.
    secure = tmp_path / "secure"
    assert not list(secure.rglob("*.parquet"))
    assert not list(secure.glob("extracts/*"))


def test_files_of_several_tables_may_have_one_name(tmp_path: Path) -> None:
    files = good()
    for table in ("person", "registration"):
        files[f"{table}/part-0.csv"] = files.pop(f"{table}.csv")
    head, one, other = files.pop("event.csv").splitlines(keepends=True)
    files |= {"event/jan/part-0.csv": head + one, "event/feb/part-0.csv": head + other}
    extract = admitted(tmp_path, files)
    for table in ("person", "registration", "event"):
        rows = duckdb.sql(f"select person_id from {extract.relation(table)} order by 1").fetchall()
        assert rows == [(1,), (2,)]


PRACTICE = "practice_code,practice_name,pcn_code,pcn_name\n"
GROUP = "pseudonym,plus_group,from_date,to_date,source\n"
REPEATED: dict[str, tuple[dict[str, str], str]] = {
    "person": (
        {"person.csv": good()["person.csv"] + "pa,1951-01-01,Male,A,Z01000001,\n"},
        "person.csv, row 4, column 'pseudonym': has the key of row 2 of person.csv; 1 keys",
    ),
    "registration": (
        {"registration.csv": good()["registration.csv"] + "pb,Z00001,2010-01-01,2020-01-01\n"},
        "registration.csv, row 4, column 'pseudonym, practice_code, start_date': "
        "has the key of row 3 of registration.csv; 1 keys",
    ),
    "practice in two networks": (
        {"practice.csv": PRACTICE + "Z00001,a,U00001,\nZ00002,b,,\nZ00001,a,U00002,\n"},
        "practice.csv, row 4, column 'practice_code': has the key of row 2 of practice.csv; 1 keys",
    ),
    "practices whose rows are the same": (
        {"practice.csv": PRACTICE + "Z00001,,,\nZ00001,,,\nZ00002,,,\nZ00002,,,\nZ00002,,,\n"},
        "practice.csv, row 3, column 'practice_code': has the key of row 2 of practice.csv; 2 keys",
    ),
    "practice in two files": (
        {"practice/a.csv": PRACTICE + "Z00002,,,\nZ00001,,,\n",
         "practice/b.csv": PRACTICE + "Z00001,,,\n"},
        "practice/b.csv, row 2, column 'practice_code': has the key of row 3 of practice/a.csv; 1 keys",
    ),
    "membership": (
        {"group_membership.csv": GROUP + "pa,carers,2020-01-01,,x\npa,carers,2020-01-01,,y\n"},
        "group_membership.csv, row 3, column 'pseudonym, plus_group, from_date': "
        "has the key of row 2 of group_membership.csv; 1 keys",
    ),
}  # fmt: skip


@pytest.mark.parametrize("table", REPEATED)
def test_a_key_that_repeats_is_refused_and_named(tmp_path: Path, table: str) -> None:
    changed, message = REPEATED[table]
    files = good() | changed
    counts: dict[str, int] = {}
    for name, text in files.items():
        if name.endswith(".csv"):
            stem = name.split("/")[0].removesuffix(".csv")
            counts[stem] = counts.get(stem, 0) + text.count("\n") - 1
    files["extract.json"] = json.dumps(manifest(row_counts=counts))
    with pytest.raises(InputRefusedError) as caught:
        admitted(tmp_path, files)
    assert str(caught.value).startswith(f"{message} come more than once.")
    assert not list((tmp_path / "secure").rglob("*.parquet"))


def test_two_readings_of_one_day_are_no_repetition(tmp_path: Path) -> None:
    files = good()
    files["event.csv"] += "pa,2025-01-01,BP_COD,1000,128,mm[Hg]\n"
    said(row_counts={"person": 2, "registration": 2, "event": 3})(files)
    relation = admitted(tmp_path, files).relation("event")
    assert duckdb.sql(f"select count(*) from {relation}").fetchall() == [(3,)]


def test_a_file_that_is_not_what_it_is_named(tmp_path: Path) -> None:
    files = good()
    del files["event.csv"]
    files["event.parquet"] = CANARY
    with pytest.raises(InputRefusedError, match=r"event\.parquet: cannot be read") as caught:
        admitted(tmp_path, files)
    assert CANARY not in str(caught.value)


def test_a_row_number_is_that_of_the_file(tmp_path: Path) -> None:
    files = good()
    files["event.csv"] = files["event.csv"].replace("2025-01-02", "soon")
    with pytest.raises(InputRefusedError, match="row 3, column 'event_date'"):
        admitted(tmp_path, files)


def test_overlaps_and_gaps_of_registrations_are_warned_of(tmp_path: Path) -> None:
    files = good()
    files["registration.csv"] = REGISTRATION + (
        "pa,Z00001,2010-01-01,\npa,Z00001,2012-01-01,\npb,Z00001,2010-01-01,2011-01-01\n"
        "pb,Z00001,2012-01-01,\n"
    )
    files["extract.json"] = json.dumps(
        manifest(row_counts={"person": 2, "registration": 4, "event": 2})
    )
    checks = {w["check"] for w in admitted(tmp_path, files).warnings}
    assert {"registration_overlap", "registration_gap"} <= checks
