"""How numbers, dates, states and judgements are put into words."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime

MINUS = "\N{MINUS SIGN}"
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip


def number(value: float, decimals: int = 1) -> str:
    """A number for reading: commas at thousands, a true minus sign, no negative zero."""
    text = f"{abs(value):,.{decimals}f}"
    negative = value < 0 and any(digit in text for digit in "123456789")
    return (MINUS if negative else "") + text


def signed(value: float, decimals: int = 1) -> str:
    """A difference for reading: as `number`, with a plus sign where it is above zero."""
    text = number(value, decimals)
    above = value > 0 and any(digit in text for digit in "123456789")
    return f"+{text}" if above else text


def is_percent(unit: str | None) -> bool:
    """Whether values of this unit are written with a percent sign."""
    return (unit or "").lower().startswith("percent")


def with_unit(value: float, unit: str | None, decimals: int = 1) -> str:
    """A value with the unit that belongs beside it in a sentence."""
    text = number(value, decimals)
    if is_percent(unit):
        return f"{text}%"
    if unit == "years":
        return f"{text} years"
    if (unit or "").startswith("per "):
        return f"{text} {unit}"
    if (unit or "").startswith("points"):
        return f"{text} points"
    return text


def in_cell(value: float, unit: str | None, decimals: int = 1) -> str:
    """A value as a table shows it: the percent sign stays, longer units are in the heading."""
    text = number(value, decimals)
    return f"{text}%" if is_percent(unit) else text


def unit_text(unit: str | None) -> str:
    """A unit for a heading."""
    if not unit or unit == "unconfirmed":
        return "unit not confirmed"
    return re.sub(r"^percent\b", "%", unit)


def difference_unit(unit: str | None) -> str:
    """The unit of a difference: percentage points where the values are percentages."""
    if is_percent(unit):
        return "percentage points"
    return re.sub(r"^(points|score) \(.*\)$", r"\1", unit_text(unit))


def day(value: date | datetime | str | None) -> str:
    """A date as 22 November 2026; what is not a date is returned as it is."""
    if value is None:
        return "not recorded"
    if isinstance(value, str):
        try:
            value = date.fromisoformat(value[:10])
        except ValueError:
            return str(value)
    return f"{value.day} {_MONTHS[value.month - 1]} {value.year}"


def period_text(period: str | None) -> str:
    """A reporting period in words: `2021-23` is 2021 to 2023, `2023/24` stays."""
    if not period or period == "none":
        return "no period"
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", period):
        return day(period)
    pooled = re.fullmatch(r"(\d{2})(\d{2})-(\d{2})", period)
    if pooled:
        century, start, end = pooled.groups()
        if int(end) < int(start):
            century = str(int(century) + 1)
        return f"{pooled.group(1)}{start} to {century}{end}"
    return period


def age_text(age: str) -> str:
    """An age group in words: `<15 yrs` is under 15 years, `16+ yrs` is 16 years and over."""
    if age == "All ages":
        return "all ages"
    years = age.removesuffix(" yrs").removesuffix("yrs").strip()
    if years.startswith("<"):
        return f"under {years[1:]} years"
    if years.endswith("+"):
        return f"{years[:-1]} years and over"
    return f"{years.replace('-', ' to ')} years" if years != age else age


def file_name(text: str) -> str:
    """A name that is safe in an address: lower-case letters, digits and hyphens."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:80].strip("-")


def sentence(text: str) -> str:
    """Text that starts with a capital and ends with a full stop."""
    text = text.strip()
    if not text:
        return text
    text = text[0].upper() + text[1:]
    return text if text[-1] in ".!?" else f"{text}."


def listed(items: list[str]) -> str:
    """Items as a list in a sentence."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"


def plural(count: int, one: str, many: str | None = None) -> str:
    """A count with its noun."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


_SMALL = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def count_word(count: int) -> str:
    """A count within a sentence: one to nine in words, above that in figures."""
    return _SMALL[count] if 0 <= count < len(_SMALL) else f"{count:,}"


@dataclass(frozen=True)
class State:
    """A judgement, or the reason why there is no value: always word and mark, never colour alone.

    Attributes:
        key: Class of the style sheet and value that scripts sort and filter by.
        word: What a cell says.
        meaning: What the key of a table says; `{nation}` is the nation's name.
        severity: Order when a column is sorted: the worst first.
        missing: Whether there is no value.
    """

    key: str
    word: str
    meaning: str
    severity: int
    missing: bool = False


_STATES = (
    State(
        "worse",
        "Worse",
        "Worse than {nation}, by 95% limits or in the publisher’s own judgement",
        0,
    ),
    State("similar", "Similar", "Similar to {nation}: the 95% confidence interval includes it", 2),
    State(
        "better",
        "Better",
        "Better than {nation}, by 95% limits or in the publisher’s own judgement",
        3,
    ),
    State("higher", "Higher", "Higher than {nation}; neither direction is better", 1),
    State("lower", "Lower", "Lower than {nation}; neither direction is better", 1),
    State("not_compared", "Not compared", "A value, but not compared with {nation}", 4),
    State("suppressed", "Suppressed", "Withheld by the publisher to protect people", 5, True),
    State(
        "suppressed_quality",
        "Unreliable",
        "Withheld because the estimate is too unreliable",
        6,
        True,
    ),
    State("not_comparable", "Not comparable", "Measured differently, so left out", 7, True),
    State("not_applicable", "Not applicable", "Does not apply to this area", 8, True),
    State("rounded_to_zero", "Rounds to zero", "Above zero, but rounds to zero", 9, True),
    State("not_published", "Not published", "The publisher gives no figure", 10, True),
    State("not_supplied", "Not supplied", "No file was supplied to this release", 11, True),
    State(
        "series_not_found",
        "Series not found",
        "A file was supplied, but the series that the indicator names is not in it",
        12,
        True,
    ),
)
STATES = {state.key: state for state in _STATES}
JUDGEMENTS = tuple(state for state in _STATES if not state.missing)
ABSENCES = tuple(state for state in _STATES if state.missing)


def state_of(value: float | None, value_status: str | None, compared: str | None) -> State:
    """The state of one figure.

    A word that this vocabulary does not know is shown as it is rather than taken for another.
    """
    if value is not None:
        return STATES.get(compared or "not_compared", STATES["not_compared"])
    key = value_status or "not_published"
    if key in STATES:
        return STATES[key]
    word = key.replace("_", " ").capitalize()
    return State("not_published", word, word, 12, True)


@dataclass(frozen=True)
class Trend:
    """A recent trend as it is shown: an arrow for where it goes, a word for what that means.

    Attributes:
        key: Class of the style sheet: better, worse, neither, none (no significant change) or
            unknown.
        arrow: up, down, level, or empty where it cannot be calculated.
        word: What a cell says.
        text: The mart's own words.
        reason: Why it cannot be calculated, or None.
    """

    key: str
    arrow: str
    word: str
    text: str
    reason: str | None = None


_TREND_REASONS = {
    "fewer_than_five_points": "fewer than five yearly values",
    "years_not_consecutive": "the last five values are not of consecutive years",
    "series_break": "the definition changed within the last five years",
    "no_limits": "the file in use gives neither confidence limits nor counts",
    "not_computable": "the values do not allow it",
    "not_defined_for_this_measure": "no test is defined for this kind of measure",
}


def trend_of(trend: str | None, reason: str | None = None) -> Trend | None:
    """A recent trend in words; None where there is no value to have one."""
    if trend is None:
        return None
    text = trend.replace("_", " ").capitalize()
    plain = text.lower()
    if "cannot" in plain or "not calculated" in plain:
        why = _TREND_REASONS.get(reason or "", (reason or "").replace("_", " ")) or None
        return Trend("unknown", "", "Not tested", text, why)
    arrow = "up" if "increasing" in plain else "down" if "decreasing" in plain else "level"
    if "better" in plain:
        return Trend("better", arrow, "Getting better", text)
    if "worse" in plain:
        return Trend("worse", arrow, "Getting worse", text)
    if arrow == "level":
        return Trend("none", arrow, "No clear change", text)
    return Trend("neither", arrow, text, text)
