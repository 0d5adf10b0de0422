"""Which connector fetches which kind of dataset."""

from __future__ import annotations

from collections.abc import Callable

from beacon.fetch.arcgis import arcgis_tasks
from beacon.fetch.direct_files import file_tasks
from beacon.fetch.ees import ees_tasks
from beacon.fetch.fingertips_api import fingertips_tasks
from beacon.fetch.gov_uk import gov_uk_tasks
from beacon.fetch.nomis_api import nomis_tasks
from beacon.fetch.stat_xplore_api import stat_xplore_tasks
from beacon.fetch.tasks import Context, Task
from beacon.fetch.web_page import web_page_tasks
from beacon.registry.sources import DatasetSpec

# Gives the things to fetch for a dataset; may itself ask the publisher what there is.
Connector = Callable[[Context, DatasetSpec], list[Task]]

CONNECTORS: dict[str, Connector] = {
    "arcgis": arcgis_tasks,
    "ees": ees_tasks,
    "file": file_tasks,
    "fingertips": fingertips_tasks,
    "gov_uk": gov_uk_tasks,
    "nomis": nomis_tasks,
    "stat_xplore": stat_xplore_tasks,
    "web_page": web_page_tasks,
}
