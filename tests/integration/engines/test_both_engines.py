"""Every derivation of `sql/` on DuckDB and on Spark: the same rows by the contract's key.

Spark reads its inputs in the opposite order of rows, so that a derivation that depends on the order
of rows is seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest

from beacon.contracts import Contract, cast_select, load_contracts
from beacon.contracts.sql_files import all_sql_tables
from beacon.engines import open_engine
from beacon.engines.protocol import Engine
from beacon.people.compile_cohort import cohort_sql
from beacon.people.engine_relations import EngineRelations
from beacon.people.extract_store import StoredExtract, extract_dates, read_extract
from beacon.people.load_cohorts import load_cohorts
from beacon.people.person_at import AREA_COLUMNS, AreaTables, person_at_sql
from beacon.people.secure_home import SecureHome
from beacon.people.segment_definitions import load_segmentations
from tests.fixtures.engine_tables import differences, reversed_copy, write_tables
from tests.fixtures.needs_spark import NEEDS_SPARK

pytestmark = NEEDS_SPARK

OUTLINES = "geography.place_outline"
"""Its SQL gathers outlines in a list; Python joins them, so that its contract is not of the SQL."""


class Both:
    """DuckDB and Spark with the same tables, those of Spark in the opposite order."""

    def __init__(self, files: dict[str, Path], work: Path) -> None:
        self.files = files
        self.work = work
        self.contracts = load_contracts()
        self.duckdb: Engine = open_engine("duckdb")
        self.spark: Engine = open_engine("spark")
        self._loaded: set[str] = set()
        (work / "reversed").mkdir()

    def load(self, *names: str) -> None:
        for name in set(names) - self._loaded:
            self.duckdb.load(name, self.files[name])
            file = reversed_copy(self.files[name], self.work / "reversed" / f"{name}.parquet")
            self.spark.load(name, file)
            self._loaded.add(name)

    def derive(self, sql: str) -> tuple[Path, Path]:
        return (
            self.duckdb.derive(sql, self.work / "duckdb.parquet"),
            self.spark.derive(sql, self.work / "spark.parquet"),
        )


@pytest.fixture(scope="module")
def both(people_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    work = tmp_path_factory.mktemp("engines")
    files = write_tables(people_home / "warehouse.duckdb", work)
    made = Both(files, work)
    with duckdb.connect(str(work / "warehouse.duckdb"), read_only=True) as con:
        slugs = con.execute("select indicator_slug from registry.indicator").fetchall()
    for engine in (made.duckdb, made.spark):
        engine.set_variable("indicator_slugs", [str(row[0]) for row in slugs])
    # Tables whose inputs were filled are made anew, so that what reads them has rows as well.
    for name in ("cohorts.lsoa_area_data", "cohorts.plus_lsoa"):
        made.load(*all_sql_tables()[name].depends)
        query = cast_select(made.contracts[name], all_sql_tables()[name].text)
        files[name] = made.duckdb.derive(query, work / f"{name}.filled.parquet")
    yield made
    made.duckdb.close()
    made.spark.close()


@pytest.mark.parametrize("name", list(all_sql_tables()))
def test_a_derivation_is_the_same_on_both(both: Both, name: str) -> None:
    table, contract = all_sql_tables()[name], both.contracts[name]
    both.load(*table.depends)
    if name == OUTLINES:
        first, second = both.derive(table.text)
        rows = [
            duckdb.sql(f"select place_code, geometry from '{file}' order by all").fetchall()
            for file in (first, second)
        ]
        assert rows[0] == rows[1]
        assert rows[0]
        return
    first, second = both.derive(cast_select(contract, table.text))
    assert differences(first, second, contract) == []
    assert duckdb.sql(f"select count(*) from '{first}'").fetchall() != [(0,)], "nothing to compare"


def of(*columns: tuple[str, str]) -> Contract:
    """A contract of these columns, the first the key."""
    return Contract.model_validate(
        {
            "schema": "marts",
            "table": "edge",
            "description": "Edge rows.",
            "grain": "one row per key",
            "key": [columns[0][0]],
            "columns": [{"name": n, "type": t, "description": n} for n, t in columns],
        }
    )


def test_a_derivation_that_depends_on_the_order_of_rows_is_found(both: Both) -> None:
    both.load("indicators.fact")
    contract = of(("area_code", "VARCHAR"), ("value", "DOUBLE"))
    made = "select area_code, value from indicators.fact where value is not null qualify {} = 1"
    settled = "row_number() over (partition by area_code order by period_end, value, measure)"
    by_chance = "row_number() over (partition by area_code order by area_code)"
    assert differences(*both.derive(made.format(settled)), contract) == []
    found = differences(*both.derive(made.format(by_chance)), contract)
    assert found
    assert found[0].startswith("value: ")


def described(file: Path) -> list[tuple[str, str]]:
    """Columns of a file; numbers with decimals as such, all else by equality."""
    rows = duckdb.sql(f"describe from '{file}'").fetchall()
    return [(str(row[0]), "DOUBLE" if row[1] == "DOUBLE" else "VARCHAR") for row in rows]


COHORTS = {
    **load_cohorts(),
    **{name: each.as_cohort() for name, each in load_segmentations().items()},
}
FEW = "person_id between 1 and 4000"


@pytest.fixture(scope="module")
def persons(both: Both, people_root: Path) -> tuple[StoredExtract, date]:
    """The latest extract, its first persons in `person_range` of both engines."""
    secure = SecureHome(people_root / "secure")
    extract = read_extract(secure, extract_dates(secure)[-1])
    as_at = date.fromisoformat(extract.as_at)
    both.files["people.area"] = both.duckdb.derive(
        f"select lsoa_code as lsoa21_code, {AREA_COLUMNS.partition(', ')[2]} "
        f"from read_parquet('{both.files['cohorts.lsoa_deprivation']}') where imd_vintage = 2025",
        both.work / "area.parquet",
    )
    both.load("people.area")
    areas = AreaTables("people.area", 2025)
    for engine, tables in (
        (both.duckdb, extract),
        (both.spark, EngineRelations(extract, both.spark)),
    ):
        query = person_at_sql(tables, areas, as_at=as_at, where=FEW)
        engine.make("person_range", query)
    return extract, as_at


def test_persons_are_the_same_on_both(both: Both, persons: tuple[StoredExtract, date]) -> None:
    first, second = both.derive("select * from person_range")
    assert differences(first, second, of(*described(first))) == []


@pytest.mark.parametrize("name", list(COHORTS))
def test_a_cohort_is_the_same_on_both(
    both: Both, persons: tuple[StoredExtract, date], name: str
) -> None:
    extract, as_at = persons
    files = []
    for engine, tables in (
        (both.duckdb, extract),
        (both.spark, EngineRelations(extract, both.spark)),
    ):
        query = cohort_sql(COHORTS[name], tables, as_at=as_at, persons="person_range", where=FEW)
        files.append(engine.derive(query, both.work / f"{type(engine).__name__}.parquet"))
    assert differences(files[0], files[1], of(*described(files[0]))) == []


EDGES = """
    select * from (values
        (1, 'a', null::bigint, null::bigint, null::double, null::date, null::date),
        (2, 'a', 0, 0, 0.0, date '2024-02-29', date '2023-02-28'),
        (3, 'a', 5, 0, -0.5, date '2025-03-31', date '2024-02-29'),
        (4, 'b', 1000000000000000, 3000000000000001, 2.5, date '1900-03-01', date '1900-02-28'),
        (5, 'b', 9, 10, 2.5, date '2000-02-29', date '2025-12-31'),
        (6, 'b', 7, 7, 3.5, date '2026-10-25', date '2026-03-29'),
        (7, null, 3, 11, 1e15, date '2026-01-31', date '2026-01-31')
    ) as edge(k, g, x, n, v, d, e)
"""
# An hour that London does not have, one that it has twice, the last before midnight, and NULL.
TIMES = """
    select k, t::timestamp as t from (values
        (1, '2026-03-29 01:30:00'), (2, '2025-10-26 01:30:00'), (3, '2024-02-29 23:59:59.999'),
        (4, null), (5, '1900-01-01 00:00:00')
    ) as time(k, t)
"""
EDGE_QUERIES = {
    "rows": """
        select k, x + n as a, x * 2 as b, x // nullif(n, 0) as c, 100.0 * x / nullif(n, 0) as d,
            date_diff('day', e, d) as f, d - interval 1 month > e as g, year(d) as h,
            coalesce(v, -1) as i, greatest(x, n) as j, least(v, 2) as l, round(v, 1) as m,
            g || '-' || x as o, concat_ws(', ', g, null, x) as p, g is distinct from 'a' as q,
            wilson_lower_95(x, n) as r, wilson_upper_95(x, n) as s, rate_lower(x, n, 1000, 0.95) as t,
            rate_upper(v, n, 1000, 0.998) as u, crude_rate(x, n, 1) as w,
            share_whole(x, 1, 2, n) as z, imd_quantile(x, n, 10) as ab, isfinite(v) as ac
        from marts.edge
    """,
    "groups": """
        select coalesce(g, 'none') as k, count(*) as a, count(x) as b, sum(x) as c, sum_complete(x) as d,
            max(v) filter (x > 10) as e, array_to_string(list(k::varchar order by v, k), ',') as f,
            string_agg(k::varchar, '+' order by d desc, k) as h, first(k order by v desc, k) as i,
            last(k order by n, k) as j, bool_or(x > 5) as l, bool_and(x > 5) as m,
            min({'d': coalesce(d, e, date '1900-01-01'), 'k': k}).k as o, array_length(list(x order by k)) as p,
            list(v order by k)[2] as q, list_sum(list(v order by k)) as r,
            array_to_string(list(k::varchar order by k) filter (k > 100), ',') as s,
            dsr(x, n, 1, 100000) as t, dsr_reason(x, n, 1) as u, coverage(x) as w, median(v) as y
        from marts.edge group by all
    """,
    "windows": """
        select k, row_number() over (order by v, k) as a, rank() over (partition by g order by v) as b,
            dense_rank() over (order by v desc) as c, sum(x) over w - k as d,
            max(x) filter (v > 1) over w as e, count(*) over (partition by g) as f
        from marts.edge window w as (partition by g)
    """,
    "times": """
        select k, t as a, t::date as b, year(t) as c, date_diff('day', date '2024-02-28', t::date) as d,
            t > timestamp '2025-10-26 01:00:00' as e, coalesce(t, timestamp '2000-01-01 12:00:00') as f
        from marts.time
    """,
    "nothing": """
        select 1 as k, count(*) as a, sum(x) as b, max(d) as c, list(x order by k) as d
        from marts.edge where k > 100
    """,
}


@pytest.mark.parametrize("name", list(EDGE_QUERIES))
def test_edges_are_the_same_on_both(both: Both, name: str) -> None:
    for table, rows in (("marts.edge", EDGES), ("marts.time", TIMES)):
        if table not in both.files:
            both.files[table] = both.work / f"{table}.parquet"
            duckdb.execute(f"copy ({rows}) to '{both.files[table]}' (format parquet)")
        both.load(table)
    first, second = both.derive(EDGE_QUERIES[name])
    assert differences(first, second, of(*described(first))) == []
