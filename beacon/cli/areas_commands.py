"""`beacon areas`: finding areas by name, code or postcode."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from beacon.cli.common import Format, FormatOption, HomeOption, home_of, print_rows
from beacon.cli.options import with_columns

if TYPE_CHECKING:
    from beacon.release.layout import Release

areas_app = typer.Typer(no_args_is_help=True, help="Find areas by name, code or postcode.")

ReleaseOption = Annotated[
    str | None, typer.Option("--release", help="Release label; the current one by default.")
]


def _release(home: Path | None, label: str | None) -> Release:
    from beacon.release.layout import get_release

    return get_release(home_of(home), label)


def search(
    text: Annotated[str, typer.Argument(help="A part of a name, or a code, in use or not.")],
    kind: Annotated[
        str | None, typer.Option("--kind", help="Only this kind, such as ward or board.")
    ] = None,
    release: ReleaseOption = None,
    form: FormatOption = Format.table,
    home: HomeOption = None,
) -> None:
    """Boards, authorities, wards and other areas, with their people in Core20."""
    from beacon.core.errors import BeaconError
    from beacon.release.find_areas import FOUND_COLUMNS, find_areas

    rows = find_areas(_release(home, release), text, kind)
    if not rows:
        raise BeaconError(f"No area has {text!r} in its name, or as its code.")
    print_rows(FOUND_COLUMNS, rows, form)


def postcode(
    file: Annotated[Path, typer.Argument(help="A postcode file of the ONS, as CSV.")],
    postcodes: Annotated[list[str], typer.Argument(help="Postcodes, in quotes if spaced.")],
    release: ReleaseOption = None,
    form: FormatOption = Format.table,
    home: HomeOption = None,
) -> None:
    """The LSOA, ward and Place that postcodes are fitted to. Nothing of the file is kept."""
    from dataclasses import astuple, fields

    from beacon.release.find_areas import PostcodeArea, areas_of_postcodes

    found = areas_of_postcodes(_release(home, release), file, postcodes)
    names = [field.name for field in fields(PostcodeArea)]
    print_rows(names, [astuple(one) for one in found], form)


areas_app.command("search")(with_columns(search))
areas_app.command("postcode")(with_columns(postcode))
