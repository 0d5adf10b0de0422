"""Spark: the same derivations on a session of Spark 4.1 or later (extra `beacon[spark]`).

What belongs here: a session, its views and its Parquet. What does not: its SQL (`spark_sql`).
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from beacon.contracts.ddl import quote_literal
from beacon.core.errors import BeaconError
from beacon.engines.edit_similarity import jaro_winkler
from beacon.engines.spark_sql import spark_columns, spark_sql, view_name

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

LOCAL_SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.driver.memory": "2g",
    # Small queries end before the second compiler has paid for itself.
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.adaptive.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
}
"""For small tables on one machine: planning and starting tasks cost more than the rows."""


class SparkMissingError(BeaconError):
    """Spark was asked for, and pyspark or Java is not there."""


def local_session(**settings: str) -> SparkSession:
    """A session on this machine.

    Args:
        settings: Settings beside `LOCAL_SETTINGS`, dots written as two underscores.

    Raises:
        SparkMissingError: When pyspark or Java is not there.
    """
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise SparkMissingError(
            "The engine spark needs the package pyspark: pip install 'beacon[spark]'."
        ) from error
    if shutil.which("java") is None:
        raise SparkMissingError(
            "The engine spark needs Java 17 or later on the path; there is no program java."
        )
    builder = SparkSession.builder.master("local[*]").appName("beacon")
    for name, value in {**LOCAL_SETTINGS, **settings}.items():
        builder = builder.config(name.replace("__", "."), value)
    return builder.getOrCreate()


class SparkEngine:
    """Runs derivations in a session of Spark.

    Args:
        session: The session that the platform hands over; a local one by default.
        scratch: Folder for what queries leave to each other; the system's by default.
    """

    def __init__(self, session: SparkSession | None = None, scratch: Path | None = None) -> None:
        self._own = session is None
        self.session = session or local_session()
        self.session.conf.set("spark.sql.ansi.enabled", "true")
        self.session.conf.set("spark.sql.session.timeZone", "UTC")
        self.session.udf.register("jarowinkler_similarity", jaro_winkler, "double")
        # What the tables look like, in DuckDB's types: sqlglot expands `*` by it.
        self._schemas: dict[str, dict[str, str]] = {}
        self._types = duckdb.connect()
        self._made = count()
        # Rows of persons lie here between two queries: in the secure home where one is given.
        self._folder = Path(tempfile.mkdtemp(prefix="spark-", dir=scratch))

    def load(self, name: str, *files: Path) -> None:
        """See `Engine`."""
        listed = ", ".join(quote_literal(str(file)) for file in files)
        described = self._types.execute(f"describe from read_parquet([{listed}])").fetchall()
        columns = {str(row[0]): str(row[1]) for row in described}
        # Spark reads the files once more to learn their columns, unless it is told.
        reader = self.session.read.schema(spark_columns(columns))
        reader.parquet(*map(str, files)).createOrReplaceTempView(view_name(name))
        self._schemas[name] = columns

    def make(self, name: str, sql: str) -> None:
        """See `Engine`."""
        target = self._folder / f"{view_name(name)}-{next(self._made)}.parquet"
        self.load(name, self.derive(sql, target))

    def set_variable(self, name: str, values: Sequence[str]) -> None:
        """See `Engine`."""
        listed = ", ".join(quote_literal(value) for value in values)
        self.session.sql(f"DECLARE OR REPLACE VARIABLE {name} ARRAY<STRING> = array({listed})")

    def derive(self, sql: str, target: Path) -> Path:
        """See `Engine`."""
        target.parent.mkdir(parents=True, exist_ok=True)
        folder = target.with_suffix(".parts")
        frame = self.session.sql(spark_sql(sql, self._schemas))
        frame.coalesce(1).write.mode("overwrite").parquet(str(folder))
        (part,) = folder.glob("*.parquet")
        part.replace(target)
        shutil.rmtree(folder)
        return target

    def hand_over(self, name: str, sql: str, con: duckdb.DuckDBPyConnection) -> None:
        """See `Engine`."""
        file = self.derive(sql, self._folder / f"{name}-{next(self._made)}.parquet")
        listed = quote_literal(str(file))
        con.execute(f"create or replace temp table {name} as from read_parquet({listed})")

    def close(self) -> None:
        """See `Engine`."""
        self._types.close()
        shutil.rmtree(self._folder, ignore_errors=True)
        if self._own:
            self.session.stop()
