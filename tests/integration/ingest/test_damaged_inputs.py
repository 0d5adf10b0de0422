"""A damaged input is refused by name, and nothing that was good is lost.

Each kind of damage is done to each file that a sample run uses, to every second one at a time: what
is said must be said of the damaged and of no other.
"""

import gzip
import shutil
import sqlite3
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from beacon.core.settings import Settings
from beacon.ingest.landing_store import LandedObject, LandingStore
from beacon.inputs import find_files
from beacon.pipeline import land, run_pipeline, stage
from beacon.warehouse.connection import Warehouse, open_warehouse
from beacon.workspace import Workspace
from tests.fixtures.runs import make_everything

Damage = Callable[[Path], None]


def cut_in_half(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def web_page(path: Path) -> None:
    path.write_text("<!DOCTYPE html><html><body>Sorry, an unexpected error occurred</body></html>")


def empty(path: Path) -> None:
    path.write_bytes(b"")


def _edit_text(path: Path, edit: Callable[[str], str]) -> None:
    if path.name.endswith(".gz"):
        text = gzip.decompress(path.read_bytes()).decode("utf-8")
        path.write_bytes(gzip.compress(edit(text).encode("utf-8")))
    else:
        path.write_bytes(edit(path.read_bytes().decode("utf-8")).encode("utf-8"))


def _edit_sheets(path: Path, edit: Callable[[str], str]) -> None:
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            if name.endswith((".xml",)):
                archive.writestr(name, edit(data.decode("utf-8")))
            else:
                archive.writestr(name, data)


def _swap(text: str, one: str, other: str) -> str:
    assert one in text, f"{one!r} is not in the file"
    assert other in text, f"{other!r} is not in the file"
    return text.replace(one, "\0", 1).replace(other, one, 1).replace("\0", other, 1)


# For each file that is read: two headers to swap, as they stand in the file.
SWAPPED_HEADERS = {
    "imd2025": (
        "Index of Multiple Deprivation (IMD) Rank (where 1 is most deprived)",
        "Index of Multiple Deprivation (IMD) Decile (where 1 is most deprived 10% of LSOA",
    ),
    "imd2019": (
        "Index of Multiple Deprivation (IMD) Decile",
        "Index of Multiple Deprivation (IMD) Rank",
    ),
    "SICBL24": ("ICB24CD,", "LSOA21NM,"),
    "LSOA11_LSOA21": ("LSOA11CD", "LSOA21CD"),
    "WD24": ("WD24CD", "LAD24CD"),
    "TS007A": ("Aged 5 to 9 years", "Aged 10 to 14 years"),
    "SAPE": ("lsoa11_name", "lsoa11_code"),
    "90366": ("Lower CI 95.0 limit", "Upper CI 95.0 limit"),
    "93014": ("Count,", "Denominator,"),
    "healthy-life": ("lci_95", "uci_95"),
    "unemployment": ("observation", "uci_95"),
    "EYFSP": ("gld_number", "elg_number"),
}


@pytest.fixture
def warehouse(sample_home: Path) -> Iterator[Warehouse]:
    workspace = Workspace(Settings(home=sample_home, inputs="sample"))
    with open_warehouse(workspace) as opened:
        yield opened


def _in_use(warehouse: Warehouse) -> dict[str, LandedObject]:
    return LandingStore(warehouse.workspace.home.landing).current(fictional=True)


def _files_in_use(warehouse: Warehouse) -> list[Path]:
    folder = warehouse.workspace.home.sample
    paths = {folder / landed.origin for landed in _in_use(warehouse).values()}
    # Tables of accepted returns are put together by each run, and no files of the folder.
    return sorted(path for path in paths if path.parent.name != "accepted returns")


def _stage(warehouse: Warehouse, tables: Iterable[str]) -> dict[Path, list[str]]:
    """Land what is there and stage some tables; give the problems in words, by file in use."""
    folder = warehouse.workspace.home.sample
    outcomes = land(warehouse.workspace).refused
    found = [(outcome.candidate, outcome.problems) for outcome in outcomes]
    for table in tables:
        for part in stage(warehouse, table):
            found.append((part.in_use, part.problems))
            if part.problems:
                assert part.in_use is not None, "the last good object must stay in use"
                assert part.is_last_good
    problems: dict[Path, list[str]] = {}
    for landed, those in found:
        if those:
            assert landed is not None
            problems.setdefault(folder / landed.origin, []).extend(map(str, those))
    return {path: list(dict.fromkeys(said)) for path, said in problems.items()}


def _stage_everything(warehouse: Warehouse) -> dict[Path, list[str]]:
    return _stage(warehouse, warehouse.workspace.staging_tables)


@pytest.mark.parametrize("damage", [cut_in_half, web_page, empty])
@pytest.mark.parametrize("first", [0, 1])
def test_every_second_input_damaged_is_refused_by_name_and_no_other(
    warehouse: Warehouse, first: int, damage: Damage
) -> None:
    before = _in_use(warehouse)
    damaged = _files_in_use(warehouse)[first::2]
    assert len(damaged) > 20
    for path in damaged:
        damage(path)
    problems = _stage_everything(warehouse)
    assert set(problems) == set(damaged)
    for path, said in problems.items():
        assert all(path.name in problem for problem in said), said
    assert _in_use(warehouse) == before


@pytest.fixture(scope="module")
def swapped(
    published_sample: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, tuple[Path, list[str]]]:
    """By name, a file of which two headers changed places, and what is said of it.

    All are swapped before they are read; of no other file is anything said.
    """
    home = tmp_path_factory.mktemp("swapped") / "home"
    shutil.copytree(published_sample, home)
    with open_warehouse(Workspace(Settings(home=home, inputs="sample"))) as warehouse:
        files = _files_in_use(warehouse)
        chosen = {
            name: next(path for path in files if name in str(path.relative_to(home)))
            for name in SWAPPED_HEADERS
        }
        for name, path in chosen.items():
            _swap_headers(path, *SWAPPED_HEADERS[name])
        problems = _stage_everything(warehouse)
    assert set(problems) <= set(chosen.values())
    return {name: (path, problems.get(path, [])) for name, path in chosen.items()}


def _swap_headers(path: Path, one: str, other: str) -> None:
    def swap(text: str) -> str:
        return _swap(text, one, other) if one in text and other in text else text

    edit = _edit_sheets if path.suffix == ".xlsx" else _edit_text
    edit(path, swap)


@pytest.mark.parametrize("name", list(SWAPPED_HEADERS))
def test_two_headers_in_each_others_place_are_refused_with_their_names(
    swapped: dict[str, tuple[Path, list[str]]], name: str
) -> None:
    path, problems = swapped[name]
    assert problems, f"{path.name}: swapped headers were not noticed"
    assert path.name in problems[0]
    assert "row 1" in problems[0] or "row 6" in problems[0] or "row 7" in problems[0], problems[0]
    assert "changed places" in problems[0]


def test_a_decile_of_eleven_is_refused_with_its_row_and_column(warehouse: Warehouse) -> None:
    (path,) = [p for p in _files_in_use(warehouse) if p.match("imd2025/*File_1*")]
    first = _first_lsoa_row(path)

    def edit(text: str) -> str:
        # The last cell of the first LSOA's row is its decile.
        return text.replace(first, first.rsplit("<v>", 1)[0] + "<v>11</v></c></row>", 1)

    _edit_sheets(path, edit)
    ((refused, problems),) = _stage(warehouse, ["imd_lsoa"]).items()
    assert refused == path
    (problem,) = problems
    assert path.name in problem
    assert "row 2" in problem
    assert "Decile" in problem
    assert "'11' is above 10" in problem


def _first_lsoa_row(path: Path) -> str:
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            text = archive.read(name).decode("utf-8", errors="replace")
            start = text.find('<row r="2"')
            if name.startswith("xl/worksheets/") and start >= 0 and "<v>" in text[start:]:
                row = text[start : text.index("</row>", start) + len("</row>")]
                if row.count("<v>") + row.count("<t>") >= 6:
                    return row
    raise AssertionError("no data row found")


def test_a_geopackage_in_another_coordinate_system_is_refused(warehouse: Warehouse) -> None:
    (path,) = [p for p in _files_in_use(warehouse) if p.suffix == ".gpkg"]
    with sqlite3.connect(path) as connection:
        connection.execute("pragma trusted_schema = 1")
        connection.execute("update gpkg_contents set srs_id = 27700")
    connection.close()
    ((refused, (problem,)),) = _stage(warehouse, ["boundary"]).items()
    assert refused == path
    assert "EPSG:27700" in problem


def test_damage_keeps_the_last_release_and_other_inputs_stay_fresh(sample_home: Path) -> None:
    """One file damaged, another revised: the revision is published, the damage is not."""
    folder = sample_home / "sample"
    (damaged,) = folder.glob("ons_els/*healthy-life-expectancy.csv")
    (revised,) = folder.glob("fingertips/*93014*.csv")
    cut_in_half(damaged)
    lines = revised.read_text(encoding="utf-8").splitlines(keepends=True)
    place = next(i for i, line in enumerate(lines) if ",Z06000001," in line)
    cells = lines[place].split(",")
    # A small revision: a large one would wait for somebody's approval.
    new_value = float(cells[12]) + 0.1
    cells[12:17] = [str(new_value + shift) for shift in (0, -1, 1, -1.5, 1.5)]
    lines[place] = ",".join(cells)
    revised.write_text("".join(lines), encoding="utf-8")

    workspace = Workspace(Settings(home=sample_home, inputs="sample"))
    assert run_pipeline(workspace, checks=False).status == "published"
    with open_warehouse(workspace, prepare=False) as warehouse:
        con = warehouse.con
        assert con.execute(
            "select count(*) from marts.beacon_indicator where value = ? "
            "and indicator_slug = 'activity_levels' and area_code = 'Z06000001'",
            [new_value],
        ).fetchall() == [(1,)]
        healthy = con.execute(
            "select count(value) from marts.beacon_indicator "
            "where indicator_slug = 'healthy_life_expectancy' and area_type = 'place'"
        ).fetchone()
        assert healthy is not None
        assert healthy[0] > 0, "the last good series must stay in use"
        status = con.execute(
            "select status, message from marts.source_status where source = 'ons_els' "
            "and part like '%healthy-life%'"
        ).fetchone()
    assert status is not None
    assert status[0] == "refused_last_good_in_use"
    assert damaged.name in status[1]


def test_damage_alone_publishes_nothing(sample_home: Path) -> None:
    (damaged,) = (sample_home / "sample").glob("ons_els/*healthy-life-expectancy.csv")
    cut_in_half(damaged)
    workspace = Workspace(Settings(home=sample_home, inputs="sample"))
    assert run_pipeline(workspace, checks=False).status == "unchanged"
    assert make_everything(workspace).status == "unchanged"


def test_damage_on_the_first_night_leaves_one_indicator_missing_not_the_release(
    tmp_path: Path, sample_home: Path
) -> None:
    home = tmp_path / "first-night"
    shutil.copytree(sample_home / "sample", home / "sample")
    (damaged,) = (home / "sample").glob("ons_els/*healthy-life-expectancy.csv")
    web_page(damaged)
    workspace = Workspace(Settings(home=home, inputs="sample"))
    assert run_pipeline(workspace, checks=False).status == "published"
    with open_warehouse(workspace, prepare=False) as warehouse:
        statuses = warehouse.con.execute(
            "select distinct value_status from marts.scorecard "
            "where indicator_slug = 'healthy_life_expectancy'"
        ).fetchall()
    assert statuses == [("not_supplied",)]


def test_without_the_deprivation_file_nothing_is_published(
    tmp_path: Path, sample_home: Path
) -> None:
    from beacon.core.errors import PublicationBlockedError

    home = tmp_path / "first-night"
    shutil.copytree(sample_home / "sample", home / "sample")
    (damaged,) = (home / "sample").glob("imd2025/*File_1*.xlsx")
    cut_in_half(damaged)
    with pytest.raises(PublicationBlockedError, match=r"File_1.*damaged or cut short"):
        run_pipeline(Workspace(Settings(home=home, inputs="sample")), checks=False)
    assert not (home / "latest.json").exists()


def test_files_that_are_nothing_known_are_listed(sample_home: Path) -> None:
    (sample_home / "sample" / "holiday.csv").write_text("day,place\n1,Rhyl\n")
    workspace = Workspace(Settings(home=sample_home, inputs="sample"))
    report = land(workspace)
    assert "holiday.csv" in report.unrecognised
    assert any(file.relative == "holiday.csv" for file in find_files(workspace))
