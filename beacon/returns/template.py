"""Templates of returns, made from the registry's fields.

Nothing depends on the clock or the user, so the same registry gives the same bytes.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import xlsxwriter

from beacon.registry.local_returns import ReturnField
from beacon.returns.context import ReturnContext, ReturnKind
from beacon.returns.faults import column_letter
from beacon.sources.publishers.returned_tables import WITHHELD

NOTES_SHEET, DATA_SHEET, LISTS_SHEET = "Notes", "Return", "Lists"
SHEETS = (NOTES_SHEET, DATA_SHEET, LISTS_SHEET)
MAX_ROWS = 5_000
"""Rows of data that a return may have; contracts of a large trust are some hundreds."""

YES_NO = ("yes", "no")
_CREATED = datetime(2026, 1, 1)
_DATE_FORMAT = "yyyy-mm-dd"
_WRITTEN_AS = {
    "text": "Text.",
    "integer": "A whole number.",
    "number": "A number.",
    "date": "A day, such as 2025-03-31.",
    "boolean": "yes or no.",
}


def csv_template(fields: Sequence[ReturnField]) -> bytes:
    """The CSV template: one line of column names, UTF-8 with the mark that Excel needs."""
    text = io.StringIO(newline="")
    csv.writer(text).writerow([field.name for field in fields])
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def xlsx_template(context: ReturnContext, kind: ReturnKind) -> bytes:
    """The workbook template of an indicator's returns."""
    return form_workbook(
        f"Local return, indicator {kind.indicator.id}",
        f"Local return: indicator {kind.indicator.id}",
        _notes(context, kind),
        kind.template.all_fields,
        _choices(context, kind),
        {
            "place_code": context.places,
            "organisation_code": {
                code: organisation.name
                for code, organisation in context.organisations(kind).items()
            },
        },
    )


def form_workbook(
    title: str,
    heading: str,
    notes: Sequence[tuple[str, str]],
    fields: Sequence[ReturnField],
    choices: Mapping[str, tuple[str, ...]],
    names: Mapping[str, Mapping[str, str]],
) -> bytes:
    """A workbook to fill in: notes, the sheet to fill in, and the lists that cells choose from.

    It holds no formulas and no macros, and a return may hold none either.

    Args:
        title: Title of the document.
        heading: First line of the notes.
        notes: What each line of the notes is about, and the line.
        fields: The columns.
        choices: The values that a column may have, where they are few.
        names: Names of the values of columns of codes, shown beside them.
    """
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False})
    book.set_properties({"title": title, "author": "Beacon", "created": _CREATED})
    sheets = [book.add_worksheet(name) for name in SHEETS]
    _write_notes(book, sheets[0], heading, notes, fields)
    ranges = _write_lists(book, sheets[2], choices, names)
    _write_data(book, sheets[1], fields, ranges)
    sheets[1].activate()
    sheets[1].set_first_sheet()
    book.close()
    return buffer.getvalue()


def allowed_values(context: ReturnContext, kind: ReturnKind, field: ReturnField) -> tuple[str, ...]:
    """The values that a field may have, empty where it is free."""
    fixed: dict[str, tuple[str, ...]] = {
        "indicator_id": (str(kind.indicator.id),),
        "unit": (kind.indicator.unit,),
        "place_code": tuple(context.places),
        "organisation_code": tuple(context.organisations(kind)),
    }
    if field.name in fixed:
        return fixed[field.name]
    return YES_NO if field.type == "boolean" else field.allowed


def _choices(context: ReturnContext, kind: ReturnKind) -> dict[str, tuple[str, ...]]:
    found = {field.name: allowed_values(context, kind, field) for field in kind.template.all_fields}
    return {name: values for name, values in found.items() if values}


HOW_TO_FILL_IN = (
    ("How to fill it in", f"One row a line on the sheet {DATA_SHEET!r}, below its header."),
    ("", "One file for one organisation and one period within one financial year."),
    ("", "Leave no column out and add none. Values only: no formulas, macros or links."),
    ("", "Counts only: never a name, never a row about one person."),
)
BEFORE_SENDING = ("Before sending", "beacon returns check FILE")


def _notes(context: ReturnContext, kind: ReturnKind) -> list[tuple[str, str]]:
    indicator, template = kind.indicator, kind.template
    return [
        ("Indicator", indicator.name),
        ("For", context.footprint.name),
        ("Definition", indicator.definition or ""),
        ("Numerator", f"{indicator.numerator or ''} ({template.numerator_field})"),
        ("Denominator", f"{indicator.denominator or ''} ({template.denominator_field})"),
        ("Unit", indicator.unit),
        *HOW_TO_FILL_IN,
        (
            "Small counts",
            "Send counts as they are; totals withhold those from 1 to 4. If you must withhold one "
            f"yourself, write {WITHHELD} in its place and yes under suppression_applied.",
        ),
        BEFORE_SENDING,
        *(("Checked", text) for text in template.checks),
        *(("Still to be agreed", text) for text in template.to_agree),
    ]


def _write_notes(
    book: Any,
    sheet: Any,
    heading: str,
    notes: Sequence[tuple[str, str]],
    fields: Sequence[ReturnField],
) -> None:
    large = book.add_format({"bold": True, "font_size": 14})
    bold = book.add_format({"bold": True, "valign": "top"})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, 1, 100)
    sheet.write_string(0, 0, heading, large)
    row = 2
    for name, text in notes:
        sheet.write_string(row, 0, name, bold)
        sheet.write_string(row, 1, text, wrapped)
        row += 1
    row += 1
    sheet.write_string(row, 0, "Column", bold)
    sheet.write_string(row, 1, "What to write", bold)
    for field in fields:
        row += 1
        sheet.write_string(row, 0, field.name, bold)
        sheet.write_string(row, 1, _help(field), wrapped)


def _help(field: ReturnField) -> str:
    needed = "" if field.required else " May be left empty."
    allowed = f" One of: {', '.join(field.allowed)}." if field.allowed else ""
    return f"{field.description} {_WRITTEN_AS[field.type]}{allowed}{needed}"


def _write_lists(
    book: Any,
    sheet: Any,
    choices: Mapping[str, tuple[str, ...]],
    names: Mapping[str, Mapping[str, str]],
) -> dict[str, str]:
    """Write each list into a column of its own; give the range of each."""
    bold = book.add_format({"bold": True})
    ranges: dict[str, str] = {}
    column = 0
    for name, values in choices.items():
        sheet.set_column(column, column, max(12, len(name) + 2))
        sheet.write_string(0, column, name, bold)
        for row, value in enumerate(values, start=1):
            if value.isdecimal():
                sheet.write_number(row, column, int(value))
            else:
                sheet.write_string(row, column, value)
        letter = column_letter(column)
        ranges[name] = f"={LISTS_SHEET}!${letter}$2:${letter}${len(values) + 1}"
        if name in names:
            column += 1
            sheet.set_column(column, column, 36)
            sheet.write_string(0, column, name.replace("_code", "_name"), bold)
            for row, value in enumerate(values, start=1):
                sheet.write_string(row, column, names[name].get(value, ""))
        column += 1
    sheet.freeze_panes(1, 0)
    return ranges


def _write_data(
    book: Any, sheet: Any, fields: Sequence[ReturnField], ranges: dict[str, str]
) -> None:
    styles = {"bold": True, "text_wrap": True, "valign": "top", "bottom": 1}
    required = book.add_format({**styles, "bg_color": "#D9E8F5"})
    optional = book.add_format({**styles, "bg_color": "#F2F2F2"})
    formats = {
        "date": book.add_format({"num_format": _DATE_FORMAT}),
        "text": book.add_format({"num_format": "@"}),
        "integer": book.add_format({"num_format": "0"}),
    }
    for column, field in enumerate(fields):
        sheet.set_column(column, column, max(12, len(field.name) + 2), formats.get(field.type))
        sheet.write_string(0, column, field.name, required if field.required else optional)
        sheet.write_comment(
            0, column, _help(field), {"author": "Beacon", "x_scale": 2, "y_scale": 1.2}
        )
        sheet.data_validation(1, column, MAX_ROWS, column, _validation(field, ranges))
    sheet.freeze_panes(1, 0)


def _validation(field: ReturnField, ranges: dict[str, str]) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "ignore_blank": True,
        "input_title": field.name[:32],
        "input_message": _help(field)[:255],
        "error_title": "Not accepted",
    }
    if field.name in ranges:
        return {
            **shown,
            "validate": "list",
            "source": ranges[field.name],
            "error_message": "Choose a value of the list.",
        }
    if field.type == "date":
        return {
            **shown,
            "validate": "date",
            "criteria": ">=",
            "value": datetime(2000, 1, 1),
            "error_message": "Enter a day, such as 2025-03-31.",
        }
    if field.type in ("integer", "number"):
        # A count may be withheld by its sender, so that the cell takes a marker too.
        return {
            **shown,
            "validate": "decimal" if field.type == "number" else "integer",
            "criteria": ">=",
            "value": 0,
            "error_type": "warning",
            "error_message": f"Enter {_WRITTEN_AS[field.type].lower()[:-1]}, or {WITHHELD}.",
        }
    return {**shown, "validate": "any"}
