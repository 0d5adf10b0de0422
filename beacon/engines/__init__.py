"""Where derivations are run: DuckDB by default, Spark when asked.

What belongs here: engines and what carries the SQL of `sql/` over to them. What does not: what is
derived. Nothing outside this package knows of an engine, except what chooses one by its name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

from beacon.core.errors import BeaconError

if TYPE_CHECKING:
    from pathlib import Path

    from beacon.engines.protocol import Engine

EngineName = Literal["duckdb", "spark"]


class UnknownEngineError(BeaconError):
    """No engine has that name."""


def open_engine(
    name: str = "duckdb", handed_over: Any = None, *, scratch: Path | None = None
) -> Engine:
    """The engine of a name.

    Args:
        name: `duckdb` or `spark`.
        handed_over: A connection of DuckDB or a session of Spark that is open already, as on a
            platform that gives one; it is left open by `close`. One of its own by default.
        scratch: Folder for what queries of Spark leave to each other; the system's by default.

    Raises:
        UnknownEngineError: When no engine has that name.
        SparkMissingError: When Spark is asked for, and pyspark or Java is not there.
    """
    if name == "duckdb":
        from beacon.engines.on_duckdb import DuckDBEngine

        return DuckDBEngine(handed_over)
    if name == "spark":
        from beacon.engines.on_spark import SparkEngine

        return SparkEngine(handed_over, scratch)
    raise UnknownEngineError(
        f"There is no engine {name!r}; there are {' and '.join(get_args(EngineName))}."
    )
