"""Files whose rows are made as they are written: the same rows as at once."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from beacon.ingest.landing_store import LandedObject
from beacon.ingest.read_object import read_object
from beacon.registry.sources import SourceRegister
from beacon.sample import write_sample
from beacon.sources.readers import LAZY_READERS, READERS
from beacon.sources.recognise import recognise


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    write_sample(folder)
    return folder


@pytest.mark.parametrize(
    ("file", "reader"),
    [
        ("population/*single_year.csv.gz", "single_years"),
        ("population/*TS007A*.csv", "census_age_bands"),
        ("imd2019/*File_2*.xlsx", "iod_domains"),
    ],
)
def test_a_file_is_written_with_the_rows_of_its_reader(
    sample: Path, tmp_path: Path, register: SourceRegister, file: str, reader: str
) -> None:
    (path,) = sample.glob(file)
    found = recognise(path, register)
    assert found.key is not None
    assert found.container is not None
    spec = register.datasets[found.key]
    assert spec.dataset.reader == reader
    assert reader in LAZY_READERS
    landed = LandedObject(
        key=spec.key, part="", members=(), sha256="ab" * 32, file=path.name, origin="",
        original_name=path.name, container=found.container, retrieved_at="",
        vintage=spec.dataset.vintage, size_bytes=path.stat().st_size, fictional=True,
    )  # fmt: skip
    target = tmp_path / "staging" / "rows.parquet"
    count = read_object(path, target, landed, spec, fictional=True)
    written = pl.read_parquet(target)
    expected = READERS[reader](path, found.container, spec, True)
    assert count == written.height == expected.height > 0
    assert written.drop("source", "dataset", "source_sha256").equals(expected)
    assert written.select("source", "dataset", "source_sha256").unique().rows() == [
        (spec.source.id, spec.dataset.id, landed.sha256)
    ]
    assert [file.name for file in target.parent.iterdir()] == ["rows.parquet"]
