"""Department for Education: files in the layout of Explore Education Statistics."""

from __future__ import annotations

from collections.abc import Mapping
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

    The register's options give the publisher's names of the columns `value` and `pupils`, and, for
    a table by characteristic, of `category_type` and `category`; a total has no category.

    Returns:
        Observations of the series named by the option `series`: value in percent, numerator the
        pupils with a good level of development, denominator the pupils with a profile.

    Raises:
        InputRefusedError: When a percentage does not follow from its counts, or a cell is none of
            what its column may hold.
    """
    columns = Columns(read_table(path, container, spec.dataset), spec.dataset, fictional=fictional)
    columns.check_row_count()
    options = spec.dataset.options
    percent = options["value"]
    value, status = columns.number(percent, 0, 100)
    numerator, _ = columns.number("gld_number", 0)
    denominator, _ = columns.number(options["pupils"], 0)
    columns.fail_where(
        ((numerator / denominator * 100) - value).abs() > 0.1,
        percent,
        "does not follow from the counts in the same row",
    )
    areas = read_areas(columns, fictional=fictional)
    columns.allowed("time_identifier", ("Academic year", "Academic Year"))
    frame = pl.DataFrame(
        {
            "sex": columns.allowed("gender", tuple(_SEXES)).replace_strict(_SEXES, default=None),
            "value": value,
            "value_status": status,
            "value_note": columns.note(percent),
            "numerator": numerator,
            "denominator": denominator,
            "source_row": columns.rows.cast(pl.Int32),
        }
    ).hstack([*areas, *add_periods(columns, "time_period", parse_compact_academic)])

    frame = frame.with_columns(
        pl.lit(options["series"]).alias("series"),
        *(_group(columns, options, name) for name in ("category_type", "category")),
        pl.lit("Good level of development").alias("series_name"),
        pl.lit("End of reception").alias("age"),
        *(
            pl.lit(None, dtype=kind).alias(name)
            for name, kind in (("lower_95", pl.Float64), ("upper_95", pl.Float64))
        ),
    )
    columns.raise_if_problems()
    frame = reject_conflicts(columns, frame, percent)
    columns.raise_if_problems()
    return to_observations(frame)


def _group(columns: Columns, options: Mapping[str, str], name: str) -> pl.Series:
    """What a row is broken down by, or its group; missing in a total."""
    header = options.get(name)
    if header is None:
        return pl.Series(name, [None] * len(columns.rows), dtype=pl.String)
    return columns.text(header).replace({"Total": None}).alias(name)
