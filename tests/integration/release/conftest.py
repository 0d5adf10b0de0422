"""Homes with small releases that take milliseconds to publish."""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest

from beacon.contracts import create_table
from beacon.core.home import Home
from beacon.core.settings import Settings
from beacon.release.build import MakePages, Publication, publish_release
from beacon.statistics.macros import install_macros
from beacon.warehouse.connection import Warehouse
from beacon.workspace import Workspace

MARTS = ["place", "core20_lsoa", "change"]
# A square as well-known binary.
SQUARE = (
    "01030000000100000005000000"
    "000000000000000000000000000000000000000000000000000000000000f03f"
    "000000000000f03f000000000000f03f000000000000f03f0000000000000000"
    "00000000000000000000000000000000"
)


@cache
def _shared() -> Workspace:
    return Workspace(Settings())


class SmallRun:
    """A working database with small marts, and publishing from it."""

    def __init__(self, root: Path, threads: int = 1) -> None:
        self.workspace = Workspace(Settings(home=root))
        # What takes long to load and is the same for all is loaded once.
        for name in ("contracts", "indicators", "register"):
            self.workspace.__dict__[name] = getattr(_shared(), name)
        con = duckdb.connect()
        con.execute(f"set threads = {threads}")
        con.execute("create schema marts; create schema registry")
        install_macros(con)
        self.warehouse = Warehouse(con, self.workspace)
        for mart in MARTS:
            con.execute(create_table(self.workspace.contracts[f"marts.{mart}"]))
        self.fill(people=1000)

    @property
    def home(self) -> Home:
        return self.workspace.home

    @property
    def con(self) -> duckdb.DuckDBPyConnection:
        return self.warehouse.con

    def fill(self, people: int, places: int = 3, shuffled: bool = False) -> None:
        """Put rows in: `people` decides what the release says."""
        self.con.execute("delete from marts.place; delete from marts.core20_lsoa")
        order = "hash(i)" if shuffled else "i"
        self.con.execute(
            "insert into marts.place by name select 'Z0600000' || i as place_code, "
            "'Place ' || i as place_name, 'Z54000001' as icb_code, 'Board' as icb_name, "
            "? + i as people, "
            "10 as people_core20, 1.5 * i as core20_share_percent, "
            "'census_2021' as population_base, "
            "2025 as imd_vintage, 5 as lsoas, 1 as lsoas_core20, true as fictional, "
            f"from_hex('{SQUARE}') as geometry from range(1, ?) as r(i) order by {order}",
            [people, places + 1],
        )
        self.con.execute(
            "insert into marts.core20_lsoa by name select 2025 as imd_vintage, "
            "2021 as lsoa_vintage, "
            "'Z0100' || lpad(i::varchar, 4, '0') as lsoa_code, 'LSOA ' || i as lsoa_name, "
            "'Z06000001' as place_code, 'Place 1' as place_name, i % 10 + 1 as imd_decile, "
            "i % 10 < 2 as core20, 'census_2021' as population_base, 'Persons' as sex, "
            "'All ages' as age_band, ? + i as people, "
            f"true as fictional from range(3000) as r(i) order by {order}",
            [people],
        )

    def publish(
        self,
        checks: list[dict[str, Any]] | None = None,
        fingerprint: str = "of the test",
        make_pages: MakePages | None = None,
    ) -> Publication:
        return publish_release(
            self.warehouse,
            MARTS,
            checks=checks or [],
            inputs=[],
            run_record={"published_at": "2026-01-01T00:00:00+00:00"},
            fingerprint=fingerprint,
            make_pages=make_pages,
        )


@pytest.fixture
def small(tmp_path: Path) -> Iterator[SmallRun]:
    """A home in which nothing has been published yet."""
    run = SmallRun(tmp_path / "home")
    yield run
    run.con.close()


@pytest.fixture
def new_run(tmp_path: Path) -> Callable[..., SmallRun]:
    """Makes further runs, each in a home of its own unless told."""

    def make(name: str, threads: int = 1) -> SmallRun:
        return SmallRun(tmp_path / name, threads)

    return make


@pytest.fixture
def published(_published_sample: Path) -> Path:
    """A home in which the sample has been published once. Tests only read it."""
    return _published_sample
