"""Rows that contradict themselves or all others are refused by row, however sound each cell is."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from beacon.ingest.check_files import register_in_use
from beacon.sample import write_sample
from tests.fixtures.small_files import HEADER, lines, look, row, text_file

RATE = {"Indicator ID": "92796", "Indicator Name": "Self-harm", "Age": "15-19 yrs"}
PERCENT = {"Indicator ID": "93701", "Indicator Name": "Children", "Age": "<16 yrs"}


def _counted(count: int, denominator: int, factor: int, **change: str) -> dict[str, str]:
    value = repr(factor * count / denominator)
    return {"Value": value, "Count": str(count), "Denominator": str(denominator), **change}


def _twelve(factor: int, about: dict[str, str]) -> list[dict[str, str]]:
    """Rows of two periods whose values follow from their counts."""
    return [
        about
        | {"Time period": f"{year}/{year - 1999}", "Time period Sortable": f"{year}0000"}
        | _counted(123 + 7 * place, 2000 + 10 * place + year - 2020, factor)
        for year in (2021, 2022)
        for place in range(1, 7)
    ]


def _file(folder: Path, rows: list[dict[str, str]]) -> Path:
    return text_file(
        folder, lines(*(row(1 + number % 6, **change) for number, change in enumerate(rows)))
    )


def _refused(path: Path) -> tuple[int | None, str | None, str]:
    report, _ = look(path)
    assert report.status == "refused", report
    first = report.problems[0]
    return first.row, first.column, first.message


@pytest.mark.parametrize(("factor", "about"), [(100_000, RATE), (100, PERCENT)])
def test_values_that_follow_from_their_counts_are_read(
    tmp_path: Path, factor: int, about: dict[str, str]
) -> None:
    report, rows = look(_file(tmp_path, _twelve(factor, about)))
    assert rows is not None, report.problems
    assert rows.height == 12


@pytest.mark.parametrize(
    "change",
    [
        {"Count": "99999999"},
        {"Denominator": "0"},
        {"Denominator": "2.014"},
        {"Value": "0.0613"},
    ],
)
@pytest.mark.parametrize(("factor", "about"), [(100_000, RATE), (100, PERCENT)])
def test_a_value_that_does_not_follow_from_its_counts_is_refused(
    tmp_path: Path, factor: int, about: dict[str, str], change: dict[str, str]
) -> None:
    rows = _twelve(factor, about)
    rows[3] |= change
    place, column, message = _refused(_file(tmp_path, rows))
    assert (place, column) == (5, "Value")
    assert "does not follow from the count" in message


def test_a_value_that_is_a_little_off_its_counts_is_said(tmp_path: Path) -> None:
    rows = _twelve(100, PERCENT)
    rows[3]["Value"] = "7.0"
    report, found = look(_file(tmp_path, rows))
    assert found is not None
    (problem,) = report.problems
    assert (problem.row, problem.column) == (5, "Value")
    assert "does not follow" in problem.message


def test_counts_that_are_rounded_to_five_are_no_fault(tmp_path: Path) -> None:
    rows = _twelve(100_000, RATE)
    for each in rows:
        each["Count"] = str(5 * round(int(each["Count"]) / 5))
        each["Denominator"] = str(int(each["Denominator"]) // 10)
        each["Value"] = repr((int(each["Count"]) + 2) / int(each["Denominator"]) * 100_000)
    report, found = look(_file(tmp_path, rows))
    assert found is None or found.height == 12, report.problems


def test_thousands_marked_with_points_are_refused_even_everywhere(tmp_path: Path) -> None:
    rows = _twelve(100_000, RATE)
    for each in rows:
        each["Denominator"] = f"{int(each['Denominator']) / 1000:.3f}"
    assert "does not follow" in _refused(_file(tmp_path, rows))[2]


def test_percentages_that_are_all_fractions_are_refused(tmp_path: Path) -> None:
    rows = [{"Value": f"0.1{place}", "Time period": str(year), "Time period Sortable": f"{year}0000"}
            for year in (2021, 2022) for place in range(1, 7)]  # fmt: skip
    place, column, message = _refused(_file(tmp_path, rows))
    assert (place, column) == (2, "Value")
    assert "look like fractions" in message


def test_a_nought_beside_a_note_that_says_suppressed_is_refused(tmp_path: Path) -> None:
    note = "Value suppressed for disclosure control due to small count"
    path = text_file(tmp_path, lines(row(1), row(2, Value="0", **{"Value note": note})))
    place, column, message = _refused(path)
    assert (place, column) == (3, "Value")
    assert "says that there is no value" in message


def test_a_count_that_excel_has_cut_is_refused(tmp_path: Path) -> None:
    path = text_file(tmp_path, lines(row(1), row(2, Denominator="1.78E+05")))
    assert _refused(path)[:2] == (3, "Denominator")
    _, rows = look(text_file(tmp_path, lines(row(1, Denominator="1e+05"), row(2))))
    assert rows is not None
    assert rows["denominator"][0] == 100_000


def test_a_year_that_the_row_contradicts_is_said(tmp_path: Path) -> None:
    path = text_file(tmp_path, lines(row(1), row(2, **{"Time period Sortable": "20190000"})))
    report, rows = look(path)
    assert rows is not None
    assert rows["period"].to_list() == ["2023", "2023"]
    (problem,) = report.problems
    assert (problem.row, problem.column) == (3, "Time period Sortable")
    assert "another year" in problem.message


def test_two_years_that_were_one_financial_year_are_refused(tmp_path: Path) -> None:
    def told(period: str, length: str) -> str:
        changed = [row(place, **{"Time period": period}) for place in (1, 2)]
        with_range = [[*cells, length] for cells in changed]
        header = ",".join([*HEADER, "Time period range"]) + "\n"
        return header + "".join(",".join(cells) + "\n" for cells in with_range)

    for period in ("2023-24", "2023\u201324"):
        place, column, message = _refused(text_file(tmp_path, told(period, "1y")))
        assert (place, column) == (2, "Time period")
        assert "is it a financial year?" in message
    for period, length in (("2023 - 24", "2y"), ("2023/24", "1y"), ("2023 - 25", "3y")):
        report, rows = look(text_file(tmp_path, told(period, length)))
        assert rows is not None, report.problems


def test_one_key_with_two_limits_is_refused(tmp_path: Path) -> None:
    limits = {"Lower CI 99.8 limit": "14", "Upper CI 99.8 limit": "17"}
    twice = [row(1, **limits), row(2), row(1, **(limits | {"Lower CI 99.8 limit": "13"}))]
    place, _, message = _refused(text_file(tmp_path, lines(*twice)))
    assert place == 2
    assert "two different values" in message


def test_one_fraction_among_percentages_is_refused(tmp_path: Path) -> None:
    path = text_file(tmp_path, lines(row(1), row(2, Value="0.155"), row(3)))
    place, column, message = _refused(path)
    assert (place, column) == (3, "Value")
    assert "is below 1" in message


@pytest.mark.parametrize("change", ["ranks", "scores"])
def test_ranks_that_rise_with_the_score_are_refused(tmp_path: Path, change: str) -> None:
    write_sample(tmp_path / "sample")
    (source,) = (tmp_path / "sample").glob("imd2025/*File_7*.csv")
    with source.open(encoding="utf-8-sig", newline="") as stream:
        header, *rows = csv.reader(stream)

    def place_of(word: str) -> int:
        return next(n for n, name in enumerate(header) if name.startswith(f"Income {word}"))

    rank, decile, score = map(place_of, ("Rank", "Decile", "Score"))
    for cells in rows:
        if change == "scores":
            cells[score] = f"-{cells[score]}"
        else:
            cells[rank] = str(len(rows) + 1 - int(cells[rank]))
            cells[decile] = str(-(-int(cells[rank]) * 10 // len(rows)))
    path = tmp_path / source.name
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([header, *rows])
    place, column, message = _refused(path)
    assert (place, column) == (2, header[rank])
    assert "rise with the score" in message


def test_more_patients_than_any_practice_has_are_refused(tmp_path: Path) -> None:
    header = "PRACTICE_CODE,GROUP_CODE,REGISTER,PATIENT_LIST_TYPE,PATIENT_LIST_SIZE\n"
    rows = "Z00001,HYP,1278,TOTAL,9000\nZ00002,HYP,9999999,TOTAL,9000\n"
    path = text_file(tmp_path, header + rows, "PREVALENCE_2425.csv")
    assert _refused(path)[:2] == (3, "REGISTER")


def test_thousands_in_achievement_are_read(tmp_path: Path) -> None:
    spec = register_in_use().datasets["nhs_qof/achievement"]
    (code, *_) = next(iter(spec.dataset.options["series"].values()))
    cells = {"INDICATOR_CODE": code, "PRACTICE_CODE": "Z00001"}
    text = ",".join(spec.dataset.header) + "\n"
    for measure, value in (("NUMERATOR", "1 023"), ("DENOMINATOR", "1 500")):
        made = cells | {"MEASURE": measure, "VALUE": value}
        text += ",".join(made.get(name, "") for name in spec.dataset.header) + "\n"
    report, rows = look(text_file(tmp_path, text, "ACHIEVEMENT_A_2425.csv"))
    assert rows is not None, report.problems
    assert rows.select("numerator", "denominator").row(0) == (1023, 1500)
