"""Explore Local Statistics (Office for National Statistics): CSV on the Web, one file a topic."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl

from beacon.registry.sources import Container, DatasetSpec
from beacon.sources.observations import (
    add_periods,
    check_limits,
    reject_conflicts,
    to_observations,
)
from beacon.sources.reading import read_used_series
from beacon.sources.tabular.columns import MARKERS, Columns
from beacon.sources.tabular.periods import parse_iso
from beacon.sources.tabular.tidy_text import fold

# Statuses are the markers of official statistics, flags of a value that is there, and sentences.
_FLAGS = {"p": "Provisional", "r": "Revised", "e": "Estimated", "b": "Break in the series"}
_SENTENCE = r"Value for .*"


def read_ons_els(
    path: Path, container: Container, spec: DatasetSpec, fictional: bool
) -> pl.DataFrame:
    """Read one topic's file.

    Returns:
        Observations; the series is the text of the `indicator` column. Sex and age are not columns
        of these files: the register of indicators says what each series covers.

    Raises:
        InputRefusedError: For a cell that is none of what its column may hold.
    """
    table, rows = read_used_series(path, container, spec)
    columns = Columns(table, spec.dataset, fictional=fictional)
    columns.check_row_count(rows)
    value, marker = columns.number("observation")
    lower, _ = columns.number("lci_95")
    upper, _ = columns.number("uci_95")
    check_limits(columns, value, lower, upper, "lci_95")
    status, flag = _statuses(columns)
    notes = columns.text("notes")
    series = columns.text("indicator")
    columns.fail_where(series == "", "indicator", "is empty")
    columns.fail_where(columns.text("measure") == "", "measure", "is empty")
    columns.allowed("unit", tuple(spec.dataset.options["units"]))
    columns.allowed("geography", tuple(spec.dataset.options["geographies"]))
    letter = "Z" if fictional else "[A-Y]"
    frame = pl.DataFrame(
        {
            "series": series,
            "series_name": series,
            "area_code": columns.code("areacd", letter + r"(?:\d{8}|[A-Z]{2}[A-Z0-9]{0,3})"),
            "area_name": columns.text("areanm"),
            "sex": pl.repeat("Persons", len(series), eager=True),
            "age": pl.repeat("", len(series), eager=True),
            "value": value,
            "lower_95": lower,
            "upper_95": upper,
            "status": status,
            "flag": flag,
            "marker": marker,
            "notes": notes,
            "source_row": columns.rows.cast(pl.Int32),
        }
    ).hstack(add_periods(columns, "period", parse_iso))
    columns.raise_if_problems()
    frame = frame.with_columns(
        pl.when(pl.col("value").is_not_null())
        .then(pl.lit("published"))
        .otherwise("status")
        .fill_null(pl.col("marker"))
        .alias("value_status"),
        # A status that is a sentence, and the note, both explain the value to a reader.
        pl.concat_str(
            [
                pl.when(pl.col("flag") != "").then("flag"),
                pl.when(pl.col("notes") != "").then("notes"),
            ],
            separator=". ",
            ignore_nulls=True,
        )
        .replace("", None)
        .alias("value_note"),
        pl.lit(None, dtype=pl.String).alias("category_type"),
        pl.lit(None, dtype=pl.String).alias("category"),
        pl.lit(None, dtype=pl.Float64).alias("numerator"),
        pl.lit(None, dtype=pl.Float64).alias("denominator"),
    )
    frame = reject_conflicts(columns, frame, "observation")
    columns.raise_if_problems()
    return to_observations(frame)


def _statuses(columns: Columns) -> tuple[pl.Series, pl.Series]:
    """Why a value is missing, null where the status does not say; and what it says of a value."""
    texts = columns.text("status")
    meanings = {fold(marker): meaning for marker, meaning in MARKERS.items()}
    kinds = texts.unique().to_list()
    reasons = {kind: meanings.get(fold(kind)) for kind in kinds}
    flags = {kind: _FLAGS.get(fold(kind).strip("[]"), "") for kind in kinds}
    sentences = {kind: kind for kind in kinds if re.fullmatch(_SENTENCE, kind)}
    known = [
        kind for kind in kinds if not kind or reasons[kind] or flags[kind] or kind in sentences
    ]
    columns.fail_where(~texts.is_in(known), "status", "is no status that is known")
    return (
        texts.replace_strict(reasons, return_dtype=pl.String),
        texts.replace_strict({**flags, **sentences}, return_dtype=pl.String),
    )
