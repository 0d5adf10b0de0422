"""The statistics' known answers by every engine that has the method."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from beacon.engines import open_engine
from tests.fixtures.engine_answers import NotCarriedError, Postgres, Runs, by_query, score_of
from tests.fixtures.known_answers import KNOWN, Known
from tests.fixtures.needs_spark import NEEDS_SPARK
from tests.servers.postgres import Cluster

pytestmark = pytest.mark.given

IN_SQL = [each for each in KNOWN if each.sql is not None]
NOT_ON_POSTGRES = {"sii_rii", "trend"}
"""Their macros walk lists, and PostgreSQL has no lambda."""


def named(known: Known) -> str:
    return f"{known.method}-{known.prefix}{known.answers[0]}"


def assert_right(engine: Runs | None, known: Known, work: Path) -> None:
    if not known.file("inputs").exists():
        pytest.skip(f"missing {known.file('inputs')}; set BEACON_TEST_CASES")
    score = score_of(engine, known, work)
    assert score.wrong == []
    assert score.right


@pytest.fixture(scope="module")
def duckdb_engine() -> Iterator[Runs]:
    engine = open_engine("duckdb")
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def spark_engine() -> Iterator[Runs]:
    engine = open_engine("spark")
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def postgres(_postgres_cluster: Cluster) -> Iterator[Runs]:
    psycopg2 = pytest.importorskip("psycopg2")
    cluster = _postgres_cluster
    connection = psycopg2.connect(cluster.new_database(), password=cluster.password)
    connection.autocommit = True
    yield Postgres(connection)
    connection.close()


@pytest.mark.parametrize("known", KNOWN, ids=named)
def test_functions(known: Known, tmp_path: Path) -> None:
    assert_right(None, known, tmp_path)


@pytest.mark.parametrize("known", IN_SQL, ids=named)
def test_duckdb(duckdb_engine: Runs, known: Known, tmp_path: Path) -> None:
    assert_right(duckdb_engine, known, tmp_path)


@pytest.mark.parametrize("known", IN_SQL, ids=named)
def test_postgres(postgres: Runs, known: Known, tmp_path: Path) -> None:
    if known.method in NOT_ON_POSTGRES:
        if not known.file("inputs").exists():
            pytest.skip(f"missing {known.file('inputs')}; set BEACON_TEST_CASES")
        with pytest.raises(NotCarriedError, match="Lambda"):
            by_query(postgres, known, tmp_path)
        return
    assert_right(postgres, known, tmp_path)


@pytest.mark.parametrize(
    "known", [pytest.param(each, marks=NEEDS_SPARK, id=named(each)) for each in IN_SQL]
)
def test_spark(spark_engine: Runs, known: Known, tmp_path: Path) -> None:
    assert_right(spark_engine, known, tmp_path)
