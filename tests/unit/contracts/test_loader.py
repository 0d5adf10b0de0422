from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from beacon.contracts import ContractError, load_contracts


def _write(directory: Path, declared: dict[str, Any], name: str = "cohort") -> Path:
    path = directory / "marts" / f"{name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(declared, sort_keys=False), encoding="utf-8")
    return path


def _errors(directory: Path) -> list[str]:
    with pytest.raises(ContractError) as caught:
        load_contracts(directory)
    return caught.value.errors


def test_loads_by_qualified_name_with_defaults(tmp_path: Path, declared: dict[str, Any]) -> None:
    _write(tmp_path, declared)
    contracts = load_contracts(tmp_path)
    assert list(contracts) == ["marts.cohort"]
    contract = contracts["marts.cohort"]
    assert contract.column_names == ("area_code", "sex", "people")
    assert contract.column("area_code").nullable is False
    assert contract.column("area_code").severity == "critical"
    assert contract.rows.max == 1000


def test_contract_is_frozen(tmp_path: Path, declared: dict[str, Any]) -> None:
    _write(tmp_path, declared)
    contract = load_contracts(tmp_path)["marts.cohort"]
    with pytest.raises(ValidationError):
        contract.table = "other"


def test_reports_every_error_of_every_file_with_file_line_and_path(
    tmp_path: Path, declared: dict[str, Any]
) -> None:
    first = {**declared, "columns": [dict(c) for c in declared["columns"]]}
    first["columns"][1]["typo"] = 1
    first["columns"][2]["type"] = "WIBBLE"
    _write(tmp_path, first)
    second = {**declared, "table": "other"}
    del second["grain"]
    _write(tmp_path, second, "other")
    (tmp_path / "marts" / "broken.yaml").write_text("table: [", encoding="utf-8")
    errors = _errors(tmp_path)
    assert len(errors) == 4
    text = "\n".join(errors)
    assert "marts/cohort.yaml:" in text
    assert "columns.1 (sex).typo" in text
    assert "columns.2 (people).type: 'WIBBLE' is not a type" in text
    assert "marts/other.yaml:1: grain: Field required" in text
    assert "marts/broken.yaml:" in text


def test_error_names_the_line(tmp_path: Path, declared: dict[str, Any]) -> None:
    declared["columns"][2]["type"] = "WIBBLE"
    path = _write(tmp_path, declared)
    line = next(
        n for n, text in enumerate(path.read_text().splitlines(), start=1) if "WIBBLE" in text
    )
    (error,) = _errors(tmp_path)
    assert error.startswith(f"marts/cohort.yaml:{line}: ")


def test_repeated_key_is_refused(tmp_path: Path, declared: dict[str, Any]) -> None:
    path = _write(tmp_path, declared)
    path.write_text(path.read_text() + "grain: another\n", encoding="utf-8")
    (error,) = _errors(tmp_path)
    assert "'grain' is given twice" in error


def test_file_must_be_named_after_its_table(tmp_path: Path, declared: dict[str, Any]) -> None:
    _write(tmp_path, declared, "misnamed")
    (error,) = _errors(tmp_path)
    assert "the file must be marts/cohort.yaml" in error


def test_file_outside_a_schema_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "stray.yaml").write_text("{}", encoding="utf-8")
    (error,) = _errors(tmp_path)
    assert "<schema>/<table>.yaml" in error


def test_missing_directory_is_an_error(tmp_path: Path) -> None:
    assert "no such directory" in _errors(tmp_path / "nowhere")[0]


@pytest.mark.parametrize(
    ("column", "change", "message"),
    [
        (0, {"pattern": "["}, "not a regular expression"),
        (0, {"pattern": "(?=E)."}, "look-around"),
        (2, {"pattern": "1"}, "a pattern needs a text column"),
        (1, {"allowed": [True, "Male"]}, "quote text in YAML"),
        (2, {"allowed": ["1"]}, "not of type BIGINT"),
        (2, {"allowed": [True]}, "not of type BIGINT"),
        (1, {"allowed": ["Male", "Male"]}, "repeated"),
        (0, {"min": 1}, "min and max need"),
        (2, {"min": 5, "max": 4}, "above max"),
        (2, {"min": 1.5}, "not of type BIGINT"),
        (0, {"nullable": True}, "key columns may not be nullable"),
        (0, {"name": "Area Code"}, "pattern"),
    ],
)
def test_a_rule_that_does_not_fit_its_column_is_refused(
    tmp_path: Path, declared: dict[str, Any], column: int, change: dict[str, Any], message: str
) -> None:
    declared["columns"][column].update(change)
    _write(tmp_path, declared)
    assert message in "\n".join(_errors(tmp_path))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"key": ["area_code", "nope"]}, "key columns not declared: nope"),
        ({"key": ["sex", "sex"]}, "twice"),
        ({"rows": {"min": 2, "max": 1}}, "above max"),
        (
            {
                "expectations": [
                    {
                        "type": "expect_column_values_to_be_unique",
                        "kwargs": {"column": "nope"},
                        "why": "x",
                    }
                ]
            },
            "names columns not declared: nope",
        ),
        ({"sql_checks": [{"name": "x", "sql": "select 1", "why": "y"}]}, "{table}"),
        ({"expectations": [{"type": "nonsense", "why": "y"}]}, "pattern"),
    ],
)
def test_a_contract_that_does_not_hang_together_is_refused(
    tmp_path: Path, declared: dict[str, Any], change: dict[str, Any], message: str
) -> None:
    _write(tmp_path, {**declared, **change})
    assert message in "\n".join(_errors(tmp_path))


def test_repeated_columns_are_refused(tmp_path: Path, declared: dict[str, Any]) -> None:
    declared["columns"].append(declared["columns"][2])
    _write(tmp_path, declared)
    assert "declared more than once: people" in "\n".join(_errors(tmp_path))


def test_forty_contracts_load_together(tmp_path: Path, declared: dict[str, Any]) -> None:
    template = declared["columns"][2]
    declared["columns"] += [{**template, "name": f"measure_{n}"} for n in range(20)]
    for n in range(40):
        _write(tmp_path, {**declared, "table": f"cohort_{n}"}, f"cohort_{n}")
    assert len(load_contracts(tmp_path)) == 40
