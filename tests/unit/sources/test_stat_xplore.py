"""Stat-Xplore: a table of the API, from the key in the environment to observations."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from beacon.registry.sources import SourceRegister
from beacon.sources.page_archive import PageIndex, read_page_table, write_pages
from tests.integration.fetch.conftest import Bench, bench, sample_files, world  # noqa: F401
from tests.replicas.world import World
from tests.unit.sources.conftest import only

KEY = "dwp_stat_xplore/children_absolute"
SERIES = {"series": frozenset({"CILIF_ABS:count"})}
SAMPLES = Path(os.environ.get("BEACON_TEST_API_SAMPLES", "../shared/api_samples"))


def test_a_table_is_fetched_with_the_key_and_read(
    bench: Callable[..., Bench],  # noqa: F811
    world: World,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BEACON_STAT_XPLORE_KEY", world.stat_xplore.key)
    at = bench(KEY, **SERIES)
    result = at.run()
    assert result.said == ""
    (part,) = result.parts
    assert part.parquet is not None
    frame = pl.read_parquet(at.workspace().home.staging / part.parquet)
    row = only(frame, area_code="Z06000002", period="2023/24")
    assert (row["value"], row["numerator"], row["area_name"]) == (2425.0, 2425.0, "Cawlderwick")
    asked = json.loads(world.stat_xplore.requests[-1].body)
    (recode,) = asked["recodes"].values()
    assert len(recode["map"]) == 309
    assert recode["map"][0] == [
        "str:value:CILIF_ABS:V_F_CILIF_ABS:COA:V_C_MASTERGEOG11_LA_TO_UTLA_NI:E06000001"
    ]
    for path in at.home.rglob("*"):
        assert not path.is_file() or world.stat_xplore.key.encode() not in path.read_bytes()


def test_a_table_with_missing_cells_is_refused_and_the_last_good_stays(
    bench: Callable[..., Bench],  # noqa: F811
    world: World,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BEACON_STAT_XPLORE_KEY", world.stat_xplore.key)
    at = bench(KEY, **SERIES)
    at.run()
    good = at.current()
    world.stat_xplore.values = [[1200.0, 1250.0]]
    assert "fewer cells than its fields say" in at.run(days=8).said
    assert at.current() == good


@pytest.mark.given
def test_official_tables_are_flattened(tmp_path: Path, register: SourceRegister) -> None:
    path = SAMPLES / "statxplore/example_a_response.json"
    if not path.is_file():
        pytest.skip(f"{path} is missing (set BEACON_TEST_API_SAMPLES)")
    body = path.read_bytes()
    table: dict[str, Any] = json.loads(body)
    (measure,) = table["query"]["measures"]
    archive = tmp_path / "table.pages.zip"
    write_pages(
        archive, PageIndex(KEY, "stat_xplore", "table", {"measures": [measure]}, 10 * 4 * 6), [body]
    )
    found = read_page_table(archive, register.datasets[KEY].dataset)
    frame = found.frame.rename({f"c{place}": name for place, name in enumerate(found.header)})
    assert frame.height == 240
    # The first cell of the response, and the total at the end of its first row.
    first = frame.row(0, named=True)
    assert (first["COA_CODE"], first["DATE_NAME"], first["value"]) == (
        "E12000001",
        "201805",
        "36393.0",
    )
    assert frame.row(5, named=True)["value"] == "50001.0"
