"""A home in which returns are accepted and releases of them are published in a moment.

Everything from the accepted return to the files of the release is Beacon's own; only what the
other sources would bring is left out, so that a release takes no minute.
"""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import duckdb
import polars as pl

from beacon.contracts import create_table
from beacon.contracts.sql_files import sql_table
from beacon.core.files import read_json, write_json
from beacon.core.home import Home
from beacon.core.settings import Settings
from beacon.disclosure.returned_counts import ReturnedTable
from beacon.ingest.landing_store import LandingStore
from beacon.release import approval, build, layout
from beacon.release.build import Publication, publish_release
from beacon.release.previous import load_previous
from beacon.release.small_counts import small_counts_told
from beacon.returns import ReturnContext, ReturnKind, accept_return, collect_returns
from beacon.returns.shown_before import releases_to_test_against, shown_before
from beacon.sources.publishers.returned_tables import read_local_returns
from beacon.warehouse.connection import Warehouse
from beacon.warehouse.transform import derive_table
from beacon.workspace import Workspace

MARTS = (
    "observation", "beacon_indicator", "core20plus5_indicator", "core20_cohort", "lsoa", "change"
)  # fmt: skip
_DERIVED = (
    "indicators.published", "indicators.gap", "indicators.system", "indicators.fact", "marts.observation",
    "marts.beacon_indicator", "marts.core20plus5_indicator",
)  # fmt: skip
# Whatever these read beside is there, and empty.
_EMPTY = sorted(
    {"geography.area", "geography.lsoa21", "marts.core20_cohort", "marts.lsoa"}
    | {
        needed
        for table in _DERIVED
        for needed in sql_table(table).depends
        if not needed.startswith("registry.") and needed not in _DERIVED
    }
)
_BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)


@cache
def _shared() -> Workspace:
    return Workspace(Settings())


class ReturnsHome:
    """A home of the fictional system, at first without returns and releases.

    Attributes:
        guarded: False switches off what is under test: the memory of earlier releases.
        only_marts: Leaves out CSVs, workbook and the analysts' database, which take longest.
        held: Reasons why releases waited for approval, which was then given.
    """

    def __init__(self, root: Path, *, guarded: bool = True, only_marts: bool = False) -> None:
        self.guarded = guarded
        self.only_marts = only_marts
        self.held: list[str] = []
        self.workspace = Workspace(Settings(home=root))
        for name in ("contracts", "indicators", "register"):
            self.workspace.__dict__[name] = getattr(_shared(), name)
        self.context = ReturnContext(
            self.workspace.indicators, self.workspace.register, self.workspace.footprint
        )
        self.store = LandingStore(self.home.landing)
        self.warehouse = Warehouse(duckdb.connect(), self.workspace)
        self.warehouse.prepare()
        for table in _EMPTY:
            self.con.execute(create_table(self.workspace.contracts[table], table))
        footprint = self.workspace.footprint
        for place in (*footprint.places, footprint.icb):
            self.con.execute(
                "insert into geography.area by name "
                "select ? as area_code, ? as area_name, 'place' as area_type",
                [place.code, place.name],
            )
        self._day = 0

    @property
    def home(self) -> Home:
        return self.workspace.home

    @property
    def con(self) -> duckdb.DuckDBPyConnection:
        return self.warehouse.con

    def accept(self, path: Path) -> None:
        """Accept a filled-in return, later than all before it."""
        self._day += 1
        accept_return(path, self.context, self.store, now=_BEGINNING + timedelta(hours=self._day))

    def publish(self) -> Publication:
        """Publish what the accepted returns come to; whoever is asked to approve says yes."""
        inputs = self._stage()
        self._derive(inputs)
        try:
            return self._publish(inputs)
        except approval.ApprovalNeededError:
            held = read_json(self.home.releases / approval.HELD) or {}
            self.held += held["reasons"]
            approval.approve(self.home, by="Somebody", reason="Test")
            return self._publish(inputs)

    def _publish(self, inputs: list[dict[str, Any]]) -> Publication:
        with contextlib.ExitStack() as patches:
            if not self.guarded:
                patches.enter_context(patch.object(build, "small_counts_told", return_value=[]))
            if self.only_marts:
                for name in ("_write_companions", "write_catalogue"):
                    patches.enter_context(patch.object(build, name))
            return publish_release(
                self.warehouse,
                list(MARTS),
                checks=[],
                inputs=inputs,
                run_record={"published_at": "2026-01-01T00:00:00+00:00"},
                fingerprint="-",
            )

    def _stage(self) -> list[dict[str, Any]]:
        """Put the returns together, land them and read them."""
        self.con.execute("delete from staging.observation")
        found = collect_returns(
            self.context, self.store, self.home.state / "returns", self._earlier
        )
        inputs = []
        for file in found:
            assert not file.recognition.problems
            spec = self.context.register.datasets[file.recognition.key or ""]
            landed = self.store.store(
                file.path,
                spec,
                part="",
                members=(),
                container="csv",
                origin=file.path.name,
                retrieved_at=_BEGINNING.isoformat(),
                fictional=True,
            )
            frame = read_local_returns(self.store.path_of(landed), "csv", spec, True).with_columns(
                pl.lit(spec.source.id).alias("source"),
                pl.lit(spec.dataset.id).alias("dataset"),
                pl.lit(landed.sha256).alias("source_sha256"),
            )
            self.con.register("observed", frame.to_arrow())
            self.con.execute("insert into staging.observation by name from observed")
            inputs.append(
                {
                    "name": landed.name, "sha256": landed.sha256, "file": landed.file,
                    "publisher": "-", "licence": "-", "attribution": "-",
                }
            )  # fmt: skip
        return inputs

    def _earlier(self, kind: ReturnKind) -> tuple[ReturnedTable, ...]:
        if not self.guarded:
            return ()
        releases = releases_to_test_against(self.home)
        return shown_before(self.con, self.home, releases, kind.indicator, kind.rules).tables

    def _derive(self, inputs: list[dict[str, Any]]) -> None:
        for table in _DERIVED:
            derive_table(self.warehouse, table)
        load_previous(self.warehouse, inputs)
        derive_table(self.warehouse, "marts.change")


class QuickHome(ReturnsHome):
    """The same, with releases that hold one mart: what the returns' reader gives, and no more.

    What other marts, CSVs and the workbook show is made from it. Releases are not held.
    """

    def publish(self) -> Publication:
        """Write what the accepted returns come to as the next release."""
        inputs = self._stage()
        label = f"v2026.01.01-{len(layout.list_releases(self.home)) + 1}"
        making = self.home.releases / ".making"
        making.mkdir(parents=True)
        self.con.execute(
            "copy (select observation.dataset as indicator_slug, 'main' as measure, period, "
            "period_start, period_end, area_code, area_name, coalesce(category, 'All') as category, "
            "numerator, denominator, value, value_status, source from staging.observation) "
            f"to '{making / 'beacon_indicator.parquet'}'"
        )
        marts = [{"name": "beacon_indicator", "file": "beacon_indicator.parquet"}]
        if self.guarded:
            self.held += small_counts_told(self.warehouse, making, marts, inputs)
        write_json(making / layout.MANIFEST, {"marts": marts, "inputs": inputs})
        release = layout.Release(label, self.home.releases / label)
        making.rename(release.path)
        return Publication("published", release, None)
