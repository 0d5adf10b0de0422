"""`beacon check`: a file of definitions before a run uses it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from beacon.cli.common import Format, FormatOption, print_rows


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
) -> None:
    """Check indicators, boards, sources, cohorts, targets and other definitions, line by line.

    Exit status: 0 a run can use all of them; 1 a file has faults, which are listed.
    """
    from beacon.operations.definition_file import check_definition

    rows: list[tuple[Any, ...]] = []
    faulty = False
    for file in files:
        found = check_definition(file, kind)
        faulty = faulty or bool(found.faults)
        about = (str(file), found.kind or None, found.name or None)
        rows += [(*about, fault.line, fault.field, fault.message) for fault in found.faults]
        if not found.faults:
            rows.append((*about, None, "", "sound"))
    print_rows(("file", "kind", "name", "line", "field", "message"), rows, form)
    raise typer.Exit(1 if faulty else 0)
