"""What several commands share: options, settings from them, and tables on the terminal."""

from __future__ import annotations

import json
import math
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from beacon.cli.options import chosen_columns
from beacon.cli.printed_tables import write_table
from beacon.core.errors import BeaconError, SettingsError
from beacon.core.spreadsheet_text import csv_line
from beacon.core.suggestions import did_you_mean

if TYPE_CHECKING:
    from beacon.core.home import Home
    from beacon.core.settings import Settings

HomeOption = Annotated[
    Path | None,
    typer.Option(
        "--home",
        envvar="BEACON_HOME",
        show_default="./data",
        help="Directory of everything Beacon writes.",
    ),
]


class Format(StrEnum):
    """How rows are printed."""

    table = "table"
    csv = "csv"
    json = "json"


FormatOption = Annotated[Format, typer.Option("--format", help="How to print rows.")]


def home_of(home: Path | None) -> Home:
    """The home of an option or of BEACON_HOME, which Typer reads; `./data` by default."""
    from beacon.core.home import DEFAULT_HOME, Home

    return Home(home or DEFAULT_HOME)


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
    from beacon.core.home import Home
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
    """Print rows to standard output as a table, CSV or JSON: all columns, or those chosen.

    Text that a spreadsheet would run has an apostrophe before it in CSV (docs/security.md). JSON
    has no number for NaN and the infinities, which are null there.

    Raises:
        BeaconError: When a column was chosen that is not there or is there twice, or when JSON
            would lose one of two columns of one name.
    """
    columns, rows = _chosen(columns, list(rows))
    if form is Format.csv:
        sys.stdout.write(csv_line(columns))
        sys.stdout.writelines(csv_line(_csv_cell(value) for value in row) for row in rows)
    elif form is Format.json:
        _refuse_repeated(columns, columns)
        records = [dict(zip(columns, map(_json_cell, row), strict=True)) for row in rows]
        text = json.dumps(records, ensure_ascii=False, indent=2, default=str, allow_nan=False)
        sys.stdout.write(text + "\n")
    else:
        write_table(columns, rows)


def _chosen(
    columns: Sequence[str], rows: list[Sequence[Any]]
) -> tuple[Sequence[str], list[Sequence[Any]]]:
    wanted = chosen_columns()
    if wanted is None:
        return columns, rows
    for name in wanted:
        if name not in columns:
            raise BeaconError(
                f"There is no column {name!r}.{did_you_mean(name, columns)} "
                f"Columns: {', '.join(columns)}."
            )
    _refuse_repeated(wanted, columns)
    places = [list(columns).index(name) for name in wanted]
    return wanted, [[row[place] for place in places] for row in rows]


def _refuse_repeated(names: Sequence[str], columns: Sequence[str]) -> None:
    """Refuse names that do not say which of several columns is meant."""
    counts = Counter(columns)
    if repeated := [name for name in dict.fromkeys(names) if counts[name] > 1]:
        raise BeaconError(
            f"{counts[repeated[0]]} columns have the name {repeated[0]!r}. Name them apart, such "
            f"as `... as {repeated[0]}_2`, or print all columns with --format csv."
        )


def _csv_cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.hex() if isinstance(value, bytes) else value


def _json_cell(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, (list, tuple)):
        return [_json_cell(each) for each in value]
    if isinstance(value, dict):
        return {name: _json_cell(each) for name, each in value.items()}
    return value
