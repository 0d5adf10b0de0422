"""When a night may be quiet, and when it may not."""

from pathlib import Path

import pytest
from beacon.ingest.collect import collect, nothing_to_do
from beacon.session import Session

from beacon.core.settings import Settings
from beacon.ingest import scan as folder
from beacon.workspace import Workspace


def _workspace(home: Path, code: str | None = None) -> Workspace:
    workspace = Workspace(Settings(home=home, inputs="sample"))
    if code is not None:
        workspace.__dict__["code_digest"] = code
    return workspace


def test_the_same_inputs_and_code_are_a_quiet_night(sample_home: Path) -> None:
    assert nothing_to_do(_workspace(sample_home))


def test_other_code_means_a_full_night_once(sample_home: Path) -> None:
    assert not nothing_to_do(_workspace(sample_home, "changed"))
    with Session(_workspace(sample_home, "changed")) as session:
        assert session.run_all(check=False).status == "unchanged"
    assert nothing_to_do(_workspace(sample_home, "changed"))
    assert not nothing_to_do(_workspace(sample_home, "changed again"))


def test_a_changed_a_damaged_and_a_new_file_each_end_the_quiet(sample_home: Path) -> None:
    (path,) = (sample_home / "sample").glob("ons_els/*healthy-life-expectancy.csv")
    original = path.read_bytes()
    path.write_bytes(original.replace(b",yrs,", b",yrs,", 1) + b"")
    assert nothing_to_do(_workspace(sample_home)), "the same bytes again are no change"
    path.write_bytes(original + b"\n")
    assert not nothing_to_do(_workspace(sample_home))
    path.write_bytes(b"<html></html>")
    assert not nothing_to_do(_workspace(sample_home))
    path.write_bytes(original)
    assert nothing_to_do(_workspace(sample_home))


def test_a_folder_is_read_once_a_night(sample_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = collect(_workspace(sample_home))
    assert nothing_to_do(_workspace(sample_home))
    with monkeypatch.context() as patched:
        patched.setattr(folder, "sha256_of", lambda _: pytest.fail("a file was read again"))
        assert collect(_workspace(sample_home)) == expected
    assert collect(_workspace(sample_home)) == expected, "and anew the next night"


@pytest.mark.parametrize("change", ["edited", "added", "removed"])
def test_a_folder_that_changes_meanwhile_is_read_again(sample_home: Path, change: str) -> None:
    (path,) = (sample_home / "sample").glob("ons_els/*healthy-life-expectancy.csv")
    origin = path.relative_to(sample_home / "sample").as_posix()
    assert nothing_to_do(_workspace(sample_home))
    match change:
        case "edited":
            path.write_bytes(path.read_bytes() + b"\n")
        case "added":
            path.with_name("x.csv").write_bytes(b"nothing known\n")
        case "removed":
            path.unlink()
    report = collect(_workspace(sample_home))
    status = {o.status for o in report.outcomes if o.origin == origin}
    assert status == {{"edited": "new", "added": "unchanged", "removed": "absent"}[change]}
    assert ("ons_els/x.csv" in report.unrecognised) is (change == "added")


def test_no_release_or_no_catalogue_means_a_full_night(sample_home: Path, tmp_path: Path) -> None:
    assert not nothing_to_do(_workspace(tmp_path / "empty"))
    (sample_home / "beacon.duckdb").unlink()
    assert not nothing_to_do(_workspace(sample_home))
