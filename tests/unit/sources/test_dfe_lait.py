"""Local Authority Interactive Tool."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from beacon.core.errors import InputRefusedError
from beacon.registry import load_indicators
from beacon.registry.sources import SourceRegister
from beacon.sources.publishers.dfe_lait import read_lait
from beacon.sources.publishers.dfe_numbers import ons_codes_by_number
from tests.unit.sources.conftest import Read, given_path, messages, only

GIVEN = Path("dfe/lait_bds_long_0.parquet")


def replica(path: Path, register: SourceRegister, **change: Any) -> Path:
    rows: list[tuple[Any, ...]] = [
        ("Unused", "Not wanted", "2016-17 (OT)", "Halton", "1", 876.0, "North West")
    ]
    for series in register.datasets["dfe_lait/long"].dataset.options["series"]:
        if series == change.get("without"):
            continue
        first = series == "AVG_Prog8_Score"
        value = change.get("value", "66.099999999999994") if first else "1.5"
        number = change.get("number", 876.0) if first else 876.0
        year = change.get("year", "2023") if first else "2023"
        rows += [
            (series, f"Long name of {series}", year, "Halton", value, number, "North West"),
            (series, None, "2020", "Halton", "-", 876.0, "North West"),
            (series, None, "2023", "England", "0", 970.0, "NA"),
        ]
    names = ["Short Desc", "Data item", "Years", "LA and Regions", "Values", "LA Number", "Region"]
    frame = pl.DataFrame(rows, schema=names, orient="row")
    target = path / "long.parquet"
    frame.rename(change.get("rename", {})).write_parquet(target)
    if "keep_bytes" in change:
        target.write_bytes(target.read_bytes()[: change["keep_bytes"]])
    return target


def test_numbers_become_ons_codes_and_years_the_periods_they_end(
    tmp_path: Path, register: SourceRegister, read_replica: Read
) -> None:
    frame = read_replica(replica(tmp_path, register))
    row = only(frame, series="AVG_Prog8_Score", area_name="Halton", period="2022/23")
    assert (row["area_code"], row["value"]) == ("E06000006", 66.1)
    assert row["series_name"] == "Long name of AVG_Prog8_Score"
    assert str(row["period_start"]) == "2022-09-01"
    missing = only(frame, series="AVG_Prog8_Score", period="2019/20")
    assert (missing["value"], missing["value_status"]) == (None, "not_published")
    assert missing["series_name"] == "Long name of AVG_Prog8_Score"
    winter = only(frame, series="16-17_not known_NEET", area_code="E06000006", period="2023")
    assert (str(winter["period_start"]), str(winter["period_end"])) == ("2022-12-01", "2023-02-28")
    financial = only(frame, series="HCP_PHOF", area_code="E92000001")
    assert (str(financial["period_start"]), financial["value"]) == ("2022-04-01", 0)
    assert "Unused" not in frame["series"].to_list()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"without": "Level2Age19"}, "the measure 'Level2Age19' is not in the file"),
        ({"number": 999.0}, "column 'LA Number': '999' is no number of the Department"),
        ({"value": "c."}, "'c.' is neither a number nor a known marker"),
        ({"year": "2022-23"}, "'2022-23' is not a year written with four digits"),
        ({"rename": {"Values": "Value"}}, "column 'Values': the column is missing"),
        ({"keep_bytes": 900}, "the Parquet file is damaged or cut short"),
    ],
)
def test_damage_is_refused(
    tmp_path: Path,
    register: SourceRegister,
    read_replica: Read,
    change: dict[str, Any],
    said: str,
) -> None:
    with pytest.raises(InputRefusedError) as error:
        read_replica(replica(tmp_path, register, **change))
    assert said in messages(error)


def test_every_bound_measure_is_read(register: SourceRegister) -> None:
    bound = {
        selection.series
        for indicator in load_indicators().values()
        for binding in indicator.sources
        if binding.source == "dfe_lait"
        for selection in binding.select
    }
    assert bound == set(register.datasets["dfe_lait/long"].dataset.options["series"])


def test_each_number_has_one_code_and_each_code_one_number() -> None:
    codes = ons_codes_by_number()
    assert len(set(codes.values())) == len(codes)
    # The nine Places of Cheshire and Merseyside.
    assert [codes[n] for n in ("876", "877", "895", "896", "340", "341", "342", "343", "344")] == [
        "E06000006", "E06000007", "E06000049", "E06000050", "E08000011", "E08000012", "E08000013",
        "E08000014", "E08000015",
    ]  # fmt: skip


@pytest.mark.given
def test_published_figures_of_two_places(read_given: Read) -> None:
    frame = read_given(GIVEN)
    # DfE, Local Authority Interactive Tool (8 April 2026), Progress 8 of 2024 and 2020.
    row = only(frame, series="AVG_Prog8_Score", area_code="E06000006", period="2023/24")
    assert row["value"] == -0.46
    row = only(frame, series="AVG_Prog8_Score", area_code="E08000012", period="2023/24")
    assert row["value"] == -0.48
    row = only(frame, series="AVG_Prog8_Score", area_code="E08000012", period="2019/20")
    assert (row["value"], row["value_status"]) == (None, "not_published")
    raw = duckdb.execute(
        """select "Short Desc", count(*), sum(try_cast("Values" as double))
           from read_parquet(?) group by 1""",
        [str(given_path(str(GIVEN)))],
    ).fetchall()
    sums = {name: (count, total) for name, count, total in raw}
    for series, count, total in frame.group_by("series").agg(
        pl.len(), pl.col("value").sum().alias("total")
    ).iter_rows():  # fmt: skip
        assert count == sums[series][0]
        assert total == pytest.approx(sums[series][1])


@pytest.mark.given
@pytest.mark.parametrize(
    ("file", "number", "code"),
    [
        ("dfe/UD_NEETNK_LA_dashboard_final.csv", "old_la_code", "new_la_code"),
        ("dfe/UD_NEETNK_LA_dashboard_2022_final.csv", "old_la_code", "new_la_code"),
    ],
)
def test_codes_are_those_beside_the_numbers_in_the_departments_files(
    file: str, number: str, code: str
) -> None:
    pairs = pl.read_csv(given_path(file), infer_schema=False).select(number, code).drop_nulls()
    known = ons_codes_by_number()
    # Three counties have become unitary within the same boundary since the edition of 2022.
    changed = {"E10000023": "E06000065", "E10000027": "E06000066", "E10000002": "E06000060"}
    for authority, published in pairs.iter_rows():
        assert known[authority] == changed.get(published, published)


def test_a_fictional_file_has_codes_in_the_place_of_numbers(
    tmp_path: Path, register: SourceRegister
) -> None:
    spec = register.datasets["dfe_lait/long"]
    path = replica(tmp_path, register)
    with pytest.raises(InputRefusedError, match="LA Number"):
        read_lait(path, "parquet", spec, True)
    frame = pl.read_parquet(path).with_columns(pl.lit("Z06000001").alias("LA Number"))
    frame.filter(pl.col("LA and Regions") == "Halton").write_parquet(path)
    assert set(read_lait(path, "parquet", spec, True)["area_code"]) == {"Z06000001"}
