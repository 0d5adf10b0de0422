"""Reporting periods: one label and two dates for every way that publishers write a period.

Labels: `2023` a calendar year, `2022/23` a year that crosses two, `2020-22` three calendar years,
`2024-04-17` one day. Dates are the first and last day, both inside the period.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True)
class Period:
    """A reporting period: its label and its first and last day."""

    label: str
    start: date
    end: date


# First day of a year that crosses two calendar years, by kind.
YEAR_STARTS: dict[str, tuple[int, int]] = {
    "financial": (4, 1),
    "academic": (9, 1),
    "active_lives": (11, 16),
}

_ISO = re.compile(r"((?:19|20)\d{2})-(\d{2})-(\d{2})(?:/P(\d+)([YM]))?")
_SINGLE = re.compile(r"((?:19|20)\d{2})")
# A second year may be written with two digits or all four.
_CROSSING = re.compile(r"((?:19|20)\d{2})/(\d{2}|\d{4})")
_POOLED = re.compile(r"((?:19|20)\d{2})\s*-\s*(\d{2}|\d{4})")
_POOLED_CROSSING = re.compile(r"((?:19|20)\d{2})/(\d{2}|\d{4})\s*-\s*(\d{2}|\d{4})/(\d{2}|\d{4})")
_COMPACT = re.compile(r"((?:19|20)\d{2})[/-]?(\d{2})")


# No publisher pools more; "2018 - 99" is no period.
_MOST_POOLED = 20


def _day_before_anniversary(start: date, years: int = 0, months: int = 0) -> date:
    """The last day of a period of some length. A month's end may be earlier than its start's."""
    month = start.month - 1 + months
    year, month = start.year + years + month // 12, month % 12 + 1
    last = calendar.monthrange(year, month)[1]
    if start.day > last:
        return date(year, month, last)
    return date(year, month, start.day) - timedelta(days=1)


def _second_year(first: int, text: str) -> int:
    """The year that two or four digits behind another year mean."""
    if len(text) == 4:
        return int(text)
    year = first - first % 100 + int(text)
    return year if year >= first else year + 100


def crossing_year(first: int, kind: str = "financial") -> Period:
    """A year that starts in `first` and ends in the next, such as 2022/23."""
    month, day = YEAR_STARTS[kind]
    start = date(first, month, day)
    return Period(f"{first}/{(first + 1) % 100:02d}", start, _day_before_anniversary(start, 1))


def calendar_years(first: int, last: int | None = None) -> Period:
    """One calendar year, or several pooled ones."""
    last = first if last is None else last
    label = str(first) if first == last else f"{first}-{last % 100:02d}"
    return Period(label, date(first, 1, 1), date(last, 12, 31))


def parse_fingertips(text: str, kind: str = "financial") -> Period | None:
    """Read a Fingertips period: `2023`, `2022/23`, `2018 - 20`, `2015/16 - 17/18`."""
    if match := _POOLED_CROSSING.fullmatch(text):
        first = int(match[1])
        last = _second_year(first, match[3])
        if (
            last < first
            or _second_year(first, match[2]) != first + 1
            or _second_year(last, match[4]) != last + 1
        ):
            return None
        begin, finish = crossing_year(first, kind), crossing_year(last, kind)
        return Period(f"{begin.label} to {finish.label}", begin.start, finish.end)
    if match := _CROSSING.fullmatch(text):
        if _second_year(int(match[1]), match[2]) != int(match[1]) + 1:
            return None
        return crossing_year(int(match[1]), kind)
    if match := _POOLED.fullmatch(text):
        first = int(match[1])
        last = _second_year(first, match[2])
        return calendar_years(first, last) if first <= last < first + _MOST_POOLED else None
    if match := _SINGLE.fullmatch(text):
        return calendar_years(int(match[1]))
    return None


def parse_iso(text: str) -> Period | None:
    """Read an ISO 8601 interval as Explore Local Statistics writes it: `2011-01-01/P3Y`."""
    match = _ISO.fullmatch(text)
    if not match:
        return None
    try:
        start = date(int(match[1]), int(match[2]), int(match[3]))
        if match[4] is None:
            return Period(text, start, start)
        length, unit = int(match[4]), match[5]
        if not 1 <= length <= _MOST_POOLED * 12:
            return None
        end = (
            _day_before_anniversary(start, years=length)
            if unit == "Y"
            else _day_before_anniversary(start, months=length)
        )
    except (ValueError, OverflowError):
        return None
    if unit == "M":
        return Period(
            f"{start:%Y-%m}" if length == 1 else f"{start:%Y-%m} to {end:%Y-%m}", start, end
        )
    if (start.month, start.day) == (1, 1):
        return calendar_years(start.year, end.year)
    label = f"{start.year}/{(start.year + 1) % 100:02d}"
    if length > 1:
        label += f" to {end.year - 1}/{end.year % 100:02d}"
    return Period(label, start, end)


def parse_compact_academic(text: str) -> Period | None:
    """Read a Department for Education academic year: `202425` or `2024/25`."""
    match = _COMPACT.fullmatch(text)
    if not match or int(match[2]) != (int(match[1]) + 1) % 100:
        return None
    return crossing_year(int(match[1]), "academic")
