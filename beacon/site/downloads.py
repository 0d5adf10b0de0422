"""Rows of the marts as CSV, for those who want exactly what a page shows."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from beacon.core.spreadsheet_text import to_csv_cell
from beacon.site.indicator_facts import Row


def csv_text(rows: Sequence[Row]) -> str:
    """Rows with all their columns in full precision; outlines are left out.

    An empty field is a missing value: the column `value_status` says why. Text that a spreadsheet
    would run as a formula has an apostrophe before it.
    """
    if not rows:
        return ""
    names = [name for name in rows[0] if name != "geometry"]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(names)
    writer.writerows([_cell(row[name]) for name in names] for row in rows)
    return out.getvalue()


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return to_csv_cell(value)
