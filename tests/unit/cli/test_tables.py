"""Tables fit the terminal, and what does not is said."""

from __future__ import annotations

import pytest

from beacon.cli.printed_tables import cell_text, write_pairs, write_table
from beacon.core.suggestions import did_you_mean

LONG = "a sentence of several words that is far longer than a column may be in a narrow terminal"


@pytest.fixture(autouse=True)
def _narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    said = capsys.readouterr()
    assert all(len(line) <= 60 for line in (said.out + said.err).splitlines())
    return said.out.splitlines()


def test_what_fits_is_a_plain_table(capsys: pytest.CaptureFixture[str]) -> None:
    write_table(("name", "people"), [("Halton", 1234), ("Wirral", None)])
    assert lines(capsys) == ["name    people", "Halton    1234", "Wirral"]


def test_few_rows_that_do_not_fit_go_down_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    write_table(("name", "note", "gone"), [("Halton", LONG, None), ("Wirral", "short", None)])
    shown = lines(capsys)
    assert shown[0] == "row 1 of 2"
    assert shown[1] == "name  Halton"
    assert "empty: gone" in shown


def test_columns_that_do_not_fit_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    columns = [f"column_{number}" for number in range(12)]
    rows = [[f"{row}_{number}" for number in range(12)] for row in range(9)]
    write_table(columns, rows)
    said = capsys.readouterr()
    assert said.out.splitlines()[0].split() == columns[: len(said.out.splitlines()[0].split())]
    assert "column_11" in said.err
    assert "--columns" in said.err


def test_what_is_the_same_in_every_row_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [(f"place {number}", LONG, "", number) for number in range(5)]
    write_table(("place", "note", "nothing", "number"), rows)
    said = capsys.readouterr()
    assert said.err == ""
    assert said.out.count("sentence") == 1
    assert "nothing  (empty)" in said.out
    assert "place    number" in said.out


def test_words_are_not_broken_and_numbers_are_not_wrapped(
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_table(("text", "value"), [(f"{LONG} {number}", number / 7) for number in range(5)])
    shown = lines(capsys)
    words = {word for line in shown for word in line.split()}
    assert set(LONG.split()) <= words
    assert "0.1429" in words


def test_pairs_are_wrapped_beside_their_names(capsys: pytest.CaptureFixture[str]) -> None:
    write_pairs([("name", LONG), ("longer name", "x")])
    shown = lines(capsys)
    assert shown[1].startswith(" " * 13)
    assert shown[-1] == "longer name  x"


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, ""), (True, "yes"), (-0.00001, "0"), (1234.5, "1,234.5"), (b"abc", "<3 bytes>"),
     ("two\nlines", "two lines")],
)  # fmt: skip
def test_cells(value: object, text: str) -> None:
    assert cell_text(value) == text


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("Haltn", " Did you mean 'Halton'?"),
        ("HALTON", " Did you mean 'Halton'?"),
        ("xyz", ""),
        ("Cheshire Eas", " Did you mean 'Cheshire East' or 'Cheshire West'?"),
    ],
)
def test_what_may_have_been_meant(given: str, said: str) -> None:
    assert did_you_mean(given, ["Halton", "Cheshire East", "Cheshire West"]) == said
