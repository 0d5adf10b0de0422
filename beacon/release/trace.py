"""From a number in a release back to the publisher's bytes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from beacon.contracts.sql_files import INDICATOR_MARTS
from beacon.core.errors import BeaconError
from beacon.core.files import read_json, sha256_of
from beacon.core.home import Home
from beacon.core.suggestions import did_you_mean
from beacon.release.layout import Release
from beacon.release.query import connect_release

_LINE_LIMIT = 2_000


@dataclass(frozen=True)
class Chain:
    """The chain behind one number.

    Attributes:
        row: The mart's row.
        mart: The mart.
        indicator: What the indicator mart says of the measure.
        input: The manifest's entry for the publisher's file; None where there is no value.
        landed: The landing record: when and from where; None where it is not in this home.
        intact: Whether the landed bytes still have their hash; None where they are not here.
        staged: The typed row as staged; None where the cache is gone.
        line: The publisher's own line, for text files.
    """

    mart: str
    row: dict[str, Any]
    indicator: dict[str, Any]
    input: dict[str, Any] | None
    landed: dict[str, Any] | None
    intact: bool | None
    staged: dict[str, Any] | None
    line: str | None


def trace(
    home: Home,
    release: Release,
    indicator: str,
    place: str,
    period: str,
    *,
    measure: str | None = None,
    sex: str | None = None,
) -> list[Chain]:
    """Every number of that indicator, place and period, each with its chain.

    A figure that was added up is followed by the Places' own that it is the sum of.

    Args:
        home: Holds the landed objects.
        release: The release that holds the number.
        indicator: Number or short name.
        place: Code or name of an area.
        period: As published, or "latest" for the newest that has a value.
        measure: One measure only.
        sex: One sex only.

    Raises:
        BeaconError: When there is no such row, saying what there is.
    """
    with connect_release(release, sql="") as con:
        found: list[tuple[str, dict[str, Any]]] = []
        for mart in INDICATOR_MARTS:
            rows = _records(
                con,
                f'select * from "{mart}" where (indicator_slug = $indicator '  # noqa: S608
                "or indicator_id::varchar = $indicator) "
                "and (area_code = $place or lower(area_name) = lower($place)) order by all",
                {"indicator": indicator, "place": place},
            )
            found += [(mart, row) for row in rows]
        _refuse_unknown(con, found, indicator, place)
        chosen = _choose(found, period, measure, sex)
        chosen += [part for mart, row in chosen for part in _parts(con, mart, row)]
        definitions = {
            (row["indicator_slug"], row["measure"]): row
            for row in _records(con, "select * from indicator", {})
        }
    inputs = {entry["sha256"]: entry for entry in release.manifest["inputs"]}
    return [
        _chain(
            home,
            mart,
            row,
            definitions.get((row["indicator_slug"], row["measure"]), {}),
            inputs.get(row["source_sha256"]),
        )
        for mart, row in chosen
    ]


def _parts(con: Any, mart: str, row: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """The Places' rows that a computed figure of the board is the sum of; none of any other."""
    if row.get("value_method") != "sum_of_places":
        return []
    names = ("indicator_slug", "measure", "period", "sex", "age", "category")
    rows = _records(
        con,
        f"select * from \"{mart}\" where area_type = 'place' and "  # noqa: S608
        + " and ".join(f"{name} = ${name}" for name in names)
        + " order by area_code",
        {name: row[name] for name in names},
    )
    return [(mart, part) for part in rows]


def _records(con: Any, sql: str, values: dict[str, Any]) -> list[dict[str, Any]]:
    cursor = con.execute(sql, values) if values else con.execute(sql)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _refuse_unknown(con: Any, found: list[Any], indicator: str, place: str) -> None:
    if found:
        return
    known = _records(con, "select distinct indicator_slug, indicator_id from indicator", {})
    names = [name for row in known for name in (row["indicator_slug"], str(row["indicator_id"]))]
    if indicator not in names:
        raise BeaconError(
            f"There is no indicator {indicator!r}.{did_you_mean(indicator, names)} "
            "`beacon indicators --all` lists them."
        )
    areas = [
        name
        for (name,) in con.execute(
            "select distinct area_name from beacon_indicator order by area_name"
        ).fetchall()
    ]
    raise BeaconError(
        f"{indicator} has no row for {place!r}.{did_you_mean(place, areas)} "
        f"Areas: {', '.join(areas)}."
    )


def _choose(
    found: list[tuple[str, dict[str, Any]]], period: str, measure: str | None, sex: str | None
) -> list[tuple[str, dict[str, Any]]]:
    rows = [
        (mart, row)
        for mart, row in found
        if measure in (None, row["measure"]) and sex in (None, row["sex"])
    ]
    if period == "latest":
        newest: dict[str, Any] = {}
        for _, row in rows:
            if row["value"] is not None:
                name = row["measure"]
                newest[name] = max(newest.get(name, row["period_end"]), row["period_end"])
        chosen = [
            (mart, row) for mart, row in rows if row["period_end"] == newest.get(row["measure"], 0)
        ]
    else:
        chosen = [(mart, row) for mart, row in rows if row["period"] == period]
    if not chosen:
        periods = ", ".join(sorted({row["period"] for _, row in rows})) or "none"
        raise BeaconError(f"There is no row for {period!r}. Periods: {periods}.")
    return chosen


def _chain(
    home: Home,
    mart: str,
    row: dict[str, Any],
    indicator: dict[str, Any],
    entry: dict[str, Any] | None,
) -> Chain:
    landed = intact = line = None
    if entry is not None:
        path = home.landing / entry["file"]
        landed = read_json(path.with_name(f"{path.name}.landing.json"))
        if path.is_file():
            intact = sha256_of(path) == entry["sha256"]
            line = _line(path, row["source_row"])
    return Chain(mart, row, indicator, entry, landed, intact, _staged_row(home, row), line)


def _line(path: Path, number: int | None) -> str | None:
    """The publisher's line of that number, for plain text; other formats have no lines."""
    if number is None or path.suffix.lower() not in (".csv", ".tsv", ".txt"):
        return None
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
        for count, text in enumerate(stream, start=1):
            if count == number:
                return text.rstrip("\r\n")[:_LINE_LIMIT]
    return None


def _staged_row(home: Home, row: dict[str, Any]) -> dict[str, Any] | None:
    """The row of the staging cache that the number was taken from."""
    sha256 = row["source_sha256"]
    if sha256 is None or row["source_row"] is None:
        return None
    files = sorted((home.staging / "observation").glob(f"*.{sha256[:16]}.*.parquet"))
    for file in reversed(files):
        with duckdb.connect() as con:
            rows = _records(
                con,
                "select * from read_parquet($file) where source_sha256 = $sha256 and series = "
                "$series and source_row = $source_row and area_code = $area and period = $period",
                {
                    "file": str(file),
                    "sha256": sha256,
                    "series": row["series"],
                    "source_row": row["source_row"],
                    "area": row["area_code"],
                    "period": row["period"],
                },
            )
        same = [found for found in rows if found.get("sex") in (row["sex"], None)]
        if same or rows:
            return (same or rows)[0]
    return None
