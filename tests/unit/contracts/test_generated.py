"""The Parquet schema, Frictionless resource, data dictionary and suite made from one contract."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from beacon.contracts import (
    Contract,
    arrow_schema,
    build_suite,
    create_table,
    datapackage_resource,
    dictionary_markdown,
)
from beacon.contracts.types import parse_type

TYPES = [
    "VARCHAR",
    "BOOLEAN",
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "UTINYINT",
    "USMALLINT",
    "UINTEGER",
    "UBIGINT",
    "FLOAT",
    "DOUBLE",
    "DATE",
    "TIMESTAMP",
    "BLOB",
    "VARCHAR[]",
    "DECIMAL(10,2)",
    "TIMESTAMP WITH TIME ZONE",
]


@pytest.fixture
def contract(declared: dict[str, Any]) -> Contract:
    return Contract.model_validate(declared)


def _typed() -> Contract:
    columns = [
        {"name": f"c{n}", "type": t, "description": t, "nullable": n > 0}
        for n, t in enumerate(TYPES)
    ]
    return Contract.model_validate(
        {"table": "t", "schema": "s", "grain": "g", "description": "d", "key": ["c0"]}
        | {"columns": columns}
    )


@pytest.mark.parametrize("text", [*TYPES, "JSON", "UUID", "HUGEINT", "GEOMETRY"])
def test_normal_names_are_those_of_duckdb(text: str) -> None:
    (described,) = duckdb.connect().execute(f"describe select null::{text} as x").fetchall()
    assert parse_type(text).name == described[1]


@pytest.mark.parametrize(
    ("text", "normal"),
    [("text", "VARCHAR"), ("int", "INTEGER"), ("numeric( 8 , 3 )", "DECIMAL(8,3)"),
     ("timestamptz[]", "TIMESTAMP WITH TIME ZONE[]"), ("GEOMETRY('OGC:CRS84')", "GEOMETRY")],
)  # fmt: skip
def test_aliases_are_normalised(text: str, normal: str) -> None:
    assert parse_type(text).name == normal


@pytest.mark.parametrize(
    "text", ["", "ENUM('a')", "DECIMAL(2,3)", "DECIMAL(39,0)", "STRUCT(a INT)"]
)
def test_other_types_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"type a contract may use|decimal"):
        parse_type(text)


def test_parquet_schema_is_what_duckdb_writes(tmp_path: Path) -> None:
    contract = _typed()
    con = duckdb.connect()
    con.execute(create_table(contract, "t"))
    con.execute(f"copy t to '{tmp_path}/t.parquet' (format parquet)")
    written = pq.read_schema(tmp_path / "t.parquet")
    generated = arrow_schema(contract)
    assert written.names == generated.names
    for column in contract.columns:
        assert written.field(column.name).type == generated.field(column.name).type, column.type


def test_parquet_schema_carries_description_unit_and_nullability(contract: Contract) -> None:
    schema = arrow_schema(contract, {"release": "v1"})
    assert schema.field("people").metadata == {
        b"description": b"Usual residents.",
        b"unit": b"people",
    }
    assert b"unit" not in schema.field("sex").metadata
    assert schema.field("people").nullable
    assert not schema.field("sex").nullable
    assert schema.metadata[b"release"] == b"v1"
    assert schema.metadata[b"table"] == b"marts.cohort"


def test_datapackage_resource(declared: dict[str, Any]) -> None:
    declared["columns"].append(
        {"name": "day", "type": "DATE", "description": "d", "min": date(2020, 1, 1)}
    )
    resource = datapackage_resource(Contract.model_validate(declared), "csv/cohort.csv")
    json.dumps(resource)
    area, sex, people, day = resource["schema"]["fields"]
    assert resource["schema"]["primaryKey"] == ["area_code", "sex"]
    assert area["constraints"] == {"required": True, "pattern": r"^[EZ]\d{8}$"}
    assert sex["constraints"]["enum"] == ["Female", "Male", "Persons"]
    assert people["type"] == "integer"
    assert people["unit"] == "people"
    assert people["constraints"] == {"minimum": 0, "maximum": 100_000_000}
    assert day["constraints"]["minimum"] == "2020-01-01"


def test_dictionary_lists_every_column(contract: Contract) -> None:
    page = dictionary_markdown(contract)
    rows = [line for line in page.splitlines() if line.startswith("| <code>")]
    assert len(rows) == 3
    assert "0 to 100000000" in rows[2]
    assert "may be" in rows[2]
    assert "critical: Nobody is negative." in page


def test_dictionary_escapes_markup(declared: dict[str, Any]) -> None:
    nasty = "<script>alert('x')</script> | pipe `code` *bold* [link](javascript:x)\nnext | line"
    declared["description"] = nasty
    declared["columns"][1]["description"] = nasty
    declared["columns"][1]["allowed"] = ["a|b", "<b>"]
    declared["columns"][0]["pattern"] = "^(a|b)`<$"
    page = dictionary_markdown(Contract.model_validate(declared))
    assert "<script>" not in page
    assert "<b>" not in page
    assert "[link](" not in page
    table = [line for line in page.splitlines() if line.startswith("|")]
    for row in table:
        cells = row.replace("\\|", "").split("|")
        assert len(cells) == 8, row


def test_suite_is_never_empty_and_names_are_unique(declared: dict[str, Any]) -> None:
    twice = {
        "type": "expect_column_values_to_be_unique",
        "kwargs": {"column": "area_code"},
        "severity": "info",
        "why": "w",
    }
    declared["expectations"] = [twice, twice]
    items = build_suite(Contract.model_validate(declared))
    names = [item.name for item in items]
    assert len(set(names)) == len(names)
    assert all(name.isidentifier() and name.isascii() for name in names)
    assert names == [
        "columns", "types", "row_count", "key_unique",
        "area_code__not_null", "area_code__pattern", "sex__not_null", "sex__allowed",
        "people__range",
        "area_code__column_values_to_be_unique", "area_code__column_values_to_be_unique_2",
    ]  # fmt: skip
    assert all(item.why and item.summary for item in items)
    assert items[-1].severity == "info"


def test_suite_takes_severity_from_the_column(declared: dict[str, Any]) -> None:
    declared["columns"][2] |= {"severity": "warning", "nullable": False}
    items = {i.name: i for i in build_suite(Contract.model_validate(declared))}
    assert items["people__range"].severity == "warning"
    assert items["people__not_null"].severity == "warning"
    assert items["sex__not_null"].severity == "critical"


def test_single_column_key(declared: dict[str, Any]) -> None:
    declared["key"] = ["area_code"]
    items = {i.name: i for i in build_suite(Contract.model_validate(declared))}
    assert items["key_unique"].type == "expect_column_values_to_be_unique"
    assert items["key_unique"].kwargs == {"column": "area_code"}
