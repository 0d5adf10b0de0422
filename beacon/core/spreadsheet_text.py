"""Text in CSV files that a spreadsheet would take for a formula, and the way back.

A spreadsheet runs a cell that begins with one of `= + - @`, their full-width forms, a tab or a line
break, whoever wrote the name. Such a text gets an apostrophe before it; so does a text that has
apostrophes before such a character already, so that taking one away always gives the text back.
Numbers are never touched: only values that are text in the release are.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from typing import Any

# Understood alike by Python, DuckDB (RE2) and Polars (Rust). After OWASP's "CSV Injection".
_FORMULA = "('*[=+\\-@\\t\\r\\n＝＋－＠])"
RUN_AS_FORMULA = f"^{_FORMULA}"
ESCAPED = f"^'{_FORMULA}"


def to_csv_cell(value: Any) -> Any:
    """A value as a CSV holds it: text that would be run has an apostrophe before it."""
    return f"'{value}" if isinstance(value, str) and re.match(RUN_AS_FORMULA, value) else value


def from_csv_cell(text: str) -> str:
    """The text that `to_csv_cell` wrote."""
    return text[1:] if re.match(ESCAPED, text) else text


def csv_cell_sql(column: str) -> str:
    """The same rule in DuckDB's SQL, for a quoted column of text."""
    pattern = RUN_AS_FORMULA.replace("'", "''")
    return f"regexp_replace({column}, '{pattern}', '''\\1')"


def csv_line(values: Iterable[Any]) -> str:
    """One line of a CSV file, ending in a line feed."""
    line = io.StringIO(newline="")
    # Python before 3.13 quotes a lone carriage return only where it belongs to the line's end, and
    # what follows an unquoted one is a cell of its own.
    csv.writer(line, lineterminator="\r\n").writerow([to_csv_cell(value) for value in values])
    return line.getvalue().removesuffix("\r\n") + "\n"
