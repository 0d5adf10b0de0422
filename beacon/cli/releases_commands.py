"""`beacon releases` and `beacon verify`: what was published, and whether it is intact."""

from __future__ import annotations

from typing import Annotated

import typer

from beacon.cli.common import Format, FormatOption, HomeOption, print_rows, settings_from


def releases(form: FormatOption = Format.table, home: HomeOption = None) -> None:
    """List the releases of a home, the current one marked."""
    from beacon.core.settings import Home
    from beacon.release.layout import latest_release, list_releases
    from beacon.release.manage import describe

    place = Home(settings_from(home=home).home)
    current = latest_release(place)
    rows = []
    for release in list_releases(place):
        manifest, record = release.manifest, release.run_record
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
    """Check that every file of a release is as it was published."""
    from beacon.core.settings import Home
    from beacon.release.layout import get_release, list_releases
    from beacon.release.verify import verify_release

    place = Home(settings_from(home=home).home)
    chosen = [get_release(place, release)] if release else list_releases(place)
    get_release(place)
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
    if not all(result.intact for result in results):
        raise typer.Exit(1)
