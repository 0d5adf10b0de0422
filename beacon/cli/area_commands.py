"""`beacon area`: figures of an area that somebody draws or lists."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from beacon.cli.common import Format, FormatOption, HomeOption, home_of, print_rows

if TYPE_CHECKING:
    from beacon.release.custom_area import CustomArea


def area(
    file: Annotated[
        Path,
        typer.Argument(
            help="GeoJSON of polygons (WGS 84), or a list of LSOA 2021 or ward 2024 codes as text "
            "or CSV, one a line."
        ),
    ],
    name: Annotated[
        str | None, typer.Option("--name", help="Name of the area; that of the file by default.")
    ] = None,
    release: Annotated[
        str | None, typer.Option("--release", help="Release label; the current one by default.")
    ] = None,
    geoparquet: Annotated[
        Path | None,
        typer.Option("--geoparquet", help="Write its LSOAs with their outlines to this file too."),
    ] = None,
    page: Annotated[
        Path | None, typer.Option("--page", help="Write a page about it, for print, to this file.")
    ] = None,
    centroids: Annotated[
        Path | None,
        typer.Option(
            "--centroids",
            help="CSV of population-weighted centroids of LSOAs 2021, to fit an outline by.",
        ),
    ] = None,
    secure_home: Annotated[
        Path | None,
        typer.Option(
            "--secure-home",
            help="Count its cohorts too, in this secure home; small numbers are hidden.",
        ),
    ] = None,
    form: FormatOption = Format.table,
    home: HomeOption = None,
) -> None:
    """Core20, deprivation and age of an area that you draw or list.

    An outline is made of whole LSOAs, and how well they fit it is said. Areas that were given are
    remembered in the home, and one that would tell of few people is refused.
    """
    import json
    import sys

    from beacon.release.custom_area import custom_area
    from beacon.release.layout import get_release

    place = home_of(home)
    of = get_release(place, release)
    secure = None
    if secure_home is not None:
        from beacon.people.secure_home import SecureHome

        secure = SecureHome.open(secure_home, ordinary=place.root)
    found = custom_area(place, of, file, name, centroids=centroids, secure=secure)
    if geoparquet is not None:
        from beacon.release.area_outlines import write_geoparquet

        write_geoparquet(of, found, geoparquet)
    if page is not None:
        from beacon.site.area_page import write_area_page

        write_area_page(of, found, page)
    if form is Format.json:
        sys.stdout.write(json.dumps(found.as_dict(), ensure_ascii=False, indent=2) + "\n")
    elif form is Format.csv:
        rows = [(found.name, *figure) for figure in found.rows()]
        print_rows(("area", "measure", "group", "value", "unit"), rows, form)
        sys.stderr.write("\n".join([found.rule, *found.notes]) + "\n")
    else:
        _print(found)


def _print(found: CustomArea) -> None:
    from beacon.cli.printed_tables import write_pairs

    index = f"IMD {found.imd_vintage}"
    share = f"{found.core20_share_percent:.1f} %"
    mean = found.imd_average_score
    score = "not in the release" if mean is None else f"{mean:.2f}, mean of people"
    pairs = [
        ("area", found.name),
        ("release", found.release + (", fictional" if found.fictional else "")),
        ("LSOAs", f"{found.lsoas:,}, of which {found.core20_lsoas:,} in Core20"),
        ("people", f"{found.people:,} ({found.population_base})"),
        ("Core20 people", f"{found.core20_people:,} ({share}), by {index}"),
        ("IMD score", score),
        ("IMD decile", f"{found.imd_average_decile:.1f}, mean of people; 1 is most deprived"),
        ("rule", found.rule),
    ]
    fit = found.fit
    if fit is not None:
        pairs.append((
            "error of fit",
            f"The outline cuts {fit.lsoas_cut} LSOAs. {fit.people_in_cut_lsoas_counted:,} people "
            f"are in those that count whole, {fit.people_in_cut_lsoas_left_out:,} in those that "
            f"are left out. Spread evenly over the surface of LSOAs, "
            f"{fit.people_by_surface_share:,} people would be inside.",
        ))  # fmt: skip
    write_pairs([*pairs, *(("note", note) for note in found.notes)])
    typer.echo("")
    print_rows(("measure", "group", "value", "unit"), found.figures, Format.table)
