"""Aspirations: every one of the plans is there, quoted as it stands, and mapped to something."""

from __future__ import annotations

import html
import os
import re
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from beacon.registry import RegistryError, load_aspirations, load_indicators
from beacon.registry.aspirations import AspirationFile

ROOT = Path(__file__).resolve().parents[3]

FILE: dict[str, Any] = {
    "document": {"id": "plan", "title": "A plan", "publisher": "A partnership"},
    "kind": "aspiration",
    "groups": [
        {
            "title": "An objective",
            "line": 3,
            "items": [
                {
                    "id": "less_smoking",
                    "wording": "Reduce smoking",
                    "measured_by": [{"indicator": "smoking_prevalence", "fit": "exact"}],
                    "targets": ["smoking_cheshire_merseyside"],
                }
            ],
        }
    ],
}

# The text versions of the documents, by the id that the register gives them.
TEXTS = {
    "strategy_2021": "000_",
    "joint_forward_plan_2023": "002_",
    "partnership_plan_2024": "003_",
    "purpose_2021": "004_",
    "joint_forward_plan_2024_overview": "001_",
}


def plan(name: str) -> list[str]:
    folder = Path(os.environ.get("BEACON_TEST_PLANS", ROOT.parent / "shared" / "plans"))
    found = sorted(folder.glob(f"{TEXTS[name]}*.txt"))
    if not found:
        pytest.skip(f"the text of {name} is absent (BEACON_TEST_PLANS: {folder})")
    return found[0].read_text(encoding="utf-8").split("\n")


def plain(text: str) -> str:
    text = html.unescape(re.sub(r"<[^>]*>", " ", text))
    return re.sub(r"\s+", " ", re.sub(r"[•●*]", " ", text)).strip()


def files() -> dict[str, AspirationFile]:
    return {file.document.id: file for file in load_aspirations()}


def test_all_documents_are_there_and_every_item_is_mapped() -> None:
    assert set(files()) == set(TEXTS)
    for file in files().values():
        for item in (item for group in file.groups for item in group.items):
            assert item.measured_by or item.could_come_from or item.needed, item.id


@pytest.mark.given
@pytest.mark.parametrize("name", TEXTS)
def test_every_quotation_stands_on_its_line(name: str) -> None:
    lines = plan(name)
    for group in files()[name].groups:
        for number, item in enumerate(group.items):
            line = group.line_of(number)
            assert plain(item.wording) in plain(lines[line - 1]), f"{item.id}, line {line}"


@pytest.mark.given
def test_every_row_of_the_outcomes_tables_is_there() -> None:
    """Appendix A of the Joint Forward Plan sums up all its outcomes tables, a row a line."""
    lines = plan("joint_forward_plan_2023")
    start = lines.index("### Appendix A - summary of outcomes")
    end = next(n for n, line in enumerate(lines) if line.startswith("## Appendix B"))
    heading = "Service / Programme\t"
    wanted = {
        number: max(1, line.count("<li>"))
        for number, line in enumerate(lines, start=1)
        if start < number <= end and "\t" in line and not line.startswith(heading)
    }
    held: dict[int, int] = {}
    for group in files()["joint_forward_plan_2023"].groups:
        held[group.line] = held.get(group.line, 0) + len(group.items)
    assert {line: held.get(line) for line in wanted} == wanted
    assert sum(wanted.values()) == 214


@pytest.mark.given
@pytest.mark.parametrize(
    ("name", "first", "last"),
    [("strategy_2021", 137, 195), ("purpose_2021", 23, 33)],
)
def test_every_five_year_aspiration_is_there(name: str, first: int, last: int) -> None:
    lines = plan(name)
    wanted = {n for n in range(first, last + 1) if lines[n - 1].lstrip().startswith("- ")}
    held = {g.line_of(n) for g in files()[name].groups for n in range(len(g.items))}
    assert wanted <= held


@pytest.mark.given
def test_every_headline_ambition_is_there() -> None:
    """Between the heading and the principles every line that says "We will" is an ambition."""
    lines = plan("partnership_plan_2024")
    start = next(n for n, line in enumerate(lines, 1) if line.endswith("Our Headline Ambitions"))
    end = next(n for n, line in enumerate(lines, 1) if line.endswith("Our three principles"))
    wanted = {n for n in range(start, end) if lines[n - 1].startswith("We will")}
    held = {group.line for group in files()["partnership_plan_2024"].groups}
    assert wanted
    assert wanted <= held


def test_a_beacon_of_the_outcomes_tables_is_mapped_to_itself() -> None:
    known = load_indicators()
    groups = {g.line: g for g in files()["joint_forward_plan_2023"].groups}
    for line in (4068, 4069, 4074):
        for item in groups[line].items:
            (evidence,) = item.measured_by
            assert evidence.fit == "exact"
            assert known[evidence.indicator].is_beacon, item.id


def test_a_valid_file_is_valid(write_yaml: Callable[[str, Any], Path]) -> None:
    path = write_yaml("plan.yaml", FILE)
    (file,) = load_aspirations(path.parent)
    assert file.groups[0].items[0].mapping == "measured"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"measured_by": []}, "name an indicator, a source it could come from, or what is needed"),
        (
            {"measured_by": [{"indicator": "nothing", "fit": "exact"}]},
            "'nothing' is not an indicator of the registry",
        ),
        ({"targets": ["nothing"]}, "'nothing' is not a target of the register"),
        (
            {"measured_by": [{"indicator": "smoking_prevalence", "fit": "exact"}] * 2},
            "an indicator is named twice",
        ),
        ({"wording": "word " * 17}, "quote at most 16 words"),
    ],
)
def test_a_wrong_aspiration_is_refused(
    change: dict[str, Any], message: str, write_yaml: Callable[[str, Any], Path]
) -> None:
    file = deepcopy(FILE)
    file["groups"][0]["items"][0].update(change)
    with pytest.raises(RegistryError) as caught:
        load_aspirations(write_yaml("plan.yaml", file).parent)
    assert message in str(caught.value)


def test_an_id_used_in_two_files_is_refused(write_yaml: Callable[[str, Any], Path]) -> None:
    write_yaml("a.yaml", FILE)
    path = write_yaml("b.yaml", FILE)
    with pytest.raises(RegistryError, match=r"less_smoking: is already used by a\.yaml"):
        load_aspirations(path.parent)
