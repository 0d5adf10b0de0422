"""A CSV's rows in blocks, with columns of whole numbers kept as numbers."""

from __future__ import annotations

import contextlib
import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, cast

import polars as pl

from beacon.registry.sources import Container
from beacon.sources.tabular.containers import MAX_UNPACKED_BYTES

BLOCK_BYTES = 1 << 21


class UnsoundCsvError(Exception):
    """The file is for the reader of whole files to judge."""


@contextlib.contextmanager
def opened(path: Path, container: Container) -> Iterator[IO[bytes]]:
    """The text's bytes, unpacked if need be.

    Raises:
        UnsoundCsvError: When they cannot be read, within the context too.
    """
    try:
        with path.open("rb") as packed:
            if container == "csv":
                yield packed
            else:
                with gzip.GzipFile(fileobj=packed) as unpacked:
                    yield cast(IO[bytes], unpacked)
    except (OSError, EOFError, zlib.error) as error:
        raise UnsoundCsvError from error


class _Rest:
    """What follows the header, as a file to read from."""

    closed = False

    def __init__(self, first: bytes, stream: IO[bytes]) -> None:
        self._first = first
        self._stream = stream
        self._read = len(first)

    def read(self, size: int) -> bytes:
        """At most so many bytes."""
        if self._first:
            found, self._first = self._first[:size], self._first[size:]
            return found
        found = self._stream.read(size)
        self._read += len(found)
        if self._read > MAX_UNPACKED_BYTES:
            raise OSError("too large")
        return found


def read_body(first: bytes, stream: IO[bytes], width: int) -> pl.DataFrame:
    """The rows below a header.

    Args:
        first: Bytes below the header that were read already.
        stream: The bytes after those.
        width: Number of fields in every row.

    Returns:
        Columns `c0`, `c1` …: text, or Int32 where every cell is a whole number from 0 as it is
        written from it, so that the number stands for the text.

    Raises:
        UnsoundCsvError: When a row has another number of fields or is no text.
    """
    import pyarrow as pa
    import pyarrow.csv as pacsv

    if not first.strip():
        raise UnsoundCsvError
    names = [f"c{place}" for place in range(width)]
    columns: list[list[pl.Series]] = [[] for _ in names]
    try:
        reader = pacsv.open_csv(
            pa.PythonFile(_Rest(first, stream), mode="r"),
            read_options=pacsv.ReadOptions(
                column_names=names, use_threads=False, block_size=BLOCK_BYTES
            ),
            parse_options=pacsv.ParseOptions(newlines_in_values=True, ignore_empty_lines=True),
            convert_options=pacsv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
            ),
        )
        for batch in reader:
            for parts, cells in zip(columns, batch.columns, strict=True):
                parts.append(_as_numbers(cells))
    except (pa.ArrowException, UnicodeDecodeError) as error:
        raise UnsoundCsvError from error
    found: list[pl.Series] = []
    for name, parts in zip(names, columns, strict=True):
        found.append(_joined(name, parts))
        parts.clear()
    return pl.DataFrame(found)


def _as_numbers(cells: Any) -> pl.Series:
    """Cells as whole numbers, where each is written as numbers are; else as text."""
    text = pl.Series(cells)
    if not len(text) or not text[0].isdecimal():
        return text
    numbers = text.cast(pl.Int32, strict=False)
    if numbers.null_count():
        return text
    ends = memoryview(cells.buffers()[1]).cast("i")
    written = ends[cells.offset + len(cells)] - ends[cells.offset]
    # No other way to write a number from 0 is as short, so equal sums mean equal cells.
    return numbers if _digits(numbers) == written else text


def _digits(numbers: pl.Series) -> int:
    """Digits that it takes to write numbers; -1 when one is below 0."""
    least, most = (int(bound) for bound in (numbers.min(), numbers.max()))  # type: ignore[arg-type]
    if least < 0:
        return -1
    total, power = len(numbers), 10
    while power <= most:
        total += int((numbers >= power).sum())
        power *= 10
    return total


def _joined(name: str, parts: list[pl.Series]) -> pl.Series:
    """A column from its blocks: numbers if all of them are, else text."""
    if any(part.dtype != parts[0].dtype for part in parts):
        parts = [part.cast(pl.String) for part in parts]
    return pl.concat(parts, rechunk=True).alias(name)
