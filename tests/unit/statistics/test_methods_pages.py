"""The methods pages: every example runs and answers as printed, every list is complete.

`python tests/unit/statistics/test_methods_pages.py` writes the answers and the reason codes anew.
"""

from __future__ import annotations

import re
import sys
from functools import cache
from pathlib import Path

import duckdb
import polars as pl
import pytest

from beacon.statistics.life_tables import START_AGES, life_expectancy
from beacon.statistics.macros import install_macros
from beacon.statistics.methods import METHODS
from beacon.statistics.reasons import Reason

PAGES = Path(__file__).resolve().parents[3] / "docs" / "methods"
EXAMPLE = re.compile(r"```sql\n(?P<query>.*?)```\n\n(?P<answer>```csv\n.*?```|@RESULT@)", re.S)
REASONS = re.compile(r"(?<=## Reason codes\n\n).*", re.S)


@cache
def plain_connection() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    install_macros(con)
    return con


def answered(query: str) -> str:
    """The result of a query on a plain connection with the macros, six significant digits."""
    result = plain_connection().sql(query)
    rows = [",".join(result.columns)]
    for row in result.fetchall():
        rows.append(",".join(cell(value) for value in row))
    return "```csv\n" + "\n".join(rows) + "\n```"


def cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def reason_table() -> str:
    rows = "\n".join(f"| `{reason}` | {reason.meaning} |" for reason in Reason)
    return f"| code | meaning |\n|---|---|\n{rows}\n"


@pytest.mark.parametrize("name", [*METHODS, "target", "imd_summaries"])
def test_every_method_has_a_page_whose_example_answers_as_printed(name: str) -> None:
    text = (PAGES / f"{name}.md").read_text("utf-8")
    found = EXAMPLE.search(text)
    assert found, f"{name}.md has no SQL example"
    assert answered(found["query"]) == found["answer"]
    assert "Source:" in text
    assert "Edges" in text
    assert f"({name}.md)" in (PAGES / "README.md").read_text("utf-8")


def test_reason_codes_are_current() -> None:
    found = REASONS.search((PAGES / "README.md").read_text("utf-8"))
    assert found
    assert found[0] == reason_table()


def test_pages_name_only_reasons_that_exist() -> None:
    known = {str(reason) for reason in Reason}
    for path in PAGES.glob("*.md"):
        # "Edges" and what follows name reasons; other code words are columns and functions.
        edges = path.read_text("utf-8").partition("\nEdges")[2].partition("\n\n")[0]
        named = set(re.findall(r"`([a-z]+(?:_[a-z0-9]+)+)`", edges))
        unknown = {n for n in named if n not in known} - {
            "event_frequency", "not_compared", "value_type", "numerator_coverage",
        }  # fmt: skip
        assert not unknown, path.name


def test_the_life_table_in_sql_is_the_one_in_python() -> None:
    text = (PAGES / "life_expectancy.md").read_text("utf-8")
    found = EXAMPLE.search(text)
    assert found
    ages, deaths, years = (
        [float(v) for v in numbers.split(",")]
        for numbers in re.findall(r"unnest\(\[(.*?)\]\)", found["query"], re.S)
    )
    assert ages == list(START_AGES)
    python = life_expectancy(
        pl.DataFrame({"start_age": ages, "deaths": deaths, "population": years})
    )
    printed = found["answer"].splitlines()[2:-1]
    for line in printed:
        age, _, value = line.split(",")
        ours = python.filter(pl.col("start_age") == int(age))["value"][0]
        assert value == f"{ours:.6g}"


if __name__ == "__main__":
    for page in sorted(PAGES.glob("*.md")):
        old = page.read_text("utf-8")
        new = EXAMPLE.sub(lambda m: f"```sql\n{m['query']}```\n\n{answered(m['query'])}", old)
        new = REASONS.sub(lambda _: reason_table(), new)
        page.write_text(new, "utf-8")
        sys.stdout.write(f"{page.name}{' changed' if new != old else ''}\n")
