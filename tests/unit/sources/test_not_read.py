"""Files that are recognised and not read."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from pydantic import ValidationError

from beacon.ingest.land import Needed
from beacon.registry.sources import Dataset, SourceRegister
from beacon.sources.readers import READERS
from beacon.sources.recognise import recognise
from tests.unit.sources.conftest import csv, given_path


def test_a_conversion_is_named_and_not_needed(tmp_path: Path, register: SourceRegister) -> None:
    found = recognise(
        csv(tmp_path / "x.csv", "lsoa21_code,perc,deciles", "E01000001,2,1"), register
    )
    assert (found.key, found.problems) == ("not_read/modelled_loneliness", ())
    spec = register.datasets["not_read/modelled_loneliness"]
    assert not Needed({"not_read": {"x"}}).dataset(spec)
    assert "not an official statistic" in (spec.dataset.note or "")


def test_no_staging_table_comes_from_a_file_that_is_not_read(register: SourceRegister) -> None:
    assert "" not in register.staging_tables


def test_every_reader_of_the_register_exists(register: SourceRegister) -> None:
    named = {spec.dataset.reader for spec in register.datasets.values() if spec.dataset.is_read}
    assert named == set(READERS)


def test_no_dataset_that_is_read_has_the_header_of_another(register: SourceRegister) -> None:
    """The first of the two would take the other's files."""
    pairs = itertools.combinations([spec.dataset for spec in register.datasets.values()], 2)
    same = [
        (one.id, other.id)
        for one, other in pairs
        if (one.is_read or other.is_read)
        and set(one.containers) & set(other.containers)
        and (one.header, one.where) == (other.header, other.where)
    ]
    assert same == []


def test_practices_without_a_header_are_named(tmp_path: Path, register: SourceRegister) -> None:
    practice = "A81001,THE SURGERY,Y63,QHM,1 LAWSON STREET,,,,,TS18 1HU,19740401,,A,B,16C,20200401"
    found = recognise(csv(tmp_path / "x.csv", practice, practice), register)
    assert (found.key, found.problems) == ("not_read/practices_without_header", ())


BASE = {
    "id": "x", "title": "x", "vintage": "x", "containers": ["csv"], "header": ["a", "b"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"reader": "none"}, "needs a note"),
        ({"reader": "none", "note": "x", "staging": "observation"}, "a reader needs a staging"),
        ({"reader": "lookup"}, "a reader needs a staging"),
        ({"reader": "lookup", "staging": "x", "part_by": "title"}, "part_pattern is given exactly"),
        (
            {"reader": "lookup", "staging": "x", "part_by": "title", "part_pattern": "x"},
            "exactly one group",
        ),
    ],
)
def test_a_half_declared_dataset_is_refused(given: dict[str, str], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Dataset.model_validate({**BASE, **given})


# Families of files of the inputs, and the dataset each is.
@pytest.mark.given
@pytest.mark.parametrize(
    ("file", "key"),
    [
        ("boundaries/LSOA_2011*", "ons_boundaries/lsoa11"),
        ("boundaries/lsoa11/E06000006.geojson", "ons_boundaries/lsoa11_by_authority"),
        ("boundaries/Counties*", "ons_boundaries/ctyua23"),
        ("boundaries/Integrated*", "ons_boundaries/icb23"),
        ("boundaries/NHS_SubICB*", "ons_boundaries/sub_icb23"),
        ("boundaries/Regions*", "ons_boundaries/rgn23"),
        ("gp/heec_QOF*", "not_read/qof_cardiovascular_conversion"),
        ("gp/QOF_MAPPING*", "nhs_qof/mapping_geographies"),
        ("imd2019/File_2*", "mhclg_iod2019/file_2"),
        ("imd2019/File_6*.xlsx", "mhclg_iod2019/file_6"),
        ("imd2025/EXCERPT*", "mhclg_iod2025/file_7_excerpt"),
        ("imd2025/RECONSTRUCTED*", "mhclg_iod2025/file_7_reconstruction"),
        ("imd2025/humaniverse*", "mhclg_iod2025/file_8_conversion"),
        ("lookups/LSOA11_SICBL22*", "ons_open_geography/lsoa11_icb22"),
        ("lookups/RUC21*", "ons_open_geography/ruc21_lsoa21"),
        ("lookups/oa21_crosswalk*", "ons_open_geography/oa21_crosswalk_conversion"),
        ("other_official/jrf*", "not_read/below_living_wage_conversion"),
        ("other_official/slendeavours*", "not_read/homelessness_conversion"),
    ],
)
def test_given_files_are_named(register: SourceRegister, file: str, key: str) -> None:
    assert recognise(given_path(file), register).key == key


@pytest.mark.given
def test_nothing_official_is_left_unnamed(register: SourceRegister) -> None:
    folder = given_path("SOURCES.md").parent
    unnamed = {
        path.name
        for path in folder.rglob("*")
        # CSV on the Web keeps display settings beside each table; SOURCES.md describes the folder.
        if path.is_file() and not path.name.endswith((".csvw.json", ".md"))
        and recognise(path, register).key is None
    }  # fmt: skip
    assert unnamed == set()
