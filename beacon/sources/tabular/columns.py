"""Columns of a text table: found by name, checked cell by cell, and typed."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from functools import lru_cache

import polars as pl

from beacon.core.errors import InputRefusedError, Problem
from beacon.registry.sources import Dataset
from beacon.sources.tabular.cell_numbers import all_finite, decimals, whole_numbers
from beacon.sources.tabular.tables import ROW, TextTable
from beacon.sources.tabular.tidy_text import (
    EXCEL_DATE,
    code_column,
    fold,
    label_column,
    tidy,
    tidy_column,
)

# How official files say that there is no number, in any case and with any dash, and what that
# means. Blank is decided by the reader, because publishers differ: some leave it blank and explain
# in a note beside it.
# Source: GSS guidance on symbols in tables; the publishers' own notes.
MARKERS: dict[str, str] = {
    "[c]": "suppressed",
    "c": "suppressed",
    "*": "suppressed",
    "~": "suppressed",
    "-": "suppressed",
    "[x]": "not_published",
    "x": "not_published",
    "..": "not_published",
    "...": "not_published",
    "…": "not_published",
    "[n]": "not_published",
    "[w]": "not_published",
    "[e]": "not_published",
    ":": "not_published",
    "n/a": "not_published",
    "na": "not_published",
    "#n/a": "not_published",
    "null": "not_published",
    "none": "not_published",
    "nan": "not_published",
    "n.a.": "not_published",
    "not available": "not_published",
    "no data": "not_published",
    "suppressed": "suppressed",
    "[ c ]": "suppressed",
    "(c)": "suppressed",
    "not applicable": "not_applicable",
    "[u]": "suppressed_quality",
    "u": "suppressed_quality",
    "k": "suppressed_quality",
    "[z]": "not_applicable",
    "z": "not_applicable",
    "[low]": "rounded_to_zero",
    "low": "rounded_to_zero",
}

# R writes 1e+05 for 100000, which is exact; Excel cuts to two decimals.
_CUT_BY_EXCEL = r"^\d\.\d\dE\+\d\d$"

_SHOWN_ROWS = 5


def header_matches(expected: str, actual: str) -> bool:
    """Whether a publisher's header is the expected one, whatever its case and spaces.

    "~" starts a regular expression.
    """
    if expected.startswith("~"):
        spellings = (tidy(actual), re.sub(r"[_.]+", " ", tidy(actual)))
        return any(re.fullmatch(expected[1:], text, re.IGNORECASE) for text in spellings)
    return expected == actual or _plain(expected) == _plain(actual)


# Every header of every dataset meets every row near a file's top: 128 official files are recognised
# in 6.0 s of processor with the cache and in 10.8 s without it.
@lru_cache(maxsize=20_000)
def _plain(name: str) -> str:
    """A header whatever its case, with the dots and underscores of programs as the spaces they are.

    R writes `Area.Code` and janitor `area_code` for "Area Code".
    """
    return re.sub(r"[\s._]+", " ", fold(name))


def resolve_header(dataset: Dataset, header: Sequence[str]) -> dict[str, int] | None:
    """Positions of the expected headers, or None unless each matches a column."""
    positions: dict[str, int] = {}
    # Asked of every row near the top of every file, for every dataset.
    plain = [_plain(name) for name in header]
    for expected in dataset.header:
        if expected.startswith("~"):
            found = next((n for n, name in enumerate(header) if header_matches(expected, name)), -1)
        else:
            wanted = _plain(expected)
            found = plain.index(wanted) if wanted in plain else -1
        if found < 0:
            return None
        positions[expected] = found
    return positions


def place_of(header: Sequence[str], expected: str) -> int | None:
    """Position of a header; None where it is not there."""
    return next((n for n, name in enumerate(header) if header_matches(expected, name)), None)


class Columns:
    """Typed access to a text table, collecting every fault instead of stopping at the first."""

    def __init__(self, table: TextTable, dataset: Dataset, *, fictional: bool = False) -> None:
        self.table = table
        self.dataset = dataset
        self.fictional = fictional
        self.problems: list[Problem] = []
        # What the publisher calls each expected column, for messages.
        self._names: dict[str | None, str] = {}
        self._positions = self._resolve()
        self._names = {name: table.header[place] for name, place in self._positions.items()}
        self.rows = table.frame[ROW]
        self._tidy: dict[str, pl.Series] = {}
        self._flags: dict[str, pl.Series] = {}

    def _resolve(self) -> dict[str, int]:
        positions: dict[str, int] = {}
        for expected in self.dataset.header:
            found = [
                index
                for index, name in enumerate(self.table.header)
                if header_matches(expected, name)
            ]
            exact = [index for index in found if self.table.header[index] == expected]
            found = exact or found
            if len(found) > 1:
                found = self._without_repeats(found)
            if len(found) == 1:
                positions[expected] = found[0]
            else:
                self._header_problem(expected, found)
        for optional in self.dataset.header_optional:
            for index, name in enumerate(self.table.header):
                if header_matches(optional, name):
                    positions.setdefault(optional, index)
        self._check_order(positions)
        self.raise_if_problems()
        return positions

    def _without_repeats(self, found: list[int]) -> list[int]:
        """Publishers sometimes print a column twice. A copy that says the same is no fault."""
        first, *others = (self.table.text(index) for index in found)
        same = [
            self.table.frame.select(((other == first) | (other == "")).all()).item()
            for other in others
        ]
        return found[:1] + [
            index for index, is_same in zip(found[1:], same, strict=True) if not is_same
        ]

    def _header_problem(self, expected: str, found: list[int]) -> None:
        wanted = expected.removeprefix("~")
        if found:
            wanted = self.table.header[found[0]]
            message = f"the column occurs {len(found)} times in the header."
        else:
            close = difflib.get_close_matches(wanted, self.table.header, n=1, cutoff=0.5)
            message = "the column is missing from the header" + (
                f"; the closest is {close[0]!r}." if close else "."
            )
        self._add(message, self.table.header_row, wanted, drift=True)

    def _check_order(self, positions: dict[str, int]) -> None:
        expected = [name for name in self.dataset.header if name in positions]
        actual = sorted(expected, key=lambda name: positions[name])
        if tuple(actual) in self.dataset.header_orders:
            return
        moved = [
            (position, wanted, found)
            for position, (wanted, found) in enumerate(zip(expected, actual, strict=True))
            if wanted != found
        ]
        for _, wanted, found in moved[:2]:
            self._add(
                f"the column stands where {wanted.removeprefix('~')!r} is expected: two headers "
                "have changed places, so their numbers may be under each other's name.",
                self.table.header_row,
                found.removeprefix("~"),
                drift=True,
            )

    def _add(
        self,
        message: str,
        row: int | None,
        column: str | None,
        *,
        drift: bool = False,
        wrong_codes: int = 0,
    ) -> None:
        if column in self._names:
            column = self._names[column]
        remedy = (
            "If the publisher has changed the layout, confirm it in reference_data/sources and "
            "run again; until then the last good version stays in use."
            if drift
            else "Download the file again from its publisher; the last good version stays in use."
        )
        self.problems.append(Problem(self.table.file, message, row, column, remedy, wrong_codes))

    def has(self, name: str) -> bool:
        """Whether an optional column is there."""
        return name in self._positions

    def position(self, name: str) -> int:
        """Place of a column in the table, from 0."""
        return self._positions[name]

    def _cells(self, name: str) -> pl.Series:
        """A column as it stands in the file."""
        return self.table.frame.get_column(f"c{self._positions[name]}")

    def text(self, name: str) -> pl.Series:
        """A column as text with single spaces and nothing invisible."""
        found = self._tidy.get(name)
        if found is None:
            found = tidy_column(self._cells(name)).alias(name)
            self._tidy[name] = found
        return found.clone()

    def label(self, name: str) -> pl.Series:
        """A column of ages or categories: plain hyphens, and no date that Excel made of one."""
        found = label_column(self.text(name))
        self._report(
            found.str.contains(f"^(?:{EXCEL_DATE})$"),
            name,
            "is what Excel makes of a range such as 10-14; the publisher's text is lost",
        )
        return found.alias(name)

    def code(
        self, name: str, pattern: str, *, blank: bool = False, like: str | None = None
    ) -> pl.Series:
        """A column of codes, every one of which must match a pattern (unless blank is allowed).

        A code with spaces in it, or in small letters, is the same code. `like` is an example for
        the message, in place of the pattern.
        """
        values = self.text(name)
        bad = ~values.str.contains(f"^(?:{pattern})$")
        if bad.any():
            values = values.zip_with(~bad, code_column(values)).alias(name)
            self._tidy[name] = values
            bad = ~values.str.contains(f"^(?:{pattern})$")
        if blank and bad.any():
            bad &= values != ""
        form = f", such as {like}" if like else f" {pattern}"
        self._report(bad, name, f"is not a code of the expected form{form}", is_code=True)
        return values

    def allowed(self, name: str, values: Sequence[str]) -> pl.Series:
        """A column with a closed list of values, in whatever case and with whatever dashes."""
        found = self.text(name)
        if not set(found.unique()).issubset(values):
            canonical = {fold(value): value for value in values}
            found = found.replace(
                {kind: canonical.get(fold(kind), kind) for kind in found.unique().to_list()}
            ).alias(name)
            others = ~found.is_in(list(values))
            self._report(others, name, f"is none of {', '.join(map(repr, values))}")
        return found

    def integer(
        self, name: str, minimum: int | None = None, maximum: int | None = None
    ) -> pl.Series:
        """A column of whole numbers, thousands separators and a trailing ".00" allowed."""
        numbers = whole_numbers(self._cells(name))
        if numbers.null_count():
            self._report(numbers.is_null(), name, "is not a whole number")
        self._bounds(numbers, name, minimum, maximum)
        return numbers.alias(name)

    def number(
        self,
        name: str,
        minimum: float | None = None,
        maximum: float | None = None,
        *,
        blank_status: str | None = "not_published",
    ) -> tuple[pl.Series, pl.Series]:
        """A column of numbers and, beside it, why a number is missing.

        Args:
            name: The column.
            minimum: Least plausible value.
            maximum: Greatest plausible value.
            blank_status: Status of an empty cell; None makes an empty cell a fault.

        Returns:
            The values (Float64, null where there is none) and their status: "published" or a
            status of `MARKERS`.
        """
        blank = {"": blank_status} if blank_status else {}
        markers = {**MARKERS, **self.dataset.markers, **blank}
        numbers, status, self._flags[name] = decimals(self._cells(name), markers)
        if status.null_count():
            self._report(status.is_null(), name, "is neither a number nor a known marker")
        if all_finite(numbers):
            self._bounds(numbers, name, minimum, maximum)
        else:
            not_finite = numbers.is_not_null() & ~numbers.is_finite()
            self._report(not_finite.fill_null(value=False), name, "is not a finite number")
            self._report_outside(numbers, name, minimum, maximum)
        return numbers.alias(name), status.alias("value_status")

    def count(self, name: str) -> pl.Series:
        """A column of counts (Float64), none below 0; null where there is none."""
        self._report(
            self.text(name).str.contains(_CUT_BY_EXCEL),
            name,
            "is what Excel leaves of a long number; its last digits are lost",
        )
        return self.number(name, 0)[0]

    def note(self, name: str) -> pl.Series:
        """What letters such as [r] behind the numbers of a column mean, null where there is none.

        Only for a column that `number` has read.
        """
        return self._flags[name].alias("value_note")

    def _bounds(
        self, numbers: pl.Series, name: str, minimum: float | None, maximum: float | None
    ) -> None:
        """Report numbers, all of them finite, that lie outside bounds."""
        least, most = numbers.min(), numbers.max()
        below = minimum is not None and least is not None and least < minimum  # type: ignore[operator]
        above = maximum is not None and most is not None and most > maximum  # type: ignore[operator]
        if below or above:
            self._report_outside(numbers, name, minimum, maximum)

    def _report_outside(
        self, numbers: pl.Series, name: str, minimum: float | None, maximum: float | None
    ) -> None:
        if minimum is not None:
            self._report((numbers < minimum).fill_null(value=False), name, f"is below {minimum:,}")
        if maximum is not None:
            self._report((numbers > maximum).fill_null(value=False), name, f"is above {maximum:,}")

    def unique(self, names: Sequence[str]) -> None:
        """No two rows may share the values of these columns."""
        keys = pl.DataFrame([code_column(self.text(name)).alias(name) for name in names])
        self._report(keys.is_duplicated(), names[0], "occurs in more than one row", by=names)

    def fail_where(self, bad: pl.Series, name: str, message: str, *, is_code: bool = False) -> None:
        """Report the rows where `bad` is true as faults in a column, which may be one of codes."""
        self._report(bad.fill_null(value=False), name, message, is_code=is_code)

    def _report(
        self,
        bad: pl.Series,
        name: str,
        message: str,
        by: Sequence[str] | None = None,
        *,
        is_code: bool = False,
    ) -> None:
        count = int(bad.sum() or 0)
        if not count:
            return
        shown = self.table.frame.select(
            pl.col(ROW), self.table.text(self._positions[name]).alias("value")
        ).filter(bad)
        more = f" ({count:,} rows in all)" if count > 1 else ""
        key = f" by {', '.join(repr(part) for part in by)}" if by and len(by) > 1 else ""
        in_all = count > _SHOWN_ROWS
        wrong_codes = (count if in_all else 1) if is_code else 0
        for row, value in shown.head(1 if in_all else count).iter_rows():
            told = f"{value!r} {message}{key}{more}."
            self._add(told, int(row), name, wrong_codes=wrong_codes)

    @property
    def _last_row(self) -> int:
        return int(self.rows.to_list()[-1]) if len(self.rows) else self.table.header_row

    def check_row_count(self, rows: int | None = None) -> None:
        """The number of rows must be one that the register expects of an official file.

        Args:
            rows: Rows of the file, where the table is only some of them.
        """
        count = self.table.frame.height if rows is None else rows
        bounds = self.dataset.rows
        if count < 1:
            self._add("the file has headers but no data.", self.table.header_row, None)
        elif not self.fictional and count < bounds.min:
            self._add(
                f"has {count:,} rows where at least {bounds.min:,} are expected; "
                "the file is cut short.",
                self._last_row,
                None,
            )
        elif not self.fictional and bounds.max is not None and count > bounds.max:
            self._add(
                f"has {count:,} rows where at most {bounds.max:,} are expected.",
                self._last_row,
                None,
            )

    def raise_if_problems(self) -> None:
        """Refuse the file if any fault was found.

        Raises:
            InputRefusedError: With every fault found so far.
        """
        if self.problems:
            raise InputRefusedError(self.problems)
