"""Department for Education: files behind its dashboards of young people after 16."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl

from beacon.registry.sources import Container, DatasetSpec
from beacon.sources.observations import add_periods, reject_conflicts, to_observations
from beacon.sources.publishers.dfe_areas import read_areas
from beacon.sources.publishers.dfe_lait import winter_of
from beacon.sources.publishers.dfe_numbers import ENGLAND, REGION_CODES
from beacon.sources.reading import read_table
from beacon.sources.tabular.codes import FICTIONAL_LETTER, area_pattern
from beacon.sources.tabular.columns import Columns
from beacon.sources.tabular.periods import Period, crossing_year
from beacon.sources.tabular.tables import TextTable

_LEVEL_2_SEX = {"ALL": "Persons", "Female": "Female", "Male": "Male"}
_FREE_MEALS = {"Eligible for FSM": "Eligible", "Not eligible for FSM": "Not eligible"}
_SPECIAL_NEEDS = (
    "No SEN",
    "SEN with statements or EHC plans",
    "SEN without statements or EHC plans",
)

_TOO_YOUNG = "The publisher’s file holds zeros for cohorts that have not reached this age yet."


def read_neet(path: Path, container: Container, spec: DatasetSpec, fictional: bool) -> pl.DataFrame:
    """Read one year's scorecard.

    Returns:
        Observations of the series in `options.series` (the publisher's column -> its name), in
        percent, with the cohort as denominator. The period is the winter that the publisher
        averages over.

    Raises:
        InputRefusedError: For a cell that is none of what its column may hold, or where NEET and
            not known do not add to their sum.
    """
    table = _without_demonstration(read_table(path, container, spec.dataset), spec)
    columns = Columns(table, spec.dataset, fictional=fictional)
    columns.check_row_count()
    columns.allowed("time_identifier", ("Calendar year",))
    columns.allowed("Age", ("16-17",))
    cohort, _ = columns.number("Cohort_DJFavg", 0)
    shared = read_areas(columns, fictional=fictional).hstack(
        add_periods(columns, "time_period", _winter)
    )
    parts: list[pl.DataFrame] = []
    values: dict[str, pl.Series] = {}
    for series, name in spec.dataset.options["series"].items():
        values[series], status = columns.number(series, 0, 100)
        parts.append(
            shared.with_columns(
                pl.lit(series).alias("series"),
                pl.lit(name).alias("series_name"),
                pl.lit("Persons").alias("sex"),
                pl.lit("16-17 yrs").alias("age"),
                values[series].alias("value"),
                status.alias("value_status"),
                columns.note(series),
                cohort.alias("denominator"),
                columns.rows.cast(pl.Int32).alias("source_row"),
            )
        )
    together, neet, unknown = (
        values[name] for name in ("NEET_not_known_percent", "NEET_percent", "Notknown_percent")
    )
    # Each is rounded to one decimal place, so the sum may be out by up to three half-units.
    columns.fail_where(
        (neet + unknown - together).abs() > 0.151,
        "NEET_not_known_percent",
        "is not the sum of NEET_percent and Notknown_percent in the same row",
    )
    columns.raise_if_problems()
    frame = to_observations(pl.concat(parts))
    frame = reject_conflicts(columns, frame, "NEET_not_known_percent")
    columns.raise_if_problems()
    return frame


def _without_demonstration(table: TextTable, spec: DatasetSpec) -> TextTable:
    """Leave out the rows of invented figures by which the publisher tries out its dashboard."""
    region = spec.dataset.options["demonstration_region"]
    if "region_name" not in table.header:
        return table
    name = table.text(table.header.index("region_name"))
    return replace(table, frame=table.frame.filter(name != region))


def _winter(text: str) -> Period | None:
    return winter_of(int(text)) if len(text) == 4 and text.isdigit() else None


def read_level2_at_19(
    path: Path, container: Container, spec: DatasetSpec, fictional: bool
) -> pl.DataFrame:
    """Read level 2 and 3 attainment by the age of 19, by authority, sex, meals and special needs.

    A cohort for which the whole file holds only zeros has not been published: the publisher fills
    the years to come with zeros. Its rows come back as not published, never as zero.

    Returns:
        Observations of the series in `options.series` (the publisher's rate column -> the column of
        its numerator and its name), in percent of the cohort of state-school pupils.

    Raises:
        InputRefusedError: For a rate that does not follow from its counts, or a cell that is none
            of what its column may hold.
    """
    table = read_table(path, container, spec.dataset)
    if fictional:
        table = _without_regions(table)
    columns = Columns(table, spec.dataset, fictional=fictional)
    columns.check_row_count()
    cohort_year = columns.code("cohort_19_in", r"20\d\d")
    cohort, _ = columns.number("number_in_ss_cohort", 0)
    shared = _level_2_groups(columns, fictional).hstack(
        add_periods(columns, "cohort_19_in", _ending_academic)
    )
    parts: list[pl.DataFrame] = []
    for series, (counted, name) in spec.dataset.options["series"].items():
        value, status = columns.number(series, 0, 100)
        numerator, _ = columns.number(counted, 0)
        columns.fail_where(
            ((numerator / cohort * 100) - value).abs() > 0.01,
            series,
            "does not follow from the counts in the same row",
        )
        part = shared.with_columns(
            pl.lit(series).alias("series"),
            pl.lit(name).alias("series_name"),
            pl.lit("19 yrs").alias("age"),
            value.alias("value"),
            status.alias("value_status"),
            columns.note(series),
            numerator.alias("numerator"),
            cohort.alias("denominator"),
            cohort_year.alias("cohort_year"),
            columns.rows.cast(pl.Int32).alias("source_row"),
        )
        parts.append(_without_placeholders(part))
    columns.raise_if_problems()
    frame = to_observations(pl.concat(parts))
    frame = reject_conflicts(columns, frame, "number_in_ss_cohort")
    columns.raise_if_problems()
    return frame


def _without_regions(table: TextTable) -> TextTable:
    """Leave out fictional regions, which the layout names without codes and nothing lists."""
    if not {"la_code_9", "region"} <= set(table.header):
        return table
    code, region = (table.text(table.header.index(name)) for name in ("la_code_9", "region"))
    return replace(table, frame=table.frame.filter((code != "ALL") | (region == "ALL")))


def _ending_academic(text: str) -> Period | None:
    """The academic year in which the cohort turned 19, from the year in which it ends."""
    return crossing_year(int(text) - 1, "academic") if text.isdigit() else None


def _without_placeholders(part: pl.DataFrame) -> pl.DataFrame:
    empty = ((pl.col("value").max() == 0) & (pl.col("numerator").max() == 0)).over("cohort_year")
    return part.with_columns(
        pl.when(empty).then(None).otherwise("value").alias("value"),
        pl.when(empty).then(None).otherwise("numerator").alias("numerator"),
        pl.when(empty)
        .then(pl.lit("not_published"))
        .otherwise("value_status")
        .alias("value_status"),
        pl.when(empty).then(pl.lit(_TOO_YOUNG)).otherwise("value_note").alias("value_note"),
    )


def _level_2_groups(columns: Columns, fictional: bool) -> pl.DataFrame:
    """Area, sex and category of every row: "ALL" in the code column is a region, or England."""
    authority = area_pattern("county_or_unitary", fictional=fictional)
    code = columns.code("la_code_9", f"ALL|{authority}")
    region = columns.text("region")
    if not fictional:
        columns.allowed("region", ("ALL", *REGION_CODES))
    sex = columns.allowed("gender", tuple(_LEVEL_2_SEX))
    meals = columns.allowed("fsm", ("ALL", *_FREE_MEALS))
    needs = columns.allowed("sen", ("ALL", *_SPECIAL_NEEDS))
    columns.fail_where(
        (meals != "ALL") & (needs != "ALL"),
        "sen",
        "stands in a row that is already split by free school meals",
    )
    return pl.DataFrame(
        {"code": code, "region": region, "name": columns.text("la_name"), "sex": sex,
         "meals": meals, "needs": needs}
    ).select(
        pl.when(pl.col("code") != "ALL")
        .then("code")
        .when(pl.col("region") != "ALL")
        .then(pl.col("region").replace_strict(REGION_CODES, default=None))
        .otherwise(pl.lit(FICTIONAL_LETTER + ENGLAND[1:] if fictional else ENGLAND))
        .alias("area_code"),
        pl.when(pl.col("code") != "ALL")
        .then("name")
        .when(pl.col("region") != "ALL")
        .then("region")
        .otherwise(pl.lit("England"))
        .alias("area_name"),
        pl.col("sex").replace_strict(_LEVEL_2_SEX, default=None),
        pl.when(pl.col("meals") != "ALL")
        .then(pl.lit("Free school meals"))
        .when(pl.col("needs") != "ALL")
        .then(pl.lit("Special educational needs"))
        .alias("category_type"),
        pl.when(pl.col("meals") != "ALL")
        .then(pl.col("meals").replace_strict(_FREE_MEALS, default=None))
        .when(pl.col("needs") != "ALL")
        .then("needs")
        .alias("category"),
    )  # fmt: skip
