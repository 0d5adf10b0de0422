"""One page, for print and for sharing, about an area that somebody drew or listed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from markupsafe import Markup

from beacon.core.files import write_atomically
from beacon.release.layout import Release
from beacon.release.query import connect_release
from beacon.site.charts import map_chart
from beacon.site.charts.svg import drawing, tag
from beacon.site.maps import PLACE_TOLERANCE_METRES
from beacon.site.render import ASSETS, environment

if TYPE_CHECKING:
    from beacon.release.area_figures import Figure
    from beacon.release.custom_area import CustomArea

_TITLES = {
    "people_by_age": "People by age",
    "core20_people_by_age": "People in Core20 by age",
    "people_by_imd2025_decile": "People by decile of IMD 2025 (1 is most deprived)",
    "people_by_place": "People by Place",
    "people_in_most_deprived_fifth_2025": "People in the most deprived fifth by domain, 2025",
    "core20_2019_to_2025": "Core20 in 2019 and 2025",
    "people_in_core20_pockets": "People in Core20 pockets",
    "cohort_people": "People of cohorts, from the secure home",
    "cohort_eligible": "People whom care is for, from the secure home",
    "cohort_done": "For whom it was done, from the secure home",
}


class Table(NamedTuple):
    """One table of the page: its title and rows of group and value."""

    title: str
    rows: tuple[Figure, ...]


def write_area_page(release: Release, area: CustomArea, path: Path) -> None:
    """Write the page of an area; one file that opens anywhere and fetches nothing.

    Args:
        release: The release that its figures come from.
        area: The area, which has passed the guard for small numbers.
        path: The HTML file, replaced where it exists.

    Raises:
        OSError: When the file cannot be written.
    """
    groups: dict[str, list[Figure]] = {}
    for figure in area.figures:
        groups.setdefault(figure.measure, []).append(figure)
    tables = [
        Table(_TITLES.get(name, name.replace("_", " ").capitalize()), tuple(rows))
        for name, rows in groups.items()
    ]
    text = (
        environment()
        .get_template("area.html.j2")
        .render(
            area=area,
            tables=tables,
            map=_map(release, area),
            css=Markup((ASSETS / "site.css").read_text(encoding="utf-8")),  # noqa: S704 - our own file
        )
    )
    write_atomically(path, text)


def _map(release: Release, area: CustomArea) -> Markup | None:
    """The area's LSOAs, Core20 darker; None where the release has no outlines of them."""
    with connect_release(release, sql="") as con:
        rows = con.execute(
            "select lsoa21_code, lsoa21_name, imd2025_decile, core20_imd2025, geometry from lsoa "
            "where list_contains($codes, lsoa21_code) and geometry is not null",
            {"codes": list(area.lsoa21_codes)},
        ).fetchall()
    outlines: Mapping[str, bytes] = {row[0]: bytes(row[4]) for row in rows}
    shapes = map_chart.simplified(outlines, PLACE_TOLERANCE_METRES)
    if not shapes:
        return None
    frame = map_chart.projection_of(map_chart.bounds_of(list(shapes.values())))
    marks = [
        tag(
            "path",
            tag("title", f"{name}: decile {decile}"),
            d=map_chart.path_of(shapes[code], frame),
            class_="core20" if core20 else "land",
        )
        for code, name, decile, core20, _ in rows
        if code in shapes
    ]
    label = f"Map of {area.lsoas} LSOAs, {area.core20_lsoas} of them in Core20"
    return drawing(map_chart.WIDTH, frame.height, marks, class_="map", label=label)
