"""Pages of a web service, kept as they were sent, in one file.

Some publishers give a table only in pages. Their answers are kept byte for byte as members
`page-0001`, `page-0002` … of a ZIP archive that is not compressed and carries no dates, so that
equal answers give equal bytes. One more member, `index.json`, says what was asked.
"""

from __future__ import annotations

import itertools
import json
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import polars as pl

from beacon.core.errors import InputRefusedError, Problem
from beacon.core.files import canonical_json
from beacon.registry.fetch import Pivot
from beacon.registry.sources import Dataset
from beacon.sources.tabular.tables import ROW, TextTable

INDEX = "index.json"
FORMAT = "beacon-pages-1"
_NO_DATE = (1980, 1, 1, 0, 0, 0)

Shape = Literal["arcgis", "geojson", "csv", "json", "stat_xplore"]
"""arcgis: `features[].attributes`; geojson: `features[]`; csv: a header and rows on every page;
json: `results[]`; stat_xplore: cells of `cubes`, nested by `fields`."""


@dataclass(frozen=True)
class PageIndex:
    """What was asked.

    Attributes:
        dataset: Key of the dataset.
        shape: How records lie in a page.
        path: Path at the publisher.
        query: The query, without the paging.
        records: Records that the publisher said there are.
    """

    dataset: str
    shape: Shape
    path: str
    query: dict[str, Any]
    records: int


def write_pages(path: Path, index: PageIndex, pages: Iterable[bytes]) -> None:
    """Write an archive; the same pages give the same bytes."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for number, content in enumerate(pages, start=1):
            archive.writestr(zipfile.ZipInfo(f"page-{number:04d}", _NO_DATE), content)
        described = canonical_json({"format": FORMAT, **index.__dict__})
        archive.writestr(zipfile.ZipInfo(INDEX, _NO_DATE), described.encode())


def read_index(path: Path) -> PageIndex:
    """What was asked for the pages of an archive.

    Raises:
        InputRefusedError: When the archive is damaged or of another version.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            described: dict[str, Any] = json.loads(archive.read(INDEX))
        if described.pop("format", None) != FORMAT:
            raise ValueError("of another version")
        return PageIndex(**described)
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError) as error:
        raise _damaged(path, error) from error


def read_pages(path: Path) -> Iterator[bytes]:
    """The publisher's answers, in order.

    Raises:
        InputRefusedError: When the archive is damaged.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            for name in sorted(archive.namelist()):
                if name != INDEX:
                    yield archive.read(name)
    except zipfile.BadZipFile as error:
        raise _damaged(path, error) from error


def read_features(path: Path) -> list[dict[str, Any]]:
    """GeoJSON features of all pages, in order."""
    return [feature for page in _json_pages(path) for feature in page.get("features", [])]


def read_page_table(path: Path, dataset: Dataset) -> TextTable:
    """All records as a table under the dataset's own headers.

    The row number of a record is its place among all records; of a pivoted row, its own place.

    Raises:
        InputRefusedError: Naming the field that the records lack, the cell that occurs twice, or
            how many records are missing.
    """
    index = read_index(path)
    records = _records(path, index)
    if records.height != index.records:
        raise InputRefusedError(
            [
                Problem(
                    path.name,
                    f"has {records.height:,} records where the publisher said {index.records:,}.",
                )
            ]
        )
    if not records.height:
        raise InputRefusedError([Problem(path.name, "the pages hold no records.")])
    pivot = dataset.records.pivot
    if pivot is not None:
        return _table(path, _pivoted(path, dataset, pivot, records))
    headers = {field: header for header, field in dataset.records.fields.items()}
    return _table(path, records.rename(headers, strict=False))


def _pivoted(path: Path, dataset: Dataset, pivot: Pivot, records: pl.DataFrame) -> pl.DataFrame:
    named = dataset.records.fields
    needed = [*named.values(), pivot.field, pivot.value]
    missing = [field for field in needed if field not in records.columns]
    if missing:
        raise InputRefusedError(
            [Problem(path.name, "the column is missing from the pages.", 1, m) for m in missing]
        )
    keys = list(named.values())
    twice = records.filter(records.select(*keys, pivot.field).is_duplicated())
    if twice.height:
        cell = ", ".join(twice.row(0, named=True)[name] for name in (*keys, pivot.field))
        raise InputRefusedError([Problem(path.name, f"the cell {cell} occurs more than once.")])
    wide = records.pivot(on=pivot.field, index=keys, values=pivot.value, maintain_order=True)
    codes = pivot.expanded()
    absent = [code for code in codes if code not in wide.columns]
    if absent:
        raise InputRefusedError(
            [Problem(path.name, f"no record has {pivot.field} {code}.") for code in absent[:5]]
        )
    by_header = dict(zip([h for h in dataset.header if h not in named], codes, strict=True))
    source = {**named, **by_header}
    return wide.select(
        pl.col(source[header]).fill_null("").alias(header) for header in dataset.header
    )


def _table(path: Path, rows: pl.DataFrame) -> TextTable:
    header = rows.columns
    frame = rows.rename({name: f"c{place}" for place, name in enumerate(header)}).with_columns(
        pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias(ROW)
    )
    return TextTable(path.name, header, frame, 0)


def _records(path: Path, index: PageIndex) -> pl.DataFrame:
    """Every record's values as text, one column a field."""
    if index.shape == "csv":
        return _csv_records(path)
    records: list[dict[str, Any]] = []
    for page in _json_pages(path):
        if index.shape == "stat_xplore":
            records += _cells(path, page, index.query["measures"])
        elif index.shape == "json":
            records += [_flat(record) for record in page.get("results", [])]
        else:
            inner = "attributes" if index.shape == "arcgis" else "properties"
            records += [feature.get(inner) or {} for feature in page.get("features", [])]
    fields = list(dict.fromkeys(name for record in records for name in record))
    return pl.DataFrame(
        {name: [_text(record.get(name)) for record in records] for name in fields},
        schema=dict.fromkeys(fields, pl.String),
    )


def _csv_records(path: Path) -> pl.DataFrame:
    frames: list[pl.DataFrame] = []
    for number, page in enumerate(read_pages(path), start=1):
        try:
            frame = pl.read_csv(page, infer_schema=False).fill_null("")
            # Nomis writes headers in the case in which they were asked for.
            frame = frame.rename({name: name.upper() for name in frame.columns})
        except pl.exceptions.PolarsError as error:
            raise InputRefusedError(
                [Problem(path.name, f"page {number} cannot be read as CSV ({error}).")]
            ) from error
        if frames and frame.columns != frames[0].columns:
            raise InputRefusedError(
                [Problem(path.name, f"page {number} has other columns than page 1.", 1)]
            )
        frames.append(frame)
    return pl.concat(frames) if frames else pl.DataFrame()


def _json_pages(path: Path) -> Iterator[dict[str, Any]]:
    for number, page in enumerate(read_pages(path), start=1):
        try:
            document = json.loads(page)
        except (ValueError, UnicodeDecodeError) as error:
            raise InputRefusedError(
                [Problem(path.name, f"page {number} is no JSON ({error}).")]
            ) from error
        yield document


def _cells(path: Path, table: dict[str, Any], measures: list[str]) -> list[dict[str, Any]]:
    """The cells of a Stat-Xplore table, one record each.

    A field `...:COA` becomes the columns `COA`, the code at the end of its item's id (none for a
    total), and `COA label`.
    """
    fields = [
        (
            str(field["uri"]).rsplit(":", 1)[-1],
            [
                ("+".join(str(uri).rsplit(":", 1)[-1] for uri in item.get("uris") or []),
                 "+".join(map(str, item.get("labels") or [])))
                for item in field["items"]
            ],
        )
        for field in table["fields"]
    ]  # fmt: skip
    found: list[dict[str, Any]] = []
    for measure in measures:
        for places in itertools.product(*(range(len(items)) for _, items in fields)):
            value: Any = table["cubes"][measure]["values"]
            record: dict[str, Any] = {}
            try:
                for (name, items), place in zip(fields, places, strict=True):
                    value = value[place]
                    record[name], record[f"{name} label"] = items[place]
            except (IndexError, TypeError) as error:
                problem = Problem(path.name, "the table has fewer cells than its fields say.")
                raise InputRefusedError([problem]) from error
            found.append({**record, "measure": measure, "value": value})
    return found


def _flat(record: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in record.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[prefix + name] = value
    return flat


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _damaged(path: Path, error: Exception) -> InputRefusedError:
    return InputRefusedError(
        [Problem(path.name, f"the archive of pages is damaged or cut short ({error}).")]
    )
