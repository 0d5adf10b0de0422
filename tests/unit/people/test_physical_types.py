"""The gate looks at values in whatever type a Parquet file keeps them."""

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from beacon.core.errors import InputRefusedError
from tests.unit.people.test_gate import admitted, good, manifest

# NHS numbers by hand: ten digits whose weighted sum agrees with the last. Which one depends on what
# a type can hold: below 2^31, below 2^32, and a multiple of 1024, which a FLOAT keeps exactly.
NHS, IN_INTEGER, IN_UINTEGER, IN_FLOAT = 9434765919, 2000000002, 4000000004, 9434770432

TYPES: dict[str, Callable[[], pa.Array]] = {
    "string": lambda: pa.array([str(NHS)] * 2),
    "large string": lambda: pa.array([str(NHS)] * 2, pa.large_string()),
    "dictionary": lambda: pa.array([str(NHS)] * 2).dictionary_encode(),
    "bytes not marked as text": lambda: pa.array([str(NHS).encode()] * 2),
    "bytes of one length": lambda: pa.array([str(NHS).encode()] * 2, pa.binary(10)),
    "text of a fraction": lambda: pa.array([f"{NHS}.0"] * 2),
    "int32": lambda: pa.array([IN_INTEGER] * 2, pa.int32()),
    "uint32": lambda: pa.array([IN_UINTEGER] * 2, pa.uint32()),
    "int64": lambda: pa.array([NHS] * 2, pa.int64()),
    "uint64": lambda: pa.array([NHS] * 2, pa.uint64()),
    "float": lambda: pa.array([float(IN_FLOAT)] * 2, pa.float32()),
    "double": lambda: pa.array([float(NHS)] * 2, pa.float64()),
    "decimal": lambda: pa.array([Decimal(NHS)] * 2, pa.decimal128(12, 2)),
    "wide decimal": lambda: pa.array([Decimal(NHS)] * 2, pa.decimal128(38, 0)),
}


def with_event_units(
    tmp_path: Path, units: pa.Array, values: pa.Array | None = None
) -> dict[str, str]:
    """A good extract whose events come as Parquet with the given columns `unit` and `value`."""
    folder = tmp_path / "delivery"
    folder.mkdir()
    events = pa.table(
        {
            "pseudonym": ["pa", "pb"],
            "event_date": pa.array([date(2025, 1, 1)] * 2),
            "cluster": ["BP_COD"] * 2,
            "code": [1000, 1000],
            "unit": units,
            "value": pa.nulls(2) if values is None else values,
        }
    )
    pq.write_table(events, folder / "event.parquet")
    files = good()
    del files["event.csv"]
    return files


@pytest.mark.parametrize("kind", TYPES)
def test_an_nhs_number_is_found_in_every_type_that_can_hold_it(tmp_path: Path, kind: str) -> None:
    files = with_event_units(tmp_path, TYPES[kind]())
    with pytest.raises(InputRefusedError, match=r"'unit': holds values that are NHS") as caught:
        admitted(tmp_path, files)
    for number in (NHS, IN_INTEGER, IN_UINTEGER, IN_FLOAT):
        assert str(number) not in str(caught.value)
    assert not list((tmp_path / "secure").rglob("*.parquet"))


@pytest.mark.parametrize("kind", ["bytes not marked as text", "uint32"])
def test_a_pseudonym_is_looked_at_too(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "delivery"
    folder.mkdir()
    born = pa.array([date(1950, 1, 1)] * 2)
    person = pa.table({"pseudonym": TYPES[kind](), "birth_month": born})
    pq.write_table(person, folder / "person.parquet")
    files = good()
    del files["person.csv"]
    with pytest.raises(InputRefusedError, match=r"person.parquet, column 'pseudonym': holds"):
        admitted(tmp_path, files)


PACKED: dict[str, Callable[[], pa.Array]] = {
    "a list": lambda: pa.array([[str(NHS)]] * 2),
    "a list of bytes": lambda: pa.array([[str(NHS).encode()]] * 2),
    "a struct": lambda: pa.array([{"a": str(NHS)}] * 2),
    "a list of structs": lambda: pa.array([[{"a": NHS}]] * 2),
    "a map": lambda: pa.array([[("a", NHS)]] * 2, pa.map_(pa.string(), pa.int64())),
}


@pytest.mark.parametrize("kind", PACKED)
def test_values_that_are_packed_are_refused(tmp_path: Path, kind: str) -> None:
    files = with_event_units(tmp_path, PACKED[kind]())
    with pytest.raises(InputRefusedError, match=r"'unit': is not of plain values; VARCHAR"):
        admitted(tmp_path, files)


def with_diagnoses(tmp_path: Path, diagnoses: pa.Array) -> dict[str, str]:
    """A good extract with a hospital spell of two diagnoses, whatever their type."""
    folder = tmp_path / "delivery"
    folder.mkdir()
    spell = pa.table(
        {
            "pseudonym": ["pa"],
            "kind": ["admission"],
            "start_date": pa.array([date(2025, 1, 1)]),
            "icd10": diagnoses,
        }
    )
    pq.write_table(spell, folder / "hospital.parquet")
    counts = {"person": 2, "registration": 2, "event": 2, "hospital": 1}
    return {**good(), "extract.json": json.dumps(manifest(row_counts=counts))}


@pytest.mark.parametrize(
    "diagnoses",
    [
        pa.array([["I10", str(NHS)]]),
        pa.array([[b"I10", str(NHS).encode()]]),
        pa.array([[1, NHS]]),
        pa.array([[1.0, float(NHS)]]),
        pa.array([f"I10|{NHS}"]),
        pa.array([f"I10|{NHS}".encode()]),
    ],
    ids=["list", "list of bytes", "list of numbers", "list of fractions", "text", "bytes"],
)
def test_each_item_of_a_list_is_looked_at(tmp_path: Path, diagnoses: pa.Array) -> None:
    files = with_diagnoses(tmp_path, diagnoses)
    with pytest.raises(InputRefusedError, match=r"'icd10': holds values that are NHS numbers"):
        admitted(tmp_path, files)


def test_lists_of_what_is_not_plain_are_refused(tmp_path: Path) -> None:
    files = with_diagnoses(tmp_path, pa.array([[{"a": str(NHS)}]]))
    with pytest.raises(InputRefusedError, match=r"'icd10': is not of plain values"):
        admitted(tmp_path, files)


def test_text_that_is_not_marked_as_text_is_read_as_text(tmp_path: Path) -> None:
    files = with_event_units(tmp_path, pa.array(["µmol/L".encode(), b"mm[Hg]"]))
    extract = admitted(tmp_path, files)
    rows = duckdb.sql(f"select person_id, unit from {extract.relation('event')}").fetchall()
    assert sorted(rows) == [(1, "µmol/L"), (2, "mm[Hg]")]


def test_an_nhs_number_with_spaces_in_a_column_of_codes_is_not_told(tmp_path: Path) -> None:
    files = good()
    files["event.csv"] = files["event.csv"].replace("BP_COD,1000,130", "BP_COD,943 476 5919,130")
    with pytest.raises(InputRefusedError, match=r"'code': holds values that are NHS") as caught:
        admitted(tmp_path, files)
    assert "943" not in str(caught.value)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")], ids=str)
@pytest.mark.parametrize("kind", [pa.float32(), pa.float64()], ids=str)
def test_a_reading_that_is_no_number_is_named(
    tmp_path: Path, value: float, kind: pa.DataType
) -> None:
    units = pa.array(["mm[Hg]"] * 2)
    files = with_event_units(tmp_path, units, pa.array([130.0, value], kind))
    with pytest.raises(InputRefusedError) as caught:
        admitted(tmp_path, files)
    (problem,) = caught.value.problems
    assert (problem.file, problem.row, problem.column) == ("event.parquet", 2, "value")
    assert problem.message.startswith("1 values are not a finite number")
