"""Invented names. They are the same for every seed, so that a footprint file can name them.

Belongs here: words. Does not belong here: codes or geography. No word here is the name of an
English local authority; `tests/sample` checks it against a list of real ones.
"""

from __future__ import annotations

import random
from itertools import product


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


NATION = "Albion (fictional)"
FOOTPRINT_ICB = "Brackenmouth and Eskerdale"
FOOTPRINT_ODS = "ZZ1"

PLACES = (
    "Brackenmouth",
    "Cawlderwick",
    "Dunmarrow",
    "Eskerdale East",
    "Fennaby",
    "Garthmere",
    "Hallowick",
    "Islemarch",
    "Jorbeck",
)

REGIONS = (
    "Fictional North March",
    "Fictional South March",
    "Fictional Eastermark",
    "Fictional Westermark",
    "Fictional Midholm",
    "Fictional Capital Vale",
    "Fictional High Fells",
    "Fictional Low Coast",
    "Fictional Far Isles",
)

_FIRST = _words(
    "Aldur Bryndle Corva Dravven Elmsk Farrow Gwill Hesper Ivarn Jorl Kestrel Lorn Marrow "
    "Nethan Orlick Pelldan Quell Ravven Skarrow Tarn Umber Vosk Wyvern Yarrel Zephan Ambrel "
    "Cindel Dusken Ettrel Fallow Grimsel Hollen Juniper Kelder Lammer Mirren Nollen Ospren "
    "Pyrran Quist Rusken Sorrel Thessal Ulver Vannel Wexmar Yolden Zorrel Bexmar Cressel "
    "Dorrin Ermel Fossel Gorrel Havven Jessel Kirrel Luthen Morvel Norrin"
)
_LAST = _words(
    "mere wick holt fell strand march combe firth garth haven isle keld lode moor ness over "
    "pike quay ridge scar thorpe vale warth beck croft dene ebb fold gate hythe law mead nook "
    "rigg sike toft weir wold yard brink cairn drift edge flats glen howe knoll ling mount "
    "parva reach"
)

WARDS = _words(
    "Amberlode Birchenfold Cinderquay Dapplewold Ebbtide Foxholm Gullscar Hollowfell Inkerrigg "
    "Jackdaw Kingcup Larkrise Millrace Nettlebank Otterhythe Plovermead Quarrybrink Rooksike "
    "Saltern Thistledene Undercliffe Violet Willowkeld Yarrowtoft"
)


def authority_names(count: int) -> list[str]:
    """Give invented names for local authorities outside the footprint.

    Args:
        count: How many names.

    Returns:
        Distinct names, the first ones the same however many are asked for.

    Raises:
        ValueError: More names are asked for than there are.
    """
    every = [first + last for first, last in product(_FIRST, _LAST)]
    random.Random(1).shuffle(every)  # noqa: S311 - an order, not a secret
    if count > len(every):
        raise ValueError(f"{count} authority names asked for; only {len(every)} were invented")
    return every[:count]
