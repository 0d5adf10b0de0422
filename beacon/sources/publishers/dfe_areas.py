"""Areas in files of Explore Education Statistics: one column of codes and names for each level."""

from __future__ import annotations

import polars as pl

from beacon.sources.tabular.codes import area_pattern
from beacon.sources.tabular.columns import Columns

_LEVELS = {
    "National": ("country_code", "country_name", "nation"),
    "Regional": ("region_code", "region_name", "region"),
    "Local authority": ("new_la_code", "la_name", "county_or_unitary"),
    "Local Authority": ("new_la_code", "la_name", "county_or_unitary"),
}


def read_areas(columns: Columns, *, fictional: bool) -> pl.DataFrame:
    """Code and name of each row's area, by its geographic level.

    Returns:
        Columns area_code and area_name. Faults are collected in `columns`.
    """
    level = columns.allowed("geographic_level", tuple(_LEVELS))
    parts: dict[str, pl.Series] = {"level": level}
    for code, name, kind in _LEVELS.values():
        if code not in parts:
            pattern = area_pattern(kind, fictional=fictional)
            parts[code] = columns.code(code, pattern, blank=True)
            parts[name] = columns.text(name)
    code_of, name_of = (
        pl.coalesce(
            pl.when(pl.col("level") == level).then(entry[place]) for level, entry in _LEVELS.items()
        )
        for place in (0, 1)
    )
    frame = pl.DataFrame(parts).select(code_of.alias("area_code"), name_of.alias("area_name"))
    columns.fail_where(frame["area_code"] == "", "geographic_level", "has no area code in its row")
    return frame
