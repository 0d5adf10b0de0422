"""Nothing in a sample can be taken for real."""

from __future__ import annotations

import gzip
import re
import zipfile
from pathlib import Path

import polars as pl
import yaml

from tests.unit.sample.conftest import Sample

REAL_CODE = re.compile(rb"(?<![0-9A-Za-z])[EWSNKJ]\d{8}(?![0-9])")
REAL_NAMES = (
    # Cheshire and Merseyside
    "Cheshire", "Chester", "Halton", "Knowsley", "Liverpool", "Sefton", "St. Helens", "St Helens",
    "Warrington", "Wirral", "Merseyside", "Southport", "Crewe", "Macclesfield",
    # other authorities, in no order
    "Manchester", "Salford", "Trafford", "Stockport", "Tameside", "Oldham", "Rochdale", "Bury",
    "Bolton", "Wigan", "Lancashire", "Blackpool", "Blackburn", "Burnley", "Pendle", "Wyre",
    "Cumberland", "Westmorland", "Leeds", "Bradford", "Kirklees", "Calderdale", "Wakefield",
    "Barnsley", "Doncaster", "Rotherham", "Sheffield", "York", "Hull", "Hartlepool",
    "Middlesbrough", "Redcar", "Stockton", "Darlington", "Durham", "Gateshead", "Newcastle",
    "Sunderland", "Northumberland", "Birmingham", "Coventry", "Dudley", "Sandwell", "Solihull",
    "Walsall", "Wolverhampton", "Derby", "Leicester", "Nottingham", "Rutland", "Lincoln",
    "Norwich", "Ipswich", "Cambridge", "Peterborough", "Bedford", "Luton", "Essex", "Kent",
    "Sussex", "Surrey", "Hampshire", "Oxford", "Reading", "Slough", "Bristol", "Bath", "Swindon",
    "Cornwall", "Devon", "Dorset", "Somerset", "Gloucester", "London", "Hackney", "Barnet",
    "Bexley", "Brent", "Bromley", "Camden", "Croydon", "Ealing", "Enfield", "Greenwich", "Harrow",
    "Havering", "Hillingdon", "Islington", "Lambeth", "Lewisham", "Merton", "Newham", "Southwark",
    "Sutton", "Westminster", "Wales", "Scotland",
)  # fmt: skip
# EPSG:4326's own definition names its prime meridian.
ALLOWED = {"Greenwich": ".gpkg"}


def contents(path: Path) -> bytes:
    """All text of a file, unpacked."""
    raw = path.read_bytes()
    if path.suffix == ".gz":
        return gzip.decompress(raw)
    if path.suffix in (".xlsx", ".ods"):
        with zipfile.ZipFile(path) as archive:
            return b"\n".join(archive.read(n) for n in archive.namelist() if "theme" not in n)
    if path.suffix == ".parquet":
        return pl.read_parquet(path).write_csv().encode()
    return raw


def files(sample: Sample) -> list[Path]:
    return [p for p in sorted(sample.root.rglob("*")) if p.is_file()]


def test_no_real_area_code_is_anywhere(sample: Sample) -> None:
    for path in files(sample):
        assert not REAL_CODE.search(contents(path)), path.name


def test_the_code_pattern_would_find_one() -> None:
    assert REAL_CODE.search(b"x,E08000012,y")
    assert REAL_CODE.search(b"<t>E01000001</t>")
    assert not REAL_CODE.search(b"Z08000001")


def test_no_real_name_is_anywhere(sample: Sample) -> None:
    pattern = re.compile("|".join(rf"\b{re.escape(name)}\b" for name in REAL_NAMES).encode())
    for path in files(sample):
        found = {m.decode() for m in pattern.findall(contents(path))}
        found = {name for name in found if ALLOWED.get(name) != path.suffix}
        assert not found, (path.name, found)


def test_every_file_is_named_fictional(sample: Sample) -> None:
    known = {"README_FICTIONAL.txt", "TRUTHS.json"}
    for path in files(sample):
        assert path.name.startswith("FICTIONAL_") or path.name in known, path.name


# Layouts with no room for a remark: codes and names of areas only.
SILENT = {
    "FICTIONAL_ACHIEVEMENT_FICTIONAL_NORTH_MARCH_2425.csv",
    "FICTIONAL_ACHIEVEMENT_FICTIONAL_SOUTH_MARCH_2425.csv",
    "FICTIONAL_File_7_IoD2025_All_Ranks_Scores_Deciles_Population_Denominators.csv",
    "FICTIONAL_LSOA11_LSOA21_LAD22_EW_LU.csv",
    "FICTIONAL_PREVALENCE_2425.csv",
    "FICTIONAL_LSOA21_WD24_LAD24_EW_LU.csv",
    "FICTIONAL_LTLA-UTLA_Apr23_Lookup.csv",
    "FICTIONAL_RUC21_LSOA21_EW.csv",
    "FICTIONAL_SAPE23DT2_mid2020_lsoa11_persons_single_year.csv.gz",
}


def test_every_file_that_can_says_fictional_inside(sample: Sample) -> None:
    for path in files(sample):
        says = b"fictional" in contents(path).lower()
        assert says != (path.name in SILENT), path.name


def test_the_footprint_file_has_the_codes_and_names_that_are_written(sample: Sample) -> None:
    path = Path(__file__).parents[3] / "reference_data/footprints/sample.yaml"
    footprint = yaml.safe_load(path.read_text(encoding="utf-8"))
    truths = sample.truths
    assert footprint["fictional"] is True
    assert footprint["nation"] == {"code": truths.nation_code, "name": truths.nation_name}
    assert [p["code"] for p in footprint["places"]] == truths.place_codes
    assert [p["name"] for p in footprint["places"]] == truths.place_names
    assert [p["local_authorities"] for p in footprint["places"]] == [
        [code] for code in truths.place_codes
    ]
    lookup = (sample.root / "lookups/FICTIONAL_LSOA21_SICBL24_ICB24_EN_LU.csv").read_text()
    first = lookup.splitlines()[1].split(",")
    icb = footprint["icb"]
    assert first[5:8] == [icb["code"], icb["ods_code"], icb["name"]]
