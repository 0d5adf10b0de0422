"""The ODS's workbook of primary care networks: both sheets, and nothing that does not fit together."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from python_calamine import CalamineWorkbook

from beacon.core.errors import InputRefusedError
from beacon.registry.sources import SourceRegister
from beacon.sources.readers import read_rows
from beacon.sources.recognise import recognise
from tests.conftest import given_directory
from tests.unit.sources.conftest import Read, ReadMore, messages, xlsx

KEY = "nhs_organisations/primary_care_networks"
NETWORKS, PRACTICES = "PCNDetails", "PCN Core Partner Details"
HEADER = [
    "PCN Code", "PCN Name", "Current Clinical \nCommissioning \nGroup Code",
    "Clinical\nCommissioning\nGroup Name", "Open Date", "Close Date", "Postcode",
]  # fmt: skip
PRACTICE_HEADER = [
    "Partner\nOrganisation\nCode", "Partner\nName", "Practice\nParent\nCCG Code", "PCN Code",
    "PCN Name", "Practice to PCN\nRelationship\nStart Date", "Practice to PCN\nRelationship\nEnd Date",
]  # fmt: skip

Row = list[Any]


def network(code: str, opened: str = "20190701", closed: str = "") -> Row:
    return [code, f"NETWORK {code}", "02P", "A CCG", opened, closed, "AA1 1AA"]


def member(practice: str, code: str, joined: str = "20190701", left: str = "") -> Row:
    return [practice, f"SURGERY {practice}", "02P", code, f"NETWORK {code}", joined, left]


def workbook(
    folder: Path, networks: list[Row], practices: list[Row], header: list[str] = PRACTICE_HEADER
) -> Path:
    """A workbook with the two sheets under the official headers, or the second under others."""
    return xlsx(
        folder / "ePCN.xlsx",
        {
            NETWORKS: [HEADER, *networks],
            PRACTICES: [header, *practices],
        },
    )


GOOD = [network("U00001"), network("U00002"), network("U00003", "20190701", "20210331")]
MEMBERS = [
    member("A81001", "U00001"),
    member("A81002", "U00001", "20190701", "20200331"),
    member("A81002", "U00001", "20210401"),
    member("A81003", "U00003", "20190701", "20210331"),
    member("A81003", "U00002", "20210401"),
]


def refusal(read: Read, path: Path) -> str:
    with pytest.raises(InputRefusedError) as error:
        read(path)
    return messages(error)


def test_practices_are_read_with_their_network(tmp_path: Path, read_replica: Read) -> None:
    frame = read_replica(workbook(tmp_path, GOOD, MEMBERS))
    assert frame.height == 5
    assert frame.filter(pl.col("practice_code") == "A81003").to_dicts() == [
        {
            "pcn_code": "U00002", "pcn_name": "NETWORK U00002", "sub_icb_ods_code": "02P",
            "opened": date(2019, 7, 1), "closed": None, "practice_code": "A81003",
            "practice_name": "SURGERY A81003", "practice_joined": date(2021, 4, 1),
            "practice_left": None, "source_row": 6,
        },
        {
            "pcn_code": "U00003", "pcn_name": "NETWORK U00003", "sub_icb_ods_code": "02P",
            "opened": date(2019, 7, 1), "closed": date(2021, 3, 31), "practice_code": "A81003",
            "practice_name": "SURGERY A81003", "practice_joined": date(2019, 7, 1),
            "practice_left": date(2021, 3, 31), "source_row": 5,
        },
    ]  # fmt: skip


def test_who_leaves_and_comes_back_is_there_twice(tmp_path: Path, read_replica: Read) -> None:
    frame = read_replica(workbook(tmp_path, GOOD, MEMBERS))
    rows = frame.filter(pl.col("practice_code") == "A81002")
    assert rows["practice_left"].to_list() == [date(2020, 3, 31), None]


def test_a_network_without_practices_is_a_row(tmp_path: Path, read_replica: Read) -> None:
    frame = read_replica(workbook(tmp_path, [*GOOD, network("U00009")], MEMBERS))
    (row,) = frame.filter(pl.col("pcn_code") == "U00009").to_dicts()
    assert (row["pcn_name"], row["source_row"]) == ("NETWORK U00009", 5)
    assert {row[name] for name in row if name.startswith("practice")} == {None}


# What is wrong, where the message says it is, and what it says.
REFUSED: dict[str, tuple[list[Row], list[Row], str, str]] = {
    "a practice's code that is none": (
        GOOD, [member("SURGERY", "U00001")],
        f"sheet '{PRACTICES}', row 2, column 'Partner Organisation Code'", "'SURGERY' is not a code",
    ),
    "a network's code that is none": (
        [*GOOD, network("A81001")], MEMBERS,
        f"sheet '{NETWORKS}', row 5, column 'PCN Code'", "'A81001' is not a code",
    ),
    "a network that the first sheet lacks": (
        GOOD, [*MEMBERS, member("A81004", "U99999")],
        f"sheet '{PRACTICES}', row 7, column 'PCN Code'", "'U99999' is not in the sheet of networks",
    ),
    "a practice in two open networks": (
        GOOD, [*MEMBERS, member("A81001", "U00002", "20210401")],
        f"sheet '{PRACTICES}', row 7, column 'Partner Organisation Code'",
        "'A81001' belongs to a network without an end, and so it does in another row",
    ),
    "a practice twice without an end in one network": (
        GOOD, [*MEMBERS, member("A81001", "U00001", "20210401")],
        f"sheet '{PRACTICES}', row 2, column 'Partner Organisation Code'",
        "'A81001' belongs to a network without an end",
    ),
    "the same practice joining twice on one day": (
        GOOD, [*MEMBERS, member("A81001", "U00001", left="20200101")],
        f"sheet '{PRACTICES}', row 2, column 'Partner Organisation Code'",
        "occurs in more than one row",
    ),
    "a network twice": (
        [*GOOD, network("U00001")], MEMBERS,
        f"sheet '{NETWORKS}', row 2, column 'PCN Code'", "occurs in more than one row",
    ),
    "a day that is none": (
        GOOD, [member("A81001", "U00001", "20190231")],
        f"sheet '{PRACTICES}', row 2, column 'Practice to PCN Relationship Start Date'",
        "'20190231' is not a day",
    ),
    "a day that is cut short": (
        GOOD, [member("A81001", "U00001", left="2020013")],
        f"sheet '{PRACTICES}', row 2, column 'Practice to PCN Relationship End Date'",
        "'2020013' is not a day",
    ),
    "no day of joining": (
        GOOD, [member("A81001", "U00001", "")],
        f"sheet '{PRACTICES}', row 2, column 'Practice to PCN Relationship Start Date'",
        "'' is not a day",
    ),
    "a day of opening that is none": (
        [*GOOD, network("U00009", "soon")], MEMBERS,
        f"sheet '{NETWORKS}', row 5, column 'Open Date'", "'soon' is not a day",
    ),
    "leaving before joining": (
        GOOD, [member("A81001", "U00001", "20190701", "20190630")],
        f"sheet '{PRACTICES}', row 2, column 'Practice to PCN Relationship End Date'",
        "'20190630' is before the day in 'Practice to PCN Relationship Start Date'",
    ),
    "closing before opening": (
        [*GOOD, network("U00009", "20190701", "20180701")], MEMBERS,
        f"sheet '{NETWORKS}', row 5, column 'Close Date'", "'20180701' is before the day in 'Open Date'",
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", REFUSED)
def test_what_does_not_fit_is_refused_by_name(
    tmp_path: Path, read_replica: Read, fault: str
) -> None:
    networks, practices, place, message = REFUSED[fault]
    told = refusal(read_replica, workbook(tmp_path, networks, practices))
    assert place in told
    assert message in told
    assert "Download the file again from its publisher" in told


def test_leaving_on_the_day_of_joining_is_no_fault(tmp_path: Path, read_replica: Read) -> None:
    """The official workbook has such a practice."""
    read_replica(workbook(tmp_path, GOOD, [member("A81001", "U00001", "20190701", "20190701")]))


def test_a_network_that_is_closed_counts_no_practice_as_its_own(
    tmp_path: Path, read_replica: Read
) -> None:
    """Where a network has an end and the relationship to it has none."""
    practices = [member("A81003", "U00003"), member("A81003", "U00002", "20210401")]
    assert read_replica(workbook(tmp_path, GOOD, practices)).height == 3


def test_a_workbook_without_the_sheet_of_practices_is_refused(
    tmp_path: Path, read_replica: Read
) -> None:
    path = xlsx(tmp_path / "ePCN.xlsx", {NETWORKS: [HEADER, *GOOD], "Notes": [["Nothing"]]})
    told = refusal(read_replica, path)
    assert told.startswith(
        "ePCN.xlsx: no sheet has most of the column headers 'Partner Organisation"
    )
    assert "Download the file again" in told


def test_a_renamed_column_is_named(tmp_path: Path, read_replica: Read) -> None:
    changed = [name.replace("End Date", "Finish") for name in PRACTICE_HEADER]
    told = refusal(read_replica, workbook(tmp_path, GOOD, MEMBERS, changed))
    assert f"sheet '{PRACTICES}', row 1, column 'Practice to PCN Relationship End Date'" in told
    assert "the column is missing from the header" in told
    assert "confirm it in reference_data/sources and run again" in told


def test_sheets_that_are_cut_short_are_refused(tmp_path: Path, register: SourceRegister) -> None:
    path = workbook(tmp_path, GOOD, MEMBERS)
    with pytest.raises(InputRefusedError) as error:
        read_rows(path, "xlsx", register.datasets[KEY], fictional=False)
    assert f"sheet '{NETWORKS}', row 4: has 3 rows where at least 1,000" in messages(error)
    assert f"sheet '{PRACTICES}', row 6: has 5 rows where at least 5,000" in messages(error)


def test_no_official_code_is_a_fictional_one(tmp_path: Path, register: SourceRegister) -> None:
    """Official networks have every digit after the U."""
    path = workbook(tmp_path, [network("U90001")], [member("A81001", "U90001")])
    assert recognise(path, register).key == KEY
    with pytest.raises(InputRefusedError, match=r"'U90001' is not a code of the expected form ZU"):
        read_rows(path, "xlsx", register.datasets[KEY], fictional=True)
    made_up = workbook(tmp_path, [network("ZU0001")], [member("Z00001", "ZU0001")])
    assert read_rows(made_up, "xlsx", register.datasets[KEY], fictional=True).rows.collect().height


def _official_sheet(sheet: str) -> list[Row]:
    """Cells of the official workbook, by a path that shares nothing with the reader."""
    path = given_directory("BEACON_TEST_MORE_INPUTS", "more_inputs") / "gp" / "ePCN.xlsx"
    rows: list[Row] = CalamineWorkbook.from_path(str(path)).get_sheet_by_name(sheet).to_python()
    return rows[1:]


@pytest.mark.given
def test_the_official_workbook_has_1260_open_networks(read_more_given: ReadMore) -> None:
    frame = read_more_given("gp/ePCN.xlsx", KEY)
    networks = frame.unique("pcn_code")
    assert networks.height == 1318
    assert networks.filter(pl.col("closed").is_null()).height == 1260
    runcorn = networks.filter(pl.col("pcn_code") == "U09643").row(0, named=True)
    assert (runcorn["pcn_name"], runcorn["sub_icb_ods_code"]) == ("RUNCORN PCN", "01F")


@pytest.mark.given
def test_the_official_practices_are_those_of_the_second_sheet(read_more_given: ReadMore) -> None:
    frame = read_more_given("gp/ePCN.xlsx", KEY)
    sheet = _official_sheet(PRACTICES)
    assert frame.height == len(sheet) == 7359
    # Practice, network, and whether the relationship has no end.
    belongs = [(row[0], row[4], row[9] == "") for row in sheet]
    read = frame.select("practice_code", "pcn_code", pl.col("practice_left").is_null())
    assert Counter(read.iter_rows()) == Counter(belongs)
    # Nobody belongs to two at once, which is why a workbook that says so is refused.
    current = frame.filter(pl.col("practice_left").is_null())
    assert current.height == current["practice_code"].n_unique() == 6474
    assert current["closed"].null_count() == 6474
