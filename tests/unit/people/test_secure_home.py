"""Places that are not fit for rows of persons are refused, each with its reason."""

from pathlib import Path

import pytest

from beacon.core.errors import SettingsError
from beacon.people.crossing import CROSSING
from beacon.people.secure_home import SecureHome
from tests.unit.people.fixtures import people_run_of


def test_is_made_for_its_owner_only(tmp_path: Path) -> None:
    home = SecureHome.open(tmp_path / "secure", ordinary=tmp_path / "home")
    assert home.root.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        ("home/secure", "ordinary home"),
        ("home", "ordinary home"),
        ("OneDrive - Trust/secure", "synchronised"),
        ("Dropbox/secure", "synchronised"),
        ("public_html/secure", "web server"),
    ],
)
def test_unfit_places(tmp_path: Path, place: str, reason: str) -> None:
    with pytest.raises(SettingsError, match=reason):
        SecureHome.open(tmp_path / place, ordinary=tmp_path / "home")


def test_ordinary_home_inside(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="lies in it"):
        SecureHome.open(tmp_path, ordinary=tmp_path / "home")


def test_folder_that_is_synchronised_by_its_marker(tmp_path: Path) -> None:
    (tmp_path / ".stfolder").mkdir()
    with pytest.raises(SettingsError, match="copied elsewhere"):
        SecureHome.open(tmp_path / "secure", ordinary=tmp_path / "home")


def test_open_to_others(tmp_path: Path) -> None:
    (tmp_path / "secure").mkdir(mode=0o750)
    (tmp_path / "secure").chmod(0o750)
    with pytest.raises(SettingsError, match="chmod 700"):
        SecureHome.open(tmp_path / "secure", ordinary=tmp_path / "home")


@pytest.mark.slow
def test_a_secure_home_with_an_apostrophe_in_its_path(tmp_path: Path) -> None:
    root = tmp_path / "o'neill's"
    root.mkdir()
    run = people_run_of(root, 60, ("hypertension_register",))
    assert run.report.computed == ["2024-12-31", "2025-03-31"]
    for table in CROSSING:
        assert (run.ordinary / "people" / table / "2025-03-31.parquet").is_file()
