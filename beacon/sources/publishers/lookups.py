"""ONS geography lookups: tables of codes that say which area lies in which."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from beacon.registry.sources import Container, DatasetSpec
from beacon.sources.reading import read_table
from beacon.sources.tabular.codes import area_pattern
from beacon.sources.tabular.columns import Columns


def read_lookup(
    path: Path, container: Container, spec: DatasetSpec, fictional: bool
) -> pl.DataFrame:
    """Read a lookup. The register's options say, for each column to keep, its new name and kind.

    `options.columns` maps a publisher's header to `{name, kind}` where kind is a kind of area code,
    "text", or a list of allowed values; `options.key` lists the headers that make a row unique.

    Returns:
        The kept columns under their new names, and source_row.
    """
    columns = Columns(read_table(path, container, spec.dataset), spec.dataset, fictional=fictional)
    columns.check_row_count()
    kept: dict[str, pl.Series] = {}
    for header, target in spec.dataset.options["columns"].items():
        kind = target["kind"]
        if isinstance(kind, list):
            kept[target["name"]] = columns.allowed(header, kind)
        elif kind == "text":
            kept[target["name"]] = columns.text(header)
        else:
            kept[target["name"]] = columns.code(header, area_pattern(kind, fictional=fictional))
    columns.unique(spec.dataset.options["key"])
    columns.raise_if_problems()
    return pl.DataFrame(kept).with_columns(columns.rows.cast(pl.Int32).alias("source_row"))
