"""Which kinds of outlines the marts draw."""

USED_AREA_TYPES = frozenset({"lsoa21", "lad24"})
