"""What crosses from the secure home is the same whichever engine counted the persons."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from beacon.people.crossing import CROSSING
from tests.fixtures.needs_spark import NEEDS_SPARK
from tests.unit.people.fixtures import people_run_of

pytestmark = [*NEEDS_SPARK, pytest.mark.spark_long]

PERSONS = 6_000
COHORTS = ("hypertension_register", "cyp_asthma_register")


def test_sizes_gaps_flow_and_segments_are_the_same(tmp_path: Path) -> None:
    duckdb, spark = (
        people_run_of(tmp_path / engine, PERSONS, COHORTS, engine) for engine in ("duckdb", "spark")
    )
    assert [each.as_at for each in duckdb.report.crossed] == [
        each.as_at for each in spark.report.crossed
    ]
    for name in CROSSING:
        first, second = duckdb.table(name), spark.table(name)
        assert first.height, name
        assert_frame_equal(first, second, check_row_order=False, rel_tol=1e-9, abs_tol=0)
    # Not everything is suppressed at this size, so that counts are compared as well.
    assert duckdb.table("care_gap").filter(pl.col("done").is_not_null()).height
