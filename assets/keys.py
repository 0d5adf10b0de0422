"""Names of assets: the stage a thing belongs to, and its name within the stage."""

from functools import cache

import dagster as dg

from beacon.contracts import Contract, load_contracts
from beacon.contracts.sql_files import SqlTable, sql_tables, staging_tables_in_use
from beacon.core.paths import resource_dir
from beacon.registry import Indicator, load_indicators
from beacon.registry.loading import INDICATOR_FOLDERS
from beacon.registry.sources import SourceRegister, load_source_register

RELEASE = dg.AssetKey(["release", "release"])
SITE = dg.AssetKey(["release", "site"])
FACT = dg.AssetKey(["indicators", "fact"])


@cache
def register() -> SourceRegister:
    """The source register, loaded once a process."""
    return load_source_register()


@cache
def contracts() -> dict[str, Contract]:
    """The contracts, loaded once a process."""
    return load_contracts()


@cache
def indicators() -> dict[str, Indicator]:
    """The indicators, loaded once a process."""
    return load_indicators()


@cache
def _indicator_files() -> dict[str, str]:
    root = resource_dir("reference_data")
    return {
        path.stem.partition("_")[2]: path.relative_to(root).as_posix()
        for folder in INDICATOR_FOLDERS
        for path in sorted((root / folder).glob("*.yaml"))
    }


def indicator_file(slug: str) -> str:
    """The file of the registry that defines an indicator, relative to the checkout."""
    return f"reference_data/{_indicator_files().get(slug, 'indicators')}"


@cache
def derived(schema: str) -> dict[str, SqlTable]:
    """The derived tables of a schema, loaded once a process."""
    return sql_tables(schema)


@cache
def staging_tables() -> tuple[str, ...]:
    """Staging tables that some derivation reads."""
    return tuple(t for t in register().staging_tables if t in staging_tables_in_use())


@cache
def sources_in_use() -> tuple[str, ...]:
    """Sources that feed one of those."""
    return tuple(
        dict.fromkeys(
            spec.source.id for table in staging_tables() for spec in register().feeding(table)
        )
    )


def table_key(name: str) -> dg.AssetKey:
    """The asset of a table: `geography.lsoa21` is `geography/lsoa21`."""
    return dg.AssetKey(name.split("."))


def landing_key(source: str) -> dg.AssetKey:
    """The asset of a source's landed bytes."""
    return dg.AssetKey(["landing", source])


def publisher_key(source: str) -> dg.AssetKey:
    """What a publisher issues, outside this home."""
    return dg.AssetKey(["publishers", source])


def indicator_key(slug: str) -> dg.AssetKey:
    """The asset of one indicator's rows."""
    return dg.AssetKey(["indicators", slug])
