"""Department for Work and Pensions: children in low income families, local area statistics."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from beacon.core.errors import InputRefusedError, Problem
from beacon.registry.sources import Container, DatasetSpec
from beacon.sources.observations import reject_conflicts, to_observations
from beacon.sources.reading import begins_with
from beacon.sources.tabular.columns import Columns
from beacon.sources.tabular.periods import crossing_year
from beacon.sources.tabular.spreadsheets import read_sheets
from beacon.sources.tabular.tables import TextTable, without_notes
from beacon.sources.tabular.yearly_columns import with_named_columns, year_columns

_COUNT = r"Number of children FYE (20\d\d)(?: ?\[.*\])*"
_PERCENT = r"Percentage of children FYE (20\d\d) ?\(%\)(?: ?\[.*\])*"


def read_low_income_families(
    path: Path, container: Container, spec: DatasetSpec, fictional: bool
) -> pl.DataFrame:
    """Read the percentage of children under 16 in low income families, by local authority.

    Returns:
        Observations in percent, the number of children as numerator. The series is
        `relative_bhc`, `absolute_bhc`, or `_ahc` where the table's title says after housing costs.
        A year that the publisher marks [p] has the note "Provisional".

    Raises:
        InputRefusedError: For a table whose title does not say which measure it is, counts without
            percentages, or a cell that is none of what its column may hold.
    """
    problems: list[Problem] = []
    frames: list[pl.DataFrame] = []
    # Tables of wards have a column "Local Authority" too, and two called "Area Code".
    for table in read_sheets(path, lambda cells: begins_with(spec.dataset, cells)):
        data = without_notes(table)
        columns = Columns(data, with_named_columns(spec.dataset, data), fictional=fictional)
        columns.check_row_count()
        series = _series(table, problems)
        counts, percents = year_columns(data, _COUNT), year_columns(data, _PERCENT)
        if not percents or set(counts) != set(percents):
            problems.append(
                Problem(
                    table.file,
                    "numbers and percentages of children are not there for the same years: "
                    f"{sorted(counts)} and {sorted(percents)}.",
                    table.header_row,
                )
            )
            continue
        name, code = spec.dataset.header
        letters = "[KZ]" if fictional else "[EKNSW]"
        columns.unique([code])
        shared = pl.DataFrame(
            {
                "area_code": columns.code(code, letters + r"\d{8}"),
                "area_name": columns.text(name).str.replace(r" ?\[note \d+\]$", ""),
                "source_row": columns.rows.cast(pl.Int32),
            }
        ).with_columns(
            pl.lit(series).alias("series"),
            pl.lit(spec.dataset.title).alias("series_name"),
            pl.lit("Persons").alias("sex"),
            pl.lit("<16 yrs").alias("age"),
        )
        for year, header in percents.items():
            # Cells hold fractions that the sheet shows as percentages.
            share, status = columns.number(header, 0, 1)
            count, _ = columns.number(counts[year], 0)
            period = crossing_year(year - 1, "financial")
            frames.append(
                to_observations(
                    shared.with_columns(
                        (share * 100).round(6).alias("value"),
                        status.alias("value_status"),
                        count.alias("numerator"),
                        _provisional(header, columns.note(header)),
                        pl.lit(period.label).alias("period"),
                        pl.lit(period.start).alias("period_start"),
                        pl.lit(period.end).alias("period_end"),
                    )
                )
            )
        problems.extend(columns.problems)
    if problems:
        raise InputRefusedError(problems)
    frame = reject_conflicts(columns, pl.concat(frames), spec.dataset.header[1])
    columns.raise_if_problems()
    return frame


def _series(table: TextTable, problems: list[Problem]) -> str:
    title = table.preamble[0] if table.preamble else ""
    low = title.lower()
    kinds = [kind for kind in ("relative", "absolute") if kind in low]
    if len(kinds) != 1:
        problems.append(
            Problem(table.file, f"the title {title!r} says neither relative nor absolute.", 1)
        )
        return ""
    costs = "ahc" if "after housing costs" in low or "ahc" in low.split() else "bhc"
    return f"{kinds[0]}_{costs}"


def _provisional(header: str, notes: pl.Series) -> pl.Series:
    """Notes on a year's values, which its header may say are provisional."""
    return notes.fill_null("Provisional") if "[p]" in header else notes
