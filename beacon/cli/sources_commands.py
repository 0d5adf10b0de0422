"""`beacon sources`: where the data come from and what a folder of files turns out to be."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from beacon.cli.common import Format, FormatOption, HomeOption, print_rows, settings_from
from beacon.cli.run_commands import SOURCES_NEED_ATTENTION

sources_app = typer.Typer(help="Where the data come from.", invoke_without_command=True)


@sources_app.callback()
def sources(
    context: typer.Context, form: FormatOption = Format.table, home: HomeOption = None
) -> None:
    """List every source: mode, state, last success, vintage, freshness, next expected issue.

    Read from the current release, the last run and, for live inputs, the last night. Exit status: 0
    all in order; 3 a source was refused or could not be reached, as `beacon run` ends with.
    """
    if context.invoked_subcommand is not None:
        return
    from beacon.core.settings import Home
    from beacon.operations.source_state import COLUMNS, NEEDS_ATTENTION, as_row, source_states
    from beacon.registry.sources import load_source_register

    home_directory = Home(settings_from(home=home).home)
    states = source_states(home_directory, load_source_register())
    shown = ("dataset", *COLUMNS[1:])
    if form is Format.table:
        # The full message is in the other formats and below the table.
        print_rows(shown[:-2], [as_row(state)[:-2] for state in states], form)
    else:
        print_rows(shown, map(as_row, states), form)
    troubled = [state for state in states if state.state in NEEDS_ATTENTION]
    for state in troubled:
        typer.echo(f"{state.key}: {state.message}", err=True)
    raise typer.Exit(SOURCES_NEED_ATTENTION if troubled else 0)


@sources_app.command("check")
def check(
    folder: Annotated[Path, typer.Option("--folder", help="Folder of downloaded files.")],
    inputs: Annotated[
        str, typer.Option("--inputs", help="Only 'folder' can be checked.")
    ] = "folder",
    form: FormatOption = Format.table,
) -> None:
    """Say what every file of a folder is, and read what is official.

    Nothing is kept.
    """
    from beacon.core.errors import InputRefusedError, SettingsError
    from beacon.ingest.scan import list_files
    from beacon.registry.sources import load_source_register
    from beacon.sources.readers import READERS
    from beacon.sources.recognise import recognise

    if inputs != "folder":
        raise SettingsError("Only --inputs folder can be checked.")
    register = load_source_register()
    rows: list[tuple[object, ...]] = []
    refused = 0
    for path in list_files(folder):
        name = path.relative_to(folder).as_posix()
        seen = recognise(path, register)
        if seen.key is None:
            note = str(seen.problems[0]) if seen.problems else "not in the source register"
            rows.append((name, "unrecognised", "", None, note))
            continue
        if seen.problems:
            refused += 1
            rows.append((name, "refused", seen.key, None, str(seen.problems[0])))
            continue
        spec = register.datasets[seen.key]
        reader = READERS.get(spec.dataset.reader)
        if reader is None or seen.container is None:
            rows.append((name, "not_read", seen.key, None, spec.dataset.title))
            continue
        try:
            frame = reader(path, seen.container, spec, False)
            rows.append((name, "read", seen.key, frame.height, ""))
        except InputRefusedError as error:
            refused += 1
            rows.append((name, "refused", seen.key, None, str(error.problems[0])))
    print_rows(("file", "outcome", "dataset", "rows", "note"), rows, form)
    typer.echo(f"{len(rows)} files, {refused} refused", err=True)
