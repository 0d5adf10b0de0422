"""`beacon sources`: where the data come from and what files turn out to be."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from beacon.cli.common import Format, FormatOption, HomeOption, home_of, print_rows
from beacon.cli.options import with_json
from beacon.cli.run_commands import SOURCES_NEED_ATTENTION
from beacon.core.errors import InputRefusedError, SettingsError

# Readers load the libraries of every format, so they are imported by the command that reads.

sources_app = typer.Typer(help="Where the data come from.", invoke_without_command=True)

FictionalOption = Annotated[
    bool,
    typer.Option("--allow-fictional", help="Read files with fictional codes (Z…) too."),
]


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
    from beacon.operations.source_state import COLUMNS, NEEDS_ATTENTION, as_row, source_states
    from beacon.registry.sources import load_source_register

    home_directory = home_of(home)
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
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="PATH...", help="Files and folders.")
    ] = None,
    allow_fictional: FictionalOption = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    folder: Annotated[
        Path | None, typer.Option("--folder", help="A folder, as `beacon run` takes it.")
    ] = None,
    inputs: Annotated[str, typer.Option("--inputs", hidden=True)] = "folder",
    form: FormatOption = Format.table,
) -> None:
    """Say what files are, and read those that are official, by the functions that a run uses.

    Exit status: 0 a run can use these files; 3 a file that a run needs is refused.
    """
    from beacon.ingest.check_files import check_files, files_of, needed_and_refused

    if inputs != "folder":
        raise SettingsError("Only --inputs folder can be checked.")
    given = [*(paths or []), *([folder] if folder else [])]
    if not given:
        raise SettingsError("Give the files or folders to check: beacon sources check PATH…")
    reports = check_files(files_of(given), allow_fictional=allow_fictional)
    if as_json:
        print(json.dumps({"files": [r.as_dict() for r in reports]}, ensure_ascii=False, indent=2))  # noqa: T201
    else:
        rows = [
            (r.file, r.status, r.dataset or "", r.rows, " ".join(str(p) for p in r.problems[:1]))
            for r in reports
        ]
        print_rows(("file", "status", "dataset", "rows", "note"), rows, form)
    refused = sum(report.status == "refused" for report in reports)
    needed = len(needed_and_refused(reports))
    typer.echo(
        f"{len(reports):,} files, {refused} refused, {needed} of those needed by a run.", err=True
    )
    raise typer.Exit(SOURCES_NEED_ATTENTION if needed else 0)


@sources_app.command("missing")
@with_json
def missing(
    everything: Annotated[
        bool, typer.Option("--all", help="Clinical areas and context too, not the beacons alone.")
    ] = False,
    form: FormatOption = Format.table,
    home: HomeOption = None,
) -> None:
    """Say what would fill each indicator that has no figure for a Place, and where to get it.

    A file is downloaded into a folder that `beacon run --inputs folder --folder` reads; a return is
    asked for from organisations of the area.
    """
    from beacon.cli.indicators_commands import states_in_release
    from beacon.cli.printed_tables import write_pairs
    from beacon.registry import load_indicators
    from beacon.registry.sources import load_source_register
    from beacon.registry.supplies import Supply, supplies

    states = states_in_release(home)
    register = load_source_register()
    without = [
        indicator
        for indicator in load_indicators().values()
        if (everything or indicator.is_beacon)
        and not states.get(indicator.slug, {}).get("places_with_value")
    ]
    found = {indicator.slug: supplies(indicator, register) for indicator in without}
    if form is not Format.table:
        columns = ("id", "slug", "name", "status", "why", *_SUPPLY)
        rows = [
            (
                indicator.id,
                indicator.slug,
                indicator.name,
                states.get(indicator.slug, {}).get("status", "no release"),
                states.get(indicator.slug, {}).get("status_note") or "",
                *(getattr(supply, name) for name in _SUPPLY),
            )
            for indicator in without
            for supply in found[indicator.slug] or [Supply("none", "", "")]
        ]
        print_rows(columns, rows, form)
        return
    if not without:
        typer.echo("Every indicator has a figure for a Place.")
    for number, indicator in enumerate(without):
        if number:
            typer.echo("")
        pairs = [("indicator", f"{indicator.id} {indicator.name}")]
        # Of what is not supplied the release's note repeats the sources, less fully.
        state = states.get(indicator.slug, {})
        if state and state["status"] != "not_supplied":
            pairs.append(("why", state["status_note"] or state["status"]))
        for supply in found[indicator.slug]:
            told = [supply.title, f"by {supply.publisher}" if supply.publisher else ""]
            told += [f"file named like {supply.file_name}" if supply.file_name else ""]
            pairs.append((_SUPPLY_KINDS[supply.kind], "; ".join(filter(None, told)) + "."))
            pairs.append(("where", supply.where))
            pairs.append(("note", supply.note))
        write_pairs([pair for pair in pairs if pair[1]])


_SUPPLY = ("kind", "publisher", "title", "file_name", "where", "note")
_SUPPLY_KINDS = {
    "file": "file to download",
    "return": "return to ask for",
    "not_read": "not read by Beacon",
}


@sources_app.command("show")
def show(
    file: Annotated[Path, typer.Argument(help="An official file.")],
    allow_fictional: FictionalOption = False,
    form: FormatOption = Format.table,
) -> None:
    """Print the rows that a file is read into: those of its staging table.

    Exit status: 0 the rows are printed; 3 the file is refused, or is none that Beacon reads.
    """
    import polars as pl

    from beacon.ingest.check_files import files_of, rows_of_file
    from beacon.ingest.worker_pool import FileJob, run_jobs

    ((name, path),) = files_of([file]) or [(file.name, file)]
    with tempfile.TemporaryDirectory() as directory:
        target = Path(directory) / "rows.parquet"
        (report,) = run_jobs([FileJob(name, rows_of_file, (path, target, allow_fictional))])
        if isinstance(report, InputRefusedError):
            raise report
        if report.status == "refused":
            raise InputRefusedError(report.problems)
        for problem in report.problems:
            typer.echo(str(problem), err=True)
        if report.status != "read":
            what = "is not read" if report.dataset else "is nothing that the source register knows"
            typer.echo(f"{report.file} {what}.", err=True)
            raise typer.Exit(SOURCES_NEED_ATTENTION)
        rows = pl.read_parquet(target)
    print_rows(rows.columns, rows.iter_rows(), form)
