"""`beacon site`: the pages of a release."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from beacon.cli.common import HomeOption, home_of

site_app = typer.Typer(
    name="site", no_args_is_help=True, help="The pages that people read, made from one release."
)

ReleaseOption = Annotated[
    str | None, typer.Option("--release", help="Release label; the current one by default.")
]
OutOption = Annotated[
    Path | None,
    typer.Option("--out", help="Directory of the site; by default `site/LABEL` in the home."),
]


@site_app.command("build")
def build(
    release: ReleaseOption = None,
    out: OutOption = None,
    pdf: Annotated[
        bool, typer.Option("--pdf", help="Print the briefings to PDF too, with Chromium.")
    ] = False,
    home: HomeOption = None,
) -> None:
    """Write the pages of a release as files.

    They open without a server or a network.
    """
    from beacon.release.layout import get_release
    from beacon.site import build_site

    place = home_of(home)
    found = get_release(place, release)
    report = build_site(found.path, out or default_directory(place.root, found.label), pdf=pdf)
    typer.echo(
        f"{report.directory / 'index.html'}\n"
        f"{report.pages} pages, {report.files} files, {report.size_bytes / 1e6:.1f} MB, "
        f"{report.seconds:.1f} s"
        + (f", {report.briefings} briefings printed" if report.briefings else "")
    )
    for note in report.notes:
        typer.echo(note)


@site_app.command("open")
def open_site(
    release: ReleaseOption = None, out: OutOption = None, home: HomeOption = None
) -> None:
    """Open the pages of a release in this machine's browser.

    They are built first if need be.
    """
    import webbrowser

    from beacon.release.layout import get_release
    from beacon.site import build_site

    place = home_of(home)
    found = get_release(place, release, of_many=True)
    directory = out or default_directory(place.root, found.label)
    if "boards" in found.manifest:
        directory = found.path / "site"  # made with it
    elif not (directory / "index.html").is_file():
        build_site(found.path, directory)
    front = directory / "index.html"
    typer.echo(str(front))
    if not webbrowser.open(front.resolve().as_uri()):
        typer.echo("No browser was found; open that file by hand.")


@site_app.command("slides")
def slides(
    place: Annotated[str, typer.Argument(help="Name or code of the Place.")],
    release: ReleaseOption = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="File to write; by default PLACE-LABEL.pptx in this directory."),
    ] = None,
    home: HomeOption = None,
) -> None:
    """Write slides of one Place, with the numbers of its page, as a PowerPoint file.

    Needs the package python-pptx: pip install 'beacon[slides]'.
    """
    from beacon.release.layout import get_release
    from beacon.site.slides import write_slides
    from beacon.site.words import file_name

    found = get_release(home_of(home), release)
    target = out or Path(f"{file_name(place)}-{found.label}.pptx")
    count = write_slides(found.path, place, target)
    typer.echo(f"{target}: {count} slides from release {found.label}")


def default_directory(root: Path, label: str) -> Path:
    """Where the site of a release goes when nobody says: beside the releases, never in one."""
    return root / "site" / label
