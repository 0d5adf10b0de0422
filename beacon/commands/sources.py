"""`beacon sources`: where the data come from and what a folder of files turns out to be.

What belongs here: the commands. What does not: recognising (`beacon.sources.recognise`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from beacon.commands.common import Format, FormatOption, HomeOption, print_rows, settings_from

sources_app = typer.Typer(help="Where the data come from.", invoke_without_command=True)


@sources_app.callback()
def sources(
    context: typer.Context, form: FormatOption = Format.table, home: HomeOption = None
) -> None:
    """List every source and the state of its data in the current release."""
    if context.invoked_subcommand is not None:
        return
    from beacon.registry.sources import load_source_register
    from beacon.release.layout import latest_release
    from beacon.release.query import connect_release
    from beacon.settings import Home

    register = load_source_register()
    release = latest_release(Home(settings_from(home=home).home))
    state: dict[tuple[str, str], list[tuple[str, ...]]] = {}
    retrieved: dict[str, str] = {}
    mode = ""
    if release is not None:
        mode = release.manifest["mode"]
        retrieved = release.run_record.get("inputs_retrieved_at", {})
        for source, dataset, *rest in (
            connect_release(release)
            .execute("select source, dataset, part, status, vintage from source_status")
            .fetchall()
        ):
            state.setdefault((source, dataset), []).append(tuple(rest))
    rows = []
    for spec in register.datasets.values():
        parts = state.get((spec.source.id, spec.dataset.id), [])
        received = [
            when
            for name, when in retrieved.items()
            if name == spec.key or name.startswith(spec.key + "/")
        ]
        rows.append(
            (
                spec.key,
                mode,
                ", ".join(sorted({part[1] for part in parts})) or "not_supplied",
                len(parts),
                max(received, default=""),
                spec.dataset.vintage,
                spec.source.cadence.every,
                spec.source.cadence.next_expected or "",
            )
        )
    columns = (
        "dataset", "mode", "status", "files", "last_success", "vintage", "issued", "next_expected",
    )  # fmt: skip
    print_rows(columns, rows, form)


@sources_app.command("check")
def check(
    folder: Annotated[Path, typer.Option("--folder", help="Folder of downloaded files.")],
    inputs: Annotated[
        str, typer.Option("--inputs", help="Only 'folder' can be checked.")
    ] = "folder",
    form: FormatOption = Format.table,
) -> None:
    """Say what every file of a folder is, and read those that are official, without keeping any."""
    from beacon.errors import InputRefusedError, SettingsError
    from beacon.ingest.folder import list_files
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
