"""`beacon releases` and `beacon verify`: what was published, and whether it is intact."""

from __future__ import annotations

from typing import Annotated

import typer

from beacon.cli.common import Format, FormatOption, HomeOption, home_of, print_rows


def releases(form: FormatOption = Format.table, home: HomeOption = None) -> None:
    """List the releases of a home, the current one marked."""
    from beacon.core.errors import DamagedReleaseError
    from beacon.release.layout import latest_release, list_releases
    from beacon.release.manage import describe

    place = home_of(home)
    current = latest_release(place)
    rows: list[tuple[object, ...]] = []
    for release in list_releases(place):
        try:
            manifest, record = release.manifest, release.run_record
        except DamagedReleaseError as error:
            rows.append((release.label, "DAMAGED", *[None] * 6))
            typer.echo(f"beacon: {error}", err=True)
            continue
        rows.append(
            (
                release.label,
                describe(place, release, current),
                record.get("published_at", ""),
                manifest["footprint"]["name"],
                "fictional" if manifest["fictional"] else "official",
                sum(mart["rows"] for mart in manifest["marts"]),
                len(manifest["checks"]["failed"]),
                manifest["code"]["git_commit"][:12],
            )
        )
    columns = (
        "release", "state", "published_at", "footprint", "data", "rows", "checks_failed", "commit",
    )  # fmt: skip
    print_rows(columns, rows, form)


def verify(
    release: Annotated[
        str | None, typer.Argument(help="Release label; every release by default.")
    ] = None,
    form: FormatOption = Format.table,
    home: HomeOption = None,
) -> None:
    """Check that every file of a release, and all landed bytes, are as they were recorded."""
    from beacon.core.errors import BeaconError
    from beacon.ingest.landing_damage import find_landing_damage
    from beacon.operations.complete_command import completion_for
    from beacon.release.catalogue_home import warning_of_other_home
    from beacon.release.layout import get_release, list_releases
    from beacon.release.verify import verify_release

    place = home_of(home)
    typed = completion_for(place)
    chosen = [get_release(place, release, of_many=True)] if release else list_releases(place)
    try:
        get_release(place, of_many=True)
    except BeaconError as error:
        typer.echo(f"beacon: {error}", err=True)
        if not chosen:
            raise typer.Exit(1) from error
    results = [verify_release(place, found) for found in chosen]
    if form is not Format.table:
        columns = ("release", "intact", "files", "faults")
        rows = [(r.label, r.intact, r.files, "; ".join(r.faults)) for r in results]
        print_rows(columns, rows, form)
    for result in results if form is Format.table else ():
        state = "intact" if result.intact else "DAMAGED"
        typer.echo(f"{result.label}: {state}, {result.files} files")
        for fault in result.faults:
            typer.echo(f"  {fault}")
    if warning := warning_of_other_home(place):
        typer.echo(f"beacon: {typed.text(warning)}", err=True)
    landing = [] if release else find_landing_damage(place.landing, hashes=True)
    for damage in landing:
        said = f"{damage.file}: DAMAGED. {damage.what} `{damage.command}`: {damage.then}"
        typer.echo(typed.text(said), err=form is not Format.table)
    if landing or not all(result.intact for result in results):
        typer.echo(typed.text("`beacon status` names the command that mends it."), err=True)
        raise typer.Exit(1)
