"""The mode changes only where bytes come from: live from replicas and the sample publish the same.

The replicas give pages of JSON and CSV where the sample has files, so this also proves that both
forms are read alike.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import polars as pl
import pytest

from beacon.core.home import Home
from beacon.core.settings import Settings
from beacon.core.source_names import RETURNED
from beacon.pipeline import run_pipeline
from beacon.release.layout import Release, latest_release
from beacon.workspace import Workspace
from tests.fixtures.commands import Ended, beacon
from tests.integration.fetch.conftest import whole_register
from tests.replicas.world import World, not_in_sample, serve

# What says where a figure came from, and nothing else.
PROVENANCE = {"sha256", "original_name", "origin", "size_bytes"}

RUN = ("run", "--inputs", "live", "--footprint", "sample")
NOBODY = "https://127.0.0.1:9/statistics/v1"
"""An address at which nothing listens."""

pytestmark = pytest.mark.slow


def live(home: Path, world: World, sample_files: Path, **urls: str) -> Settings:
    return Settings(
        home=home,
        inputs="live",
        footprint="sample",
        live_base_urls={**world.base_urls, **urls},
        live_skip=not_in_sample(sample_files, whole_register()),
    )


def publish(settings: Settings) -> tuple[str, Release]:
    workspace = Workspace(settings)
    status = run_pipeline(workspace, checks=False).status
    release = latest_release(workspace.home)
    assert release is not None
    return status, release


@pytest.fixture(scope="module")
def live_release(
    published_sample: Path, sample_files: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A home in which live inputs have been published once. Tests only read it."""
    home = tmp_path_factory.mktemp("live") / "home"
    # Returns are sent to a home, whatever the mode of its inputs.
    for source in RETURNED:
        of_returns = Path("landing", source)
        shutil.copytree(published_sample / of_returns, home / of_returns)
    with serve(sample_files) as world:
        assert publish(live(home, world, sample_files))[0] == "published"
    return home


@pytest.fixture
def home(live_release: Path, tmp_path: Path) -> Path:
    """A home of its own in which live inputs have been published once."""
    return Path(shutil.copytree(live_release, tmp_path / "home"))


def command(*arguments: str, settings: Settings) -> Ended:
    """A command on live inputs, told where the publishers are as an operator would tell it."""
    told = {
        "BEACON_LIVE_BASE_URLS": json.dumps(settings.live_base_urls),
        "BEACON_LIVE_SKIP": json.dumps(settings.live_skip),
    }
    where = ("--home", str(settings.home))
    return beacon(*arguments, *where, environment={**os.environ, **told})


def test_live_publishes_what_the_sample_does(published_sample: Path, live_release: Path) -> None:
    sample, fetched = (latest_release(Home(home)) for home in (published_sample, live_release))
    assert sample is not None
    assert fetched is not None
    marts = sorted(path.name for path in sample.path.glob("*.parquet"))
    assert marts == sorted(path.name for path in fetched.path.glob("*.parquet"))
    differ = [
        name
        for name in marts
        if (sample.path / name).read_bytes() != (fetched.path / name).read_bytes()
    ]
    of_neighbours = ["neighbour.parquet", "neighbour_comparison.parquet"]
    of_figures = ["beacon_indicator.parquet", "observation.parquet"]
    of_networks = ["area.parquet", "gp_practice_core20.parquet"]
    assert differ == sorted([*of_figures, *of_neighbours, *of_networks, "source_status.parquet"])
    # The workbook of primary care networks comes in a folder only.
    areas, fewer = (pl.read_parquet(r.path / "area.parquet") for r in (sample, fetched))
    assert areas.filter(pl.col("kind") != "pcn").equals(fewer)
    practices, others = (
        pl.read_parquet(r.path / "gp_practice_core20.parquet") for r in (sample, fetched)
    )
    names = ("pcn_code", "pcn_name", "pcn_practices")
    assert others.select(pl.col(names).null_count() == pl.len()).row(0) == (True, True, True)
    assert practices.drop(names).equals(others.drop(names))
    # Rural and urban areas come in a file only; neighbours are found without.
    found = pl.read_parquet(fetched.path / "neighbour.parquet")
    assert found["neighbour_rural_percent"].is_null().all()
    assert not found["characteristics"].str.contains("rural").any()
    # Nomis gives pages where the sample has one file: other bytes, whose rows count from elsewhere.
    for name in of_figures:
        figures, others = (pl.read_parquet(r.path / name) for r in (sample, fetched))
        of_nomis = (pl.col("source") == "nomis").fill_null(False)
        where_from = ("source_sha256", "source_row")
        assert figures.drop(where_from).equals(others.drop(where_from))
        assert figures.filter(~of_nomis).equals(others.filter(~of_nomis))
        assert len(figures.filter(of_nomis)) > 100
    # What comes in folders only is in the sample and is not fetched.
    fetched_too = [
        key for key, spec in whole_register().datasets.items() if spec.dataset.fetch is not None
    ]
    one, other = (
        pl.read_parquet(r.path / "source_status.parquet").filter(
            pl.concat_str("source", pl.lit("/"), "dataset").is_in(fetched_too)
        )
        for r in (sample, fetched)
    )
    assert len(one) > 20
    assert {name for name in one.columns if not one[name].equals(other[name])} <= PROVENANCE
    origins = other.filter(pl.col("sha256").is_not_null())["origin"]
    assert origins.str.starts_with("http://127.0.0.1:").all()


def test_when_one_publisher_is_down_the_rest_is_published_with_a_status_to_alert_on(
    home: Path, world: World, sample_files: Path
) -> None:
    """`beacon run --inputs live` with a publisher down and one file of another gone: status 3."""
    del world.ons_els.files["/claimant-count/claimant-count.csv"]
    path = "/modelled-unemployment/modelled-unemployment.csv"
    world.ons_els.files[path] = world.ons_els.files[path].replace(b"Fictional fig", b"Revised fig")
    done = command(*RUN, settings=live(home, world, sample_files, ees=NOBODY))
    assert done.returncode == 3, done.stdout + done.stderr
    assert "claimant-count.csv: answered 404" in " ".join(done.stdout.split())
    assert "(published)" in done.stdout
    release = latest_release(Home(home))
    assert release is not None
    rows = pl.read_parquet(release.path / "source_status.parquet")
    down = rows.filter(pl.col("source") == "dfe_eyfsp", pl.col("dataset") == "aps_gld_elg")
    assert down["status"].to_list() == ["refused_last_good_in_use"]
    assert "could not be reached" in down["message"][0]
    assert "last confirmed today, stays in use" in down["message"][0]
    assert down["rows_staged"][0] > 0
    revised = rows.filter(pl.col("part") == "modelled-unemployment-rate")
    assert revised["status"].to_list() == ["in_use"]
    gone = rows.filter(pl.col("part") == "claimant-count")
    assert gone["status"].to_list() == ["refused_last_good_in_use"]


def test_an_outage_on_a_night_without_news_is_seen_though_nothing_is_published(
    home: Path, world: World, sample_files: Path
) -> None:
    before = latest_release(Home(home))
    down = live(home, world, sample_files, ees=NOBODY)
    run = command(*RUN, settings=down)
    assert run.returncode == 3, run.stdout + run.stderr
    assert "(unchanged)" in run.stdout
    assert latest_release(Home(home)) == before
    listed = command("sources", "--format", "json", settings=down)
    assert listed.returncode == 3, listed.stderr
    states = {row["dataset"]: row for row in json.loads(listed.stdout)}
    early_years = states["dfe_eyfsp/aps_gld_elg"]
    assert early_years["state"] == "not_reached"
    assert early_years["files"] == 1
    assert "could not be reached" in early_years["message"]
    assert early_years["last_success"]
    assert states["fingertips/indicator"]["state"] == "in_use"
    assert states["fingertips/indicator"]["mode"] == "live"
