"""`beacon returns`: asking organisations for what nobody publishes, and taking their answers."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from beacon.cli.common import Format, FormatOption, HomeOption, print_rows, settings_of_home
from beacon.cli.options import with_columns

if TYPE_CHECKING:
    from collections.abc import Iterable

    from beacon.returns import Fault

returns_app = typer.Typer(help="Returns of organisations, where nothing is published.")

FootprintOption = Annotated[
    str | None,
    typer.Option(
        "--footprint",
        help="Whose organisations and Places: a name or a YAML file; by default those of the "
        "home's current release.",
    ),
]


class TemplateFormat(StrEnum):
    """Formats of a template."""

    xlsx = "xlsx"
    csv = "csv"


@returns_app.command("template")
def template(
    identifier: Annotated[str, typer.Argument(help="Number or short name of the indicator.")],
    form: Annotated[TemplateFormat, typer.Option("--format")] = TemplateFormat.xlsx,
    out: Annotated[Path | None, typer.Option("--out", help="Where to write it.")] = None,
    home: HomeOption = None,
    footprint: FootprintOption = None,
) -> None:
    """Write the template that organisations fill in for an indicator."""
    from beacon.core.files import write_atomically
    from beacon.returns import csv_template, load_return_context, xlsx_template

    settings = settings_of_home(home, footprint)
    context = load_return_context(settings.footprint_file)
    kind = context.kind(identifier)
    target = out or Path(f"local_return_{kind.indicator.id}_{kind.indicator.slug}.{form.value}")
    is_csv = form is TemplateFormat.csv
    write_atomically(target, csv_template(kind) if is_csv else xlsx_template(context, kind))
    typer.echo(f"{target}  for {context.footprint.name}")


@returns_app.command("check")
@with_columns
def check(
    file: Annotated[Path, typer.Argument(help="A filled-in return, .xlsx or .csv.")],
    home: HomeOption = None,
    footprint: FootprintOption = None,
    form: FormatOption = Format.table,
) -> None:
    """Say everything that is wrong with a return, cell by cell. Keeps nothing.

    Exit status: 0 it would be accepted; 1 it would be refused.
    """
    from beacon.returns import check_return, load_return_context
    from beacon.returns.check import described_rows

    settings = settings_of_home(home, footprint)
    checked = check_return(file, load_return_context(settings.footprint_file))
    if checked.faults or checked.notices or form is not Format.table:
        _print_faults([*checked.faults, *checked.notices], form)
    if checked.faults:
        count = len(checked.faults)
        typer.echo(f"{file.name}: {count} fault{'' if count == 1 else 's'}; refused", err=True)
        raise typer.Exit(1)
    typer.echo(f"{file.name}: good; {'; '.join(described_rows(checked))}", err=True)


@returns_app.command("add")
def add(
    file: Annotated[Path, typer.Argument(help="A filled-in return, .xlsx or .csv.")],
    home: HomeOption = None,
    footprint: FootprintOption = None,
) -> None:
    """Check a return and accept it, if nothing is wrong.

    The next run takes it in.

    Exit status: 0 accepted, or accepted before; 1 refused, and nothing has changed.
    """
    from beacon.core.errors import SettingsError
    from beacon.core.home import Home
    from beacon.ingest.landing_store import LandingStore
    from beacon.operations.home_lock import home_lock
    from beacon.returns import accept_return, check_return, load_return_context

    settings = settings_of_home(home, footprint)
    context = load_return_context(settings.footprint_file)
    # Checked before the home is touched at all, so that a refusal leaves it as it was.
    checked = check_return(file, context)
    if checked.faults:
        _print_faults([*checked.faults, *checked.notices], Format.table)
        typer.echo(f"{file.name}: refused; nothing has changed", err=True)
        raise typer.Exit(1)
    target = Home(settings.home)
    if target.above is not None:
        raise SettingsError(
            f"{target.root} shares what is landed with other boards, so it takes no returns: they "
            "are for one board. Give that board a home by itself: `beacon run --footprint "
            f"{target.root.name} --home NEW`, then add the return there."
        )
    with home_lock(target):
        accepted, notices = accept_return(file, context, LandingStore(target.landing))
    if notices:
        _print_faults(notices, Format.table)
    item = accepted.acceptance
    state = "accepted" if accepted.is_new else f"accepted before, on {item.accepted_at}"
    typer.echo(
        f"{file.name}: {state}; indicator {item.indicator_id}, {item.organisation_name} "
        f"({item.organisation_code}), {item.period}. The next run takes it in."
    )


@returns_app.command("list")
@with_columns
def list_accepted(
    home: HomeOption = None, footprint: FootprintOption = None, form: FormatOption = Format.table
) -> None:
    """List the accepted returns that are in use."""
    from beacon.core.home import Home
    from beacon.ingest.landing_store import LandingStore
    from beacon.returns import accepted_returns, load_return_context

    settings = settings_of_home(home, footprint)
    context = load_return_context(settings.footprint_file)
    columns = (
        "indicator", "organisation", "name", "period", "rows", "return_id", "submitted_by",
        "approved_by", "accepted_at", "file",
    )  # fmt: skip
    rows = [
        (
            item.acceptance.indicator_id,
            item.acceptance.organisation_code,
            item.acceptance.organisation_name,
            item.acceptance.period,
            item.acceptance.rows,
            item.acceptance.return_id,
            item.acceptance.submitted_by_role,
            item.acceptance.approved_by_role,
            item.acceptance.accepted_at,
            item.landed.original_name,
        )
        for item in accepted_returns(LandingStore(Home(settings.home).landing), context)
    ]
    print_rows(columns, rows, form)


def _print_faults(faults: Iterable[Fault], form: Format) -> None:
    rows = [
        (
            fault.severity,
            fault.sheet or "",
            fault.row,
            fault.letter or "",
            fault.column or "",
            fault.message,
            fault.remedy,
        )
        for fault in faults
    ]
    print_rows(("", "sheet", "row", "column", "name", "what", "what to do"), rows, form)
    sys.stdout.flush()
