"""`beacon returns`: asking organisations for what nobody publishes, and taking their answers."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from beacon.cli.common import Format, FormatOption, HomeOption, print_rows, settings_of_home
from beacon.cli.options import with_columns

if TYPE_CHECKING:
    from collections.abc import Iterable

    from beacon.core.settings import Settings
    from beacon.returns import CheckedReturn, Fault
    from beacon.returns.accept import Acceptance, AcceptedReturn
    from beacon.returns.neighbourhood_accept import (
        AcceptedNeighbourhoodReturn,
        NeighbourhoodAcceptance,
    )
    from beacon.returns.neighbourhood_check import CheckedNeighbourhoodReturn
    from beacon.returns.neighbourhood_context import NeighbourhoodContext

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
    identifier: Annotated[
        str,
        typer.Argument(
            help="Number or short name of the indicator, or the form of a neighbourhood programme."
        ),
    ],
    form: Annotated[TemplateFormat, typer.Option("--format")] = TemplateFormat.xlsx,
    out: Annotated[Path | None, typer.Option("--out", help="Where to write it.")] = None,
    home: HomeOption = None,
    footprint: FootprintOption = None,
) -> None:
    """Write the template that organisations fill in for an indicator or a programme."""
    from beacon.core.files import write_atomically
    from beacon.registry import load_neighbourhood_forms
    from beacon.returns import csv_template, load_return_context, xlsx_template
    from beacon.returns.neighbourhood_context import neighbourhood_workbook

    settings = settings_of_home(home, footprint)
    is_csv = form is TemplateFormat.csv
    programmes = _neighbourhoods(settings)
    if identifier in load_neighbourhood_forms():
        asked = programmes.form(identifier)
        target = out or Path(f"neighbourhood_return_{asked.id}.{form.value}")
        fields = asked.fields
        content = csv_template(fields) if is_csv else neighbourhood_workbook(programmes, asked)
    else:
        context = load_return_context(settings.footprint_file)
        kind = context.kind(identifier)
        target = out or Path(f"local_return_{kind.indicator.id}_{kind.indicator.slug}.{form.value}")
        fields = kind.template.all_fields
        content = csv_template(fields) if is_csv else xlsx_template(context, kind)
    write_atomically(target, content)
    typer.echo(f"{target}  for {programmes.footprint.name}")


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
    from beacon.returns.neighbourhood_check import (
        check_neighbourhood_return,
        is_neighbourhood_return,
    )

    settings = settings_of_home(home, footprint)
    checked: CheckedReturn | CheckedNeighbourhoodReturn
    if is_neighbourhood_return(file):
        checked = check_neighbourhood_return(file, _neighbourhoods(settings))
        described = [] if checked.faults else [checked.described()]
    else:
        checked = check_return(file, load_return_context(settings.footprint_file))
        described = list(described_rows(checked))
    if checked.faults or checked.notices or form is not Format.table:
        _print_faults([*checked.faults, *checked.notices], form)
    if checked.faults:
        count = len(checked.faults)
        typer.echo(f"{file.name}: {count} fault{'' if count == 1 else 's'}; refused", err=True)
        raise typer.Exit(1)
    typer.echo(f"{file.name}: good; {'; '.join(described)}", err=True)


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
    from beacon.returns import ReturnRefusedError, accept_return, check_return, load_return_context
    from beacon.returns.neighbourhood_accept import accept_neighbourhood_return
    from beacon.returns.neighbourhood_check import (
        check_neighbourhood_return,
        is_neighbourhood_return,
    )

    settings = settings_of_home(home, footprint)
    target = Home(settings.home)
    if target.above is not None:
        raise SettingsError(
            f"{target.root} shares what is landed with other boards, so it takes no returns: they "
            "are for one board. Give that board a home by itself: `beacon run --footprint "
            f"{target.root.name} --home NEW`, then add the return there."
        )
    # Checked before the home is touched at all, so that a refusal leaves it as it was.
    checked: CheckedReturn | CheckedNeighbourhoodReturn
    of_programme = is_neighbourhood_return(file)
    if of_programme:
        programmes = _neighbourhoods(settings)
        checked = check_neighbourhood_return(file, programmes)
    else:
        context = load_return_context(settings.footprint_file)
        checked = check_return(file, context)
    if checked.faults:
        _refuse(file, [*checked.faults, *checked.notices])
    try:
        with home_lock(target):
            store = LandingStore(target.landing)
            if of_programme:
                returned, notices = accept_neighbourhood_return(file, programmes, store)
                of, is_new = f"form {returned.acceptance.form_id}", returned.is_new
                said: Acceptance | NeighbourhoodAcceptance = returned.acceptance
            else:
                accepted, notices = accept_return(file, context, store)
                of, is_new = f"indicator {accepted.acceptance.indicator_id}", accepted.is_new
                said = accepted.acceptance
    except ReturnRefusedError as error:
        _refuse(file, error.faults)
    if notices:
        _print_faults(notices, Format.table)
    state = "accepted" if is_new else f"accepted before, on {said.accepted_at}"
    typer.echo(
        f"{file.name}: {state}; {of}, {said.organisation_name} "
        f"({said.organisation_code}), {said.period}. The next run takes it in."
    )


def _refuse(file: Path, faults: Iterable[Fault]) -> NoReturn:
    _print_faults(faults, Format.table)
    typer.echo(f"{file.name}: refused; nothing has changed", err=True)
    raise typer.Exit(1)


def _neighbourhoods(settings: Settings) -> NeighbourhoodContext:
    """The forms of the footprint, with the areas that the current release knows."""
    from beacon.core.home import Home
    from beacon.release.find_areas import names_of_areas
    from beacon.release.layout import latest_release
    from beacon.returns.neighbourhood_context import load_neighbourhood_context

    current = latest_release(Home(settings.home))
    areas = names_of_areas(current) if current is not None else {}
    return load_neighbourhood_context(settings.footprint_file, areas)


@returns_app.command("list")
@with_columns
def list_accepted(
    home: HomeOption = None, footprint: FootprintOption = None, form: FormatOption = Format.table
) -> None:
    """List the accepted returns that are in use."""
    from beacon.core.home import Home
    from beacon.ingest.landing_store import LandingStore
    from beacon.returns import accepted_returns, load_return_context
    from beacon.returns.neighbourhood_accept import accepted_neighbourhood_returns

    settings = settings_of_home(home, footprint)
    store = LandingStore(Home(settings.home).landing)
    context = load_return_context(settings.footprint_file)
    columns = (
        "indicator", "organisation", "name", "period", "rows", "return_id", "submitted_by",
        "approved_by", "accepted_at", "file",
    )  # fmt: skip
    rows: list[tuple[object, ...]] = [
        _listed(item.acceptance.indicator_id, item) for item in accepted_returns(store, context)
    ]
    programmes = _neighbourhoods(settings)
    in_use = {item.stands_for: item for item in accepted_neighbourhood_returns(store, programmes)}
    rows += [_listed(item.acceptance.form_id, item) for item in in_use.values()]
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


def _listed(
    what: int | str, item: AcceptedReturn | AcceptedNeighbourhoodReturn
) -> tuple[object, ...]:
    """An accepted return as a row of the list; `what` is its indicator or its form."""
    return (
        what,
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
