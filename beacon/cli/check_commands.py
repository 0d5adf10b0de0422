"""`beacon check`: a file of definitions before a run uses it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from beacon.cli.common import Format, FormatOption, HomeOption, home_of, print_rows, settings_from

if TYPE_CHECKING:
    from beacon.operations.definition_file import DefinitionFile


def check(
    files: Annotated[list[Path], typer.Argument(help="YAML files to check.")],
    kind: Annotated[
        str | None,
        typer.Option(
            "--kind",
            help="What they define, such as indicator, footprint, source or cohort.",
            show_default="told from the fields",
        ),
    ] = None,
    form: FormatOption = Format.table,
    home: HomeOption = None,
) -> None:
    """Check indicators, boards, sources, cohorts, targets and other definitions, line by line.

    Whether the series of an indicator, or the authorities of a footprint, are in your files is
    looked up in what the home has read, if it has read any; what is not there is named and is no
    fault. The footprint of a form is looked up in the registry, in HOME/footprints and beside it.

    Exit status: 0 a run can use all of them; 1 a file has faults, which are listed.
    """
    from beacon.operations.definition_file import check_definition

    rows: list[tuple[Any, ...]] = []
    faulty = False
    footprints = settings_from(home=home).footprints
    for file in files:
        found = check_definition(file, kind, footprints)
        faulty = faulty or bool(found.faults)
        about = (str(file), found.kind or None, found.name or None)
        rows += [(*about, fault.line, fault.field, fault.message) for fault in found.faults]
        if not found.faults:
            rows.append((*about, None, "", _sound(found, home)))
    print_rows(("file", "kind", "name", "line", "field", "message"), rows, form)
    raise typer.Exit(1 if faulty else 0)


def _sound(found: DefinitionFile, home: Path | None) -> str:
    """What was checked of a file without faults, and what was not."""
    from beacon.operations.files_read import unknown_authorities, unknown_series

    place = home_of(home)
    if found.series:
        what, unknown = "series", unknown_series(place, found.series)
    elif found.authorities:
        what, unknown = "authorities", unknown_authorities(place, found.authorities)
    else:
        return "sound"
    if unknown is None:
        return f"sound in form; whether its {what} are in your files is seen by a run"
    if not unknown:
        return f"sound; its {what} are in files that {place.root} has read"
    return f"sound in form; no file that {place.root} has read so far has {', '.join(unknown)}"
