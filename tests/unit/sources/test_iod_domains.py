"""Domains and earlier issues of the Indices of Deprivation."""

from __future__ import annotations

from pathlib import Path

import pytest

from beacon.core.errors import InputRefusedError
from tests.unit.sources.conftest import Read, csv, given_sheet, messages, only

IMD = "Index of Multiple Deprivation (IMD)"
CHILDREN = "Income Deprivation Affecting Children Index (IDACI)"
OLDER = "Income Deprivation Affecting Older People (IDAOPI)"
HEADER = ",".join(
    [
        "LSOA code (2011)",
        "LSOA name (2011)",
        "Local Authority District code (2019)",
        "Local Authority District name (2019)",
        *(
            f"{name} {measure}"
            for name in (IMD, CHILDREN, OLDER)
            for measure in (
                "Rank (where 1 is most deprived)",
                "Decile (where 1 is most deprived 10% of LSOAs)",
            )
        ),
    ]
)
ROWS = (
    "E01006512,Liverpool 031A,E08000012,Liverpool,1,5,2.00,10.00,1,5",
    "E01006513,Liverpool 060A,E08000012,Liverpool,2,10,1,5,2,10",
)


def test_ranks_and_deciles_come_out_one_row_a_domain(tmp_path: Path, read_replica: Read) -> None:
    frame = read_replica(csv(tmp_path / "file3.csv", HEADER, *ROWS))
    assert frame.height == 6
    row = only(frame, lsoa_code="E01006512", domain="idaci")
    assert (row["imd_vintage"], row["lsoa_vintage"]) == (2019, 2011)
    assert (row["rank"], row["decile"], row["score"], row["source_row"]) == (2, 10, None, 2)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (",1,5,2.00", ",3,5,2.00", "'3' is above 2"),
        (",2.00,10.00", ",2.00,9.00", "does not follow from the rank in the same row"),
        ("E01006512", "E01006513", "occurs in more than one row"),
        ("E01006512", "E08000012", "is not a code of the expected form"),
    ],
)
def test_damage_is_refused(
    tmp_path: Path, read_replica: Read, old: str, new: str, said: str
) -> None:
    with pytest.raises(InputRefusedError) as error:
        read_replica(csv(tmp_path / "f.csv", HEADER, ROWS[0].replace(old, new, 1), ROWS[1]))
    assert said in messages(error)


@pytest.mark.given
@pytest.mark.parametrize(
    ("file", "sheet", "domain", "place", "count"),
    [
        ("imd2015/File_1_ID_2015*.xlsx", "IMD 2015", "imd", 4, 32844),
        ("imd2025/File_3_IoD2025*.xlsx", "IoD2025 IDACI & IDAOPI", "idaci", 6, 33755),
        ("imd2025/File_3_IoD2025*.xlsx", "IoD2025 IDACI & IDAOPI", "idaopi", 8, 33755),
    ],
)
def test_published_ranks_and_deciles(
    read_given: Read, file: str, sheet: str, domain: str, place: int, count: int
) -> None:
    frame = read_given(Path(file))
    frame = frame.filter(frame["domain"] == domain)
    raw = {row[0]: tuple(row[place : place + 2]) for row in given_sheet(file, sheet)[1:]}
    assert frame.height == count
    read = {code: (rank, decile) for code, rank, decile in
            frame.select("lsoa_code", "rank", "decile").iter_rows()}  # fmt: skip
    assert read == raw
