"""Department for Education: files in the layout of Explore Education Statistics."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from beacon.registry.sources import Container, DatasetSpec
from beacon.sources.observations import add_periods, reject_conflicts, to_observations
from beacon.sources.publishers.dfe_areas import read_areas
from beacon.sources.reading import read_table
from beacon.sources.tabular.columns import Columns
from beacon.sources.tabular.periods import parse_compact_academic

_SEXES = {"Total": "Persons", "Girls": "Female", "Boys": "Male",
          "Female": "Female", "Male": "Male"}  # fmt: skip


def read_eyfsp(
    path: Path, container: Container, spec: DatasetSpec, fictional: bool
) -> pl.DataFrame:
    """Read the Early Years Foundation Stage Profile: pupils with a good level of development.

    Returns:
        Observations of series `gld_percent`: value in percent, numerator the pupils with a good
        level of development, denominator the pupils with a profile.

    Raises:
        InputRefusedError: When a percentage does not follow from its counts, or a cell is none of
            what its column may hold.
    """
    columns = Columns(read_table(path, container, spec.dataset), spec.dataset, fictional=fictional)
    columns.check_row_count()
    value, status = columns.number("gld_percent", 0, 100)
    numerator, _ = columns.number("gld_number", 0)
    denominator, _ = columns.number("number_of_children", 0)
    columns.fail_where(
        ((numerator / denominator * 100) - value).abs() > 0.1,
        "gld_percent",
        "does not follow from the counts in the same row",
    )
    areas = read_areas(columns, fictional=fictional)
    columns.allowed("time_identifier", ("Academic year", "Academic Year"))
    frame = pl.DataFrame(
        {
            "sex": columns.allowed("gender", tuple(_SEXES)).replace_strict(_SEXES, default=None),
            "value": value,
            "value_status": status,
            "value_note": columns.note("gld_percent"),
            "numerator": numerator,
            "denominator": denominator,
            "source_row": columns.rows.cast(pl.Int32),
        }
    ).hstack([*areas, *add_periods(columns, "time_period", parse_compact_academic)])

    frame = frame.with_columns(
        pl.lit("gld_percent").alias("series"),
        pl.lit("Good level of development").alias("series_name"),
        pl.lit("End of reception").alias("age"),
        *(
            pl.lit(None, dtype=kind).alias(name)
            for name, kind in (
                ("category_type", pl.String),
                ("category", pl.String),
                ("lower_95", pl.Float64),
                ("upper_95", pl.Float64),
            )
        ),
    )
    columns.raise_if_problems()
    frame = reject_conflicts(columns, frame, "gld_percent")
    columns.raise_if_problems()
    return to_observations(frame)
