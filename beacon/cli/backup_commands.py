"""`beacon backup` and `beacon restore`: a second copy of landing and releases, and back again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from beacon.cli.common import Format, FormatOption, HomeOption, home_of, print_rows
from beacon.cli.options import inform

if TYPE_CHECKING:
    from beacon.backup import Repository

DirectoryArgument = Annotated[
    Path, typer.Argument(metavar="DIR", help="Directory of back-ups, outside the home.")
]


def backup(
    directory: DirectoryArgument,
    check: Annotated[
        bool, typer.Option("--check", help="Copy nothing; read every back-up again and compare.")
    ] = False,
    show: Annotated[
        bool, typer.Option("--list", help="Copy nothing; list the back-ups there.")
    ] = False,
    form: FormatOption = Format.table,
    home: HomeOption = None,
) -> None:
    """Copy landing, releases and what no run makes to DIR, as far as they are new.

    Each file is read back after writing.

    A run may be publishing meanwhile. What is interrupted is ended by running it again, and is no
    back-up until then. Exit status: 0 complete; 1 no back-up, for cause; 3 complete, but something
    damaged that is not in use was left out.
    """
    from beacon.backup import Repository, take_backup

    if check or show:
        repository = Repository(directory)
        repository.snapshot()
        _check(repository) if check else _show(repository, form)
        return
    taken = take_backup(home_of(home), directory)
    snapshot = taken.snapshot
    inform(
        f"{snapshot.name}: release {snapshot.release or 'none'}, {len(snapshot.releases)} releases "
        f"in all, {len(snapshot.files):,} files of {snapshot.size_bytes / 1e6:,.1f} MB; "
        f"{taken.copied_files:,} of them new, {taken.copied_bytes / 1e6:,.1f} MB."
    )
    for fault in snapshot.faults:
        typer.echo(f"LEFT OUT {fault}", err=True)
    if snapshot.faults:
        raise typer.Exit(3)


def _show(repository: Repository, form: Format) -> None:
    rows = []
    for name in repository.names():
        snapshot = repository.snapshot(name)
        rows.append(
            (
                name, snapshot.release, len(snapshot.releases), len(snapshot.files),
                round(snapshot.size_bytes / 1e6, 1),
            )
        )  # fmt: skip
    print_rows(("back-up", "current_release", "releases", "files", "megabytes"), rows, form)


def _check(repository: Repository) -> None:
    snapshots = [repository.snapshot(name) for name in repository.names()]
    faults = repository.faults(snapshots)
    for fault in faults:
        typer.echo(fault)
    typer.echo(f"{len(snapshots)} back-ups read: {'DAMAGED' if faults else 'intact'}.")
    if faults:
        raise typer.Exit(1)


def restore(
    directory: DirectoryArgument,
    home: Annotated[
        Path, typer.Option("--home", help="The new home: an empty or a new directory.")
    ],
    snapshot: Annotated[
        str | None, typer.Option("--snapshot", help="Which back-up; the newest by default.")
    ] = None,
) -> None:
    """Make an empty home what it was at a back-up.

    Every release is verified.
    """
    from beacon.backup import restore as restore_home
    from beacon.core.home import Home

    place = Home(home)
    done = restore_home(place, directory, snapshot)
    inform(
        f"{place.root} is as it was at {done.snapshot.name}: release "
        f"{done.snapshot.release or 'none'}, {len(done.snapshot.releases)} releases verified."
    )
    inform("Next: `beacon run` with the same inputs, which says unchanged.")
