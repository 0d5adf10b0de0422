"""Pages are made beside the numbers and never hold them back."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from beacon.core.errors import BeaconError
from beacon.core.settings import Home, Settings
from beacon.release import layout
from beacon.release.build import recover
from beacon.release.pages import PagesProcess
from beacon.release.verify import verify_release
from beacon.session import Session
from beacon.workspace import Workspace


@pytest.fixture
def unpublished(sample_home: Path) -> Workspace:
    """A home with everything derived and nothing published."""
    import shutil

    shutil.rmtree(sample_home / "releases")
    (sample_home / "latest.json").unlink()
    return Workspace(Settings(home=sample_home, inputs="sample"))


def _publish(workspace: Workspace) -> layout.Release:
    with Session(workspace) as session:
        session.land()
        return session.publish().release


def test_a_release_carries_its_pages_and_verifies(unpublished: Workspace) -> None:
    release = _publish(unpublished)
    assert release.run_record["extras"] == {"start_site": "made"}
    assert (release.path / "site" / "index.html").is_file()
    assert "fictional" in (release.path / "site" / "index.html").read_text().lower()
    assert verify_release(unpublished.home, release).intact
    names = [path.name for path in unpublished.home.releases.iterdir()]
    assert names == [release.label], "nothing is left beside the release"


@pytest.mark.parametrize("when", ["start", "end"])
def test_pages_that_cannot_be_made_do_not_hold_back_numbers(
    unpublished: Workspace, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    def broken(
        process: PagesProcess, directory: Path, manifest: dict[str, Any], record: dict[str, Any]
    ) -> Callable[[], None]:
        if when == "start":
            raise RuntimeError("a chart met something new")

        def finish() -> None:
            raise RuntimeError("a chart met something new")

        return finish

    monkeypatch.setattr(PagesProcess, "start_site", broken)
    release = _publish(unpublished)
    assert "a chart met something new" in release.run_record["extras"]["start_site"]
    assert not (release.path / "site").exists()
    assert verify_release(unpublished.home, release).intact


def test_the_process_says_why_it_could_not(unpublished: Workspace, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with PagesProcess() as process:
        finish = process.start_site(tmp_path / "empty", {"release": "v2026.01.01-1"}, {})
        with pytest.raises(BeaconError, match="SiteError"):
            finish()
        process._child.popen.kill()
        finish = process.start_site(tmp_path / "empty", {"release": "v2026.01.01-1"}, {})
        with pytest.raises(BeaconError, match="it ended by signal SIGKILL"):
            finish()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".v")] == []


def test_what_a_crash_leaves_of_pages_is_removed(sample_home: Path) -> None:
    home = Home(sample_home)
    for name in (".v2026.01.01-1.0af3.building", "..v2026.01.01-1.0af3.building.77c1.building"):
        (home.releases / name).mkdir()
    recover(home)
    assert [path.name for path in home.releases.iterdir() if path.name.startswith(".")] == []
