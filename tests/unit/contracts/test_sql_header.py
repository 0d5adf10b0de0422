from pathlib import Path
from typing import Any

import pytest

from beacon.contracts import Contract
from beacon.contracts.sql_header import (
    SqlHeaderError,
    check_header_against_contract,
    check_header_against_sql,
    check_sql_directory,
    parse_header,
)

GOOD = """\
-- table: marts.cohort
-- grain: one row per area and sex
-- depends: cohorts.area, geography.place
-- columns: area_code, sex,
--   people
-- Counts are of usual residents. Source: a comment, not a header line.
select area_code, sex, people from cohorts.area join geography.place using (area_code)
"""


def _file(directory: Path, text: str, name: str = "cohort.sql") -> Path:
    path = directory / "sql" / "marts" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def _errors(path: Path) -> list[str]:
    with pytest.raises(SqlHeaderError) as caught:
        parse_header(path)
    return caught.value.errors


def test_reads_a_header(tmp_path: Path) -> None:
    header = parse_header(_file(tmp_path, GOOD))
    assert header.table == "marts.cohort"
    assert header.grain == "one row per area and sex"
    assert header.depends == ("cohorts.area", "geography.place")
    assert header.columns == ("area_code", "sex", "people")
    assert header.lines == {"table": 1, "grain": 2, "depends": 3, "columns": 4}


@pytest.mark.parametrize("value", ["", " none", " -"])
def test_a_table_may_depend_on_nothing(tmp_path: Path, value: str) -> None:
    text = GOOD.replace(" cohorts.area, geography.place", value, 1)
    assert parse_header(_file(tmp_path, text)).depends == ()


def test_every_error_names_file_and_line(tmp_path: Path) -> None:
    text = (
        "-- table: cohort\n-- depends: area\n-- columns: a, b, a, C d\n-- depends: x.y\nselect 1\n"
    )
    errors = _errors(_file(tmp_path, text))
    assert all(error.startswith("sql/marts/cohort.sql:") for error in errors)
    text = "\n".join(errors)
    assert ":1: 'cohort' is not a table of the form schema.table" in text
    assert ":1: the header has no line '-- grain: …'" in text
    assert ":2: not valid in 'depends': 'area'" in text
    assert ":3: not valid in 'columns': 'C d'" in text
    assert ":3: named more than once in 'columns': a" in text
    assert ":4: header line 'depends' is given twice" in text


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("one row per area and sex", "", "grain is empty"),
        ("-- columns: area_code, sex,\n--   people", "-- columns:", "no columns"),
        ("cohorts.area,", "marts.cohort,", "depend on itself"),
        ("-- table: marts.cohort", "-- table: marts.other", "its name must be other.sql"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert message in "\n".join(_errors(_file(tmp_path, GOOD.replace(old, new, 1))))


def test_a_file_without_header_or_not_there(tmp_path: Path) -> None:
    assert len(_errors(_file(tmp_path, "select 1 -- table: a.b\n"))) == 4
    assert "cannot be read" in _errors(tmp_path / "none.sql")[0]


def test_agrees_with_its_contract(tmp_path: Path, declared: dict[str, Any]) -> None:
    header = parse_header(_file(tmp_path, GOOD))
    assert check_header_against_contract(header, Contract.model_validate(declared)) == []


def test_differences_from_the_contract_name_the_line(
    tmp_path: Path, declared: dict[str, Any]
) -> None:
    contract = Contract.model_validate({**declared, "grain": "one row per area", "table": "other"})
    text = GOOD.replace("--   people", "--   persons")
    found = check_header_against_contract(parse_header(_file(tmp_path, text)), contract)
    assert [f.split(": ")[0].rpartition(":")[2] for f in found] == ["1", "2", "4", "4"]
    assert "not named: people" in found[2]
    assert "not in the contract: persons" in found[3]
    text = GOOD.replace("area_code, sex,", "sex, area_code,")
    contract = Contract.model_validate(declared)
    (order,) = check_header_against_contract(parse_header(_file(tmp_path, text)), contract)
    assert "another order" in order


def test_depends_agrees_with_the_sql(tmp_path: Path) -> None:
    assert check_header_against_sql(parse_header(_file(tmp_path, GOOD))) == []
    text = GOOD.replace("join geography.place", "join geography.lsoa")
    found = check_header_against_sql(parse_header(_file(tmp_path, text)))
    assert "reads tables that are not named: geography.lsoa" in found[0]
    assert "does not read geography.place" in found[1]


def test_a_template_names_no_single_table(tmp_path: Path) -> None:
    text = GOOD.replace("marts.cohort", "indicators.{slug}").replace(
        "area_code, sex,\n--   people", "see indicators.fact", 1
    )
    header = parse_header(_file(tmp_path, text, "series.sql"))
    assert header.is_template
    assert (header.columns, header.columns_of) == ((), "indicators.fact")


def test_a_table_with_the_columns_of_another(tmp_path: Path, declared: dict[str, Any]) -> None:
    text = GOOD.replace("area_code, sex,\n--   people", "see marts.other", 1)
    header = parse_header(_file(tmp_path, text))
    (problem,) = check_header_against_contract(header, Contract.model_validate(declared))
    assert problem.startswith("sql/marts/cohort.sql:4: columns are those of marts.other")


def test_a_directory_is_checked_whole(tmp_path: Path, declared: dict[str, Any]) -> None:
    contracts = {"marts.cohort": Contract.model_validate(declared)}
    _file(tmp_path, GOOD)
    assert check_sql_directory(tmp_path / "sql", contracts) == []
    _file(tmp_path, GOOD.replace("marts.cohort", "marts.other"), "other.sql")
    _file(tmp_path, "select 1", "bare.sql")
    problems = check_sql_directory(tmp_path / "sql", contracts)
    assert len(problems) == 5
    assert any("other.sql:1: marts.other has no contract" in problem for problem in problems)
