"""Reading a release's Parquet and manifest, once, for its pages."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from beacon.core.errors import BeaconError
from beacon.core.files import read_json
from beacon.release import layout
from beacon.site.facts import ReleaseFacts
from beacon.site.indicator_facts import Row

MARTS_SHOWN = (
    "place",
    "indicator",
    "scorecard",
    "beacon_indicator",
    "core20plus5_indicator",
    "core20_cohort",
    "source_status",
    "inequality",
    "life_and_health",
    "change",
    "target",
    "aspiration",
    "minimum_breakdown",
    "core20_ethnicity",
    "core20_movement",
    "core20_movement_area",
    "core20_pocket",
    "core20_ward",
    "deprivation_domain",
    "inequality_trend",
    "plus_cohort",
    "care_gap",
    "cohort_size",
    "segment",
    "observation",
    "neighbour",
    "neighbour_comparison",
    "neighbourhood_return",
)
_EVERYONE = "select * from mart where sex = 'Persons' and age_band = 'All ages'"
# Of the latest extract, and of no smaller area than a Place.
_LATEST_PEOPLE = (
    "select * from mart where area_type in ('icb', 'place') "
    "and as_at = (select max(as_at) from mart)"
)
# Marts of many rows of which pages show few, or only how many there are of a kind.
_PARTS_SHOWN = {
    "core20_ward": _EVERYONE,
    "plus_cohort": _EVERYONE,
    "care_gap": _LATEST_PEOPLE,
    "cohort_size": f"{_LATEST_PEOPLE} and breakdown = 'all'",
    "segment": f"{_LATEST_PEOPLE} and breakdown in ('all', 'core20')",
    # The nation's authorities, at the latest period that a Place has a value of.
    "observation": """
        select
            indicator_slug, measure, sex, age, period, area_code, area_name, authority_tier, value
        from mart where category = 'All' and value is not null
        qualify authority_tier is not null and period_end = max(period_end)
            filter (where area_type = 'place')
            over (partition by indicator_slug, measure, sex, age)""",
    # Everybody, at the latest period of each programme.
    "neighbourhood_return": """
        select * from mart where breakdown = 'all'
        qualify period_end = max(period_end) over (partition by form_id)""",
    "deprivation_domain": """
        select place_code, imd_vintage, lsoa_vintage, domain, kind, count(*) as lsoas,
            count(*) filter (is_most_deprived_fifth) as lsoas_most_deprived_fifth
        from mart group by all""",
}
REQUIRED = ("place", "indicator", "scorecard", "beacon_indicator")


class SiteError(BeaconError):
    """A site cannot be made from what was given."""


def read_release(
    release_dir: Path,
    *,
    manifest: Mapping[str, Any] | None = None,
    run_record: Mapping[str, Any] | None = None,
) -> ReleaseFacts:
    """Read a release's marts, manifest and run record.

    Args:
        release_dir: Directory of the release's Parquet files.
        manifest: The manifest, where it is not yet written.
        run_record: When inputs were retrieved, where that is not yet written.

    Raises:
        SiteError: When the directory lacks a manifest or a mart that every page needs.
    """
    import duckdb

    given = manifest if manifest is not None else read_json(release_dir / layout.MANIFEST)
    if given is None:
        raise SiteError(
            f"{release_dir} has no {layout.MANIFEST}: it is not a release. "
            "Run `beacon releases` to see those of a home."
        )
    missing = [name for name in REQUIRED if not (release_dir / f"{name}.parquet").is_file()]
    if missing:
        raise SiteError(
            f"Release {given.get('release')} lacks {', '.join(missing)}. "
            "Run `beacon verify` to see what is damaged."
        )
    record = run_record if run_record is not None else read_json(release_dir / layout.RUN_RECORD)
    con = duckdb.connect()
    try:
        tables = {
            name: _rows(con, release_dir / f"{name}.parquet", part=_PARTS_SHOWN.get(name))
            for name in MARTS_SHOWN
            if (release_dir / f"{name}.parquet").is_file()
        }
        lsoas: list[Row] = []
        if (release_dir / "lsoa.parquet").is_file():
            lsoas = _rows(con, release_dir / "lsoa.parquet", order_by="lsoa21_code")
        outlines = {
            row["place_code"]: row["geometry"]
            for row in tables["place"]
            if row.get("geometry") is not None
        }
    finally:
        con.close()
    return ReleaseFacts(
        label=str(given.get("release") or release_dir.name),
        manifest=given,
        run_record=record or {},
        tables=tables,
        lsoas=lsoas,
        outlines=outlines,
    )


def _rows(con: Any, path: Path, order_by: str = "all", part: str | None = None) -> list[Row]:
    file = path.as_posix().replace("'", "''")
    source = f"read_parquet('{file}')"
    if part is not None:
        source = f"(with mart as (from {source}) {part})"
    columns = con.execute(f"describe from {source}").fetchall()
    names = [row[0] for row in columns]
    shown = [
        f'st_aswkb("{name}")::blob as "{name}"'
        if str(kind).upper().startswith("GEOMETRY")
        else f'"{name}"'
        for name, kind, *_ in columns
    ]
    # A file is in order of its key; what is selected from one comes in any order.
    order = f" order by {order_by}" if part is not None or order_by != "all" else ""
    query = f"select {', '.join(shown)} from {source}{order}"  # noqa: S608
    return [dict(zip(names, row, strict=True)) for row in con.execute(query).fetchall()]
