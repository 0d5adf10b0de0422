"""What the codes of English areas look like, and what fictional ones look like."""

from __future__ import annotations

# Kinds by the two digits that follow the country letter.
_ENTITY = {
    "lsoa": "01",
    "msoa": "02",
    "ward": "05",
    "local_authority": "0[6-9]",
    "county_or_unitary": "(?:0[689]|10)",
    # 13 stands for Inner and Outer London, which education statistics use as regions.
    "region": "1[23]",
    # Every area that local government statistics name, metropolitan counties and regions included.
    "administrative": "(?:0[6-9]|1[0-3]|92)",
    "sub_icb": "38",
    # W07 in Wales.
    "constituency": "(?:07|14)",
    "combined_authority": "47",
    "icb": "54",
    "nation": "92",
}

FICTIONAL_LETTER = "Z"

# Organisation Data Service: a letter and five digits, in newer codes letters among them.
PRACTICE = "[A-Y][A-Z0-9]{5}"


def area_pattern(kind: str, *, fictional: bool) -> str:
    """A regular expression for codes of one kind.

    Fictional codes begin with Z so that no reader can take one for a real place; official files
    may also carry Welsh areas, which later stages leave out.
    """
    if kind == "practice":
        return rf"{FICTIONAL_LETTER}\d{{5}}" if fictional else PRACTICE
    if kind == "network":
        return rf"{FICTIONAL_LETTER}U\d{{4}}" if fictional else r"U\d{5}"
    letters = FICTIONAL_LETTER if fictional else "[EW]"
    return rf"{letters}{_ENTITY[kind]}\d{{6}}"
