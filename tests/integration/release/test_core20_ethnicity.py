"""Ethnic groups in Core20 equal sums that are made of the written files alone, to the person."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

from python_calamine import CalamineWorkbook


def _rows_of(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def test_every_place_and_the_nation(published_sample: Path, sample_release) -> None:
    files = published_sample / "sample"
    (imd,) = (p for p in files.rglob("*.xlsx") if "File_1" in p.name and "2025" in p.name)
    deprivation = CalamineWorkbook.from_path(imd).get_sheet_by_index(1).to_python()[1:]
    decile = {row[0]: int(row[5]) for row in deprivation}
    authority = {row[0]: row[2] for row in deprivation}
    (census,) = files.rglob("*TS021*.csv")
    rows = [row for row in _rows_of(census) if len(row) == 8]
    groups = rows[0][3:]
    expected: Counter[tuple[str, str]] = Counter()
    for row in rows[1:]:
        for group, people in zip(groups, row[3:], strict=True):
            for area in ("nation", authority[row[1]]):
                expected[area, group] += int(people) * (decile[row[1]] <= 2)
    marts = sample_release.rows("core20_ethnicity", "area_type <> 'icb'")
    found = {
        ("nation" if r["area_type"] == "nation" else r["area_code"], r["ethnic_group"]):
        r["people_core20"] for r in marts
    }  # fmt: skip
    assert len(found) == 10 * 5
    assert found == {key: expected[key] for key in found}


def test_every_lsoa(published_sample: Path, sample_release) -> None:
    (census,) = (published_sample / "sample").rglob("*TS021*.csv")
    rows = [row for row in _rows_of(census) if len(row) == 8]
    written = {row[1]: [int(people) for people in row[3:]] for row in rows[1:]}
    groups = ("asian", "black", "mixed", "white", "other")
    marts = sample_release.rows("lsoa", "true")
    assert marts
    for row in marts:
        found = [row[f"people_{group}"] for group in groups]
        assert found == written[row["lsoa21_code"]]
