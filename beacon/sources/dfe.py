"""Department for Education: files in the layout of Explore Education Statistics.

What belongs here: reading files with one row per area, period and pupil group and one column per
measure. What does not: other departments' files.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from beacon.registry.sources import Container, DatasetSpec
from beacon.sources.codes import area_pattern
from beacon.sources.columns import Columns
from beacon.sources.observations import add_periods, reject_conflicts, to_observations
from beacon.sources.periods import parse_compact_academic
from beacon.sources.reading import read_table

_SEXES = {"Total": "Persons", "Girls": "Female", "Boys": "Male"}


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
    area_columns = {
        "country_code": "nation",
        "region_code": "region",
        "new_la_code": "county_or_unitary",
    }
    codes = [
        columns.code(header, area_pattern(kind, fictional=fictional), blank=True)
        for header, kind in area_columns.items()
    ]
    names = [columns.text(name) for name in ("country_name", "region_name", "la_name")]
    level = columns.allowed(
        "geographic_level", ("National", "Regional", "Local authority", "Local Authority")
    )
    columns.allowed("time_identifier", ("Academic year", "Academic Year"))
    frame = pl.DataFrame(
        {
            "level": level,
            "nation": codes[0],
            "region": codes[1],
            "authority": codes[2],
            "nation_name": names[0],
            "region_name": names[1],
            "authority_name": names[2],
            "sex": columns.allowed("gender", tuple(_SEXES)).replace_strict(_SEXES, default=None),
            "value": value,
            "value_status": status,
            "numerator": numerator,
            "denominator": denominator,
            "source_row": columns.rows.cast(pl.Int32),
        }
    ).hstack(add_periods(columns, "time_period", parse_compact_academic))

    def by_level(part: str) -> pl.Expr:
        return (
            pl.when(pl.col("level") == "National")
            .then(f"nation{part}")
            .when(pl.col("level") == "Regional")
            .then(f"region{part}")
            .otherwise(f"authority{part}")
        )

    frame = frame.with_columns(
        by_level("").alias("area_code"),
        by_level("_name").alias("area_name"),
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
    columns.fail_where(frame["area_code"] == "", "geographic_level", "has no area code in its row")
    columns.raise_if_problems()
    frame = reject_conflicts(columns, frame, "gld_percent")
    columns.raise_if_problems()
    return to_observations(frame)
