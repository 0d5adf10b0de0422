"""One spelling for ages: `18-64 yrs`, `18+ yrs`, `<75 yrs`, `5 yrs`, `All ages`.

Bindings name ages in the spelling of Fingertips. The same age written by hand, by another program
or in another year of a file is the same age; what is none of these is kept as it stands.
"""

from __future__ import annotations

import re

import polars as pl

_NUMBER = r"(\d{1,3}(?:\.\d)?)"
_YEARS = r"(?:y|yr|yrs|year|years)\.?"
_OLD = r"(?:of age|old)?"
# What an age is written like -> how it is written here. A unit is asked for where one number alone
# could mean something else.
_SPELLINGS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(rf"(?:aged? ?)?{pattern} ?{_OLD}", re.IGNORECASE), spelling)
    for pattern, spelling in (
        (rf"{_NUMBER} ?(?:{_YEARS} ?)?(?:-|to) ?{_NUMBER} ?(?:{_YEARS})?", r"\1-\2 yrs"),
        (rf"{_NUMBER} ?(?:{_YEARS} ?)?\+ ?(?:{_YEARS})?", r"\1+ yrs"),
        (rf"{_NUMBER} ?(?:{_YEARS} ?)?(?:plus|(?:and|or) (?:over|above|older)) ?", r"\1+ yrs"),
        (rf"(?:\u2265|>=) ?{_NUMBER} ?(?:{_YEARS})?", r"\1+ yrs"),
        (rf"(?:<|under|below|less than) ?{_NUMBER} ?(?:{_YEARS})?", r"<\1 yrs"),
        (rf"{_NUMBER} ?{_YEARS}", r"\1 yrs"),
        (r"all ages?", "All ages"),
        (r"at birth", "At birth"),
    )
)


def usual_age(text: str) -> str:
    """An age in the usual spelling; a text that is none as it stands."""
    for pattern, spelling in _SPELLINGS:
        if found := pattern.fullmatch(text):
            return found.expand(spelling)
    return text


def age_column(labels: pl.Series) -> pl.Series:
    """`usual_age` of every label, in which dashes are hyphens already."""
    kinds = labels.unique().drop_nulls().to_list()
    changed = {kind: usual for kind in kinds if (usual := usual_age(kind)) != kind}
    return labels.replace(changed) if changed else labels
