"""Finding what would identify a person: forbidden columns, and NHS numbers wherever they hide.

What belongs here: names of columns that are refused and the check of values. What does not: what
follows from a finding (`gate`).
"""

from __future__ import annotations

import re

# Words of column names that name a person, a dwelling or a device. Compared with the words of a
# name, so that `practice_name` and `death_month` are not among them.
_FORBIDDEN = re.compile(
    r"(^|_)(nhs_?(no|number|num)|(fore|first|last|sur|middle|family|given|full|maiden|patient)_?name"
    r"|name|title|initials?|post_?code|pcds?|address(_?line)?_?\d*|uprn|street|house"
    r"|dob|(date_?of_?|full_?)birth(_?date)?|birth_?da(te|y)|(date_?of_?|full_?)death|death_?da(te|y)"
    r"|e_?mail|(tele)?phone|mobile|latitude|longitude|easting|northing|ni_?number|nino|passport"
    r"|hospital_?number|local_?patient_?id|chi_?number|free_?text|notes?)(_\d+)?$"
)
_ALLOWED = frozenset({"practice_name", "pcn_name"})

_TEN_DIGITS = r"\b[0-9]{3}[ -]?[0-9]{3}[ -]?[0-9]{4}\b"


def is_forbidden_column(name: str) -> bool:
    """Whether a column so named may not be in an extract, whatever is in it."""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.strip()).lower()
    words = re.sub(r"[^a-z0-9]+", "_", snake).strip("_")
    return words not in _ALLOWED and _FORBIDDEN.search(words) is not None


def nhs_number_sql(text: str) -> str:
    """SQL that says whether a text expression holds an NHS number; false for none.

    That is ten digits, also as 3, 3 and 4, that are no part of a longer number or word and whose
    check digit is right: 11 less the remainder of the weighted sum (10, 9 … 2) by 11, where 11
    counts as 0 and 10 is not used (NHS Data Model and Dictionary, NHS NUMBER). Ten digits in the
    middle of letters are not looked at: pseudonyms that are hashes have such by chance.
    """
    digits = "regexp_replace(d, '[ -]', '', 'g')"
    total = " + ".join(
        f"{weight} * substr({digits}, {place}, 1)::integer"
        for place, weight in enumerate(range(10, 1, -1), start=1)
    )
    right = f"(11 - ({total}) % 11) % 11 = substr({digits}, 10, 1)::integer"
    spaced = f"replace({text}, '_', ' ')"
    return (
        f"coalesce(case when regexp_matches({spaced}, '{_TEN_DIGITS}') then "
        f"len(list_filter(regexp_extract_all({spaced}, '{_TEN_DIGITS}'), lambda d: {right})) > 0 "
        "end, false)"
    )


_MULTIPLY = (
    "0123456789", "1234067895", "2340178956", "3401289567", "4012395678",
    "5987604321", "6598710432", "7659821043", "8765932104", "9876543210",
)  # fmt: skip
_PERMUTE = (
    "0123456789", "1576283094", "5803796142", "8916043527",
    "9453126870", "4286573901", "2793806415", "7046913258",
)  # fmt: skip


def is_snomed_identifier(number: int) -> bool:
    """Whether a number is a SNOMED CT identifier: 6 to 18 digits with Verhoeff's check digit.

    Source: SNOMED CT Release File Specification, section 5.5 (check digit computation).
    """
    text = str(number)
    if number <= 0 or not 6 <= len(text) <= 18:
        return False
    check = 0
    for place, digit in enumerate(reversed(text)):
        check = int(_MULTIPLY[check][int(_PERMUTE[place % 8][int(digit)])])
    return check == 0
