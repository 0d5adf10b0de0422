"""The table of accepted returns of neighbourhood programmes, small counts hidden already."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from beacon.registry.sources import Container, DatasetSpec
from beacon.sources.reading import read_table
from beacon.sources.tabular.columns import Columns

TEXTS = (
    "form_id", "form_name", "definition_version", "organisation_code", "organisation_name",
    "place_code", "area_kind", "area_code", "area_name", "period", "metric", "metric_name",
    "metric_kind", "polarity", "unit", "breakdown", "breakdown_name", "breakdown_group",
    "value_note", "return_id", "return_sha256", "submitted_by_role", "approved_by_role",
)  # fmt: skip
DAYS = ("period_start", "period_end")
STATUSES = ("published", "suppressed", "missing", "not_supplied", "not_applicable")
FIGURES = ("numerator", "denominator", "value")
WHOLE = ("metric_order", "group_order", "per", "smallest_shown", "return_row")
COLLECTION_HEADER = (*TEXTS, *DAYS, *WHOLE, *FIGURES, "value_status")
"""Columns of the table. A figure is empty unless `value_status` is published."""

_KEY = (
    "form_id",
    "area_kind",
    "area_code",
    "period_start",
    "metric",
    "breakdown",
    "breakdown_group",
)


def read_neighbourhood_returns(
    path: Path, container: Container, spec: DatasetSpec, fictional: bool
) -> pl.DataFrame:
    """Read the table.

    Returns:
        Its rows, typed; figures that are not there are null.

    Raises:
        InputRefusedError: For a cell that is none of what its column may hold.
    """
    columns = Columns(read_table(path, container, spec.dataset), spec.dataset, fictional=fictional)
    columns.check_row_count()
    status = columns.allowed("value_status", STATUSES)
    kept = {name: columns.text(name).replace("", None) for name in TEXTS}
    for name in DAYS:
        kept[name] = columns.text(name).str.to_date(strict=False).alias(name)
        columns.fail_where(kept[name].is_null(), name, "is not a day")
    for name in WHOLE:
        kept[name] = columns.number(name, 0)[0].cast(pl.Int64)
    for name in FIGURES:
        kept[name] = columns.number(name, 0)[0]
        columns.fail_where(
            kept[name].is_not_null() & (status != "published"),
            name,
            "is shown, and hidden by its status",
        )
    columns.fail_where(kept["value"].is_null() & (status == "published"), "value", "is no number")
    columns.unique(_KEY)
    columns.raise_if_problems()
    return pl.DataFrame(kept).with_columns(
        status.alias("value_status"), columns.rows.cast(pl.Int32).alias("source_row")
    )
