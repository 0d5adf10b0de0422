"""An analyst's own CSV or Parquet file, read for one method."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import polars as pl

from beacon.core.errors import InputRefusedError, Problem
from beacon.core.files import write_atomically
from beacon.core.spreadsheet_text import RUN_AS_FORMULA

Kind = Literal["number", "text", "yes_no"]

_BLANK = ("", "na", "n/a", "nan", "null", "none")
_YES, _NO = ("true", "t", "yes", "y", "1", "1.0"), ("false", "f", "no", "n", "0", "0.0")
_MOST_PROBLEMS = 20
_DECIMAL_COMMA = r"^-?(\d+|\d{1,3}(\.\d{3})+),\d+$"
_POINT_AND_THREE = r"^-?\d{1,3}(\.\d{3})+$"
_WHOLE = r"^(0|-?[1-9][0-9]{0,17})$"


@dataclass(frozen=True)
class Column:
    """One input column of a method.

    Attributes:
        name: As the method's formulas call it.
        meaning: In words, with the unit.
        kind: number, text or yes_no.
        required: Whether the method cannot do without it.
        aliases: Other headers it may have; case never matters.
    """

    name: str
    meaning: str
    kind: Kind = "number"
    required: bool = True
    aliases: tuple[str, ...] = ()


def read_table(path: Path) -> pl.DataFrame:
    """A CSV file as text columns, or a Parquet file with its own types.

    A CSV file whose header is separated by semicolons may have decimal commas, which become points.

    Raises:
        InputRefusedError: The file is absent, of another kind, empty or unreadable, or holds a
            number that can be read in two ways.
    """
    remedy = "Give a .csv file with a header row (UTF-8) or a .parquet file."
    if not path.is_file():
        raise InputRefusedError([Problem(str(path), "There is no such file.", remedy=remedy)])
    kind = path.suffix.lower()
    try:
        if kind == ".csv":
            frame = _read_csv(path)
        elif kind == ".parquet":
            frame = pl.read_parquet(path)
        else:
            message = f"{kind or 'A file without a suffix'} cannot be read."
            raise InputRefusedError([Problem(path.name, message, remedy=remedy)])
    except (pl.exceptions.PolarsError, UnicodeDecodeError, OSError) as error:
        message = f"Not readable as {kind[1:]}: {error}."
        raise InputRefusedError([Problem(path.name, message, remedy=remedy)]) from error
    frame.columns = [name.strip().lstrip("\ufeff") for name in frame.columns]
    return frame


def _read_csv(path: Path) -> pl.DataFrame:
    with path.open(encoding="utf-8", errors="replace") as file:
        header = file.readline()
    if header.count(";") <= header.count(","):
        return pl.read_csv(path, infer_schema=False)
    frame = pl.read_csv(path, infer_schema=False, separator=";")
    cells = pl.all().str.strip_chars()
    if not any(frame.select(cells.str.contains(_DECIMAL_COMMA).any()).row(0)):
        return frame
    # Beside decimal commas a point parts thousands, but alone it could be either.
    problems = [
        Problem(
            path.name,
            f"{frame[name][row]!r} can be read in two ways, as the file has decimal commas.",
            row=row + 2,
            column=name,
            remedy="Write it without a point.",
        )
        for name in frame.columns
        for row in frame[name].str.strip_chars().str.contains(_POINT_AND_THREE).arg_true()
    ]
    if problems:
        raise InputRefusedError(problems[:_MOST_PROBLEMS])
    return frame.with_columns(
        pl.when(cells.str.contains(_DECIMAL_COMMA))
        .then(cells.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True))
        .otherwise(pl.all())
        .name.keep()
    )


def write_table(frame: pl.DataFrame, path: Path) -> None:
    """Write .csv or .parquet, whole or not at all.

    Raises:
        InputRefusedError: Another suffix.
    """
    buffer = io.BytesIO()
    if path.suffix.lower() == ".csv":
        as_text = pl.col(pl.String).str.replace(RUN_AS_FORMULA, "'$1")
        frame.with_columns(as_text).write_csv(buffer)
    elif path.suffix.lower() == ".parquet":
        frame.write_parquet(buffer)
    else:
        remedy = "Name a file that ends in .csv or .parquet."
        raise InputRefusedError([Problem(path.name, "Unknown kind of output.", remedy=remedy)])
    write_atomically(path, buffer.getvalue())


def find_column(frame: pl.DataFrame, column: Column) -> str | None:
    """The header under which a frame holds a column: exactly, by an alias, or in another case."""
    for wanted in (column.name, *column.aliases):
        if wanted in frame.columns:
            return wanted
    lowered = {name.lower(): name for name in reversed(frame.columns)}
    for wanted in (column.name, *column.aliases):
        if wanted.lower() in lowered:
            return lowered[wanted.lower()]
    return None


def prepare(
    frame: pl.DataFrame,
    columns: Sequence[Column],
    file: str,
    alternatives: Sequence[Sequence[str]] = (),
) -> pl.DataFrame:
    """The frame with a method's columns under their own names and in their own types.

    Args:
        frame: As read.
        columns: What the method knows.
        file: Name for messages.
        alternatives: Sets of columns of which at least one must be there.

    Returns:
        All rows in their order and all columns; those the method does not know are left alone,
        except that text which holds only whole numbers becomes whole numbers.

    Raises:
        InputRefusedError: Everything wrong with the file, by column and row (header is row 1).
    """
    problems: list[Problem] = []
    known: dict[str, pl.Series] = {}
    taken: set[str] = set()
    for column in columns:
        header = find_column(frame, column)
        if header is None:
            if column.required:
                also = f" (or {', '.join(column.aliases)})" if column.aliases else ""
                problems.append(
                    Problem(
                        file,
                        f"The column is missing{also}: {column.meaning}.",
                        column=column.name,
                        remedy=f"The file has: {', '.join(frame.columns)}.",
                    )
                )
            continue
        if header in taken:
            continue
        taken.add(header)
        known[column.name] = _typed(frame[header], column, file, header, problems)
    for choice in alternatives:
        if not any(name in known for name in choice):
            message = f"One of the columns {', '.join(choice)} is needed."
            remedy = f"The file has: {', '.join(frame.columns)}."
            problems.append(Problem(file, message, remedy=remedy))
    if frame.height == 0 and not problems:
        problems.append(Problem(file, "The file has no rows.", remedy="Nothing to compute."))
    if problems:
        raise InputRefusedError(problems)
    rest = {
        name: _whole_numbers(frame[name])
        for name in frame.columns
        if name not in taken and name not in known
    }
    order = [name for name in frame.columns if name in rest]
    return pl.DataFrame(
        [rest[name].alias(name) for name in order]
        + [series.alias(name) for name, series in known.items()]
    )


def _whole_numbers(series: pl.Series) -> pl.Series:
    """Text that is whole numbers throughout, as such; codes with leading zeros stay text."""
    if series.dtype != pl.String or not series.drop_nulls().str.contains(_WHOLE).all():
        return series
    return series.cast(pl.Int64) if series.null_count() < len(series) else series


def _typed(
    series: pl.Series, column: Column, file: str, header: str, problems: list[Problem]
) -> pl.Series:
    if series.dtype in (pl.Categorical, pl.Enum):
        series = series.cast(pl.String)
    if series.dtype == pl.String:
        stripped = series.str.strip_chars()
        text = stripped.set(stripped.str.to_lowercase().is_in(_BLANK), None)
    else:
        text = series
    if column.kind == "text":
        return text.cast(pl.String)
    if column.kind == "yes_no" and text.dtype != pl.Boolean:
        lowered = text.cast(pl.String).str.to_lowercase()
        result = lowered.is_in(_YES).cast(pl.Float64).set(lowered.is_null(), None)
        bad = (~lowered.is_in(_YES + _NO)) & lowered.is_not_null()
        what, remedy = "true or false", "Write true or false, or leave the cell empty."
    else:
        result = text.cast(pl.Float64, strict=False)
        bad = (result.is_null() | ~result.is_finite()).fill_null(True) & text.is_not_null()
        if text.dtype.is_float():
            # A NaN in Parquet is a missing value, as most writers mean it.
            bad = bad & ~text.is_nan().fill_null(False)
        result = result.fill_nan(None)
        what = "a number"
        remedy = "Write plain digits; leave suppressed and missing values empty."
    rows = bad.arg_true()
    for index in rows.head(_MOST_PROBLEMS):
        message = f"{text[index]!r} is not {what}."
        problems.append(Problem(file, message, row=index + 2, column=header, remedy=remedy))
    if len(rows) > _MOST_PROBLEMS:
        more = f"{len(rows) - _MOST_PROBLEMS:,} more cells are not {what}."
        problems.append(Problem(file, more, column=header, remedy=remedy))
    return result
