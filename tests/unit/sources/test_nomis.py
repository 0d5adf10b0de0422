"""Answers of Nomis, in the header of its data service, with fictional areas and figures."""

import csv
from calendar import month_name
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from beacon.core.errors import InputRefusedError
from beacon.core.settings import Settings
from beacon.pipeline import land, stage, transform_indicators
from beacon.registry.sources import load_source_register
from beacon.sources.publishers.nomis import parse_month, read_nomis
from beacon.sources.recognise import recognise
from beacon.warehouse import indicator_rows
from beacon.warehouse.connection import open_warehouse
from beacon.workspace import Workspace
from tests.integration.fetch.conftest import Bench, bench, sample_files, world  # noqa: F401
from tests.replicas.world import World

REGISTER = load_source_register()
PLACES = [f"Z0600000{number}" for number in range(1, 10)]


def _concept(name: str, code: str, label: str) -> dict[str, str]:
    return {name: code, f"{name}_NAME": label, f"{name}_CODE": code, f"{name}_SORTORDER": "0"}


def _row(
    area: str,
    date: str,
    measure: str,
    value: str,
    dimensions: dict[str, str],
    status: str = "Normal Value",
) -> dict[str, str]:
    return {
        **_concept("DATE", "2025-12", date),
        **_concept("GEOGRAPHY", "1", f"Fictional {area}"),
        "GEOGRAPHY_CODE": area,
        **dimensions,
        "MEASURES": measure,
        "MEASURES_NAME": "Variable",
        "OBS_VALUE": value,
        "OBS_STATUS": "A",
        "OBS_STATUS_NAME": status,
    }


def _write(path: Path, rows: list[dict[str, str]], count: int | None = None) -> Path:
    for offset, row in enumerate(rows):
        row |= {"RECORD_OFFSET": str(offset), "RECORD_COUNT": str(count or len(rows))}
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), quoting=csv.QUOTE_ALL)
        writer.writeheader()
        writer.writerows(rows)
    return path


def _unemployment() -> list[dict[str, str]]:
    variable = _concept("VARIABLE", "84", "Unemployment rate - aged 16-64")
    rows = []
    for area in [*PLACES, "Z92000001"]:
        for measure, value in (
            ("20599", "5.2"),
            ("21001", "5200"),
            ("21002", "100000"),
            ("21003", "1.1"),
        ):
            rows.append(_row(area, "Jan 2025-Dec 2025", measure, value, variable))
            rows.append(_row(area, "Apr 2025-Mar 2026", measure, "9.9", variable))
    return rows


def _workless(value: str = "12.5", status: str = "Normal Value") -> list[dict[str, str]]:
    rows = []
    for area in [*PLACES, "Z92000001"]:
        for household in ("Working households", "Workless households"):
            dimensions = _concept("COMBINED_EA_STATUS", "1", household) | _concept(
                "HOUSEHOLDS_CHILDREN", "2", "Children"
            )
            shown = value if household.startswith("Workless") else "70.1"
            rows.append(_row(area, "Jan 2025-Dec 2025", "20301", shown, dimensions, status))
    return rows


def _read(path: Path, key: str):
    seen = recognise(path, REGISTER)
    assert (seen.key, seen.problems) == (key, ())
    return read_nomis(path, "csv", REGISTER.datasets[key], True)


def test_measures_come_side_by_side_and_overlapping_years_are_left_out(tmp_path: Path) -> None:
    frame = _read(_write(tmp_path / "aps.csv", _unemployment()), "nomis/aps_variables")
    assert frame.height == 10
    row = frame.filter(frame["area_code"] == PLACES[0]).to_dicts()[0]
    assert row["series"] == "NM_17_5:84"
    assert row["period"] == "2025"
    assert (row["value"], row["numerator"], row["denominator"]) == (5.2, 5200.0, 100000.0)
    assert (round(row["lower_95"], 6), round(row["upper_95"], 6)) == (4.1, 6.3)


def test_only_workless_households_are_kept(tmp_path: Path) -> None:
    frame = _read(_write(tmp_path / "households.csv", _workless()), "nomis/workless_households")
    assert frame.height == 10
    assert set(frame["value"]) == {12.5}
    assert set(frame["age"]) == {"0-15 yrs"}


def test_a_withheld_value_is_null_with_its_reason(tmp_path: Path) -> None:
    rows = _workless("", "Sample size too small for a reliable estimate")
    for row in rows:
        if row["COMBINED_EA_STATUS_NAME"].startswith("Working"):
            row["OBS_VALUE"] = "70.1"
    frame = _read(_write(tmp_path / "households.csv", rows), "nomis/workless_households")
    assert set(frame["value"]) == {None}
    assert set(frame["value_status"]) == {"suppressed_quality"}
    assert "Sample size" in frame["value_note"][0]


def test_an_answer_that_was_cut_is_refused(tmp_path: Path) -> None:
    path = _write(tmp_path / "aps.csv", _unemployment(), count=25_001)
    with pytest.raises(InputRefusedError, match="its answer was cut") as refused:
        _read(path, "nomis/aps_variables")
    assert refused.value.problems[0].column == "RECORD_COUNT"


def test_categories_that_are_not_there_are_refused_by_name(tmp_path: Path) -> None:
    rows = _workless()
    for row in rows:
        row["COMBINED_EA_STATUS_NAME"] = "Something new"
    with pytest.raises(InputRefusedError, match="Workless households"):
        _read(_write(tmp_path / "households.csv", rows), "nomis/workless_households")


def test_beacons_10_and_14_are_published_from_such_files(sample_home: Path) -> None:
    folder = sample_home / "sample" / "nomis"
    folder.mkdir()
    _write(folder / "FICTIONAL_aps.csv", _unemployment())
    workspace = Workspace(Settings(home=sample_home, inputs="sample"))
    land(workspace)
    with open_warehouse(workspace) as warehouse:
        for table in workspace.staging_tables:
            assert [part for part in stage(warehouse, table) if part.problems] == []
        transform_indicators(warehouse, ["unemployment_16_64", "children_workless_households"])
        found = warehouse.con.execute(
            "select indicator_slug, measure, count(value) from indicators.published where measure = 'main' "
            "and indicator_slug in ('unemployment_16_64', 'children_workless_households') group by all order by all"
        ).fetchall()
    assert found == [
        # The sample's own: 25 areas in 12 years, one of them withheld once.
        ("children_workless_households", "main", 299),
        ("unemployment_16_64", "main", 10),
    ]


def test_indicators_are_the_same_however_many_are_sought_at_once(
    sample_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def published(at_once: int) -> tuple[dict[str, int], list[tuple[object, ...]]]:
        monkeypatch.setattr(indicator_rows, "_CANDIDATES_AT_ONCE", at_once)
        with open_warehouse(Workspace(Settings(home=sample_home, inputs="sample"))) as warehouse:
            rows = indicator_rows.derive_published(warehouse)
            found = warehouse.con.sql("from indicators.published order by all").fetchall()
        return rows, found

    rows, found = published(10**9)
    assert sum(rows.values()) == len(found) > 0
    assert published(1) == (rows, found)


def test_one_indicator_made_alone_keeps_the_rows_of_others(sample_home: Path) -> None:
    with open_warehouse(Workspace(Settings(home=sample_home, inputs="sample"))) as warehouse:
        con = warehouse.con
        expected = con.sql("from indicators.published order by all").fetchall()
        slug = "life_expectancy"
        con.execute("delete from indicators.published where indicator_slug = ?", [slug])
        made = transform_indicators(warehouse, [slug])
        assert con.sql("from indicators.published order by all").fetchall() == expected
    ((name, (rows, problems)),) = made.items()
    assert (name, problems) == (slug, [])
    assert rows > 0


def _claimants() -> list[dict[str, str]]:
    measure = {"MEASURE": "2", "MEASURE_NAME": "Claimants as a proportion of residents aged 16-64"}
    months = [f"{name} {year}" for year in range(2000, 2260) for name in list(month_name)[1:]]
    # More than Nomis gives at once.
    return [
        _row(area, month, "20100", f"{2 + place / 10:.1f}", measure)
        for month in months
        for place, area in enumerate([*PLACES, "Z92000001"])
    ]


@pytest.mark.parametrize(
    ("key", "dataset", "rows", "calls"),
    [
        ("nomis/aps_variables", "NM_17_5", _unemployment, 1),
        ("nomis/workless_households", "NM_136_1", _workless, 1),
        ("nomis/claimant_count", "NM_162_1", _claimants, 2),
    ],
)
def test_what_is_fetched_is_what_a_file_would_be(
    bench: Callable[..., Bench],  # noqa: F811
    world: World,  # noqa: F811
    key: str,
    dataset: str,
    rows: Callable[[], list[dict[str, str]]],
    calls: int,
    tmp_path: Path,
) -> None:
    made = rows()
    _write(tmp_path / "file.csv", made)
    world.nomis.datasets[dataset] = made
    at = bench(key, series=frozenset({"NM_17_5:84", "NM_136_1", "NM_162_1:2"}))
    result = at.run()
    assert result.said == ""
    assert len(world.nomis.requests) == calls
    (part,) = result.parts
    assert part.parquet is not None
    fetched = pl.read_parquet(at.workspace().home.staging / part.parquet)
    frame = _read(tmp_path / "file.csv", key)
    assert fetched.select(frame.columns).drop("source_row").equals(frame.drop("source_row"))


def test_a_month_is_a_period() -> None:
    period = parse_month("February 2024")
    assert period is not None
    assert (period.label, str(period.start), str(period.end)) == (
        "2024-02",
        "2024-02-01",
        "2024-02-29",
    )
    assert parse_month("Smarch 2024") is None
