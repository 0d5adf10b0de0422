"""`beacon sources check` over the given folder: every file named, none misread.

Counts are against SOURCES.md beside the files: rows of a file, times what a row is read into.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from beacon.cli.main import app

pytestmark = pytest.mark.given

# Third parties' files whose content is the publisher's to the last figure; SOURCES.md says how.
FAITHFUL = ("ONS names restored", "ONS column names restored", "humaniverse column names")
SAYS_CONVERTED = (
    "Derived",
    "Third-party",
    "MODELLED",
    "Reduced columns",
    "tidied",
    "RECONSTRUCTED",
)
# Rows read for each row of the file: age bands, indices, measures.
TIMES = {
    "population/TS007A_age_by_five_year_age_bands_lsoa21.csv": (35_672, 18),
    "population/humaniverse_SAPE23DT2_mid2020_lsoa11_persons_single_year.csv.gz": (34_753, 18),
    "imd2019/File_2_-_IoD2019_Domains_of_Deprivation.csv.gz": (32_844, 8),
    "imd2019/File_3_-_IoD2019_Supplementary_Indices_-_IDACI_and_IDAOPI.csv": (32_844, 3),
    "imd2025/File_1_IoD2025_Index_of_Multiple_Deprivation.xlsx": (33_755, 1),
    "imd2025/File_3_IoD2025_Supplementary_Indices_IDACI_and_IDAOPI.xlsx": (33_755, 3),
    "dfe/L2_L3_attainment_age19_LA_Dashboard_2022.csv": (26_384, 3),
    "lookups/LSOA21_SICBL24_ICB24_EN_LU.csv": (33_755, 1),
    "lookups/LSOA21_WD24_LAD24_EW_LU.csv": (35_672, 1),
    "gp/icb_allocation_gp_practice_2025_2026.csv": (6_348, 1),
    "boundaries/LSOA_2021_EW_BSC_V4.gpkg": (35_672, 1),
}


@pytest.fixture(scope="module")
def checked(official_files: Path) -> dict[str, dict[str, Any]]:
    result = CliRunner().invoke(app, ["sources", "check", str(official_files), "--json"])
    # The file that is refused holds no series that a run would use.
    assert result.exit_code == 0, result.output
    return {row["file"]: row for row in json.loads(result.stdout)["files"]}


def _described(folder: Path) -> dict[str, str]:
    """What SOURCES.md says of each file."""
    lines = (folder / "SOURCES.md").read_text("utf-8").splitlines()
    return {
        line.strip("| ").split(" | ")[0]: line.strip("| ")
        for line in lines
        if line.startswith("| ") and "/" in line.split(" | ")[0]
    }


def test_every_file_is_recognised(checked: dict[str, dict[str, Any]]) -> None:
    outcomes = Counter(row["status"] for row in checked.values())
    assert outcomes == {"read": 89, "not_read": 27, "refused": 1}
    assert {name for name, row in checked.items() if row["status"] == "refused"} == {
        # Rows appended by hand behind the export.
        "fingertips/heec__smok_qof_prev.csv",
    }
    # Six rows of 33,755: an excerpt, told by their number.
    assert checked["imd2025/EXCERPT_File_7_IoD2025_header_and_first_6_rows.csv"]["status"] == (
        "not_read"
    )


def test_conversions_are_not_read_and_originals_are(
    checked: dict[str, dict[str, Any]], official_files: Path
) -> None:
    described = _described(official_files)
    for name, row in checked.items():
        said = described.get(name, "")
        if row["status"] == "read":
            assert not any(word in said for word in SAYS_CONVERTED) or any(
                word in said for word in FAITHFUL
            ), name
    originals = {name for name, said in described.items() if "ORIGINAL" in said}
    left = {n for n in originals & set(checked) if checked[n]["status"] == "not_read"}
    # Official files that nothing uses; the register says of each why.
    assert left == {
        "gp/QOF_MAPPING_NHS_GEOGRAPHIES_2021.csv",
        "imd2019/File_6_-_IoD2019_Population_Denominators.xlsx",
        "lookups/Lower_Layer_Super_Output_Area_(2011)_to_Ward_(2019)_Lookup_in_England_and_Wales.csv",
        "population/nomis_population_estimates_lad.csv",
    }


@pytest.mark.parametrize("name", TIMES, ids=lambda name: Path(name).name[:30])
def test_no_row_is_lost(name: str, checked: dict[str, dict[str, Any]]) -> None:
    rows, times = TIMES[name]
    assert checked[name]["rows"] == rows * times
