"""Bytes: delimited text, gzip, xlsx and GeoPackage, written the same way every time.

Belongs here: how bytes are laid out. Does not belong here: what a publisher says in them.
Nothing depends on the clock, the user or a temporary name, so equal content is equal bytes.
"""

from __future__ import annotations

import gzip
import sqlite3
import struct
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Literal
from xml.sax.saxutils import escape

import numpy as np
import polars as pl
import xlsxwriter

from beacon.sample.world import Floats, Ints

CHUNK_ROWS = 20_000
"""Rows in memory at once in the wide files."""

EPOCH = datetime(2026, 1, 1)
BOM = b"\xef\xbb\xbf"

Quote = Literal["necessary", "always", "non_numeric", "never"]


def chunks(rows: int) -> Iterator[tuple[int, int]]:
    """Yield (start, stop) pairs that cover `rows` in pieces of `CHUNK_ROWS`."""
    for start in range(0, rows, CHUNK_ROWS):
        yield start, min(start + CHUNK_ROWS, rows)


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """Open a file for writing bytes; a name ending in .gz is compressed without date or name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as raw:
        if path.suffix == ".gz":
            # Level 6: level 9 is three times slower for 2 % fewer bytes.
            with gzip.GzipFile("", "wb", compresslevel=6, fileobj=raw, mtime=0) as packed:
                yield packed  # type: ignore[misc]  # GzipFile is a writable binary stream
        else:
            yield raw


def write_csv(
    path: Path,
    frames: pl.DataFrame | Iterable[pl.DataFrame],
    *,
    before: bytes = b"",
    after: bytes = b"",
    line_end: str = "\n",
    quote: Quote = "necessary",
    header: bool = True,
) -> None:
    r"""Write frames one after the other as delimited text.

    Args:
        path: Where; `.gz` is compressed.
        frames: One frame, or several with the same columns (memory holds one at a time).
        before: Bytes before the header, a BOM or a preamble.
        after: Bytes after the last row.
        line_end: `\n`, or `\r\n` where the publisher uses it.
        quote: Polars' quoting style.
        header: Whether the first frame's column names are written.
    """
    if isinstance(frames, pl.DataFrame):
        frames = (frames,)
    with opened(path) as out:
        out.write(before)
        for frame in frames:
            text = frame.write_csv(
                include_header=header, line_terminator=line_end, quote_style=quote
            )
            out.write(text.encode())
            header = False
        out.write(after)


def write_xlsx(
    path: Path,
    notes: Mapping[str, Sequence[str]],
    sheets: Mapping[str, Iterable[Sequence[Any]]],
    *,
    title: str,
) -> None:
    """Write a workbook row by row, in constant memory and with a fixed date.

    Args:
        path: Where.
        notes: Sheets of text drawn in a box, as MHCLG's `Notes`: the cells stay empty.
        sheets: Sheets of rows; the first row of each is its header.
        title: Workbook property, says that it is fictional.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with (
        # In constant memory a sheet's rows wait in a file that the library leaves behind.
        tempfile.TemporaryDirectory() as rows_wait_here,
        xlsxwriter.Workbook(path, {"constant_memory": True, "tmpdir": rows_wait_here}) as book,
    ):
        book.set_properties(
            {"title": title, "author": "Beacon sample publisher (fictional)", "created": EPOCH}
        )
        for name, lines in notes.items():
            box = {"width": 900, "height": 40 + 22 * len(lines)}
            book.add_worksheet(name).insert_textbox(0, 0, "\n".join(lines), box)
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)


_ODS_MIME = "application/vnd.oasis.opendocument.spreadsheet"
_ODS_NAMES = "urn:oasis:names:tc:opendocument:xmlns"


def write_ods(path: Path, sheets: Mapping[str, Iterable[Sequence[Any]]]) -> None:
    """Write an OpenDocument spreadsheet of texts and numbers, without a date of writing.

    Layout after OpenDocument 1.3, part 2 (packages) and part 3, sections 9.1.2 to 9.1.4.

    Args:
        path: Where.
        sheets: Sheets of rows; None is an empty cell.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    manifest = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<manifest:manifest xmlns:manifest="{_ODS_NAMES}'
        f':manifest:1.0"><manifest:file-entry manifest:full-path="/" manifest:media-type='
        f'"{_ODS_MIME}"/><manifest:file-entry manifest:full-path="content.xml" '
        f'manifest:media-type="text/xml"/></manifest:manifest>'
    )

    def member(name: str, compress: int) -> zipfile.ZipInfo:
        info = zipfile.ZipInfo(name, EPOCH.timetuple()[:6])
        info.compress_type = compress
        info.external_attr = 0o644 << 16
        return info

    with zipfile.ZipFile(path, "w") as archive:
        # First and uncompressed, so that the type can be read without unpacking.
        archive.writestr(member("mimetype", zipfile.ZIP_STORED), _ODS_MIME)
        archive.writestr(member("META-INF/manifest.xml", zipfile.ZIP_DEFLATED), manifest)
        with archive.open(member("content.xml", zipfile.ZIP_DEFLATED), "w") as out:
            out.write(
                f'<?xml version="1.0" encoding="UTF-8"?>\n<office:document-content '
                f'xmlns:office="{_ODS_NAMES}:office:1.0" xmlns:table="{_ODS_NAMES}:table:1.0" '
                f'xmlns:text="{_ODS_NAMES}:text:1.0" office:version="1.3"><office:body>'
                f"<office:spreadsheet>".encode()
            )
            for name, rows in sheets.items():
                out.write(f'<table:table table:name="{escape(name)}">'.encode())
                for row in rows:
                    cells = "".join(map(_ods_cell, row)) or "<table:table-cell/>"
                    out.write(f"<table:table-row>{cells}</table:table-row>".encode())
                out.write(b"</table:table>")
            out.write(b"</office:spreadsheet></office:body></office:document-content>")


def _ods_cell(value: Any) -> str:
    if value is None:
        return "<table:table-cell/>"
    if isinstance(value, (int, float)):
        return (
            f'<table:table-cell office:value-type="float" office:value="{value!r}">'
            f"<text:p>{value!r}</text:p></table:table-cell>"
        )
    lines = "".join(f"<text:p>{escape(line)}</text:p>" for line in str(value).split("\n"))
    return f'<table:table-cell office:value-type="string">{lines}</table:table-cell>'


_WGS84 = (
    'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563,'
    'AUTHORITY["EPSG","7030"]],AUTHORITY["EPSG","6326"]],PRIMEM["Greenwich",0,'
    'AUTHORITY["EPSG","8901"]],UNIT["degree",0.0174532925199433,AUTHORITY["EPSG","9122"]],'
    'AXIS["Latitude",NORTH],AXIS["Longitude",EAST],AUTHORITY["EPSG","4326"]]'
)
_GPKG_SCHEMA = """
CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT NOT NULL,srs_id INTEGER NOT NULL PRIMARY KEY,
 organization TEXT NOT NULL,organization_coordsys_id INTEGER NOT NULL,definition TEXT NOT NULL,
 description TEXT);
CREATE TABLE gpkg_contents (table_name TEXT NOT NULL PRIMARY KEY,data_type TEXT NOT NULL,
 identifier TEXT UNIQUE,description TEXT DEFAULT '',last_change DATETIME NOT NULL,min_x DOUBLE,
 min_y DOUBLE,max_x DOUBLE,max_y DOUBLE,srs_id INTEGER,
 CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id));
CREATE TABLE gpkg_ogr_contents(table_name TEXT NOT NULL PRIMARY KEY,
 feature_count INTEGER DEFAULT NULL);
CREATE TABLE gpkg_geometry_columns (table_name TEXT NOT NULL,column_name TEXT NOT NULL,
 geometry_type_name TEXT NOT NULL,srs_id INTEGER NOT NULL,z TINYINT NOT NULL,m TINYINT NOT NULL,
 CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name),
 CONSTRAINT uk_gc_table_name UNIQUE (table_name),
 CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name),
 CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id));
"""


def write_gpkg(
    path: Path,
    layer: str,
    corners: Floats,
    text_columns: Mapping[str, Sequence[str]],
    *,
    description: str,
) -> None:
    """Write four-cornered areas as a GeoPackage of one MULTIPOLYGON layer in EPSG:4326.

    SQLite is written directly: no date of writing enters the file, and it takes a tenth of
    the time of going through GDAL. Layout after OGC GeoPackage 1.2, clauses 1.1 and 2.1.

    Args:
        path: Where; replaced if there.
        layer: Table name.
        corners: (n, 4, 2) longitude and latitude, anticlockwise.
        text_columns: Column name to n texts.
        description: Goes to `gpkg_contents.description`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    low, high = corners.min(axis=(0, 1)), corners.max(axis=(0, 1))
    base = sqlite3.connect(path, isolation_level=None)
    try:
        base.executescript(
            "PRAGMA page_size=4096; PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;"
            "PRAGMA application_id=1196444487; PRAGMA user_version=10200; BEGIN;" + _GPKG_SCHEMA
        )
        base.executemany(
            "INSERT INTO gpkg_spatial_ref_sys VALUES (?,?,?,?,?,?)",
            [
                ("Undefined Cartesian SRS", -1, "NONE", -1, "undefined", "undefined"),
                ("Undefined geographic SRS", 0, "NONE", 0, "undefined", "undefined"),
                ("WGS 84 geodetic", 4326, "EPSG", 4326, _WGS84, "longitude/latitude"),
            ],
        )
        base.execute(
            "INSERT INTO gpkg_contents VALUES (?,'features',?,?,?,?,?,?,?,4326)",
            (layer, layer, description, EPOCH.strftime("%Y-%m-%dT%H:%M:%S.000Z"), *low, *high),
        )
        base.execute("INSERT INTO gpkg_ogr_contents VALUES (?,?)", (layer, len(corners)))
        base.execute(
            "INSERT INTO gpkg_geometry_columns VALUES (?,'geom','MULTIPOLYGON',4326,0,0)",
            (layer,),
        )
        columns = "".join(f', "{c}" TEXT' for c in text_columns)
        base.execute(
            f'CREATE TABLE "{layer}" ("fid" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, '
            f'"geom" MULTIPOLYGON{columns})'
        )
        marks = ",?" * (len(text_columns) + 1)
        for start, stop in chunks(len(corners)):
            blobs = _multipolygon_blobs(corners[start:stop])
            parts = [values[start:stop] for values in text_columns.values()]
            base.executemany(
                f'INSERT INTO "{layer}" VALUES (NULL{marks})',  # noqa: S608 - own names
                zip(blobs, *parts, strict=True),
            )
        base.execute("COMMIT")
    finally:
        base.close()


def _multipolygon_blobs(corners: Floats) -> list[bytes]:
    head = struct.pack("<2sBBi", b"GP", 0, 0b11, 4326)
    body = struct.pack("<BIIBIII", 1, 6, 1, 1, 3, 1, 5)
    layout = np.dtype(
        [("head", "S8"), ("envelope", "<f8", 4), ("body", f"V{len(body)}"), ("ring", "<f8", (5, 2))]
    )
    rows = np.zeros(len(corners), dtype=layout)
    rows["head"] = head
    rows["envelope"][:, 0] = corners[:, :, 0].min(axis=1)
    rows["envelope"][:, 1] = corners[:, :, 0].max(axis=1)
    rows["envelope"][:, 2] = corners[:, :, 1].min(axis=1)
    rows["envelope"][:, 3] = corners[:, :, 1].max(axis=1)
    rows["body"] = np.frombuffer(body, dtype=f"V{len(body)}")[0]
    rows["ring"][:, :4] = corners
    rows["ring"][:, 4] = corners[:, 0]
    packed, width = rows.tobytes(), layout.itemsize
    return [packed[i : i + width] for i in range(0, len(packed), width)]


def number(value: float, places: int = 5) -> str:
    """Print a number as publishers do: rounded, without trailing zeros (`79.5`, `76`)."""
    return f"{round(value, places) + 0.0:.10g}"  # + 0.0 turns -0 into 0


def taken(values: Sequence[str], order: Ints) -> list[str]:
    """Pick texts by index."""
    return [values[i] for i in order.tolist()]
