"""Time and memory of a whole run as the fictional nation grows: a county, one and ten Englands."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import duckdb

from beacon.core.home import Home
from beacon.core.settings import Settings
from beacon.sample import PRESETS, write_sample
from benchmarks.measure import Options, Row, beacon, python, run_process

_CORE20_OF_NATION = """
    select lsoas, lsoas_in_area from core20_cohort
    where area_type = 'nation' and core20 and imd_vintage = 2025
        and age_band = 'All ages' and sex = 'Persons'
"""


def run(options: Options) -> list[Row]:
    """Publish each size into an empty home; writing its files is not measured.

    Raises:
        RuntimeError: When a run fails, or finds another number of Core20 LSOAs than was planted.
    """
    rows = []
    for size in ("small",) if options.quick else ("county", "england", "ten_englands"):
        home, log = options.work / "growth" / size, options.work / f"growth-{size}.log"
        shutil.rmtree(home, ignore_errors=True)
        run_process(python("-m", "benchmarks.growth", size, str(home)), log)
        timing = run_process(
            beacon("run", "--home", str(home), "--inputs", "sample"),
            log,
            expect=(0, 3),
            environment={"BEACON_SAMPLE_SIZE": size},
        )
        answers = _planted_truth_found(Home(home), PRESETS[size].nation_lsoas)
        bytes_read = sum(p.stat().st_size for p in Home(home).sample.rglob("*") if p.is_file())
        case = f"beacon run into an empty home, {size}"
        rows.append(Row(case, f"{bytes_read / 1e6:.0f} MB of files", timing, answers=answers))
        shutil.rmtree(home)
    return rows


def _planted_truth_found(home: Home, lsoas: int) -> str:
    """A fifth of the nation's LSOAs is planted in Core20."""
    with duckdb.connect(str(home.catalogue), read_only=True) as con:
        found = con.execute(_CORE20_OF_NATION).fetchall()
    if found != [(lsoas // 5, lsoas)]:
        raise RuntimeError(f"Core20 LSOAs of all are {found}; planted were {lsoas // 5} of {lsoas}")
    return f"{lsoas // 5:,} of {lsoas:,} LSOAs in Core20, as planted"


def main(size: str, home: Path) -> None:
    """Write the fictional publishers' files of a size into a home."""
    seed = Settings(home=home, sample_size=size).sample_seed
    write_sample(Home(home).sample, seed=seed, size=PRESETS[size])


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
