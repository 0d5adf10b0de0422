"""`beacon check`: a file of definitions before a run uses it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from beacon.cli.common import Format, FormatOption, HomeOption, home_of, print_rows, settings_from


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

    Whether the series of an indicator are in your files is looked up in what the home has read, if
    it has read any; a series that is not there is named and is no fault. The footprint of a form is
    looked up in the registry, in HOME/footprints and beside the form.

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
            rows.append((*about, None, "", _sound(found.series, home)))
    print_rows(("file", "kind", "name", "line", "field", "message"), rows, form)
    raise typer.Exit(1 if faulty else 0)


def _sound(series: tuple[tuple[str, str], ...], home: Path | None) -> str:
    """What was checked of a file without faults, and what was not."""
    from beacon.operations.series_read import series_read

    if not series:
        return "sound"
    place = home_of(home)
    known = series_read(place)
    if known is None:
        return "sound in form; whether its series are in your files is seen by a run"
    unknown = [f"{name!r} of {source}" for source, name in series if (source, name) not in known]
    if not unknown:
        return f"sound; its series are in files that {place.root} has read"
    return f"sound in form; no file that {place.root} has read so far has {', '.join(unknown)}"
