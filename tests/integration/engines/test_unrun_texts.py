"""Every query of `sql/` is written for Snowflake and T-SQL, read again, and said not to be run."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlglot import exp, parse_one

from beacon.contracts.sql_files import all_sql_tables
from beacon.engines.unrun_texts import UNRUN, main, unrun_texts

TABLES = {"m.s": {"k": "INTEGER", "t": "VARCHAR", "x": "DOUBLE[]", "b": "BOOLEAN"}}


def test_every_query_is_written_and_read_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path)]) == 0
    said = capsys.readouterr().out
    for dialect, name in UNRUN.items():
        files = sorted((tmp_path / dialect).rglob("*.sql"))
        assert len(files) == len(all_sql_tables())
        for file in files:
            text = file.read_text("utf-8")
            assert text.startswith("-- NOT RUN.")
            assert isinstance(parse_one(text, dialect=dialect), exp.Query)
            # What a dialect lacks stands in its text and in what the command prints.
            table = f"{file.parent.name}.{file.stem}"
            _, _, listed = said.partition(f"{name}: ")
            own = listed.partition("\nT-SQL: ")[0]
            assert (f"  {table}: " in own) == (f"-- It holds what {name} has not: " in text)


def test_what_a_dialect_lacks_is_named() -> None:
    found = {
        each.dialect: each.lacking
        for each in unrun_texts(
            "m.made", "select k, list_sum(x) as n, list(t order by k) as l from m.s group by all", TABLES
        )
    }  # fmt: skip
    assert found == {"snowflake": ("list_sum()",), "tsql": ("list_sum()", "lists")}
    plain = unrun_texts("m.made", "select k, t || 'a' as u from m.s where b", TABLES)
    assert [each.lacking for each in plain] == [(), ()]
