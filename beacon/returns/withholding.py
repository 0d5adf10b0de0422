"""Which totals of returns are withheld, with regard to all that earlier releases show.

The choice is made once, when the returns are put together, and stands in the table that is landed:
a release that is made again from landing hides the same.
"""

from __future__ import annotations

from collections.abc import Sequence

from beacon.disclosure.returned_counts import (
    Key,
    Line,
    ReturnedTable,
    question_of,
    total_key,
)
from beacon.disclosure.successive import hide
from beacon.sources.publishers.returned_tables import TOTAL, WITHHELD


def with_withheld_totals(
    lines: Sequence[Line], earlier: Sequence[ReturnedTable], *, smallest_shown: int
) -> list[dict[str, str]]:
    """The lines of a table of accepted returns, with what is to be withheld marked.

    Args:
        lines: The table, nothing marked.
        earlier: The tables that earlier releases showed, oldest first.
        smallest_shown: Counts from 1 to one less than this are small.
    """
    withheld = _as_before(lines, earlier)
    if withheld is None:
        question = question_of(ReturnedTable(lines), earlier, smallest_shown=smallest_shown)
        withheld = hide(
            question.published,
            question.rows,
            sensitive=question.sensitive,
            smallest_shown=smallest_shown,
            kept=question.kept,
            never_shown=question.never_shown,
        ).hidden
    return [
        {**line, "numerator": WITHHELD}
        if line["row_kind"] == TOTAL and total_key(line) in withheld
        else dict(line)
        for line in lines
    ]


def _as_before(lines: Sequence[Line], earlier: Sequence[ReturnedTable]) -> frozenset[Key] | None:
    """What the latest release of the very same returns withheld: shown again, it tells no more."""
    for table in reversed(earlier):
        if _unmarked(table.lines) == list(lines):
            return frozenset(
                total_key(line)
                for line in table.lines
                if line["row_kind"] == TOTAL and line["numerator"] == WITHHELD
            )
    return None


def _unmarked(lines: Sequence[Line]) -> list[Line]:
    return [{**line, "numerator": ""} if line["row_kind"] == TOTAL else line for line in lines]
