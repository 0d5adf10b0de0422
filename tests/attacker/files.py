"""What the files of a release show of an indicator, each read for itself."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import openpyxl

_MARTS = ("observation", "beacon_indicator", "core20plus5_indicator")
_SHEETS = ("Beacons over time", "Core20PLUS5 over time")


@dataclass(frozen=True)
class Figure:
    """What one file shows in one row.

    Attributes:
        file: The file.
        cell: Measure, period, name of the area, and category ("All" or a group's own name).
        counts: Numerator and denominator, where both are shown.
        value: The figure.
        is_previous: Whether it is said to be the previous release's.
    """

    file: str
    cell: tuple[str, str, str, str]
    counts: tuple[float, float] | None
    value: float | None
    is_previous: bool = False


def figures(release: Path, slug: str) -> Iterator[Figure]:
    """Every figure of an indicator in the marts, the mart of changes, the CSVs and the workbook.

    Marts, CSVs and the workbook that are not there are left out.
    """
    yield from _parquet(release, slug)
    if (release / "workbook.xlsx").exists():
        yield from _csvs(release, slug)
        yield from _workbook(release, slug)


def _counts(numerator: object, denominator: object) -> tuple[float, float] | None:
    if numerator in (None, "") or denominator in (None, ""):
        return None
    return float(str(numerator)), float(str(denominator))


def _number(value: object) -> float | None:
    return None if value in (None, "") else float(str(value))


def _parquet(release: Path, slug: str) -> Iterator[Figure]:
    for mart in _MARTS:
        path = release / f"{mart}.parquet"
        if not path.exists():
            continue
        for measure, period, area, category, numerator, denominator, value in duckdb.execute(
            "select measure, period, area_name, category, numerator, denominator, value "
            "from read_parquet(?) where indicator_slug = ?",
            [str(path), slug],
        ).fetchall():
            cell = (measure, period, area, category)
            yield Figure(path.name, cell, _counts(numerator, denominator), value)
    path = release / "change.parquet"
    if not path.exists():
        return
    for measure, period, area, category, before, now in duckdb.execute(
        "select measure, period, area_name, category, previous_value, value "
        "from read_parquet(?) where indicator_slug = ?",
        [str(path), slug],
    ).fetchall():
        yield Figure(path.name, (measure, period, area, category), None, before, is_previous=True)
        yield Figure(path.name, (measure, period, area, category), None, now)


def _csvs(release: Path, slug: str) -> Iterator[Figure]:
    for name in (*_MARTS, "change"):
        path = release / "csv" / f"{name}.csv"
        packed = path.with_suffix(".csv.gz")
        opened = gzip.open if packed.exists() else open
        with opened(
            packed if packed.exists() else path, "rt", encoding="utf-8-sig", newline=""
        ) as stream:
            for row in csv.DictReader(stream):
                if row["indicator_slug"] != slug:
                    continue
                cell = (row["measure"], row["period"], row["area_name"], row["category"])
                counts = _counts(row.get("numerator"), row.get("denominator"))
                yield Figure(path.name, cell, counts, _number(row["value"]))
                if name == "change":
                    before = _number(row["previous_value"])
                    yield Figure(path.name, cell, None, before, is_previous=True)


def _workbook(release: Path, slug: str) -> Iterator[Figure]:
    book = openpyxl.load_workbook(release / "workbook.xlsx", read_only=True)
    for name in (*_SHEETS, "Changes"):
        if name not in book.sheetnames:
            continue
        rows = book[name].iter_rows(values_only=True)
        head = next(list(row) for row in rows if "Indicator" in row)
        for values in rows:
            row = dict(zip(head, values, strict=False))
            if row["Indicator"] != slug:
                continue
            category = str(row["Group"]).split(": ")[-1]
            cell = (str(row["Measure"]), str(row["Period"]), str(row["Area"]), category)
            file = f"workbook.xlsx, {name}"
            if name == "Changes":
                yield Figure(file, cell, None, _number(row["Now"]))
                yield Figure(file, cell, None, _number(row["Before"]), is_previous=True)
            else:
                counts = _counts(row.get("Numerator"), row.get("Denominator"))
                yield Figure(file, cell, counts, _number(row["Value"]))
