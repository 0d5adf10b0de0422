"""When nights are due."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")
# Late enough for the publishers' own night, and never within an hour that a change of the clock
# leaves out or repeats: in London these are 01:00 to 02:00.
NIGHT = time(2, 30)
NIGHT_CRON = "30 2 * * *"
# The first of each month, when the night is long over.
REBUILD_CRON = "30 5 1 * *"
# A night that has not begun this long after its time was missed.
NIGHT_GRACE = timedelta(hours=3)


def now() -> datetime:
    """The present moment, UTC."""
    return datetime.now(UTC)


def _night_of(day: date) -> datetime:
    return datetime.combine(day, NIGHT, tzinfo=LONDON).astimezone(UTC)


def last_night(at: datetime) -> datetime:
    """The latest moment, at or before this one, when a night was due. UTC."""
    today = at.astimezone(LONDON).date()
    due = _night_of(today)
    return due if due <= at else _night_of(today - timedelta(days=1))


def next_night(at: datetime) -> datetime:
    """The next moment after this one when a night is due. UTC."""
    today = at.astimezone(LONDON).date()
    due = _night_of(today)
    return due if due > at else _night_of(today + timedelta(days=1))


def in_london(moment: str | datetime) -> str:
    """A moment as people in London write it: `22 Nov 2026, 02:30`."""
    parsed = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    local = parsed.astimezone(LONDON)
    return f"{local.day} {local:%b %Y, %H:%M}"


def in_words(seconds: float) -> str:
    """A length of time, rounded down: `3 days`, `2 hours`, `5 minutes`."""
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        count = int(seconds // length)
        if count >= 1:
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return "less than a minute"
