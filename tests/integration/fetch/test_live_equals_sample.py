"""The mode changes only where bytes come from: live from replicas and the sample publish the same.

The replicas give pages of JSON and CSV where the sample has files, so this also proves that both
forms are read alike.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from beacon.core.settings import Settings
from beacon.pipeline import run_pipeline
from beacon.release.layout import Release, latest_release
from beacon.workspace import Workspace
from tests.integration.fetch.conftest import whole_register
from tests.replicas.world import World, not_in_sample

# What says where a figure came from, and nothing else.
PROVENANCE = {"sha256", "original_name", "origin", "size_bytes"}

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


def test_live_publishes_what_the_sample_does(
    tmp_path: Path, world: World, sample_files: Path
) -> None:
    _, sample = publish(Settings(home=tmp_path / "sample", inputs="sample"))
    # Returns are sent to a home, whatever the mode of its inputs.
    of_returns = Path("landing", "local_return")
    shutil.copytree(tmp_path / "sample" / of_returns, tmp_path / "live" / of_returns)
    _, fetched = publish(live(tmp_path / "live", world, sample_files))
    marts = sorted(path.name for path in sample.path.glob("*.parquet"))
    assert marts == sorted(path.name for path in fetched.path.glob("*.parquet"))
    differ = [
        name
        for name in marts
        if (sample.path / name).read_bytes() != (fetched.path / name).read_bytes()
    ]
    assert differ == ["beacon_indicator.parquet", "source_status.parquet"]
    # Nomis gives pages where the sample has one file: other bytes, whose rows count from elsewhere.
    figures, others = (
        pl.read_parquet(r.path / "beacon_indicator.parquet") for r in (sample, fetched)
    )
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


def test_when_one_publisher_is_down_the_rest_is_published(
    tmp_path: Path, world: World, sample_files: Path
) -> None:
    home = tmp_path / "live"
    publish(live(home, world, sample_files))
    path = "/claimant-count/claimant-count.csv"
    world.ons_els.files[path] = world.ons_els.files[path].replace(b"Fictional fig", b"Revised fig")
    status, release = publish(
        live(home, world, sample_files, ees="https://127.0.0.1:9/statistics/v1?".rstrip("?"))
    )
    assert status == "published"
    rows = pl.read_parquet(release.path / "source_status.parquet")
    down = rows.filter(pl.col("source") == "dfe_eyfsp")
    assert down["status"].to_list() == ["refused_last_good_in_use"]
    assert "could not be reached" in down["message"][0]
    assert "last confirmed today, stays in use" in down["message"][0]
    assert down["rows_staged"][0] > 0
    revised = rows.filter(pl.col("part") == "claimant-count")
    assert revised["status"].to_list() == ["in_use"]


def test_the_command_ends_with_a_status_to_alert_on(
    tmp_path: Path, world: World, sample_files: Path
) -> None:
    """`beacon run --inputs live` with one file gone: published, and status 3."""
    settings = live(tmp_path / "home", world, sample_files)
    publish(settings)
    del world.ons_els.files["/claimant-count/claimant-count.csv"]
    path = "/modelled-unemployment/modelled-unemployment.csv"
    world.ons_els.files[path] = world.ons_els.files[path].replace(b"Fictional fig", b"Revised fig")
    done = subprocess.run(
        [sys.executable, "-c", "from beacon.cli.main import main; main()", "run", "--inputs", "live",
         "--footprint", "sample", "--home", str(settings.home)],
        env={
            **os.environ,
            "BEACON_LIVE_BASE_URLS": json.dumps(settings.live_base_urls),
            "BEACON_LIVE_SKIP": json.dumps(settings.live_skip),
        },
        capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 3, done.stdout + done.stderr
    assert "claimant-count.csv: answered 404" in " ".join(done.stdout.split())
    assert "(published)" in done.stdout


def test_an_outage_on_a_night_without_news_is_seen_though_nothing_is_published(
    tmp_path: Path, world: World, sample_files: Path
) -> None:
    home = tmp_path / "live"
    _, before = publish(live(home, world, sample_files))
    command = [sys.executable, "-c", "from beacon.cli.main import main; main()"]
    down = live(home, world, sample_files, ees="https://127.0.0.1:9/statistics/v1")
    environment = {
        **os.environ,
        "BEACON_LIVE_BASE_URLS": json.dumps(down.live_base_urls),
        "BEACON_LIVE_SKIP": json.dumps(down.live_skip),
    }
    run = subprocess.run(
        [*command, "run", "--inputs", "live", "--footprint", "sample", "--home", str(home)],
        env=environment, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert run.returncode == 3, run.stdout + run.stderr
    assert "(unchanged)" in run.stdout
    after = latest_release(Workspace(down).home)
    assert after is not None
    assert after.label == before.label
    listed = subprocess.run(
        [*command, "sources", "--home", str(home), "--format", "json"],
        env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert listed.returncode == 3, listed.stderr
    states = {row["dataset"]: row for row in json.loads(listed.stdout)}
    early_years = states["dfe_eyfsp/aps_gld_elg"]
    assert early_years["state"] == "not_reached"
    assert early_years["files"] == 1
    assert "could not be reached" in early_years["message"]
    assert early_years["last_success"]
    assert states["fingertips/indicator"]["state"] == "in_use"
    assert states["fingertips/indicator"]["mode"] == "live"
