"""PLUS groups of custom areas: right where shown, and never of few people, whatever is asked."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import duckdb
import numpy as np
import pytest

import beacon
from beacon.core.settings import Settings
from beacon.disclosure.area_differences import Area
from beacon.pipeline import run_pipeline
from beacon.release.area_members import Lsoa
from beacon.release.area_plus import PARTS, plus_figures
from beacon.workspace import Workspace
from tests.unit.cohorts.test_plus import COAST, RURAL

FEWEST = 100


def lsoa(code: str, people: int, *, core20: bool) -> Lsoa:
    return Lsoa(code, code, "P", "P", None, None, people, "b", 1 if core20 else 9, core20, None)


def release(**groups: Iterable[str]) -> duckdb.DuckDBPyConnection:
    """Marts that have these groups, each with the LSOAs of a word, one a letter."""
    con = duckdb.connect()
    con.execute("create table plus_lsoa (plus_group varchar, lsoa21_code varchar)")
    con.execute("create table plus_cohort (plus_group varchar)")
    for name, codes in groups.items():
        con.execute("insert into plus_cohort values (?)", [name])
        con.execute("insert into plus_lsoa select ?, unnest(?::varchar[])", [name, list(codes)])
    con.execute("insert into plus_cohort select 'any' where exists (from plus_cohort)")
    return con


LSOAS = {
    "a": lsoa("a", 1000, core20=True), "b": lsoa("b", 1200, core20=False),
    "c": lsoa("c", 900, core20=False), "d": lsoa("d", 1500, core20=False),
}  # fmt: skip


def shown(con: duckdb.DuckDBPyConnection, area: str) -> dict[tuple[str, str], object]:
    figures = plus_figures(con, Area(area), LSOAS, FEWEST)
    return {
        (figure.group, figure.measure.removeprefix("people_")): figure.value for figure in figures
    }


def test_nobody_in_core20_and_a_group_is_counted_twice() -> None:
    found = shown(release(coast="ab", rural="bd"), "abd")
    assert [found["coast", part] for part in PARTS] == [0, 1200, 1000, 1500]
    assert found["coast", "core20_or_plus"] == 2200
    assert [found["rural", part] for part in PARTS] == [1000, 2700, 0, 0]
    assert [found["any", part] for part in PARTS] == [0, 2700, 1000, 0]


def test_without_a_group_in_use_there_is_no_figure() -> None:
    assert shown(release(), "ab") == {}


def test_the_attacker_recovers_none_of_1000_with_50_areas_and_some_without_the_rule() -> None:
    """Each world has LSOAs of few people; the second has none, and all it tells is of many."""
    rng = np.random.default_rng(24)
    tried = guarded = unguarded = 0
    for _ in range(50):
        codes = [f"L{i:02}" for i in range(60)]
        small = codes[::3]
        many = {code: int(rng.integers(FEWEST, 3000)) for code in codes}
        few = many | {code: int(rng.integers(1, FEWEST)) for code in small}
        core20 = {code: bool(rng.random() < 0.4) for code in codes}
        inside = [code for code in codes if rng.random() < 0.4]
        con = release(g=inside)
        areas = []
        for _ in range(50):
            start = int(rng.integers(0, 50))
            areas.append(Area(codes[start : start + int(rng.integers(4, 20))]))
        for people in (few, many):
            lsoas = {code: lsoa(code, people[code], core20=core20[code]) for code in codes}
            told = [area for area in areas if plus_figures(con, area, lsoas)[0].value is not None]
            assert told == (areas if people is many else [])
            guarded += sum(
                people[code] < FEWEST for code in _recovered(codes, core20, inside, told)
            )
        unguarded += len(_recovered(codes, core20, inside, areas) & set(small))
        tried += len(small)
    assert tried == 1000
    assert guarded == 0
    assert unguarded > 100


def _recovered(
    codes: list[str], core20: dict[str, bool], inside: list[str], told: list[Area]
) -> set[str]:
    """LSOAs whose residents follow from the parts of areas, by linear algebra."""
    if not told:
        return set()
    part_of = {code: (core20[code], code in inside) for code in codes}
    rows = [
        [float(code in area and part_of[code] == part) for code in codes]
        for area in told
        for part in sorted(set(part_of.values()))
    ]
    _, values, right = np.linalg.svd(np.array(rows))
    free = right[int((values > 1e-9).sum()) :]
    return {code for n, code in enumerate(codes) if np.all(np.abs(free[:, n]) < 1e-9)}


def test_a_release_with_a_group_gives_an_area_what_it_gives_the_board(
    sample_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    groups = {one.id: one for one in (RURAL, COAST)}
    monkeypatch.setattr("beacon.workspace.load_plus_groups", lambda: groups)
    workspace = Workspace(Settings(home=sample_home, inputs="sample"))
    workspace.home.supplied.mkdir()
    listed = "".join(f"coast,Z01{number:06}\n" for number in range(1, 400, 7))
    (workspace.home.supplied / "coast.csv").write_text("plus_group,lsoa21_code\n" + listed)
    assert run_pipeline(workspace, checks=False).status == "published"
    con = beacon.connect(home=sample_home)
    codes = [code for (code,) in con.execute("select lsoa21_code from lsoa").fetchall()]
    found = beacon.area(codes, home=sample_home)
    figures = {(f.group, f.measure): f.value for f in found.figures}
    board = con.execute(
        "select plus_group, part, people from plus_cohort where area_type = 'icb' "
        "and sex = 'Persons' and age_band = 'All ages'"
    ).fetchall()
    assert len(board) == 12
    for plus_group, part, people in board:
        assert figures[plus_group, f"people_{part}"] == people
    # One Place, against sums of the release's own list of LSOAs.
    first = con.execute("select min(place_code) from lsoa").fetchall()[0][0]
    own = [
        code
        for (code,) in con.execute(
            "select lsoa21_code from lsoa where place_code = ?", [first]
        ).fetchall()
    ]
    place = {(f.group, f.measure): f.value for f in beacon.area(own, home=sample_home).figures}
    right = con.execute(
        "select sum(people) from lsoa join plus_lsoa using (lsoa21_code) "
        "where lsoa.place_code = ? and plus_group = 'rural' and not core20_imd2025",
        [first],
    ).fetchall()[0][0]
    assert place["rural", "people_plus_only"] == right
