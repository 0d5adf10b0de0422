"""Without inputs that are not required there is a release, which says what is absent.

Each run leaves out several. Of any two inputs, one of the runs has the first and not the second:
what needs an input that is absent is found, whichever other it comes with.
"""

from __future__ import annotations

import json
import shutil
from collections import defaultdict
from collections.abc import Iterable
from itertools import combinations
from pathlib import Path
from random import Random

import duckdb
import pytest

from beacon.core.home import Home
from beacon.core.settings import Settings
from beacon.core.source_names import LOCAL_RETURN, NEIGHBOURHOOD_RETURN
from beacon.pipeline import run_pipeline
from beacon.registry.sources import load_source_register
from beacon.release.layout import latest_release
from beacon.workspace import Workspace

RUNS = 7
# Tables of returns are made alike, whatever the indicator: two stand for them.
RETURNS = [f"{LOCAL_RETURN}/absolute_poverty_ahc", f"{LOCAL_RETURN}/local_supply_chain_spend"]


def _origins(home: Path) -> dict[str, list[str]]:
    """Files of the sample by optional input."""
    datasets = load_source_register().datasets
    current = json.loads((home / "landing" / "current.json").read_text())["fictional"]
    found: dict[str, list[str]] = defaultdict(list)
    for record in current.values():
        key = record["key"]
        if not datasets[key].dataset.required and (
            key in RETURNS or not key.startswith(f"{LOCAL_RETURN}/")
        ):
            found[key].append(record["origin"])
    return found


def _missing(inputs: Iterable[str], run: int) -> list[str]:
    """The inputs that a run leaves out.

    Each is left out of three of the seven runs and no two of the same three, so neither is missing
    wherever the other is. Which three is drawn, so that neighbours in the alphabet do not go
    together.
    """
    runs = list(combinations(range(RUNS), RUNS // 2))
    Random(0).shuffle(runs)
    ordered = sorted(inputs)
    assert len(ordered) <= len(runs), "more inputs than ways to leave them out: one run more"
    return [key for key, without in zip(ordered, runs, strict=False) if run in without]


def _home_without(published: Path, home: Path, missing: Iterable[str]) -> None:
    # What has been read stays read; only the landing knows nothing yet.
    for part in ("sample", "sample_returns", "staging"):
        shutil.copytree(published / part, home / part)
    origins = _origins(published)
    for origin in (origin for key in missing for origin in origins[key]):
        # The table of an indicator's accepted returns is made of what organisations sent.
        number = origin.removeprefix("accepted returns/local_return_").partition("_")[0]
        sent = []
        if number.isdigit():
            sent = list((home / "sample_returns").glob(f"*_return_{int(number):03d}_*"))
        elif NEIGHBOURHOOD_RETURN in origin:
            sent = list((home / "sample_returns").glob("*_neighbourhood_return_*"))
        for file in sent or [home / "sample" / origin]:
            file.unlink()


def _source(key: str) -> str:
    return key.partition("/")[0]


def _statuses(home: Path) -> dict[str, set[str]]:
    """How each input stands, as the release says."""
    release = latest_release(Home(home))
    assert release is not None
    rows = duckdb.execute(
        "select source || '/' || dataset, status from read_parquet(?)",
        [str(release.path / "source_status.parquet")],
    ).fetchall()
    said: dict[str, set[str]] = defaultdict(set)
    for key, status in rows:
        said[key].add(status)
    return said


def _values(home: Path, sources: set[str]) -> list[tuple[object, ...]]:
    """The scorecard of the indicators that may draw on these sources and no other."""
    release = latest_release(Home(home))
    assert release is not None
    indicators = Workspace(Settings(home=home, inputs="sample")).indicators.values()
    slugs = [
        each.slug for each in indicators if {binding.source for binding in each.sources} <= sources
    ]
    return duckdb.execute(
        "select indicator_slug, measure, place_code, sex, period, value, value_status "
        "from read_parquet(?) where list_contains(?, indicator_slug) order by all",
        [str(release.path / "scorecard.parquet"), slugs],
    ).fetchall()


def _release_without(
    published: Path, home: Path, missing: list[str], *, pages: bool = False
) -> None:
    print("left out:", *missing)  # shown where the test fails
    _home_without(published, home, missing)
    publication = run_pipeline(Workspace(Settings(home=home, inputs="sample")), pages=pages)
    assert publication.status == "published"

    before, said = _statuses(published), _statuses(home)
    # It says so of each that is absent, and of no other.
    assert said == before | {key: {"not_supplied"} for key in missing}

    datasets = load_source_register().datasets
    sources = {spec.source.id for spec in datasets.values()}
    supplied = {_source(key) for key, statuses in said.items() if "in_use" in statuses}
    touched = {_source(key) for key in missing}
    # An indicator of none but absent sources has no value; of none but whole ones, the same.
    assert {row[-2:] for row in _values(home, sources - supplied)} <= {(None, "not_supplied")}
    assert _values(home, sources - touched) == _values(published, sources - touched)


@pytest.mark.slow
@pytest.mark.parametrize("run", range(RUNS))
def test_a_release_without_some_optional_inputs(
    published_sample: Path, tmp_path: Path, run: int
) -> None:
    missing = _missing(_origins(published_sample), run)
    assert len(missing) > 5
    _release_without(published_sample, tmp_path / "home", missing)


@pytest.mark.slow
def test_a_release_without_any_optional_input(published_sample: Path, tmp_path: Path) -> None:
    inputs = sorted(_origins(published_sample))
    _release_without(published_sample, tmp_path / "home", inputs, pages=True)


def test_no_input_is_missing_wherever_another_is(published_sample: Path) -> None:
    inputs = sorted(_origins(published_sample))
    assert set(RETURNS) < set(inputs)
    without = {key: {run for run in range(RUNS) if key in _missing(inputs, run)} for key in inputs}
    assert not [
        (one, other)
        for one in inputs
        for other in inputs
        if one != other and without[one] <= without[other]
    ]
