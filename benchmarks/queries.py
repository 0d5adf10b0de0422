"""Ten questions that analysts ask, on a release of the whole nation, and the release's size."""

from __future__ import annotations

import statistics
import time
from collections import defaultdict
from pathlib import Path

from benchmarks.footprints import nation_home
from benchmarks.measure import (
    AnswersDifferError,
    Options,
    PartResult,
    Row,
    Timing,
    beacon,
    run_process,
)

QUERIES = {
    "Places by Core20 share": (
        "select place_name, core20_share_percent from place order by 2 desc limit 10"
    ),
    "Core20 by age band": (
        "select age_band, people, share_percent from core20_cohort "
        "where area_type = 'nation' and core20 and imd_vintage = 2025 order by age_band"
    ),
    "LSOAs of a decile": (
        "select place_name, count(*), sum(people) from lsoa where imd2025_decile = 1 "
        "group by all order by 2 desc, 1 limit 20"
    ),
    "LSOAs that changed decile": (
        "select imd2019_decile, imd2025_decile, count(*) from lsoa group by all order by all"
    ),
    "one indicator of all Places": (
        "select area_name, period, value, lower_95, upper_95 from beacon_indicator "
        "where indicator_slug = (select min(indicator_slug) from scorecard) order by all"
    ),
    "latest scorecard of a Place": (
        "select indicator_slug, value, compared_with_nation from scorecard "
        "where place_code = (select min(place_code) from place) order by 1"
    ),
    "worse than the nation": (
        "select place_name, count(*) from scorecard where compared_with_nation = 'worse' "
        "group by all order by 2 desc, 1"
    ),
    "rank of Places": (
        "select indicator_slug, place_name, value, rank() over "
        "(partition by indicator_slug order by value desc, place_name) as position "
        "from scorecard where value is not null order by all limit 500"
    ),
    "gaps": "select * from inequality order by all limit 200",
    "residents of Core20 LSOAs by board": (
        "select l.icb24_code, c.core20, sum(c.people) from core20_lsoa as c "
        "join lsoa as l on l.lsoa21_code = c.lsoa_code "
        "where c.imd_vintage = 2025 and c.age_band = 'All ages' group by all order by all"
    ),
}


def run(options: Options) -> PartResult:
    """Time every query, in process and as a whole process, and weigh the release."""
    import duckdb

    home = nation_home(options)
    repeats = 2 if options.quick else 21
    result = PartResult()
    waits: list[float] = []
    pooled = Timing()
    with duckdb.connect(str(home / "beacon.duckdb"), read_only=True) as con:
        for name, sql in QUERIES.items():
            rows = con.execute(sql).fetchall()
            if rows != con.execute(sql).fetchall():
                raise AnswersDifferError(f"{name}: two answers differ")
            timing = Timing()
            for _ in range(repeats):
                cpu, began = time.process_time(), time.perf_counter()
                con.execute(sql).fetchall()
                timing.add(Timing([time.perf_counter() - began], [time.process_time() - cpu]))
            waits += timing.wall
            result.rows.append(
                Row(
                    f"query in process: {name}",
                    f"{len(rows)} rows",
                    ours=timing,
                    answers="the same twice",
                    figures={"p95_seconds": p95(timing.wall)},
                )
            )
    for sql in list(QUERIES.values())[: 2 if options.quick else None]:
        for _ in range(1 if options.quick else 2):
            pooled.add(run_process(beacon("query", sql, "--home", str(home), "--format", "csv")))
    result.rows.append(
        Row(
            "queries in process, all",
            f"{len(QUERIES)} queries, {repeats} times each",
            figures={"median_seconds": statistics.median(waits), "p95_seconds": p95(waits)},
        )
    )
    result.rows.append(
        Row(
            "beacon query, whole process",
            f"{len(pooled.wall)} runs",
            ours=pooled,
            figures={"p95_seconds": p95(pooled.wall)},
        )
    )
    result.rows.append(_weight(home))
    return result


def p95(values: list[float]) -> float:
    """The 95th percentile; the largest where there are few values."""
    if len(values) < 20:
        return max(values)
    return statistics.quantiles(values, n=20, method="inclusive")[-1]


def _weight(home: Path) -> Row:
    """Bytes on disk of the release by kind of file."""
    (release,) = (home / "releases").glob("v*")
    kinds: dict[str, int] = defaultdict(int)
    for path in release.rglob("*"):
        if path.is_file():
            kinds[path.suffix.lstrip(".") or path.name] += path.stat().st_size
    kinds["analysts' database (views)"] = (home / "beacon.duckdb").stat().st_size
    kinds["working database"] = (home / "warehouse.duckdb").stat().st_size
    return Row(
        "size of a release on disk",
        f"{sum(1 for path in release.rglob('*') if path.is_file())} files",
        figures={f"{kind}_mb": size / 1e6 for kind, size in sorted(kinds.items())},
    )
