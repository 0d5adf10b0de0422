"""Areas that took over from others: the register, and what is told from it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from beacon.registry import RegistryError, SuccessionRegister, load_footprint, load_successions
from beacon.warehouse.area_tables import area_rows

OFFICIAL = load_successions()


def register(*successions: dict[str, Any]) -> SuccessionRegister:
    """A register of fictional successions: code, day and the codes before, a part as a mapping."""
    return SuccessionRegister.model_validate(
        {
            "successions": [
                {"name": one["code"], "kind": "authority", "source": "Invented.", **one}
                for one in successions
            ]
        }
    )


def test_both_codes_of_barnsley_and_sheffield_are_one_area() -> None:
    latest = OFFICIAL.aliases(in_use=())
    assert (latest["E08000016"], latest["E08000019"]) == ("E08000038", "E08000039")
    old = OFFICIAL.aliases(in_use={"E08000016"})
    assert old["E08000038"] == "E08000016"
    assert "E08000016" not in old


def test_seven_boards_of_2026_took_over_from_thirteen_of_2024() -> None:
    new = [one for one in OFFICIAL.successions if one.valid_from == date(2026, 4, 1)]
    assert {one.code for one in new} == {f"E540000{number}" for number in range(65, 72)}
    before = {part.code for one in new for part in one.made_of}
    # Twelve were abolished, and Hampshire and Isle of Wight has a new code.
    assert len(before) == 13
    assert 42 - len(before) + len(new) == 36


def test_a_county_that_became_one_authority_is_the_same_area() -> None:
    assert OFFICIAL.aliases(())["E10000023"] == "E06000065"
    # The county of Dorset held Christchurch, so it is another area.
    assert "E10000009" not in OFFICIAL.aliases(())


def test_a_merger_of_a_merger_can_be_made_in_two_ways() -> None:
    latest, earliest = OFFICIAL.ways("E06000066")
    assert set(latest.parts) == {"E07000187", "E07000188", "E07000189", "E07000246"}
    assert set(earliest.parts) == {*latest.parts, "E07000190", "E07000191"} - {"E07000246"}
    assert {"E07000190", "E10000027", "E06000066"} <= set(OFFICIAL.within("E06000066"))


def test_a_recode_and_a_redrawn_area_have_no_way_to_be_added_up() -> None:
    assert list(OFFICIAL.ways("E08000038")) == []
    assert list(OFFICIAL.ways("E54000066")) == []
    parts = {part.code: part.is_whole for part in OFFICIAL.of("E54000066").made_of}  # type: ignore[union-attr]
    assert parts == {"E54000026": True, "E54000025": False, "E54000023": False}


def test_todays_footprint_needs_none_of_it() -> None:
    rows = area_rows(load_footprint("cheshire_merseyside"), OFFICIAL)
    assert rows["area_part"] == []
    assert len(rows["place_local_authority"]) == 9


@pytest.mark.parametrize(
    ("successions", "fault"),
    [
        ([{"code": "Z06000009", "valid_from": "2023-04-01", "made_of": [{"code": "Z06000009", "name": "a"}]}],
         "cannot be made of itself"),
        ([{"code": f"Z0600000{n}", "valid_from": "2023-04-01", "made_of": [{"code": "Z06000001", "name": "a"}]}
          for n in (8, 9)], "passes whole to more than one area"),
        ([{"code": "Z06000008", "valid_from": "2023-04-01", "made_of": [{"code": "Z06000001", "name": "a"}]},
          {"code": "Z06000009", "valid_from": "2020-04-01", "made_of": [{"code": "Z06000008", "name": "a"}]}],
         "begins before Z06000008"),
        ([{"code": "Z06000009", "valid_from": "2023-04-01", "made_of": [{"code": "Z06000001", "name": "a"}]}] * 2,
         "is given twice"),
    ],
)  # fmt: skip
def test_what_contradicts_itself_is_refused(successions: list[dict[str, Any]], fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        register(*successions)


def test_a_fault_of_the_file_names_it(write_yaml: Callable[[str, Any], Path]) -> None:
    with pytest.raises(RegistryError, match=r"mine\.yaml: successions\.0\.made_of"):
        load_successions(write_yaml("mine.yaml", {"successions": [
            {"code": "Z06000009", "name": "a", "kind": "authority", "valid_from": "2023-04-01", "source": "x"}
        ]}))  # fmt: skip
