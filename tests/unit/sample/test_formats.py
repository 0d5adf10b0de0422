"""The layouts are the publishers'. Lists typed here were read from the real files on 2026-11-22."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from beacon.sample import SMALL, write_sample
from beacon.sample.dfe_files import neet_header
from beacon.sample.formats import write_xlsx
from tests.unit.sample.conftest import Sample

GIVEN = Path(
    os.environ.get(
        "BEACON_TEST_INPUTS", str(Path(__file__).parents[3].parent / "shared" / "inputs")
    )
)
IMD25 = "imd2025/FICTIONAL_File_1_IoD2025_Index_of_Multiple_Deprivation.xlsx"
IMD19 = "imd2019/FICTIONAL_File_1_-_IMD2019_Index_of_Multiple_Deprivation.xlsx"

# Ours, theirs: the two must start with the same bytes up to the end of the header line.
PAIRS = [
    (
        "lookups/FICTIONAL_LSOA21_SICBL24_ICB24_EN_LU.csv",
        "lookups/LSOA21_SICBL24_ICB24_EN_LU.csv",
    ),
    (
        "lookups/FICTIONAL_LSOA11_LSOA21_LAD22_EW_LU.csv",
        "lookups/LSOA11_LSOA21_LAD22_EW_LU.csv",
    ),
    ("lookups/FICTIONAL_LSOA21_WD24_LAD24_EW_LU.csv", "lookups/LSOA21_WD24_LAD24_EW_LU.csv"),
    (
        "lookups/FICTIONAL_LSOA11_SICBL22_ICB22_LAD22_EN_LU.csv",
        "lookups/LSOA11_SICBL22_ICB22_LAD22_EN_LU.csv",
    ),
    (
        "lookups/FICTIONAL_LTLA-UTLA_Apr23_Lookup.csv",
        "lookups/LTLA-UTLA_Apr23_Lookup_England-Wales.csv",
    ),
    ("lookups/FICTIONAL_RUC21_LSOA21_EW.csv", "lookups/RUC21_LSOA21_EW.csv"),
    (
        "imd2025/FICTIONAL_File_7_IoD2025_All_Ranks_Scores_Deciles_Population_Denominators.csv",
        "imd2025/EXCERPT_File_7_IoD2025_header_and_first_6_rows.csv",
    ),
    (
        "population/FICTIONAL_SAPE23DT2_mid2020_lsoa11_persons_single_year.csv.gz",
        "population/humaniverse_SAPE23DT2_mid2020_lsoa11_persons_single_year.csv.gz",
    ),
    (
        "fingertips/FICTIONAL_90366_life_expectancy_at502.csv",
        "fingertips/RECUT_90366_life_expectancy_at502.csv",
    ),
    (
        "fingertips/FICTIONAL_92796_self_harm_at502.csv",
        "fingertips/RECUT_93014_active_adults_at502.csv",
    ),
    *(
        (f"ons_els/FICTIONAL_{name}.csv", f"ons_els/{name}.csv")
        for name in (
            "healthy-life-expectancy",
            "modelled-unemployment",
            "claimant-count",
            "early-years",
            "cancer-diagnosis-at-stage-1-and-2",
        )
    ),
    (
        "dfe/FICTIONAL_EYFSP_APS_GLD_ELG_EXP_2013_2019.csv",
        "dfe/EYFSP_APS_GLD_ELG_EXP_2013_2019.csv",
    ),
    (
        "dfe/FICTIONAL_L2_L3_attainment_age19_LA_Dashboard_2022.csv",
        "dfe/L2_L3_attainment_age19_LA_Dashboard_2022.csv",
    ),
    (
        "dfe/FICTIONAL_UD_NEETNK_LA_dashboard_2023_final.csv",
        "dfe/UD_NEETNK_LA_dashboard_2023_final.csv",
    ),
    ("dfe/FICTIONAL_UD_NEETNK_LA_dashboard_final.csv", "dfe/UD_NEETNK_LA_dashboard_final.csv"),
]


def first_lines(path: Path, lines: int) -> list[bytes]:
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rb") as stream:
        return [stream.readline() for _ in range(lines)]


def given(name: str) -> Path:
    path = GIVEN / name
    if not path.exists():
        pytest.skip(f"not here: {name} (set BEACON_TEST_INPUTS)")
    return path


@pytest.mark.given
@pytest.mark.parametrize(("ours", "theirs"), PAIRS)
def test_text_files_begin_with_the_real_header_to_the_byte(
    sample: Sample, ours: str, theirs: str
) -> None:
    real = first_lines(given(theirs), 2)
    written = first_lines(sample.root / ours, 2)
    assert written[0] == real[0]
    assert written[1].endswith(b"\r\n") == real[1].endswith(b"\r\n")
    assert written[1].count(b",") > 0


@pytest.mark.given
def test_the_nomis_export_has_the_real_preamble_shape(sample: Sample) -> None:
    real = first_lines(given("population/TS007A_age_by_five_year_age_bands_lsoa21.csv"), 8)
    ours = first_lines(
        sample.root / "population/FICTIONAL_TS007A_age_by_five_year_age_bands_lsoa21.csv", 8
    )
    same = [0, 1, 3, 4, 5, 6]
    assert [ours[i] for i in same] == [real[i] for i in same]
    assert b"FICTIONAL" in ours[2]
    assert ours[7].count(b'"') == real[7].count(b'"') == 4


@pytest.mark.given
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (IMD25, "imd2025/File_1_IoD2025_Index_of_Multiple_Deprivation.xlsx"),
        (IMD19, "imd2019/File_1_-_IMD2019_Index_of_Multiple_Deprivation.xlsx"),
    ],
)
def test_imd_workbooks_have_the_real_sheets_and_header(
    sample: Sample, ours: str, theirs: str
) -> None:
    written = CalamineWorkbook.from_path(sample.root / ours)
    real = CalamineWorkbook.from_path(given(theirs))
    assert written.sheet_names == real.sheet_names
    sheet, real_sheet = (b.get_sheet_by_index(1) for b in (written, real))
    rows, real_rows = sheet.to_python(nrows=2), real_sheet.to_python(nrows=2)
    assert rows[0] == real_rows[0]
    assert [type(v) for v in rows[1]] == [type(v) for v in real_rows[1]]
    assert written.get_sheet_by_index(0).to_python() == real.get_sheet_by_index(0).to_python()


@pytest.mark.given
def test_the_fuel_poverty_workbook_has_the_real_sheets_and_headers(sample: Sample) -> None:
    name = "other_official/{}sub-regional-fuel-poverty-2022-tables.xlsx"
    ours = CalamineWorkbook.from_path(sample.root / name.format("FICTIONAL_"))
    real = CalamineWorkbook.from_path(given(name.format("")))
    assert ours.sheet_names == real.sheet_names
    for number in range(1, 5):
        mine, theirs = (b.get_sheet_by_name(f"Table {number}").to_python() for b in (ours, real))
        assert mine[2] == theirs[2]
        assert mine[0][0] == f"{theirs[0][0]} (FICTIONAL)"
        assert [type(v) for v in mine[3]] == [type(v) for v in theirs[3]]
        assert mine[-1] == theirs[-1]


@pytest.mark.given
def test_the_homelessness_sheet_has_the_real_header_rows(sample: Sample) -> None:
    ours = CalamineWorkbook.from_path(
        sample.root / "other_official/FICTIONAL_Detailed_LA_202212.ods"
    )
    real = CalamineWorkbook.from_path(given("other_official/Detailed_LA_202212.ods"))
    assert "TA1_" in real.sheet_names
    mine, theirs = (b.get_sheet_by_name("TA1_").to_python() for b in (ours, real))
    assert mine[1:7] == theirs[1:7]
    assert mine[0][0].split("\n")[0] == theirs[0][0].split("\n")[0]
    assert [type(v) for v in mine[7]] == [type(v) for v in theirs[7]]


@pytest.mark.given
def test_fingertips_decile_labels_are_those_of_a_real_export(sample: Sample) -> None:
    real = given("fingertips/dfe_csc__la_hospital_admissions_2324.csv").read_text("utf-8")
    ours = (sample.root / "fingertips/FICTIONAL_90366_life_expectancy_at502.csv").read_text()
    labels = {
        (row.split(",")[9] + "," + row.split(",")[10], row.split(",")[11])
        for row in ours.replace(
            '"County & UA deprivation deciles in England (IMD2019, 4/23 geography)"', "CATEGORY"
        ).splitlines()[1:]
        if "CATEGORY" in row
    }
    assert len({label for label, _ in labels}) == 10
    assert '"County & UA deprivation deciles in England (IMD2019, 4/23 geography)"' in real
    for label, _ in labels:
        assert label.removeprefix("CATEGORY") in real


def test_imd_2025_header_is_cut_where_the_publisher_cuts_it(sample: Sample) -> None:
    book = CalamineWorkbook.from_path(sample.root / IMD25)
    assert book.sheet_names == ["Notes", "IMD25"]
    header = book.get_sheet_by_name("IMD25").to_python(nrows=1)[0]
    assert header == [
        "LSOA code (2021)",
        "LSOA name (2021)",
        "Local Authority District code (2024)",
        "Local Authority District name (2024)",
        "Index of Multiple Deprivation (IMD) Rank (where 1 is most deprived)",
        "Index of Multiple Deprivation (IMD) Decile (where 1 is most deprived 10% of LSOA",
    ]


def test_fingertips_has_27_columns_crlf_and_the_nation_twice(sample: Sample) -> None:
    raw = (sample.root / "fingertips/FICTIONAL_93014_active_adults_at502.csv").read_bytes()
    lines = raw.split(b"\r\n")
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert lines[0].count(b",") == 26
    assert lines[0].startswith(b"Indicator ID,Indicator Name,Parent Code")
    assert lines[0].endswith(b"New data,Compared to goal,Time period range")
    assert lines[1].split(b",,,", 1)[1] == lines[2].split(b",Albion (fictional),", 1)[1]


def test_census_export_has_blank_lines_where_nomis_has_them(sample: Sample) -> None:
    path = sample.root / "population/FICTIONAL_TS007A_age_by_five_year_age_bands_lsoa21.csv"
    lines = path.read_text().split("\n")
    assert lines[0] == lines[4] == lines[6] == ""
    assert lines[1] == '"TS007A - Age by five-year age bands"'
    assert lines[5].startswith('"2021 super output area - lower layer","mnemonic","Total","Aged 4')
    assert lines[-4:] == ["", "", "", ""]
    assert len(lines) == 7 + SMALL.nation_lsoas + 4


def test_the_2019_csv_has_a_bom_and_quoted_thousands(tmp_path: Path) -> None:
    from dataclasses import replace

    from tests.unit.sample.test_determinism import TINY

    tiny = replace(TINY, nation_lsoas=1_500, imd2019_csv=True)
    write_sample(tmp_path, size=tiny)
    name = "FICTIONAL_File_1_-_IMD2019_Index_of_Multiple_Deprivation"
    text = gzip.decompress((tmp_path / f"imd2019/{name}.csv.gz").read_bytes())
    assert text.startswith(b"\xef\xbb\xbfLSOA code (2011),LSOA name (2011),")
    rows = text.decode("utf-8-sig").split("\r\n")[1:-1]
    assert any('"1,0' in row for row in rows)
    book = CalamineWorkbook.from_path(tmp_path / f"imd2019/{name}.xlsx")
    sheet = book.get_sheet_by_name("IMD2019").to_python()[1:]
    assert len(sheet) == len(rows)
    for row, cells in zip(rows, sheet, strict=True):
        rank = f"{int(cells[4]):,}"
        shown = f'"{rank}"' if "," in rank else rank
        assert row == ",".join([*map(str, cells[:4]), shown, str(int(cells[5]))])


def test_neet_dashboards_have_the_column_counts_of_their_years() -> None:
    # dfe-analytical-services/nccis_localauthority_dashboard: 2023 and "final" (2025).
    assert (len(neet_header(2023)), len(neet_header(2025))) == (50, 49)


def test_boundaries_open_share_edges_and_add_up(sample: Sample) -> None:
    import numpy as np
    import pyogrio
    import shapely

    path = sample.root / "boundaries/FICTIONAL_LSOA_2021_EW_BSC.gpkg"
    assert pyogrio.list_layers(path)[:, 0].tolist() == ["lsoa21"]
    meta, _, blobs, fields = pyogrio.raw.read(path)
    assert meta["crs"] == "EPSG:4326"
    assert meta["fields"].tolist() == ["LSOA21NM", "LSOA21CD"]
    small = shapely.from_wkb(blobs)
    assert len(small) == len(set(fields[1])) == SMALL.nation_lsoas
    assert shapely.is_valid(small).all()
    assert shapely.coverage_is_valid(small)

    large_path = next((sample.root / "boundaries").glob("*.geo.json"))
    meta, _, blobs, large_fields = pyogrio.raw.read(large_path)
    assert meta["fields"].tolist()[:4] == ["FID", "LAD24CD", "LAD24NM", "LAD24NMW"]
    large = shapely.from_wkb(blobs)
    assert shapely.is_valid(large).all()
    assert shapely.get_num_geometries(large).tolist() == [1] * len(large)
    owner = np.array([name.rsplit(" ", 1)[0] for name in fields[0]])
    for name, outline in zip(large_fields[2], large, strict=True):
        assert shapely.union_all(small[owner == name]).equals(outline), name
    west, south, east, north = shapely.total_bounds(small)
    assert -45 < west < east < -15, "open Atlantic only"
    assert 40 < south < north < 55, "open Atlantic only"


def test_els_metadata_is_json_and_says_fictional(sample: Sample) -> None:
    files = sorted((sample.root / "ons_els").glob("*.csvw.json"))
    assert len(files) == 5
    for path in files:
        assert "FICTIONAL" in json.loads(path.read_text())["_note"]


def test_writing_a_workbook_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = tmp_path / "temporary"
    waiting.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(waiting))
    write_xlsx(tmp_path / "book.xlsx", {"Notes": ["a"]}, {"Rows": [["a", "b"], [1, 2]]}, title="T")
    assert (tmp_path / "book.xlsx").is_file()
    assert not list(waiting.iterdir())
