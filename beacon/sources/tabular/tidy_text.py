"""One spelling for what publishers, Excel and browsers write in several.

Spaces of every kind are a space, characters without a width are nothing, dashes of every kind are
a hyphen, and codes are in capitals.
"""

from __future__ import annotations

import re
from functools import lru_cache

import polars as pl

_INVISIBLE = "\u00ad\u200b-\u200f\u2060\ufeff"
_DASHES = "\u2010-\u2015\u2212\ufe58\ufe63\uff0d"
_SPACES = r"[\s\u00a0]+"
# Any cell with one of these, or with two spaces, is looked at; nearly none is.
_UNUSUAL = rf"[{_INVISIBLE}]|[^\S ]|  |^ | $"
_UNUSUAL_LABEL = rf"{_UNUSUAL}|[{_DASHES}]"

# What Excel makes of "10-14" or "2018/19" when it takes them for dates, as text.
EXCEL_DATE = (
    r"(?i)\d{1,2}-(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*(-\d{2,4})?"
    r"|(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*-\d{2,4}"
    r"|\d{4}-\d{2}-\d{2}( 00:00(:00(\.0+)?)?)?|\d{1,2}/\d{1,2}/\d{4}( 00:00(:00)?)?"
)


@lru_cache(maxsize=20_000)
def tidy(text: str) -> str:
    """A text with ordinary single spaces, and nothing invisible."""
    return re.sub(_SPACES, " ", re.sub(f"[{_INVISIBLE}]", "", text)).strip()


@lru_cache(maxsize=20_000)
def fold(text: str) -> str:
    """A text as it is compared: tidy, with plain hyphens, whatever its case."""
    return hyphened(tidy(text)).casefold()


def hyphened(text: str) -> str:
    """A text in which every dash is a hyphen."""
    return re.sub(f"[{_DASHES}]", "-", text)


def tidy_column(cells: pl.Series) -> pl.Series:
    """`tidy` of every cell."""
    return _each(cells, _UNUSUAL, tidy)


def label_column(cells: pl.Series) -> pl.Series:
    """`tidy` of every cell, with plain hyphens: for ages, categories and periods."""
    return _each(cells, _UNUSUAL_LABEL, lambda text: hyphened(tidy(text)))


def code_column(cells: pl.Series) -> pl.Series:
    """Codes in capitals, without a space anywhere."""
    return cells.str.to_uppercase().str.replace_all(rf"[\s\u00a0{_INVISIBLE}]", "")


def _each(cells: pl.Series, unusual: str, change: object) -> pl.Series:
    found = cells.str.contains(unusual)
    if not found.any():
        return cells
    kinds = cells.filter(found).unique().to_list()
    changed = {kind: change(kind) for kind in kinds}  # type: ignore[operator]
    return cells.replace(changed)
