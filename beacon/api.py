"""For analysts: `beacon.connect()`, `beacon.read("scorecard")` and `beacon.area(FILE)`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from beacon.core.errors import BeaconError, ReleaseNotFoundError

if TYPE_CHECKING:
    import duckdb

    from beacon.release.custom_area import CustomArea
    from beacon.release.layout import Release

As = Literal["polars", "pandas", "geopandas", "arrow"]


def connect(
    release: str | None = None, *, home: Path | str | None = None
) -> duckdb.DuckDBPyConnection:
    """A DuckDB connection with a view for each mart of a release, and the statistics macros.

    It is of its own and in memory: nothing that is done on it touches the release, and a newer
    release does not disturb it.

    Args:
        release: Label of a release; the current one by default.
        home: Directory of Beacon's data; `BEACON_HOME`, else `./data`.

    Raises:
        ReleaseNotFoundError: When there is no such release.
    """
    from beacon.release.query import connect_release

    return connect_release(_release(release, home))


def read(
    name: str,
    as_: As = "polars",
    *,
    release: str | None = None,
    home: Path | str | None = None,
) -> Any:
    """One mart of a release as a data frame.

    Args:
        name: Name of the mart, such as "scorecard".
        as_: "polars", "pandas", "arrow" or "geopandas"; the last needs a mart with outlines.
        release: Label of a release; the current one by default.
        home: Directory of Beacon's data; `BEACON_HOME`, else `./data`.

    Returns:
        A Polars, pandas or GeoPandas frame, or an Arrow table, with the columns of the contract.
        GeoPandas frames are in longitude and latitude (OGC:CRS84).

    Raises:
        ReleaseNotFoundError: When there is no such release or mart.
        BeaconError: When a mart without outlines is asked for as GeoPandas, or `as_` is unknown.
    """
    if as_ not in get_args(As):
        raise BeaconError(f"as_ is one of {', '.join(get_args(As))}, not {as_!r}.")
    found = _release(release, home)
    marts = {mart["name"]: mart for mart in found.manifest["marts"]}
    if name not in marts:
        raise ReleaseNotFoundError(
            f"Release {found.label} has no mart {name!r}. Marts: {', '.join(sorted(marts))}."
        )
    path = found.path / marts[name]["file"]
    columns = {column["name"] for column in marts[name]["columns"]}
    if as_ == "polars":
        import polars as pl

        return pl.read_parquet(path)
    if as_ == "geopandas":
        if "geometry" not in columns:
            raise BeaconError(f"{name} has no outlines; lsoa and place do.")
        import geopandas as gpd

        return gpd.read_parquet(path)
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    return table if as_ == "arrow" else table.to_pandas()


def area(
    given: Path | str | Iterable[str],
    *,
    name: str | None = None,
    centroids: Path | str | None = None,
    release: str | None = None,
    home: Path | str | None = None,
) -> CustomArea:
    """Core20, deprivation and age of an area that you draw or list, as `beacon area` gives them.

    The area is remembered in the home, so that later ones are compared with it.

    Args:
        given: Path of a GeoJSON of polygons (WGS 84) or of a list of codes; or the codes
            themselves: LSOAs 2021 or wards 2024.
        name: What to call the area; the file's name by default.
        centroids: A CSV of population-weighted centroids of LSOAs 2021, by which an outline is
            then fitted.
        release: Label of a release; the current one by default.
        home: Directory of Beacon's data; `BEACON_HOME`, else `./data`.

    Raises:
        ReleaseNotFoundError: When there is no such release.
        InputRefusedError: Naming file and line of what cannot be used.
        GuardedAreaError: When figures would tell of few people.
    """
    from beacon.core.home import Home
    from beacon.release.custom_area import custom_area

    found = _release(release, home)
    # A release lies in its home's directory `releases`.
    of = Home(found.path.parents[1])
    area = Path(given) if isinstance(given, str) else given
    points = None if centroids is None else Path(centroids)
    return custom_area(of, found, area, name, centroids=points)


def _release(label: str | None, home: Path | str | None) -> Release:
    from beacon.core.home import Home
    from beacon.core.settings import Settings
    from beacon.release.layout import get_release

    root = Path(home) if home is not None else Settings().home
    return get_release(Home(root), label)
