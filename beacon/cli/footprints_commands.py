"""`beacon footprints`: a footprint for every integrated care board of England."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from beacon.cli.common import Format, FormatOption, HomeOption, print_rows, settings_from


def footprints(
    folder: Annotated[
        list[Path],
        typer.Argument(
            help="Folders or files with the ONS lookups: LSOA 2021 to board, LSOA 2021 to ward and "
            "authority, lower to upper tier."
        ),
    ],
    year: Annotated[
        int, typer.Option("--year", help="Boards of this year: 2024 (42) or 2026 (36).")
    ] = 2026,
    tier: Annotated[
        str,
        typer.Option(
            "--places", help="upper: counties are Places; lower: their districts are Places."
        ),
    ] = "upper",
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Where to write the files; HOME/footprints by default."),
    ] = None,
    form: FormatOption = Format.table,
    home: HomeOption = None,
) -> None:
    """Write a footprint for every board.

    `beacon run --footprint NAME` then takes one of them, and `--footprint all` every one.
    """
    from beacon.core.errors import SettingsError
    from beacon.ingest.board_lookups import footprints_from, write_footprints

    if year not in (2024, 2026):
        raise SettingsError(f"--year {year}: the boards of 2024 and of 2026 are known.")
    if tier not in ("upper", "lower"):
        raise SettingsError(f"--places {tier}: give upper or lower.")
    chosen: Literal["upper", "lower"] = "upper" if tier == "upper" else "lower"
    found, source = footprints_from(folder, year, chosen)
    directory = out or settings_from(home=home).footprints
    write_footprints(found, source, directory)
    rows = [
        (one.id, one.icb.code, one.icb.name, len(one.places), len(one.local_authority_codes))
        for one in found
    ]
    print_rows(("footprint", "board_code", "board_name", "places", "authorities"), rows, form)
    typer.echo(f"{len(found)} files in {directory}", err=True)
