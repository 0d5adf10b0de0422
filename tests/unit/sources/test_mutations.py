"""Damaged files of every format: refused by name, or read as an independent parser reads them.

Each small file of the sample is damaged some fifty times, always in the same way. What is still
read is compared cell by cell with what Python's own `csv` finds at the row that the reader names,
and no row may be lost without a word.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
import re
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from beacon.core.errors import InputRefusedError
from beacon.ingest.check_files import register_in_use
from beacon.registry.sources import DatasetSpec
from beacon.sample import write_sample
from beacon.sources.page_archive import PageIndex, write_pages
from beacon.sources.readers import Reading, read_rows
from beacon.sources.recognise import recognise
from beacon.sources.recognition import Recognition

ROWS = 30
# Each kind of damage six times in each text file, and four times in each other.
TEXT_MUTATIONS, BINARY_MUTATIONS = 54, 24

Cells = Callable[[dict[str, Any], DatasetSpec], Iterable[tuple[Any, str]]]


def _named(**columns: str) -> Cells:
    return lambda row, spec: [(row[name], header) for name, header in columns.items()]


def _by_series(row: dict[str, Any], spec: DatasetSpec) -> list[tuple[Any, str]]:
    return [(row["value"], row["series"])]


def _ages(row: dict[str, Any], spec: DatasetSpec) -> list[tuple[Any, str]]:
    bands = [f"{start}-{start + 4}" for start in range(0, 85, 5)] + ["85+"]
    return [(row["people"], spec.dataset.header[3 + bands.index(row["age_band"])])]


def _ranks(row: dict[str, Any], spec: DatasetSpec) -> list[tuple[Any, str]]:
    if row["domain"] != "income":
        return []
    return [
        (row["rank"], "Income Rank (where 1 is most deprived)"),
        (row["score"], "Income Score (rate)"),
    ]


def _looked_up(row: dict[str, Any], spec: DatasetSpec) -> list[tuple[Any, str]]:
    return [(row[to["name"]], header) for header, to in spec.dataset.options["columns"].items()]


FINGERTIPS = _named(
    value="Value", lower_95="Lower CI 95.0 limit", upper_95="Upper CI 95.0 limit",
    lower_998="Lower CI 99.8 limit", numerator="Count", denominator="Denominator",
    area_code="Area Code", series="Indicator ID", sex="Sex",
)  # fmt: skip
ELS = _named(
    value="observation", lower_95="lci_95", upper_95="uci_95", area_code="areacd",
    series="indicator",
)  # fmt: skip
# File of the sample -> which cells of a row are which columns of the file.
TEXT_FILES: dict[str, Cells] = {
    "fingertips/*90366*": FINGERTIPS,
    "fingertips/*92443*": FINGERTIPS,
    "fingertips/*93014*": FINGERTIPS,
    "ons_els/*claimant-count.csv": ELS,
    "ons_els/*healthy*.csv": ELS,
    "dfe/*EYFSP*": _named(
        value="gld_percent", numerator="gld_number", denominator="number_of_children"
    ),
    "dfe/*NEETNK*2023*": _by_series,
    "dfe/*L2_L3*": _by_series,
    "gp/*PREVALENCE*": _named(
        practice_code="PRACTICE_CODE", group_code="GROUP_CODE", register="REGISTER"
    ),
    "gp/*ACHIEVEMENT*SOUTH*": _named(practice_code="PRACTICE_CODE"),
    "gp/*pat-prac-lsoa*": _named(practice_code="PRACTICE_CODE"),
    "lookups/*LSOA21_WD24*": _looked_up,
    "lookups/*LTLA-UTLA*": _looked_up,
    "lookups/*RUC21*": _looked_up,
    "population/*TS007A*": _ages,
    "population/*TS021*": lambda row, spec: [(row["people"], row["ethnic_group"])],
}
# Readers that take some rows and leave others, by design.
SOME_ROWS = ("dfe_level2_at_19/dashboard", "nhs_qof/achievement")
BINARY_FILES = (
    "imd2019/*File_1*.xlsx", "imd2019/*File_3*.xlsx", "other_official/*.ods",
    "other_official/*fuel*.xlsx", "boundaries/*.gpkg", "boundaries/*.json",
    "population/*single_year.csv.gz", "gp/*ePCN.xlsx",
)  # fmt: skip


# Damage. Each takes bytes and a source of chance.


def _span(data: bytes, chance: random.Random, most: int = 120) -> tuple[int, int]:
    start = chance.randrange(len(data))
    return start, min(len(data), start + chance.randint(1, most))


def flip(data: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(data))
    return data[:place] + bytes([data[place] ^ (1 << chance.randrange(8))]) + data[place + 1 :]


def insert(data: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(data))
    what = chance.choice([b'"', b",", b"\n", b"\r", b"\0", b";", b"-", b"9", b".", b"\xa0", b"e"])
    return data[:place] + what + data[place:]


def remove(data: bytes, chance: random.Random) -> bytes:
    start, end = _span(data, chance)
    return data[:start] + data[end:]


def repeat(data: bytes, chance: random.Random) -> bytes:
    start, end = _span(data, chance)
    return data[:end] + data[start:end] + data[end:]


def cut(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(1, len(data))]


def noise(data: bytes, chance: random.Random) -> bytes:
    start, end = _span(data, chance, 12)
    return data[:start] + chance.randbytes(end - start) + data[end:]


def swap_lines(data: bytes, chance: random.Random) -> bytes:
    lines = data.split(b"\n")
    one, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return b"\n".join(lines)


def repeat_line(data: bytes, chance: random.Random) -> bytes:
    lines = data.split(b"\n")
    place = chance.randrange(len(lines))
    return b"\n".join([*lines[: place + 1], *lines[place:]])


def swap_fields(data: bytes, chance: random.Random) -> bytes:
    lines = data.split(b"\n")
    place = chance.randrange(len(lines))
    fields = lines[place].split(b",")
    chance.shuffle(fields)
    lines[place] = b",".join(fields)
    return b"\n".join(lines)


DAMAGES = (flip, insert, remove, repeat, cut, noise)
TEXT_DAMAGES = (*DAMAGES, swap_lines, repeat_line, swap_fields)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    write_sample(folder)
    return folder


def _read(path: Path) -> tuple[Recognition, DatasetSpec | None, Reading | None]:
    """Recognise and read, where nothing but a refusal may be raised."""
    register = register_in_use()
    seen = recognise(path, register)
    if seen.key is None or seen.problems or seen.container is None:
        assert all(problem.file == path.name for problem in seen.problems)
        return seen, None, None
    spec = register.datasets[seen.key]
    if not spec.dataset.is_read:
        return seen, spec, None
    try:
        return seen, spec, read_rows(path, seen.container, spec, fictional=True)
    except InputRefusedError as error:
        problems = error.problems
    assert problems
    assert all(problem.file.startswith(path.name) for problem in problems)
    return seen, spec, None


def _short(source: Path, target: Path) -> None:
    """The header and some rows, each of another area, period or group."""
    with source.open(encoding="utf-8", newline="") as stream:
        records = [record for record in csv.reader(stream) if record]
    start = next(n for n, record in enumerate(records) if len(record) > 3)
    kept = records[: start + 1 + ROWS]
    if "fingertips" in str(source):
        # The nation comes once for each parent; the repeats are left out by the reader.
        kept = [record for n, record in enumerate(kept) if n == 0 or record[2]]
    with target.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows(kept)


@pytest.mark.parametrize("pattern", sorted(TEXT_FILES))
def test_damaged_text(sample: Path, tmp_path: Path, pattern: str) -> None:
    (source,) = sorted(sample.glob(pattern))[:1]
    path = tmp_path / source.name
    _short(source, path)
    _, _, reading = _read(path)
    assert reading is not None, "the undamaged file must be read"
    data = path.read_bytes()
    read = 0
    for number in range(TEXT_MUTATIONS):
        chance = random.Random(f"{pattern}:{number}")
        damaged = TEXT_DAMAGES[number % len(TEXT_DAMAGES)](data, chance)
        path.write_bytes(damaged)
        _, spec, reading = _read(path)
        if spec is not None and reading is not None:
            read += 1
            _compare(damaged, spec, reading, TEXT_FILES[pattern], f"{pattern} {number}")
    assert 0 < read < TEXT_MUTATIONS


def _records(data: bytes) -> list[list[str]]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("windows-1252")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return list(csv.reader(io.StringIO(text, newline="\n")))


def _compare(data: bytes, spec: DatasetSpec, reading: Reading, cells: Cells, label: str) -> None:
    records = _records(data)
    rows = reading.rows.collect()
    header_row = next(n for n, record in enumerate(records) if _is_header(record, spec))
    header = [_plain(name) for name in records[header_row]]
    for row in rows.iter_rows(named=True):
        record = records[row["source_row"] - 1]
        for value, name in cells(row, spec):
            cell = record[header.index(_plain(name))]
            assert _agrees(value, cell), f"{label}: {value!r} was read where {cell!r} stands"
    told = [problem.row for problem in reading.remarks if problem.row is not None]
    seen = set(rows["source_row"])
    if spec.key in SOME_ROWS:
        return
    kept = [records[row - 1] for row in seen]
    for number, record in enumerate(records[header_row + 1 :], header_row + 2):
        if number in seen or not any(cell.strip() for cell in record):
            continue
        # The same figures for the same area, period and group, perhaps with another name.
        if any(sum(map(str.__ne__, record, other)) <= 1 for other in kept):
            continue
        assert told, f"{label}: row {number} is lost without a word: {record}"


def _plain(text: str) -> str:
    return " ".join(text.replace("\ufeff", "").split()).casefold()


def _is_header(record: list[str], spec: DatasetSpec) -> bool:
    names = {_plain(name) for name in record}
    wanted = [name for name in spec.dataset.header if not name.startswith("~")]
    return sum(_plain(name) in names for name in wanted) * 2 > len(wanted)


def _agrees(value: Any, cell: str) -> bool:
    cell = cell.replace("\u00a0", " ").strip()
    if isinstance(value, str):
        return "".join(value.split()).casefold() == "".join(cell.split()).casefold()
    try:
        number = float(cell.replace(",", "").rstrip("% "))
    except ValueError:
        return value is None
    return value is not None and value == pytest.approx(number, abs=1e-12)


@pytest.mark.parametrize("pattern", BINARY_FILES)
def test_damaged_container(sample: Path, tmp_path: Path, pattern: str) -> None:
    (source,) = sorted(sample.glob(pattern))[:1]
    path = tmp_path / source.name
    shutil.copy(source, path)
    seen, _, reading = _read(path)
    assert reading is not None
    sound = reading.rows.collect()
    data = path.read_bytes()
    for number in range(BINARY_MUTATIONS):
        chance = random.Random(f"{pattern}:{number}")
        path.write_bytes(DAMAGES[number % len(DAMAGES)](data, chance))
        _, _, reading = _read(path)
        # Archives and compressed files hold check sums: what is read is what was written. SQLite
        # and JSON hold none, and a digit changed is another outline.
        if reading is not None and seen.container not in ("gpkg", "geojson"):
            assert reading.rows.collect().equals(sound) or reading.remarks


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_pages_of_a_service(tmp_path: Path, damage: Callable[..., bytes]) -> None:
    features = [
        {"attributes": {"LSOA21CD": f"Z0100000{n}", "LSOA21NM": f"Area {n}"}} for n in range(5)
    ]
    page = json.dumps({"features": features}).encode()
    path = tmp_path / "pages.zip"
    for number in range(BINARY_MUTATIONS):
        chance = random.Random(f"pages:{number}")
        key = chance.choice(["ons_boundaries/lsoa21", "nomis/claimant_count", "nowhere/none"])
        shape = chance.choice(["arcgis", "geojson", "csv", "json", "stat_xplore"])
        index = PageIndex(key, shape, "/x", {"measures": ["m"]}, 5)  # type: ignore[arg-type]
        write_pages(path, index, [damage(page, chance)])
        if number % 3 == 0:
            path.write_bytes(damage(path.read_bytes(), chance))
        _read(path)


def test_damaged_parquet(tmp_path: Path) -> None:
    spec = register_in_use().datasets["dfe_lait/long"]
    path = tmp_path / "lait.parquet"
    frame = pl.DataFrame({name: ["1", "2", "3"] for name in spec.dataset.header})
    frame.write_parquet(path)
    data = path.read_bytes()
    for number in range(BINARY_MUTATIONS):
        path.write_bytes(DAMAGES[number % len(DAMAGES)](data, random.Random(number)))
        _read(path)


def test_damage_inside_a_workbook(sample: Path, tmp_path: Path) -> None:
    """The XML of a sheet damaged before it is packed, so that no check sum tells."""
    import zipfile

    (source,) = sample.glob("imd2019/*File_1*.xlsx")
    path = tmp_path / source.name
    with zipfile.ZipFile(source) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    for number in range(BINARY_MUTATIONS * 2):
        chance = random.Random(f"xml:{number}")
        victim = chance.choice(
            [n for n in members if re.search(r"sheet\d|workbook|shared|rels", n)]
        )
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in members.items():
                damage = DAMAGES[number % len(DAMAGES)]
                archive.writestr(name, damage(content, chance) if name == victim else content)
        _read(path)


def test_damage_inside_a_compressed_export(sample: Path, tmp_path: Path) -> None:
    (source,) = sample.glob("lookups/*LTLA*.csv")
    path = tmp_path / f"{source.name}.gz"
    data = source.read_bytes()
    for number in range(BINARY_MUTATIONS):
        path.write_bytes(gzip.compress(DAMAGES[number % len(DAMAGES)](data, random.Random(number))))
        _read(path)


def test_there_are_at_least_a_thousand() -> None:
    text = len(TEXT_FILES) * TEXT_MUTATIONS
    containers = (len(BINARY_FILES) + len(DAMAGES) + 1 + 2 + 1) * BINARY_MUTATIONS
    assert text + containers >= 1_000
