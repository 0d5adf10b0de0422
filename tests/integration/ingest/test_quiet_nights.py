"""When a night may be quiet, and when it may not."""

from pathlib import Path

import pytest

from beacon.core.home import Home
from beacon.core.settings import Settings
from beacon.ingest import scan
from beacon.pipeline import confirm, land, run_pipeline
from beacon.release import fingerprint
from beacon.release.layout import latest_release
from beacon.sources.recognition import Recognition
from beacon.workspace import Workspace
from tests.fixtures.runs import lands_nothing_new


def _workspace(home: Path) -> Workspace:
    return Workspace(Settings(home=home, inputs="sample"))


def test_the_same_inputs_and_code_are_a_quiet_night(sample_home: Path) -> None:
    assert lands_nothing_new(_workspace(sample_home))


def test_other_code_means_a_full_night_once(
    sample_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fingerprint, "code_digest", lambda: "changed")
    assert not lands_nothing_new(_workspace(sample_home))
    assert run_pipeline(_workspace(sample_home), checks=False).status == "unchanged"
    assert lands_nothing_new(_workspace(sample_home))
    monkeypatch.setattr(fingerprint, "code_digest", lambda: "changed again")
    assert not lands_nothing_new(_workspace(sample_home))


def test_new_bytes_end_the_quiet_and_a_refused_file_is_told_without_ending_it(
    sample_home: Path,
) -> None:
    (path,) = (sample_home / "sample").glob("ons_els/*healthy-life-expectancy.csv")
    original = path.read_bytes()
    path.write_bytes(original)
    assert lands_nothing_new(_workspace(sample_home)), "the same bytes again are no change"
    path.write_bytes(original + b"\n")
    assert not lands_nothing_new(_workspace(sample_home))
    path.write_bytes(original)
    assert lands_nothing_new(_workspace(sample_home))
    path.write_bytes(b"<html></html>")
    landed = land(_workspace(sample_home))
    assert [path.name in str(problem) for o in landed.refused for problem in o.problems] == [True]
    # The last good file stays in use, so the release says what it said.
    assert lands_nothing_new(_workspace(sample_home))


def test_a_file_that_was_recognised_before_is_not_looked_into_again(
    sample_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its bytes are hashed every time; what they are is remembered."""
    assert lands_nothing_new(_workspace(sample_home))
    looked: list[Path] = []
    look_into = scan.Recogniser._look_into

    def noted(self: scan.Recogniser, paths: list[Path]) -> list[Recognition]:
        looked.extend(paths)
        return look_into(self, paths)

    monkeypatch.setattr(scan.Recogniser, "_look_into", noted)
    assert lands_nothing_new(_workspace(sample_home))
    assert looked == []
    (sample_home / "sample" / "x.csv").write_bytes(b"nothing known\n")
    assert lands_nothing_new(_workspace(sample_home))
    assert [path.name for path in looked] == ["x.csv"]


@pytest.mark.parametrize("change", ["edited", "added", "removed"])
def test_a_folder_that_changes_is_read_again(sample_home: Path, change: str) -> None:
    (path,) = (sample_home / "sample").glob("ons_els/*healthy-life-expectancy.csv")
    origin = path.relative_to(sample_home / "sample").as_posix()
    assert lands_nothing_new(_workspace(sample_home))
    match change:
        case "edited":
            path.write_bytes(path.read_bytes() + b"\n")
        case "added":
            path.with_name("x.csv").write_bytes(b"nothing known\n")
        case "removed":
            path.unlink()
    report = land(_workspace(sample_home))
    status = {o.status for o in report.outcomes if o.origin == origin}
    assert status == {{"edited": "new", "added": "unchanged", "removed": "absent"}[change]}
    assert ("ons_els/x.csv" in report.unrecognised) is (change == "added")


def test_no_release_means_a_full_night_and_a_lost_catalogue_is_made_again(
    sample_home: Path, tmp_path: Path
) -> None:
    assert not lands_nothing_new(_workspace(tmp_path / "empty"))
    catalogue = Home(sample_home).catalogue
    catalogue.unlink()
    workspace = _workspace(sample_home)
    confirmed = confirm(workspace, land(workspace))
    assert confirmed is not None
    assert confirmed.status == "unchanged"
    assert confirmed.release == latest_release(workspace.home)
    assert catalogue.is_file()
