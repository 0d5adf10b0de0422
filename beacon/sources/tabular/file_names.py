"""Names of files as their publishers gave them."""

from __future__ import annotations

import re


def publishers_name(name: str) -> str:
    """A file's name without what browsers and file managers add to a second copy.

    `prevalence_2425 (1).csv` and `prevalence_2425 - Copy.csv` are `prevalence_2425.csv`.
    """
    stem, dot, rest = name.partition(".")
    stem = re.sub(r"(?i)^copy of ", "", stem)
    changed = re.sub(r"(?i)(?: ?\(\d{1,3}\)|[ _]-[ _]copy|[ _]copy(?: \d+)?)+$", "", stem)
    return (changed or stem) + dot + rest
