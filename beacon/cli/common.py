"""What several commands share: options, settings from them, and tables on the terminal."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from beacon.core.errors import SettingsError

if TYPE_CHECKING:
    from beacon.core.settings import Settings

HomeOption = Annotated[
    Path | None,
    typer.Option(
        "--home", help="Directory of everything Beacon writes. [env: BEACON_HOME; default: ./data]"
    ),
]


class Format(StrEnum):
    """How rows are printed."""

    table = "table"
    csv = "csv"
    json = "json"


FormatOption = Annotated[Format, typer.Option("--format", help="How to print rows.")]


def settings_from(**given: Any) -> Settings:
    """Settings from options that were given, environment variables and defaults.

    Raises:
        SettingsError: In words, where a setting cannot be used.
    """
    from pydantic import ValidationError

    from beacon.core.settings import Settings

    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(str(part) for part in fault['loc']) or 'settings'}: {fault['msg']}"
            for fault in error.errors()
        )
        raise SettingsError(faults) from error


def settings_of_home(home: Path | None, footprint: str | None) -> Settings:
    """Settings whose footprint is that of the home's current release, unless another is named.

    A form for the fictional sample must not be written beside a release of real Places.

    Raises:
        SettingsError: In words, where a setting cannot be used.
    """
    from beacon.core.settings import Home
    from beacon.release.layout import latest_release

    settings = settings_from(home=home, footprint=footprint)
    if {"footprint", "inputs"} & settings.model_fields_set:
        return settings
    release = latest_release(Home(settings.home))
    if release is None:
        return settings
    return settings.model_copy(update={"footprint": release.manifest["footprint"]["id"]})


def print_rows(
    columns: Sequence[str], rows: Iterable[Sequence[Any]], form: Format = Format.table
) -> None:
    """Print rows to standard output as a table, CSV or JSON."""
    if form is Format.csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([_csv_cell(value) for value in row] for row in rows)
    elif form is Format.json:
        records = [dict(zip(columns, map(_json_cell, row), strict=True)) for row in rows]
        sys.stdout.write(json.dumps(records, ensure_ascii=False, indent=2, default=str) + "\n")
    else:
        _print_table(columns, rows)


def _csv_cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.hex() if isinstance(value, bytes) else value


def _json_cell(value: Any) -> Any:
    return value.hex() if isinstance(value, bytes) else value


def _print_table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(header_style="bold", box=None, pad_edge=False)
    listed = [list(row) for row in rows]
    for index, name in enumerate(columns):
        numeric = any(
            isinstance(row[index], int | float) and not isinstance(row[index], bool)
            for row in listed
        )
        table.add_column(name, justify="right" if numeric else "left", overflow="fold")
    for row in listed:
        table.add_row(*(_table_cell(value) for value in row))
    Console(width=None if sys.stdout.isatty() else 200, markup=False).print(table)


def _table_cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.4f}".rstrip("0").rstrip(".")
    if isinstance(value, bytes):
        return f"<{len(value):,} bytes>"
    return str(value)
