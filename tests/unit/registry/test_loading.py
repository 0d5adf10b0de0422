from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from beacon.core.paths import resource_dir
from beacon.registry import (
    RegistryError,
    load_indicators,
    load_plus_groups,
    loading,
)

BROKEN = Path(__file__).parent / "broken"


def test_all_faults_of_all_files_come_at_once() -> None:
    with pytest.raises(RegistryError) as caught:
        load_indicators(BROKEN)
    problems = caught.value.problems
    first = [problem for problem in problems if problem.startswith("01_wrong_values.yaml: ")]
    assert sorted(problem.split(": ")[1] for problem in first) == [
        "colour",
        "name",
        "name_status",
        "polarity",
        "sources.0.select.0.series",
        "sources.1",
    ]
    assert any("put it in quotes: '90366'" in problem for problem in first)
    assert any("not 'up_is_good'" in problem for problem in first)
    assert "02_same_key_twice.yaml: line 4: the key 'polarity' is given twice" in problems
    assert any(problem.startswith("03_not_yaml.yaml: line 3: ") for problem in problems)
    assert str(caught.value).startswith(f"{len(problems)} problems in the reference data:")


def test_a_23rd_beacon_is_one_file(
    facts: dict[str, Any], write_yaml: Callable[[str, Any], Path], tmp_path: Path
) -> None:
    for path in (resource_dir("reference_data") / "indicators").glob("*.yaml"):
        write_yaml(path.name, path.read_text(encoding="utf-8"))
    write_yaml("23_new_beacon.yaml", facts)
    beacons = [item for item in load_indicators(tmp_path).values() if item.is_beacon]
    assert [item.id for item in beacons] == list(range(1, 24))
    assert beacons[-1].slug == "new_beacon"


def test_an_id_or_slug_used_twice_is_refused(
    facts: dict[str, Any], write_yaml: Callable[[str, Any], Path], tmp_path: Path
) -> None:
    write_yaml("a.yaml", facts)
    write_yaml("b.yaml", facts)
    with pytest.raises(RegistryError) as caught:
        load_indicators(tmp_path)
    assert caught.value.problems == (
        "b.yaml: id: 23 is already used by a.yaml",
        "b.yaml: slug: 'new_beacon' is already used by a.yaml",
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [("", "expected fields, found NoneType"), ("- 1\n", "expected fields, found list")],
)
def test_a_file_without_fields_is_refused(
    content: str, message: str, write_yaml: Callable[[str, Any], Path], tmp_path: Path
) -> None:
    write_yaml("empty.yaml", content)
    with pytest.raises(RegistryError, match=message):
        load_indicators(tmp_path)


def test_a_missing_directory_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match="no such directory"):
        load_indicators(tmp_path / "nowhere")


def test_indicators_are_ordered_by_number() -> None:
    ids = [item.id for item in load_indicators().values()]
    assert ids == sorted(ids)


def test_callers_cannot_spoil_the_registry_of_others() -> None:
    load_indicators().clear()
    assert load_indicators()


def test_file_names_say_number_and_slug() -> None:
    for folder in loading.INDICATOR_FOLDERS:
        for path in (resource_dir("reference_data") / folder).glob("*.yaml"):
            number, slug = path.stem.split("_", 1)
            assert load_indicators()[slug].id == int(number)


def test_plus_groups_are_examples_and_off() -> None:
    groups = load_plus_groups().values()
    assert groups
    assert not any(group.enabled for group in groups)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"enabled": True}, "never enabled"),
        ({"supplied_list": False}, "either rule or supplied_list"),
        (
            {
                "rule": {"table": "t", "column": "c", "comparison": "at_least"},
                "supplied_list": False,
            },
            "threshold",
        ),
        (
            {"rule": {"table": "t", "column": "c", "comparison": "one_of"}, "supplied_list": False},
            "values",
        ),
        (
            {
                "rule": {
                    "table": "rural_urban_2021",
                    "column": "rural",
                    "comparison": "one_of",
                    "values": ["Rural"],
                },
                "supplied_list": False,
            },
            "has no column 'rural'",
        ),
        ({"id": "any"}, "stands for all groups"),
    ],
)
def test_an_unclear_plus_group_is_refused(
    change: dict[str, Any],
    message: str,
    write_yaml: Callable[[str, Any], Path],
    tmp_path: Path,
) -> None:
    group = {"id": "g", "name": "G", "description": "Who", "supplied_list": True, **change}
    write_yaml("g.yaml", group)
    with pytest.raises(RegistryError, match=message):
        load_plus_groups(tmp_path)
