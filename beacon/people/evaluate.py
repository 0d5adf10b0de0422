"""Running every cohort over an extract, range by range of persons, into cells of counts.

What belongs here: who is in which cohort, and counts of them by area and group, all of it in the
secure home. What does not: what may be shown of the counts (`protect_cells`), and what is computed
from them (`care_gaps`).

Persons are taken in ranges, so that memory does not grow with their number: what is kept of a range
are counts by area, age band, sex, ethnicity and quintile, of which there are so many however many
persons there are.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from beacon.contracts.ddl import quote_literal
from beacon.engines import open_engine
from beacon.people.cohort_definitions import Cohort
from beacon.people.compile_cohort import Tables, cohort_sql
from beacon.people.engine_relations import EngineRelations, hand_areas
from beacon.people.extract_store import StoredExtract
from beacon.people.person_at import AreaTables, person_at_sql
from beacon.people.secure_home import SecureHome

if TYPE_CHECKING:
    import duckdb

    from beacon.engines.protocol import Engine

PERSONS_AT_ONCE = 500_000
"""Persons of one range."""

EVERYBODY = "registered_people"
"""Name of the cohort of everybody alive and registered."""
DIMENSIONS = ("place_code", "imd_quintile", "core20", "ethnicity", "sex", "age_band")
"""What the cells of the board and its Places are divided by."""
SMALL_AREAS = {"ward": "ward24_code", "pcn": "pcn_code", "practice": "practice_code"}
"""Kinds of area that are divided by Core20 only, and the column of each."""


@dataclass(frozen=True)
class Evaluated:
    """What a run over one extract left in the secure home.

    Attributes:
        as_at: The as-at date, ISO.
        not_computed: Cohort to the clusters that the extract lacks.
    """

    as_at: str
    not_computed: dict[str, tuple[str, ...]]


def evaluate(
    con: duckdb.DuckDBPyConnection,
    home: SecureHome,
    extract: StoredExtract,
    areas: AreaTables,
    cohorts: dict[str, Cohort],
    *,
    persons_at_once: int = PERSONS_AT_ONCE,
    engine: Engine | None = None,
) -> Evaluated:
    """Find the members of every cohort and count them.

    Writes under `as_at/<date>` of the secure home: `person.parquet` (what each person is),
    `cohort/<cohort>/<range>.parquet` (members and their measures), `cell.parquet` (cohort, measure,
    the dimensions, eligible, done) and `small_cell.parquet` (cohort, measure, area_type, area_code,
    core20, eligible, done). The measure of a cohort's size is empty.

    Args:
        con: A connection of the secure home that sees the tables of `areas`.
        home: The secure home.
        extract: The extract.
        areas: Areas of residence.
        cohorts: The cohorts.
        persons_at_once: Persons of one range.
        engine: Where persons are read and counted; `con` by default. Counts go on in `con`.

    Returns:
        The as-at date and which cohorts could not be computed.
    """
    folder = home.as_at(extract.as_at)
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "person").mkdir(parents=True)
    lacking = {
        name: missing
        for name, cohort in cohorts.items()
        if (missing := tuple(c for c in cohort.cluster_names() if c not in extract.clusters))
    }
    computed = [cohort for name, cohort in cohorts.items() if name not in lacking]
    make_cells(con)
    tables: Tables = extract
    if engine is None:
        engine = open_engine("duckdb", con)
    else:
        tables = EngineRelations(extract, engine)
        areas = hand_areas(con, areas, engine, home.scratch)
    as_at = date.fromisoformat(extract.as_at)
    for number, low in enumerate(range(1, extract.persons + 1, persons_at_once)):
        high = min(low + persons_at_once - 1, extract.persons)
        # The filter goes into every read, where the files' order by person lets most be passed by.
        where = f"person_id between {low} and {high}"
        engine.make("person_range", person_at_sql(tables, areas, as_at=as_at, where=where))
        count_everybody(con, engine)
        for cohort in computed:
            sql = cohort_sql(cohort, tables, as_at=as_at, persons="person_range", where=where)
            engine.make("member", sql)
            count_members(con, cohort, engine)
            _keep_members(engine, folder / "cohort" / cohort.cohort, number, cohort)
        target = folder / "person" / f"{number:04d}.parquet"
        engine.derive("select * from person_range order by person_id", target)
    for name in ("cell", "small_cell"):
        columns = _CELL_KEYS[name]
        _copy(
            con,
            f"select {columns}, sum(eligible)::bigint as eligible, sum(done)::bigint as done "
            f"from people_{name} group by all order by all",
            folder / f"{name}.parquet",
        )
    for temporary in (
        "person_range",
        "member",
        "everybody_count",
        "people_cell",
        "people_small_cell",
    ):
        con.execute(f"drop table if exists {temporary}")
    return Evaluated(extract.as_at, lacking)


_CELL_KEYS = {
    "cell": "cohort, measure, " + ", ".join(DIMENSIONS),
    "small_cell": "cohort, measure, area_type, area_code, core20",
}


def make_cells(con: duckdb.DuckDBPyConnection) -> None:
    """Make empty tables `people_cell` and `people_small_cell`, which counting adds to."""
    con.execute(
        "create or replace temp table people_cell (cohort varchar, measure varchar, "
        "place_code varchar, imd_quintile integer, core20 boolean, ethnicity varchar, "
        "sex varchar, age_band varchar, eligible bigint, done bigint)"
    )
    con.execute(
        "create or replace temp table people_small_cell (cohort varchar, measure varchar, "
        "area_type varchar, area_code varchar, core20 boolean, eligible bigint, done bigint)"
    )


def count_everybody(con: duckdb.DuckDBPyConnection, engine: Engine) -> None:
    """Add the cells of everybody who is registered, as a cohort without measures."""
    keys = ", ".join(DIMENSIONS)
    engine.hand_over(
        "everybody_count",
        f"select {keys}, {', '.join(SMALL_AREAS.values())}, count(*) as people "
        "from person_range where in_population group by all",
        con,
    )
    con.execute(
        f"insert into people_cell select '{EVERYBODY}', '', {keys}, sum(people), 0 "
        "from everybody_count group by all"
    )
    for kind, column in SMALL_AREAS.items():
        con.execute(
            f"insert into people_small_cell select '{EVERYBODY}', '', '{kind}', {column}, core20, "
            f"sum(people), 0 from everybody_count where {column} is not null group by all"
        )


def count_members(con: duckdb.DuckDBPyConnection, cohort: Cohort, engine: Engine) -> None:
    """Add the cells of the members in `member`, in one pass over them."""
    measures = [measure.id for measure in cohort.care]
    sums = ", ".join(
        f"count(*) filter ({m}__eligible) as e{n}, count(*) filter ({m}__done) as d{n}"
        for n, m in enumerate(measures)
    )
    listed = ", ".join(
        ["{'measure': '', 'eligible': people, 'done': 0}"]
        + [f"{{'measure': '{m}', 'eligible': e{n}, 'done': d{n}}}" for n, m in enumerate(measures)]
    )
    small = ", ".join(SMALL_AREAS.values())
    engine.hand_over(
        "member_count",
        f"select {', '.join(DIMENSIONS)}, {small}, count(*) as people, {sums} "
        "from member group by all",
        con,
    )
    totals = "sum(people)::bigint as people, " + ", ".join(
        f"sum(e{n})::bigint as e{n}, sum(d{n})::bigint as d{n}" for n in range(len(measures))
    )
    keys = ", ".join(DIMENSIONS)
    con.execute(
        f"insert into people_cell select '{cohort.cohort}', x.measure, {keys}, x.eligible, x.done "
        f"from (select {keys}, {totals} from member_count group by all), unnest([{listed}]) as t(x)"
    )
    for kind, column in SMALL_AREAS.items():
        con.execute(
            f"insert into people_small_cell select '{cohort.cohort}', x.measure, '{kind}', "
            f"{column}, core20, x.eligible, x.done from (select {column}, core20, {totals} "
            f"from member_count where {column} is not null group by all), "
            f"unnest([{listed}]) as t(x)"
        )


def _keep_members(engine: Engine, folder: Path, number: int, cohort: Cohort) -> None:
    flags = ", ".join(f"{m.id}__eligible, {m.id}__done" for m in cohort.care)
    target = folder / f"{number:04d}.parquet"
    engine.derive(f"select person_id, {flags} from member order by person_id", target)


def _copy(con: duckdb.DuckDBPyConnection, sql: str, target: object) -> None:
    from pathlib import Path

    path = Path(str(target))
    path.parent.mkdir(parents=True, exist_ok=True)
    con.execute(f"copy ({sql}) to {quote_literal(str(path))} (format parquet, compression zstd)")
