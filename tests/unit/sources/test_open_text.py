"""CSV files read piece by piece: the same text as at once, and the same refusals."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import pytest

from beacon.core.errors import InputRefusedError
from beacon.registry.sources import Container
from beacon.sources.tabular import containers
from beacon.sources.tabular.containers import open_text, read_text_bytes

TEXT = 'name,words\r\na,"two\r\nlines"\r\né,"\u2014"\r\n' + "".join(
    f"row {number},{number}\r\n" for number in range(50_000)
)


def _write(folder: Path, container: Container, data: bytes) -> Path:
    path = folder / f"x.{container}"
    path.write_bytes(gzip.compress(data) if container == "csv.gz" else data)
    return path


@pytest.mark.parametrize("container", ["csv", "csv.gz"])
def test_the_same_text_as_at_once(tmp_path: Path, container: Container) -> None:
    path = _write(tmp_path, container, TEXT.encode("utf-8-sig") + b"\xff,1\n")
    at_once = read_text_bytes(path, container).decode("utf-8-sig", errors="replace")
    with open_text(path, container) as text:
        assert text.read() == at_once
    with open_text(path, container) as text:
        rows = list(csv.reader(text))
    assert rows[:2] == [["name", "words"], ["a", "two\r\nlines"]]
    assert len(rows) == 50_004


def test_a_compressed_file_cut_short_is_refused(tmp_path: Path) -> None:
    path = _write(tmp_path, "csv.gz", TEXT.encode())
    path.write_bytes(path.read_bytes()[:-9])
    with (
        pytest.raises(InputRefusedError, match="damaged or cut short"),
        open_text(path, "csv.gz") as text,
    ):
        text.read()


def test_what_unpacks_to_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _write(tmp_path, "csv.gz", TEXT.encode())
    monkeypatch.setattr(containers, "MAX_UNPACKED_BYTES", 100_000)
    with (
        pytest.raises(InputRefusedError, match="more than is safe"),
        open_text(path, "csv.gz") as text,
    ):
        for _ in csv.reader(text):
            pass
