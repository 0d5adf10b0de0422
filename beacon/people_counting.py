"""Counting people from the areas of the last run: for the command and for the asset of a month.

Apart from the run, which only loads what has crossed and need not load what counts.
"""

from __future__ import annotations

from beacon.core.clock import LONDON, now
from beacon.core.errors import SettingsError
from beacon.core.home import Home
from beacon.people.people_run import PeopleReport, run_people, surroundings
from beacon.people.secure_home import SecureHome
from beacon.people.without_values import without_values
from beacon.release.layout import latest_release
from beacon.warehouse.connection import Warehouse


def require_areas(home: Home) -> None:
    """Refuse to count people before a run has made the areas by which they are counted.

    Raises:
        SettingsError: When the home has no release.
    """
    if latest_release(home) is None:
        raise SettingsError("The home has no release yet; beacon run first, for its areas.")


def count_people(warehouse: Warehouse, month: str | None = None) -> PeopleReport:
    """Admit new extracts of persons, count cohorts, and let protected counts cross into the home.

    Args:
        warehouse: The working database of a home that has a release; its areas and practices are
            those of the last run.
        month: Only extracts of this month, as "2025-03"; all by default.

    Raises:
        SettingsError: Without a secure home, or without a release.
        InputRefusedError: When an extract is refused. No message holds a value of a person.
    """
    workspace = warehouse.workspace
    settings = workspace.settings
    if settings.secure_home is None:
        raise SettingsError(
            "Rows of persons need a secure home: give --secure-home DIR or BEACON_SECURE_HOME."
        )
    secure = SecureHome.open(settings.secure_home, ordinary=settings.home)
    require_areas(workspace.home)
    moment = now()
    with without_values(secure):
        return run_people(
            surroundings(warehouse.con),
            secure,
            settings.home,
            today=moment.astimezone(LONDON).date(),
            now=moment,
            fictional=workspace.is_fictional,
            month=month,
            engine=settings.people_engine,
        )
