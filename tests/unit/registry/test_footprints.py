from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from beacon.registry import RegistryError, load_footprint

FICTIONAL: dict[str, Any] = {
    "id": "elsewhere",
    "name": "Elsewhere",
    "kind": "sample",
    "fictional": True,
    "nation": {"code": "Z92000001", "name": "Anyland"},
    "icb": {"code": "Z54000001", "name": "Elsewhere"},
    "places": [
        {
            "code": "Z06000001",
            "name": "Two Towns",
            "local_authorities": ["Z06000001", "Z06000002"],
        },
        {"code": "Z06000003", "name": "One Town", "local_authorities": ["Z06000003"]},
    ],
}


def test_cheshire_and_merseyside_has_its_nine_places() -> None:
    footprint = load_footprint("cheshire_merseyside")
    assert footprint.nation.code == "E92000001"
    assert (footprint.icb.code, footprint.icb.ods_code) == ("E54000008", "QYG")
    assert [region.code for region in footprint.regions] == ["E12000002"]
    assert {place.code: place.name for place in footprint.places} == {
        "E06000006": "Halton",
        "E06000007": "Warrington",
        "E06000049": "Cheshire East",
        "E06000050": "Cheshire West and Chester",
        "E08000011": "Knowsley",
        "E08000012": "Liverpool",
        "E08000013": "St. Helens",
        "E08000014": "Sefton",
        "E08000015": "Wirral",
    }
    assert footprint.local_authority_codes == footprint.place_codes


def test_a_footprint_may_be_any_file(write_yaml: Callable[[str, Any], Path]) -> None:
    footprint = load_footprint(write_yaml("elsewhere.yaml", FICTIONAL))
    assert footprint.fictional
    assert footprint.local_authority_codes == ("Z06000001", "Z06000002", "Z06000003")


def test_an_unknown_name_lists_what_there_is() -> None:
    with pytest.raises(RegistryError, match=r"no such footprint\. Known: .*cheshire_merseyside"):
        load_footprint("atlantis")


def _change(path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    content = deepcopy(FICTIONAL)
    target: Any = content
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    return content


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("places", 1, "local_authorities"), ["Z06000002"], "Z06000002 is listed more than once"),
        (("places", 1, "code"), "Z06000001", "place code Z06000001 is listed more than once"),
        (("places", 1, "name"), "Two Towns", "place name Two Towns is listed more than once"),
        (("places", 1, "code"), "E06000003", "cannot hold the code E06000003"),
        (("places", 1, "code"), "06000003", "places.1.code"),
        (("nation", "code"), "Z9200001", "nation.code"),
        (("fictional",), False, "an official footprint cannot hold the code"),
        (("kind",), "official", "exactly when fictional"),
        (("places",), [], "places"),
        (("colour",), "red", "colour: unknown field"),
    ],
)
def test_a_wrong_footprint_is_refused(
    path: tuple[Any, ...], value: Any, message: str, write_yaml: Callable[[str, Any], Path]
) -> None:
    with pytest.raises(RegistryError) as caught:
        load_footprint(write_yaml("wrong.yaml", _change(path, value)))
    assert message in str(caught.value)
