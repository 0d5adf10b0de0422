"""Without any one input that is not required there is a release, which says what is absent."""

from __future__ import annotations

import json
import shutil
from collections import defaultdict
from pathlib import Path

import pytest

from beacon.core.settings import Settings
from beacon.pipeline import run_pipeline
from beacon.registry.sources import load_source_register
from beacon.workspace import Workspace

RETURNED = "local_return/"
ALL = sorted(
    key for key, spec in load_source_register().datasets.items() if not spec.dataset.required
)
# Tables of returns are made alike, whatever the indicator: two stand for them.
OPTIONAL = [
    *(key for key in ALL if not key.startswith(RETURNED)),
    "local_return/absolute_poverty_ahc",
    "local_return/local_supply_chain_spend",
]


def _origins(home: Path) -> dict[str, list[str]]:
    current = json.loads((home / "landing" / "current.json").read_text())["fictional"]
    found: dict[str, list[str]] = defaultdict(list)
    for record in current.values():
        found[record["key"]].append(record["origin"])
    return found


@pytest.mark.slow
@pytest.mark.parametrize("key", OPTIONAL)
def test_a_release_without_one_optional_input(
    published_sample: Path, tmp_path: Path, key: str
) -> None:
    origins = _origins(published_sample).get(key)
    if not origins:
        pytest.skip(f"the sample has no {key}")
    home = tmp_path / "home"
    # What has been read stays read; only the landing knows nothing yet.
    for part in ("sample", "sample_returns", "staging"):
        shutil.copytree(published_sample / part, home / part)
    for origin in origins:
        # The table of an indicator's accepted returns is made of what organisations sent.
        number = origin.removeprefix("accepted returns/local_return_").partition("_")[0]
        sent = (
            list((home / "sample_returns").glob(f"*_return_{int(number):03d}_*"))
            if number.isdigit()
            else []
        )
        for file in sent or [home / "sample" / origin]:
            file.unlink()
    publication = run_pipeline(Workspace(Settings(home=home, inputs="sample")))
    assert publication.status == "published"
