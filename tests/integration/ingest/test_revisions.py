"""Of several files of one edition, the latest revision is taken."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from beacon.ingest.land import Needed, land_files
from beacon.ingest.landing_store import LandingStore
from beacon.ingest.revisions import revision_of
from beacon.ingest.scan import FoundFile
from beacon.registry.sources import load_source_register
from beacon.sources.recognition import Recognition

KEY = "mhclg_homelessness/detailed_la"
# As MHCLG has named them; the last is the one to take.
HOMELESSNESS = (
    "Detailed_LA_202212.ods",
    "Statutory_Homelessness_Detailed_Local_Authority_Data_202212_fixed.ods",
    "Statutory_Homelessness_Detailed_Local_Authority_Data_202212_revised.ods",
    "Statutory_Homelessness_Detailed_Local_Authority_Data_202212_revised_v2.ods",
    "Statutory_Homelessness_Detailed_Local_Authority_Data_202212_corrected.ods",
)


@pytest.mark.parametrize(
    "names",
    [
        HOMELESSNESS,
        ("PREVALENCE_2021.csv", "PREVALENCE_2021_v2.csv", "PREVALENCE_2021_v10.csv"),
        (
            "Physical-Health-Checks-SMI-Q4-2021-22.xlsx",
            "Physical-Health-Checks-SMI-Q4-2021-22-v1.0.xlsx",
            "Physical-Health-Checks-SMI-Q4-2021-22-v1.1-1.xlsx",
        ),
        # A year behind the version is no second version.
        ("x.xlsx", "x_v1-2024.xlsx", "x_v2.xlsx"),
    ],
)
def test_later_revisions_compare_as_greater(names: tuple[str, ...]) -> None:
    shuffled = list(names)
    random.Random(1).shuffle(shuffled)
    assert sorted(shuffled, key=revision_of) == list(names)


def _take(home: Path, names: tuple[str, ...]) -> str:
    found = []
    for name in names:
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
        recognition = Recognition(KEY, "31-december-2022", (), "ods")
        found.append(FoundFile(path, name, "", recognition))
    report = land_files(
        found,
        load_source_register(),
        LandingStore(home / "landing"),
        Needed({"mhclg_homelessness": {"TA1"}}),
        fictional=False,
        supplied_from="folder",
    )
    (outcome,) = [outcome for outcome in report.outcomes if outcome.key == KEY]
    assert len(report.duplicates) == len(names) - 1
    assert outcome.candidate is not None
    return outcome.candidate.original_name


@pytest.mark.parametrize("count", range(2, len(HOMELESSNESS) + 1))
def test_the_latest_revision_is_landed(tmp_path: Path, count: int) -> None:
    assert _take(tmp_path, HOMELESSNESS[:count]) == HOMELESSNESS[count - 1]
    assert _take(tmp_path / "again", HOMELESSNESS[:count][::-1]) == HOMELESSNESS[count - 1]
