"""`python -m benchmarks.people`: cohorts and care gaps of many fictional persons, and other ways.

Each step is a process of its own, so that its processor seconds and largest memory are its own. The
question of the peers is one: who has hypertension, and of them who is treated to target, by Place,
quintile and sex. DuckDB, Polars and pandas answer it from the same files, in turns, beside a script
that only reads the bytes of these files.
"""

# ruff: noqa: PLC0415 - a process loads only what its step needs, so that its memory is its own
from __future__ import annotations

import argparse
import json
import sys
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.measure import Timing, run_process

if TYPE_CHECKING:
    from beacon.people.extract_store import StoredExtract
    from beacon.people.people_run import Surroundings
    from beacon.people.secure_home import SecureHome

DAY = date(2025, 3, 31)
QUESTION = "hypertension_register"
CLUSTERS = ("HYP_COD", "HYPRES_COD", "BP_COD")
STEPS = ("generate", "admit", "count", "protect")
WAYS = ("floor", "duckdb", "polars", "pandas")


def surroundings() -> Surroundings:
    """Areas and practices of the fictional nation."""
    import polars as pl

    from beacon.people.people_run import Surroundings
    from beacon.sample import DEFAULT_SEED, SMALL
    from beacon.sample.world import FOOTPRINT_ICB_CODE, build_world

    world = build_world(DEFAULT_SEED, SMALL)
    code, place = world.authorities.code, world.authorities.place
    places = [code[int(lad)] if place[lad] >= 0 else None for lad in world.lad21]
    frame = pl.DataFrame(
        {
            "lsoa21_code": world.code21,
            "ward24_code": [f"Z05{int(lad):03d}{n // 12:03d}" for n, lad in enumerate(world.lad21)],
            "place_code": places,
            "imd_decile": world.decile21,
            "imd_quintile": (world.rank21 * 5 + world.lsoas21 - 1) // world.lsoas21,
            "core20": world.decile21 <= 2,
        }
    )
    own = tuple(p for p in dict.fromkeys(places) if p is not None)
    practices = frozenset(f"Z{n + 1:05d}" for n in range(-(-world.lsoas21 // 5)))
    return Surroundings(frame.to_arrow(), 2025, FOOTPRINT_ICB_CODE, own, practices, "sample")


def _home(work: Path) -> SecureHome:
    from beacon.people.secure_home import SecureHome

    return SecureHome.open(work / "secure", ordinary=work / "home")


def generate(work: Path, persons: int, background: int, copies: int) -> dict[str, Any]:
    """Write one extract, and the same persons again under other pseudonyms."""
    from beacon.people.contract import PSEUDONYM, person_tables
    from beacon.people.gate import connect
    from beacon.sample import DEFAULT_SEED, SMALL
    from beacon.sample.people_extract import write_extracts

    home = _home(work)
    write_extracts(
        home.inbox, seed=DEFAULT_SEED, size=SMALL, persons=persons, dates=(DAY,),
        background=background,
    )  # fmt: skip
    folder = home.inbox / DAY.isoformat()
    manifest = json.loads((folder / "extract.json").read_text())
    counts, con = manifest["row_counts"], connect(home)
    for table in counts:
        if all(column.name != "person_id" for column in person_tables()[table].columns):
            continue
        counts[table] *= copies
        for part in sorted({file.parent for file in (folder / table).rglob("*.parquet")}):
            source = f"read_parquet('{part}/part-*.parquet', hive_partitioning = false)"
            for copy in range(1, copies):
                con.execute(
                    f"copy (select * replace ({PSEUDONYM} || '-{copy}' as {PSEUDONYM}) "
                    f"from {source}) to '{part / f'copy-{copy}.parquet'}' (compression zstd)"
                )
    (folder / "extract.json").write_text(json.dumps(manifest))
    return {"events": counts["event"], "rows": sum(counts.values())}


def admit(work: Path) -> dict[str, Any]:
    """Judge the extract and store it by cluster, in order of person."""
    from beacon.people.people_run import admit_new

    admit_new(surroundings(), _home(work), today=date(2025, 4, 10), fictional=True)
    store = _home(work).store
    files = list(store.rglob("*.parquet"))
    return {"files": len(files), "megabytes": sum(p.stat().st_size for p in files) / 1e6}


def count(work: Path) -> dict[str, Any]:
    """All cohorts and segmentations, range by range; and each cohort's own query alone."""
    from beacon.people.compile_cohort import cohort_sql
    from beacon.people.evaluate import evaluate
    from beacon.people.gate import connect
    from beacon.people.load_cohorts import load_cohorts
    from beacon.people.person_at import AreaTables
    from beacon.people.segment_definitions import load_segmentations

    home = _home(work)
    extract = _extract(home)
    con = connect(home)
    con.register("lsoa_frame", surroundings().lsoa)
    con.execute("create temp table lsoa_area as from lsoa_frame")
    every = load_cohorts() | {n: s.as_cohort() for n, s in load_segmentations().items()}
    started = time.process_time()
    evaluate(con, home, extract, AreaTables("lsoa_area", 2025), every)
    whole = time.process_time() - started
    persons = f"read_parquet('{home.as_at(extract.as_at) / 'person' / '*.parquet'}')"
    each = {}
    for name, cohort in every.items():
        started = time.process_time()
        sql = cohort_sql(cohort, extract, as_at=DAY, persons=persons)
        sums = ", ".join(f"count(*) filter ({m.id}__done)" for m in cohort.care)
        con.execute(f"select count(*), {sums} from ({sql})").fetchall()
        each[name] = round(time.process_time() - started, 2)
    slowest = max(each, key=lambda name: each[name])
    return {"all_cpu_s": round(whole, 1), "slowest": slowest, "slowest_cpu_s": each[slowest],
            "each_cpu_s": each}  # fmt: skip


def protect(work: Path) -> dict[str, Any]:
    """Care gaps, sizes and segments under disclosure control, of one as-at date."""
    from beacon.disclosure import Rule
    from beacon.people.gate import connect
    from beacon.people.load_cohorts import load_cohorts
    from beacon.people.people_run import board_areas
    from beacon.people.protected_tables import Period, make_protected
    from beacon.people.segment_definitions import load_segmentations

    home, around = _home(work), surroundings()
    extract = _extract(home)
    con = connect(home)
    con.register("lsoa_frame", around.lsoa)
    con.execute("create temp table lsoa_area as from lsoa_frame")
    make_protected(
        con, home, Period(extract.as_at, None), board_areas(con, around, extract), load_cohorts(),
        Rule(), extract, load_segmentations(),
    )  # fmt: skip
    return {"rows": con.execute("select count(*) from care_gap").fetchall()[0][0]}


def _extract(home: SecureHome) -> StoredExtract:
    from beacon.people.extract_store import read_extract

    return read_extract(home, DAY.isoformat())


def _files(work: Path) -> dict[str, Path]:
    """The files that the question needs."""
    extract = _extract(_home(work))
    return {
        "person": work / "secure" / "as_at" / extract.as_at / "person",
        **{name: extract.store / extract.files["event"][name] for name in CLUSTERS},
    }


def answer(work: Path, way: str) -> list[list[Any]]:
    """The question answered in one way: Place, quintile, sex, members, treated."""
    files = _files(work)
    if way == "floor":
        size = 0
        for path in [*files["person"].glob("*.parquet"), *(files[c] for c in CLUSTERS)]:
            with path.open("rb") as stream:
                while block := stream.read(1 << 20):
                    size += len(block)
        return [["bytes", size]]
    return {"duckdb": _duckdb, "polars": _polars, "pandas": _pandas}[way](work, files)


def _duckdb(work: Path, files: dict[str, Path]) -> list[list[Any]]:
    from beacon.people.compile_cohort import cohort_sql
    from beacon.people.gate import connect
    from beacon.people.load_cohorts import load_cohorts

    home = _home(work)
    con = connect(home)
    persons = f"read_parquet('{files['person'] / '*.parquet'}')"
    sql = cohort_sql(load_cohorts()[QUESTION], _extract(home), as_at=DAY, persons=persons)
    rows = con.execute(
        "select place_code, imd_quintile, sex, count(*), "
        f"count(*) filter (treated_to_target__done) from ({sql}) "
        "where place_code is not null group by all order by all"
    ).fetchall()
    return [list(row) for row in rows]


def _polars(work: Path, files: dict[str, Path]) -> list[list[Any]]:
    import polars as pl

    def last(name: str) -> pl.LazyFrame:
        scan = pl.scan_parquet(files[name]).filter(pl.col("event_date") <= DAY)
        return scan.group_by("person_id").agg(pl.col("event_date").max().alias(name))

    order = pl.struct("event_date", (-pl.col("value")).alias("v"), (-pl.col("value_2")).alias("w"))
    reading = (
        pl.scan_parquet(files["BP_COD"])
        .filter(
            pl.col("event_date").is_between(date(2024, 4, 1), DAY)
            & pl.col("value").is_between(50, 300)
        )
        .select("person_id", order.alias("latest"))
        .sort("latest")
        .group_by("person_id")
        .agg(pl.col("latest").last())
        .select("person_id", -pl.col("latest").struct.field("v").alias("v"),
                w=-pl.col("latest").struct.field("w"))
    )  # fmt: skip
    members = (
        pl.scan_parquet(files["person"] / "*.parquet")
        .filter(pl.col("in_population") & (pl.col("age") >= 18))
        .join(last("HYP_COD"), on="person_id")
        .join(last("HYPRES_COD"), on="person_id", how="left")
        .filter(pl.col("HYPRES_COD").is_null() | (pl.col("HYPRES_COD") < pl.col("HYP_COD")))
        .join(reading, on="person_id", how="left")
    )
    young = pl.col("age") < 80
    treated = (young & (pl.col("v") <= 140) & (pl.col("w") <= 90)) | (
        ~young & (pl.col("v") <= 150) & (pl.col("w") <= 90)
    )
    keys = ["place_code", "imd_quintile", "sex"]
    counted = (
        members.filter(pl.col("place_code").is_not_null())
        .group_by(keys)
        .agg(pl.len().alias("n"), treated.fill_null(value=False).sum().alias("d"))
        .sort(keys)
        .collect(engine="streaming")
    )
    return [list(row) for row in counted.iter_rows()]


def _pandas(work: Path, files: dict[str, Path]) -> list[list[Any]]:
    import pandas as pd

    def last(name: str) -> Any:
        frame = pd.read_parquet(files[name], columns=["person_id", "event_date"])
        return frame.groupby("person_id")["event_date"].max().rename(name)

    person = pd.read_parquet(
        files["person"],
        columns=["person_id", "age", "sex", "place_code", "imd_quintile", "in_population"],
    )
    person = person[person.in_population & (person.age >= 18) & person.place_code.notna()]
    person = person.join(last("HYP_COD"), on="person_id", how="inner")
    person = person.join(last("HYPRES_COD"), on="person_id")
    person = person[person.HYPRES_COD.isna() | (person.HYPRES_COD < person.HYP_COD)]
    reading = pd.read_parquet(
        files["BP_COD"],
        columns=["person_id", "event_date", "value", "value_2"],
        filters=[("event_date", ">", date(2024, 3, 31)), ("event_date", "<=", DAY),
                 ("value", ">=", 50), ("value", "<=", 300)],
    )  # fmt: skip
    reading = reading.sort_values(
        ["person_id", "event_date", "value", "value_2"], ascending=[True, True, False, False]
    ).drop_duplicates("person_id", keep="last")
    person = person.merge(reading[["person_id", "value", "value_2"]], on="person_id", how="left")
    limit = person.age.lt(80).map({True: 140, False: 150})
    person["done"] = (person.value <= limit) & (person.value_2 <= 90)
    counted = person.groupby(["place_code", "imd_quintile", "sex"])["done"].agg(["size", "sum"])
    return [
        [*key, int(n), int(d)]
        for key, (n, d) in zip(counted.index, counted.to_numpy().tolist(), strict=True)
    ]


def main(arguments: list[str] | None = None) -> int:
    """Run every step and way, or the one named; print figures and write them as JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.people", description=__doc__)
    parser.add_argument("--persons", type=int, default=2_700_000)
    parser.add_argument(
        "--background", type=int, default=51, help="further entries a person, that no cohort reads"
    )
    parser.add_argument(
        "--copies", type=int, default=1, help="how often each person is there, in all"
    )
    parser.add_argument("--work", type=Path, required=True, help="an empty directory")
    parser.add_argument("--json", type=Path)
    parser.add_argument(
        "--repeats", type=int, default=3, help="how often each way answers; 0 leaves them out"
    )
    parser.add_argument("--only", choices=[*STEPS, *WAYS], help="for the processes it starts")
    options = parser.parse_args(arguments)
    if options.only in STEPS:
        step = globals()[options.only]
        sizes = (options.persons, options.background, options.copies)
        extra = sizes if options.only == "generate" else ()
        sys.stdout.write(json.dumps(step(options.work, *extra)) + "\n")
        return 0
    if options.only in WAYS:
        sys.stdout.write(json.dumps(answer(options.work, options.only)) + "\n")
        return 0
    options.work.mkdir(parents=True, exist_ok=True)
    record = measure(options)
    if options.json is not None:
        options.json.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return 0


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Every step once, then the ways of the question in turns."""
    record: dict[str, Any] = {
        "started_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "persons": options.persons,
        "background": options.background,
        "copies": options.copies,
    }

    def timed(only: str) -> tuple[Timing, Any]:
        log = options.work / f"{only}.log"
        command = [sys.executable, "-m", "benchmarks.people", "--work", str(options.work),
                   "--persons", str(options.persons), "--background", str(options.background),
                   "--copies", str(options.copies), "--only", only]  # fmt: skip
        timing = run_process(command, log)
        return timing, json.loads(log.read_text(encoding="utf-8").splitlines()[-1])

    for step in STEPS:
        timing, said = timed(step)
        record[step] = {**timing.medians(), **said}
        sys.stdout.write(f"{step}: {json.dumps(record[step])}\n")
        sys.stdout.flush()
    if not options.repeats:
        return record
    ways = {way: Timing() for way in WAYS}
    answers: dict[str, Any] = {}
    for _ in range(options.repeats):
        for way, timing in ways.items():
            one, answers[way] = timed(way)
            timing.add(one)
    same = answers["duckdb"] == answers["polars"] == answers["pandas"]
    record["question"] = {way: timing.medians() for way, timing in ways.items()}
    record["question"]["answers_are_equal"] = same
    record["question"]["megabytes_read"] = answers["floor"][0][1] / 1e6
    sys.stdout.write(f"question: {json.dumps(record['question'])}\n")
    return record


if __name__ == "__main__":
    raise SystemExit(main())
