"""Which kinds of outlines the marts draw.

What belongs here: one constant, apart from `beacon.outlines` so that landing need not load it.
"""

USED_AREA_TYPES = frozenset({"lsoa21", "lad24"})
