"""`beacon stats` on an analyst's own files."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl
import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from beacon.cli.stats_commands import stats
from beacon.statistics.methods import METHODS

app = typer.Typer()
app.command("stats")(stats)


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(each) for each in arguments])


def message(result: Result) -> str:
    """What was said, without the frame that usage errors are drawn in."""
    return re.sub(r"[\s│╭╮╰╯─]+", " ", result.output)


@pytest.fixture
def rates(tmp_path: Path) -> Path:
    path = tmp_path / "rates.csv"
    path.write_text(
        "Area,sex,Numerator,denominator,note\n"
        "001,F,3,1000,x\n001,M,9,1100,\n002,F,40,900,y\n002,M,,950,z\n",
        encoding="utf-8-sig",
    )
    return path


def test_list_explains_every_method() -> None:
    text = invoke("--list").output
    for name, method in METHODS.items():
        assert name in text
        assert method.source.split(",")[0].split(";")[0] in text
    alone = invoke("dsr", "--list").output
    assert "stdpop" in alone
    assert "Wilson" not in alone


def test_row_by_row_keeps_the_file_s_columns(rates: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    result = invoke("rate", rates, "--multiplier", 1000, "--out", out)
    assert result.exit_code == 0, result.output
    answer = pl.read_csv(out, schema_overrides={"Area": pl.String})
    assert answer["Area"].to_list() == ["001", "001", "002", "002"]  # leading zeros survive
    assert answer["value"].to_list() == [3.0, pytest.approx(9 / 1.1), pytest.approx(40 / 0.9), None]
    assert answer["reason"].to_list() == [None, None, None, "missing_numerator"]
    assert answer.columns[:3] == ["Area", "sex", "note"]


def test_groups_are_summed_and_parquet_is_written(rates: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.parquet"
    assert invoke("rate", rates, "--by", "area", "--out", out).exit_code == 0
    answer = pl.read_parquet(out)
    assert answer["numerator"].to_list() == [12.0, None]
    both = tmp_path / "both.parquet"
    assert invoke("rate", rates, "--by", "Area,sex", "--out", both).exit_code == 0
    assert pl.read_parquet(both).height == 4


def test_parquet_in_is_as_csv_in(rates: Path, tmp_path: Path) -> None:
    parquet = tmp_path / "rates.parquet"
    pl.read_csv(rates).write_parquet(parquet)
    outs = [tmp_path / "a.csv", tmp_path / "b.csv"]
    for source, out in zip((rates, parquet), outs, strict=True):
        assert invoke("proportion", source, "--out", out).exit_code == 0
    first, second = (pl.read_csv(out).drop("Area") for out in outs)
    assert first.equals(second)


def test_without_out_a_table_is_printed(rates: Path) -> None:
    result = invoke("rate", rates)
    assert result.exit_code == 0
    assert "missing_numerator" in result.output


def test_every_fault_of_a_file_is_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text("numerator,denominator\n3,10\n*,11\n4,1 200\n")
    result = invoke("proportion", path)
    assert result.exit_code == 1
    assert "bad.csv, row 3, column 'numerator': '*' is not a number." in result.output
    assert "bad.csv, row 4, column 'denominator': '1 200' is not a number." in result.output
    assert "leave suppressed and missing values empty" in result.output


@pytest.mark.parametrize(
    ("text", "arguments", "said"),
    [
        ("a,b\n1,2\n", ["proportion"], "column 'numerator': The column is missing"),
        ("numerator,denominator\n", ["proportion"], "no rows"),
        ("start_age\n1\n", ["life_expectancy"], "column 'deaths'"),
        ("a\n1\n", ["imd_quantile"], "No column is named rank"),
        # Part of a file: the highest rank is not the number of LSOAs.
        ("rank\n100\n5000\n", ["imd_quantile"], "highest rank is 5,000"),
        ("IMD_rank\nx\n", ["imd_quantile"], "row 2, column 'IMD_rank': 'x' is not a number"),
        ("a_code,b_code,IMD_decile\n1,2,3\n", ["place_aggregation"], "Name its column with --by"),
        ("values\n1\n", ["mean", "--by", "area"], "column 'area': There is no such column"),
        ("numerator,denominator,multiplier\n1,2,100\n", ["rate", "--multiplier", "1"],
         "The column says otherwise than the option"),
        ("count,pop\n1,2\n", ["dsr"], "joined by age band"),
        ("value,invert\n1,perhaps\n", ["quantile"], "'perhaps' is not true or false"),
    ],
)  # fmt: skip
def test_errors_name_what_to_do(text: str, arguments: list[str], said: str, tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text(text)
    result = invoke(arguments[0], path, *arguments[1:])
    assert result.exit_code == 1
    assert said in message(result)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["guess", "x.csv"], "There is no method 'guess'"),
        (["rate"], "Name the file"),
        (["rate", "x.csv", "--benchmark", "1"], "rate has no option --benchmark"),
        (["rate", "x.csv", "--confidence", "95"], "lies between 0 and 1"),
        (["sii_rii", "x.csv", "--value-type", "rate"], "--value-type is 0, 1 or 2"),
        (["isr", "x.csv", "--statistic", "odds"], "--statistic is rate or ratio"),
        (["quantile", "x.csv", "--quantiles", "0"], "--quantiles is at least 1"),
    ],
)
def test_options_are_never_ignored(arguments: list[str], said: str) -> None:
    result = invoke(*arguments)
    assert result.exit_code == 2
    assert said in message(result)


@pytest.mark.parametrize(("name", "said"), [("none.csv", "no such file"), ("a.xlsx", ".xlsx")])
def test_files_that_cannot_be_read(name: str, said: str, tmp_path: Path) -> None:
    if name != "none.csv":
        (tmp_path / name).write_bytes(b"PK")
    result = invoke("rate", tmp_path / name)
    assert result.exit_code == 1
    assert said in message(result)


def test_broken_parquet_and_unknown_output(rates: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"no parquet")
    assert "Not readable as parquet" in message(invoke("rate", broken))
    result = invoke("rate", rates, "--out", tmp_path / "out.json")
    assert result.exit_code == 1
    assert not (tmp_path / "out.json").exists()


def test_standard_population_is_joined_by_label_and_completed(tmp_path: Path) -> None:
    path = tmp_path / "dsr.csv"
    bands = ["0–4", *(f"{a}-{a + 4}" for a in range(5, 90, 5)), "90+"]
    rows = [f"full,{band},3,1000" for band in reversed(bands)]
    rows += [f"holed,{band},3,1000" for band in bands if band != "45-49"]
    path.write_text("area,ageband,count,pop\n" + "\n".join(rows) + "\n")
    out = tmp_path / "out.csv"
    assert invoke("dsr", path, "--by", "area", "--out", out).exit_code == 0
    answer = pl.read_csv(out)
    assert answer["value"].to_list() == [pytest.approx(300), None]
    assert answer["reason"].to_list() == [None, "missing_population"]


def test_a_forgotten_by_is_told(tmp_path: Path) -> None:
    path = tmp_path / "dsr.csv"
    path.write_text("area,ageband,count,pop,stdpop\na,all,30,900,1\nb,all,40,800,1\n")
    assert "name the groups' columns with --by" in message(invoke("dsr", path))
    assert "--by" not in message(invoke("dsr", path, "--by", "area"))


def test_categories_in_parquet(tmp_path: Path) -> None:
    path, out = tmp_path / "trend.parquet", tmp_path / "out.csv"
    pl.DataFrame(
        {
            "period": pl.Series([str(y) for y in range(2019, 2024)], dtype=pl.Categorical),
            "numerator": [10, 20, 30, 40, 50],
            "denominator": pl.Series(["100"] * 5, dtype=pl.Categorical),
        }
    ).write_parquet(path)
    assert invoke("trend", path, "--polarity", "low_is_good", "--out", out).exit_code == 0
    assert pl.read_csv(out)["trend_judgement"][0] == "Increasing and getting worse"


def test_further_levels_are_added(rates: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    assert invoke("rate", rates, "--confidence", 0.99, "--out", out).exit_code == 0
    columns = pl.read_csv(out).columns
    assert {"lower95_0cl", "lower99_8cl", "lower99_0cl"} <= set(columns)


def test_number_of_lsoas_comes_from_the_vintage(tmp_path: Path) -> None:
    path, out = tmp_path / "ranks.csv", tmp_path / "out.csv"
    path.write_text("lsoa21_code,IMD_rank\nE01000001,6751\nE01000002,6752\n")
    assert invoke("imd_quantile", path, "--quantiles", 5, "--out", out).exit_code == 0
    assert pl.read_csv(out)["IMD_quintile"].to_list() == [1, 2]
    assert (
        invoke("imd_quantile", path, "--quantiles", 5, "--total", 32844, "--out", out).exit_code
        == 0
    )
    assert pl.read_csv(out)["IMD_quintile"].to_list() == [2, 2]


def test_counts_of_places(tmp_path: Path) -> None:
    path, out = tmp_path / "places.csv", tmp_path / "out.csv"
    path.write_text(
        "lsoa21_code,ltla24_code,IMD_decile,numerator,denominator\n"
        "E01000001,E1,1,2,10\nE01000002,E1,4,,10\nE01000003,E2,1,5,10\n"
    )
    assert invoke("place_aggregation", path, "--out", out).exit_code == 0
    answer = pl.read_csv(out)
    assert answer["IMD_prop_most_deprived_10pc"].to_list() == [0.5, 1.0]
    assert answer["numerator"].to_list() == [None, 5.0]
    assert answer["reason"].to_list() == ["missing_child", None]


def test_a_file_with_semicolons_may_have_decimal_commas(tmp_path: Path) -> None:
    path, out = tmp_path / "eu.csv", tmp_path / "out.csv"
    path.write_text("area;numerator;denominator\na;2,5;1.000,0\nb;3;2000\n")
    result = invoke("rate", path, "--multiplier", 1000, "--out", out)
    assert result.exit_code == 0, result.output
    assert pl.read_csv(out)["value"].to_list() == [2.5, 1.5]


def test_a_point_that_can_be_read_in_two_ways_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "eu.csv"
    path.write_text("area;numerator;denominator\na;2,5;1.000\n")
    result = invoke("rate", path)
    assert result.exit_code == 1
    assert "row 2, column 'denominator': '1.000' can be read in two ways" in message(result)


@pytest.mark.parametrize("wording", ["{}", "{}.0", "Decile {}", "D{}", "{} (of ten)"])
def test_quantiles_may_be_worded(tmp_path: Path, wording: str) -> None:
    path, out = tmp_path / "deciles.csv", tmp_path / "out.csv"
    rows = [f"{wording.format(q)},{70 + q},1000,{69 + q},{71 + q}" for q in range(1, 11)]
    path.write_text("\n".join(["quantile,value,population,lower95,upper95", *rows]))
    result = invoke("sii_rii", path, "--repetitions", 1000, "--out", out)
    assert result.exit_code == 0, result.output
    answer = pl.read_csv(out)
    assert answer["sii"].to_list() == [pytest.approx(10.0)]
    assert answer["reason"].to_list() == [None]


def test_half_a_quantile_is_none(tmp_path: Path) -> None:
    path, out = tmp_path / "deciles.csv", tmp_path / "out.csv"
    rows = [f"{q + 0.5},{70 + q},1000,{69 + q},{71 + q}" for q in range(1, 11)]
    path.write_text("\n".join(["quantile,value,population,lower95,upper95", *rows]))
    assert invoke("sii_rii", path, "--out", out).exit_code == 0
    assert pl.read_csv(out)["reason"].to_list() == ["missing_quantile"]


def test_a_rank_that_is_not_whole_is_shown_as_it_was(tmp_path: Path) -> None:
    path, out = tmp_path / "ranks.csv", tmp_path / "out.csv"
    path.write_text("lsoa,rank\na,1.5\nb,1\n")
    assert invoke("imd_quantile", path, "--total", 100, "--out", out).exit_code == 0
    answer = pl.read_csv(out)
    assert answer["rank"].to_list() == [1.5, 1.0]
    assert answer["reason"].to_list() == ["rank_out_of_range", None]
