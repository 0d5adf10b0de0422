"""The LSOAs of a custom area with their outlines, for maps."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd

from beacon.core.errors import BeaconError
from beacon.release.custom_area import CustomArea
from beacon.release.layout import Release


def write_geoparquet(release: Release, area: CustomArea, path: Path) -> int:
    """Write the rows of table `lsoa` that make up an area as GeoParquet, and give how many.

    Args:
        release: The release that the area's figures come from.
        area: The area, which has passed the guard for small numbers.
        path: The file, replaced where it exists. Its columns are those of `lsoa`, after
            `custom_area` and `release`; outlines are in longitude and latitude.

    Raises:
        BeaconError: When the file cannot be written.
    """
    marts = {mart["name"]: mart["file"] for mart in release.manifest["marts"]}
    lsoas = gpd.read_parquet(release.path / marts["lsoa"])
    chosen = lsoas[lsoas["lsoa21_code"].isin(area.lsoa21_codes)]
    about = {"custom_area": area.name, "release": area.release}
    for place, (column, value) in enumerate(about.items()):
        chosen.insert(place, column, value)
    try:
        chosen.to_parquet(path, index=False)
    except OSError as error:
        raise BeaconError(f"{path} cannot be written: {error.strerror or error}.") from error
    return len(chosen)
