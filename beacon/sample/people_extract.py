"""Writing the fictional extracts: two as-at dates, in the layout of the contract.

What belongs here: files, manifests and the record of what was planted. What does not: what is in
them.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from datetime import date
from pathlib import Path

import duckdb

from beacon.contracts.ddl import quote_literal
from beacon.sample import people_entries as entries
from beacon.sample.people_conditions import conditions_sql
from beacon.sample.people_population import AS_AT, EARLIER, faults_of, persons_sql, prepare
from beacon.sample.people_truths import FAULTS_SQL, flows_sql, gathered, truths_sql
from beacon.sample.sizes import SampleSize
from beacon.sample.world import build_world

GENERATOR_VERSION = "1.1.0"
PERSONS = 300_000
"""Fictional persons of the default sample."""
PERSONS_AT_ONCE = 300_000
TRUTHS_NAME = "PEOPLE_TRUTHS.json"


def people_fingerprint(seed: int, size: SampleSize, persons: int) -> str:
    """Name what `write_extracts` would write, without writing it."""
    identity = repr((GENERATOR_VERSION, seed, size, persons))
    return hashlib.sha256(identity.encode()).hexdigest()


def write_extracts(
    directory: Path,
    *,
    seed: int,
    size: SampleSize,
    persons: int = PERSONS,
    dates: tuple[date, ...] = (EARLIER, AS_AT),
    background: int = 0,
) -> dict[str, object]:
    """Write fictional extracts, one folder an as-at date.

    The same seed, size and number of persons give the same rows, whatever the range of persons
    that is made at once.

    Args:
        directory: Where the folders go; what is in it is removed.
        seed: Of the nation.
        size: Of the nation.
        persons: How many persons live in the footprint.
        dates: As-at dates, the two planted ones by default.
        background: Further entries of each person, in clusters that no cohort reads.

    Returns:
        What was planted; also written as `PEOPLE_TRUTHS.json`, which publishers do not have.
    """
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    world = build_world(seed, size)
    faults = faults_of()
    con = duckdb.connect(config={"memory_limit": "1500MB"})
    try:
        households = prepare(con, world, persons)
        counts: dict[date, dict[str, int]] = {day: {} for day in dates}
        for part, low in enumerate(range(0, persons, PERSONS_AT_ONCE)):
            high = min(low + PERSONS_AT_ONCE, persons)
            con.register("household", households.placed(low, high).to_arrow())
            con.execute("create or replace temp table sample_household as from household")
            con.unregister("household")
            everyone = conditions_sql(persons_sql(faults))
            con.execute(f"create or replace temp table everyone as {everyone}")
            first = part == 0
            for name, sql in (
                ("truth", truths_sql("everyone")),
                ("truth_flow", flows_sql("everyone")),
                ("truth_fault", FAULTS_SQL.format(table="everyone")),
            ):
                made = "create or replace table {} as {}" if first else "insert into {} {}"
                con.execute(made.format(name, sql))
            for day in dates:
                _write_part(con, directory / day.isoformat(), day, part, counts[day], background)
        for day in dates:
            _write_whole(con, directory / day.isoformat(), day, counts[day], background)
        truths = gathered(con, seed, persons)
    finally:
        con.close()
    truths |= {
        "fingerprint": people_fingerprint(seed, size, persons),
        "silent_practice": faults.silent_practice,
        "practice_without_ethnicity": faults.practice_without_ethnicity,
    }
    text = json.dumps(truths, indent=1) + "\n"
    (directory / TRUTHS_NAME).write_text(text, encoding="utf-8")
    return truths


def _write_part(
    con: duckdb.DuckDBPyConnection,
    folder: Path,
    day: date,
    part: int,
    counts: dict[str, int],
    background: int,
) -> None:
    """Write the rows of some persons."""
    con.execute(
        "create or replace temp view person_all as select * from everyone "
        f"where registered_from <= date '{day}' and birth_month <= date '{day}'"
    )

    def copied(table: str, sql: str, name: str | None = None) -> None:
        target = folder / (name or table) / f"part-{part:04d}.parquet"
        target.parent.mkdir(parents=True, exist_ok=True)
        to = quote_literal(str(target))
        done = con.execute(f"copy ({sql}) to {to} (format parquet, compression zstd)")
        counts[table] = counts.get(table, 0) + int(done.fetchall()[0][0])

    copied("person", entries.person_sql(day))
    copied("registration", entries.registration_sql(day))
    copied("hospital", entries.hospital_sql(day))
    copied("community", entries.community_sql(day))
    copied("cancer", entries.cancer_sql(day))
    for cluster in dict.fromkeys(entry.cluster for entry in entries.EVENTS):
        copied("event", entries.events_sql(cluster, day), f"event/cluster={cluster}")
    for cluster in dict.fromkeys(entry.cluster for entry in entries.MEDICINES):
        copied("medication", entries.medicines_sql(cluster, day), f"medication/cluster={cluster}")
    for number in range(background):
        copied("event", _background_sql(number, day), f"event/cluster=OTHER_{number:02d}")


def _background_sql(number: int, day: date) -> str:
    """An entry a person of a cluster that no cohort reads."""
    return (
        "select pseudonym, greatest(least("
        f"date '{day}' - 1 - floor(u(i, {300 + number}) * 3000)::int, "
        f"coalesce(death_month, date '{day}')), birth_month) as event_date, "
        f"{9_000_100_000_000_000 + number} as code, floor(u(i, {400 + number}) * 100) as value, "
        "null::double as value_2, null::varchar as unit from person_all order by i"
    )


def _write_whole(
    con: duckdb.DuckDBPyConnection,
    folder: Path,
    day: date,
    counts: dict[str, int],
    background: int,
) -> None:
    """Write the practices and the manifest."""
    to = quote_literal(str(folder / "practice.parquet"))
    done = con.execute(
        "copy (select practice_code, practice_name, pcn_code, pcn_name from sample_practice "
        f"order by practice_code) to {to} (format parquet)"
    )
    counts["practice"] = int(done.fetchall()[0][0])
    manifest = {
        "supplier": "Fictional Commissioning Support (nobody)",
        "controller": "Fictional Integrated Care Board (nobody)",
        "purpose": "secondary use",
        "legal_basis": "none needed: no person here exists",
        "dpia_reference": "FICTIONAL-DPIA-1",
        "sharing_agreement_reference": "FICTIONAL-DSA-1",
        "opt_out_applied": "yes",
        "as_at": day.isoformat(),
        "row_counts": counts,
        "code_edition": "made-up codes, no edition",
        "clusters": [*entries.CLUSTERS, *(f"OTHER_{n:02d}" for n in range(background))],
        "retain_until": "2099-12-31",
        "fictional": True,
    }
    text = json.dumps(manifest, indent=1) + "\n"
    (folder / "extract.json").write_text(text, encoding="utf-8")
