"""From a number in a release back to the publisher's bytes."""

from __future__ import annotations

from collections.abc import Mapping
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

Found = tuple[str, dict[str, Any]]
"""A mart, and a row of it."""

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
        period: As published, or "latest" for that of the scorecard: the newest of the measure, at
            which a Place or a sex may be without a value.
        measure: One measure only, in upper or lower case.
        sex: One sex only, in upper or lower case.

    Raises:
        BeaconError: When there is no such row, saying what there is.
    """
    with connect_release(release, sql="") as con:
        found: list[Found] = []
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
        wanted = _only(_only(found, "measure", measure), "sex", sex)
        chosen = _choose(wanted, _latest(con, found), period)
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


def _parts(con: Any, mart: str, row: dict[str, Any]) -> list[Found]:
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


def _refuse_unknown(con: Any, found: list[Found], indicator: str, place: str) -> None:
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


def _only(found: list[Found], column: str, given: str | None) -> list[Found]:
    """The rows of one measure or sex, which may be given in lower case."""
    if given is None:
        return found
    rows = [(mart, row) for mart, row in found if row[column].casefold() == given.casefold()]
    if not rows:
        known = sorted({row[column] for _, row in found})
        about = found[0][1]
        raise BeaconError(
            f"{about['indicator_slug']} has no {column} {given!r} for {about['area_name']}."
            f" Known: {', '.join(known)}."
        )
    return rows


def _newest(found: list[Found]) -> dict[str, Any]:
    """End of the newest period of each measure, of those with a value where there are any."""
    dated = [row for _, row in found if row["period_end"] is not None]
    dated.sort(key=lambda row: (row["value"] is not None, row["period_end"]))
    return {row["measure"]: row["period_end"] for row in dated}


def _latest(con: Any, found: list[Found]) -> dict[str, Any]:
    """End of the latest period of each measure of an area, as its scorecard has it.

    Of what no scorecard has, the newest with a value.
    """
    shown = _records(
        con,
        "select measure, max(period_end) as period_end from scorecard where place_code = $place "
        "and indicator_slug = $indicator and period_end is not null group by measure",
        {"place": found[0][1]["area_code"], "indicator": found[0][1]["indicator_slug"]},
    )
    return _newest(found) | {row["measure"]: row["period_end"] for row in shown}


def _choose(rows: list[Found], latest: Mapping[str, Any], period: str) -> list[Found]:
    if period == "latest":
        # A sex or measure without any row at the latest period is shown at its own newest.
        there = {(row["measure"], row["period_end"]) for _, row in rows}
        ends = _newest(rows) | dict(there & set(latest.items()))
        # What has no figures at all has one row, of no date.
        return [(mart, row) for mart, row in rows if row["period_end"] == ends.get(row["measure"])]
    chosen = [(mart, row) for mart, row in rows if row["period"] == period]
    if not chosen:
        periods = ", ".join(sorted({row["period"] for _, row in rows}))
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
