"""What every curated fact has in common."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError
from pydantic_core import ErrorDetails


class Entry(BaseModel):
    """A fact in a YAML file: immutable, and no key that nobody reads."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


Text = Annotated[str, StringConstraints(min_length=1)]
"""Text that says something: never empty."""

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$")]
"""Lower-case words joined by underscores: safe as a column, an asset and a file name."""

AREA_CODE_PATTERN = r"^[EZ]\d{8}$"
AreaCode = Annotated[str, StringConstraints(pattern=AREA_CODE_PATTERN)]
"""Nine characters. E is England's own; Z is kept for fictional areas."""

PERIOD_PATTERN = r"^\d{4}(/\d{2}|-\d{2})?$"
Period = Annotated[str, StringConstraints(pattern=PERIOD_PATTERN)]
"""`2021` (calendar), `2021/22` (financial or academic), `2020-22` (years pooled)."""

Sex = Literal["Persons", "Female", "Male"]

Polarity = Literal["high_is_good", "low_is_good", "no_judgement"]

Programme = Literal["marmot_beacon", "core20plus5_adults", "core20plus5_children", "context"]

ValueType = Literal[
    "proportion",
    "modelled_proportion",
    "crude_rate",
    "directly_standardised_rate",
    "indirectly_standardised_ratio",
    "life_expectancy",
    "slope_index",
    "score",
    "mean",
    "count",
    "ratio",
]

Level = Literal[
    "lsoa",
    "msoa",
    "ward",
    "ltla",
    "utla",
    "constituency",
    "combined_authority",
    "region",
    "england",
    "united_kingdom",
    "icb",
    "sub_icb",
    "pcn",
    "gp_practice",
    "trust",
    "clinic",
    "school",
    "cancer_alliance",
    "organisation",
    "place",
]


def own_errors(error: ValidationError) -> list[ErrorDetails]:
    """What is wrong with a definition, without what only follows from it.

    A list whose items are all wrong is also called too short.
    """
    found = error.errors(include_url=False)
    return [
        one
        for one in found
        if one["type"] != "too_short"
        or not any(
            other is not one and other["loc"][: len(one["loc"])] == one["loc"] for other in found
        )
    ]


def is_fictional_code(code: str) -> bool:
    """Whether an area code belongs to the fictional range."""
    return re.match(AREA_CODE_PATTERN, code) is not None and code.startswith("Z")
