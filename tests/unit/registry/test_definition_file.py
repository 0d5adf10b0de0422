"""`beacon check` says what a run would, with the line."""

import re
from pathlib import Path

import pytest
import yaml

from beacon.core.errors import BeaconError
from beacon.core.paths import resource_dir
from beacon.operations.definition_file import KINDS, check_definition
from beacon.registry import load_footprint
from beacon.registry.loading import RegistryError

FACTS = resource_dir("reference_data")
FOLDERS = {
    "indicators": "indicator",
    "core20plus5": "indicator",
    "footprints": "footprint",
    "sources": "source",
    "cohorts": "cohort",
    "segments": "segmentation",
    "plus_groups": "plus_group",
    "aspirations": "aspirations",
}
GIVEN = [
    *(
        (path, kind)
        for folder, kind in FOLDERS.items()
        for path in sorted((FACTS / folder).glob("*.yaml"))
    ),
    (FACTS / "targets.yaml", "targets"),
    (FACTS / "authorities.yaml", "authorities"),
    (FACTS / "core20_pockets.yaml", "core20_pockets"),
]
INDICATOR = FACTS / "indicators" / "04_gld_reception.yaml"


@pytest.mark.parametrize(("path", "kind"), GIVEN, ids=[path.stem for path, _ in GIVEN])
def test_every_file_of_the_registry_is_sound_and_told_by_its_fields(
    path: Path, kind: str, tmp_path: Path
) -> None:
    assert (check_definition(path).kind, check_definition(path).faults) == (kind, ())
    # Without the line that names its schema.
    copy = tmp_path / path.name
    lines = path.read_text("utf-8").splitlines()
    copy.write_text("\n".join(line for line in lines if "$schema" not in line), "utf-8")
    assert check_definition(copy).kind == kind


def edited(tmp_path: Path, old: str, new: str, source: Path = INDICATOR) -> Path:
    text = source.read_text("utf-8")
    assert old in text
    path = tmp_path / source.name
    path.write_text(text.replace(old, new, 1), "utf-8")
    return path


def line_of(path: Path, text: str) -> int:
    return next(n for n, line in enumerate(path.read_text("utf-8").splitlines(), 1) if text in line)


@pytest.mark.parametrize(
    ("old", "new", "field", "message"),
    [
        ("polarity:", "polarty:", "polarty", "there is no such field. Did you mean 'polarity'?"),
        ("slug: gld_reception", "slug: life_expectancy", "slug", "already used by 1 life_expectancy"),
        ("id: 4\n", "id: four\n", "id", "valid integer"),
        ("id: 4\n", "id: 4\nid: 5\n", "id", "given twice"),
        ("source: fingertips", "source: fingertip", "sources.1.source", "Did you mean 'fingertips'"),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_its_line_and_field(
    old: str, new: str, field: str, message: str, tmp_path: Path
) -> None:
    path = edited(tmp_path, old, new)
    found = check_definition(path)
    fault = next(fault for fault in found.faults if fault.field == field)
    assert message in fault.message
    assert fault.line is not None
    shown = path.read_text("utf-8").splitlines()[fault.line - 1]
    assert new.strip().splitlines()[-1].split(":")[0] in shown


def test_one_wrong_code_is_one_fault(tmp_path: Path) -> None:
    """The list around it is not called too short; one that is empty is."""
    path = tmp_path / "x.yaml"
    board = yaml.safe_load((FACTS / "footprints" / "cheshire_merseyside.yaml").read_text("utf-8"))
    board["places"] = [board["places"][0] | {"code": "E0600"}]
    path.write_text(yaml.safe_dump(board), "utf-8")
    assert [fault.field for fault in check_definition(path).faults] == ["places.0.code"]
    with pytest.raises(RegistryError) as caught:
        load_footprint(path)
    assert len(caught.value.problems) == 1
    path.write_text(yaml.safe_dump(board | {"places": []}), "utf-8")
    assert [fault.field for fault in check_definition(path).faults] == ["places"]


def test_a_missing_field_is_named(tmp_path: Path) -> None:
    text = "".join(
        line
        for line in INDICATOR.read_text("utf-8").splitlines(True)
        if not line.startswith("unit:")
    )
    path = tmp_path / "x.yaml"
    path.write_text(text, "utf-8")
    (fault,) = check_definition(path).faults
    assert (fault.line, fault.field, fault.message) == (None, "unit", "the field is missing")


def test_a_source_and_a_cohort_are_named_as_their_file(tmp_path: Path) -> None:
    for folder, name in (("sources", "fingertips"), ("cohorts", "copd_register")):
        path = tmp_path / "other.yaml"
        path.write_text((FACTS / folder / f"{name}.yaml").read_text("utf-8"), "utf-8")
        assert [fault.message for fault in check_definition(path).faults] == [
            f"the file has to be named {name}.yaml"
        ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [1, 2\n", "not valid YAML"),
        ("just words\n", "there are no fields in it"),
        ("", "there are no fields in it"),
        ("colour: blue\n", "it cannot be told what it defines"),
    ],
)
def test_what_is_no_definition_is_said(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(text, "utf-8")
    (fault,) = check_definition(path).faults
    assert message in fault.message


def test_what_cannot_be_read_is_an_error_in_words(tmp_path: Path) -> None:
    with pytest.raises(BeaconError, match="cannot be read"):
        check_definition(tmp_path / "none.yaml")
    (tmp_path / "b.yaml").write_bytes(b"id: \xff\n")
    with pytest.raises(BeaconError, match="not UTF-8"):
        check_definition(tmp_path / "b.yaml")
    with pytest.raises(BeaconError, match="Did you mean 'indicator'"):
        check_definition(INDICATOR, "indicatr")
    assert "indicator" in KINDS


@pytest.mark.parametrize("folder", ["", "aspirations"])
def test_an_indicator_that_a_plan_names_has_to_be_there(folder: str, tmp_path: Path) -> None:
    """As for a run: the loaders of targets and aspirations find it."""
    source = FACTS / folder / ("partnership_plan_2024.yaml" if folder else "targets.yaml")
    named = re.search(r"indicator: (\w+)", source.read_text("utf-8"))[1]
    faults = check_definition(
        edited(tmp_path, f"indicator: {named}", "indicator: no_such_thing", source)
    ).faults
    assert [
        "'no_such_thing' is not an indicator of the registry" in fault.message for fault in faults
    ] == [True]


def a_second_indicator(tmp_path: Path, *, where: str = "") -> Path:
    """A newcomer's copy of the loneliness indicator, under a number and name of its own."""
    path = edited(tmp_path, "id: 19\n", "id: 150\n", FACTS / "indicators" / "19_loneliness.yaml")
    text = path.read_text("utf-8").replace("slug: loneliness", "slug: lonely_here")
    text = text.replace("programme: marmot_beacon", "programme: context")
    path.write_text(text.replace("{age: [16+ yrs]}", where or "{age: [16+ yrs]}"), "utf-8")
    return path


def test_a_series_that_another_indicator_reads_is_named(tmp_path: Path) -> None:
    path = a_second_indicator(tmp_path)
    faults = check_definition(path).faults
    assert [fault.field for fault in faults] == [
        "sources.0.select.0.series",
        "sources.1.select.0.series",
    ]
    assert "fingertips '93758' is already read by 19 loneliness" in faults[0].message
    assert faults[0].line == line_of(path, '"93758"')


def test_other_rows_of_a_series_are_free(tmp_path: Path) -> None:
    assert check_definition(a_second_indicator(tmp_path, where="{age: [65+ yrs]}")).faults == ()
    # Another column alone does not set rows apart.
    path = a_second_indicator(tmp_path, where="{sex: [Persons]}")
    assert len(check_definition(path).faults) == 2
