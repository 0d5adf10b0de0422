"""`beacon people`: extracts of persons in the secure home, and the counts that may leave it."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from beacon.cli.common import Format, FormatOption, HomeOption, print_rows, settings_from
from beacon.core.errors import SettingsError

if TYPE_CHECKING:
    from beacon.core.settings import Settings
    from beacon.people.secure_home import SecureHome


class Engine(StrEnum):
    """Where rows of persons are read and counted."""

    duckdb = "duckdb"
    spark = "spark"


people_app = typer.Typer(help="Cohorts and care gaps from person-level extracts.")

SecureOption = Annotated[
    Path | None,
    typer.Option(
        "--secure-home",
        envvar="BEACON_SECURE_HOME",
        show_default="none",
        help="Directory of rows of persons: mode 0700, outside the home.",
    ),
]


def _opened(settings: Settings) -> SecureHome:
    from beacon.people.secure_home import SecureHome

    if settings.secure_home is None:
        raise SettingsError(
            "Rows of persons need a secure home: give --secure-home DIR or BEACON_SECURE_HOME."
        )
    return SecureHome.open(settings.secure_home, ordinary=settings.home)


@people_app.command("sample")
def sample(
    persons: Annotated[int, typer.Option("--persons", min=1000, help="How many.")] = 300_000,
    secure_home: SecureOption = None,
    home: HomeOption = None,
) -> None:
    """Write two fictional extracts into the inbox of a secure home."""
    from beacon.sample import PRESETS
    from beacon.sample.people_extract import TRUTHS_NAME, write_extracts

    settings = settings_from(home=home, secure_home=secure_home)
    secure = _opened(settings)
    size = PRESETS[settings.sample_size]
    write_extracts(secure.inbox, seed=settings.sample_seed, size=size, persons=persons)
    (secure.inbox / TRUTHS_NAME).replace(secure.root / TRUTHS_NAME)
    typer.echo(f"{persons:,} fictional persons, in {secure.inbox}")


@people_app.command("run")
def run(
    secure_home: SecureOption = None,
    home: HomeOption = None,
    engine: Annotated[
        Engine | None,
        typer.Option(
            "--engine",
            envvar="BEACON_PEOPLE_ENGINE",
            show_default="duckdb",
            help="Where rows of persons are read and counted; spark needs beacon[spark] and Java.",
        ),
    ] = None,
) -> None:
    """Admit new extracts, count cohorts, and let protected counts cross into the home.

    Areas and practices are those of the last run of the home. The next `beacon run` publishes.
    """
    from beacon.operations.home_lock import home_lock
    from beacon.people_counting import count_people, require_areas
    from beacon.warehouse.connection import open_warehouse
    from beacon.workspace import Workspace

    settings = settings_from(
        home=home, secure_home=secure_home, people_engine=engine and engine.value
    )
    _opened(settings)
    workspace = Workspace(settings)
    require_areas(workspace.home)
    with (
        home_lock(workspace.home),
        open_warehouse(workspace, prepare=False) as warehouse,
    ):
        report = count_people(warehouse)
    for day in report.admitted:
        warned = report.warnings.get(day, [])
        typer.echo(f"admitted {day}, with {len(warned)} warnings")
    for name, clusters in report.not_computed.items():
        typer.echo(f"not computed: {name}, for want of {', '.join(clusters)}")
    for day, reason in report.left.items():
        typer.echo(f"not counted: {day}, since {reason}; its counts stay as they were")
    for day, end in report.overdue.items():
        typer.echo(f"retention ended: {day} on {end}; beacon people delete {day}")
    for one in report.crossed:
        typer.echo(f"crossed {one.table} {one.as_at}: {one.rows:,} rows, {one.sha256[:12]}")
    if not report.crossed:
        typer.echo("nothing new")


@people_app.command("warnings")
def warnings(
    secure_home: SecureOption = None,
    home: HomeOption = None,
    form: FormatOption = Format.table,
) -> None:
    """What the gate warned of, for each admitted extract."""
    from beacon.people.extract_store import extract_dates, read_extract

    secure = _opened(settings_from(home=home, secure_home=secure_home))
    rows = [
        (day, warned["check"], warned["where"], warned["people"], warned["message"])
        for day in extract_dates(secure)
        for warned in read_extract(secure, day).warnings
    ]
    print_rows(("as at", "check", "where", "people", "what"), rows, form)


@people_app.command("delete")
def delete(
    as_at: Annotated[str, typer.Argument(help="As-at date of the extract, as 2025-03-31.")],
    newest: Annotated[
        bool,
        typer.Option(
            "--newest",
            help="Also the newest: the counts of the next are then not protected from its own.",
        ),
    ] = False,
    secure_home: SecureOption = None,
    home: HomeOption = None,
) -> None:
    """Delete the rows of persons of one extract from the secure home, and its delivery.

    Counts that have crossed stay; practice lists in `lists` are deleted by hand.
    """
    from beacon.core.clock import now
    from beacon.core.home import Home
    from beacon.operations.home_lock import home_lock
    from beacon.people.retention import delete_extract

    settings = settings_from(home=home, secure_home=secure_home)
    secure = _opened(settings)
    with home_lock(Home(settings.home)):
        delete_extract(secure, as_at, newest=newest, now=now())
    typer.echo(f"deleted the rows of persons of {as_at}")


@people_app.command("list")
def list_(
    cohort: Annotated[str, typer.Argument(help="Short name of the cohort.")],
    practice: Annotated[str, typer.Option("--practice", help="Code of one practice.")],
    approval: Annotated[
        Path, typer.Option("--approval", help="Approval; its signature is this file and .sig.")
    ],
    secure_home: SecureOption = None,
    home: HomeOption = None,
) -> None:
    """Write pseudonyms of one practice for direct care, where an approver has signed for it.

    Off until the secure home has a file `approvers`. Nothing of it reaches a release.
    """
    from beacon.core.clock import now
    from beacon.people.load_cohorts import load_cohorts
    from beacon.people.practice_list import make_list

    secure = _opened(settings_from(home=home, secure_home=secure_home))
    known = load_cohorts()
    if cohort not in known:
        raise SettingsError(f"There is no cohort {cohort}. There are: {', '.join(known)}.")
    made = make_list(secure, known[cohort], practice, approval, now=now())
    typer.echo(f"{made.persons} pseudonyms in {made.path}; read {made.note.name} beside it first")


@people_app.command("check")
def check(form: FormatOption = Format.table) -> None:
    """Run every cohort over the example persons of its own definition."""
    import duckdb

    from beacon.people.examples import check_examples
    from beacon.people.load_cohorts import load_cohorts
    from beacon.people.segment_definitions import load_segmentations

    rows = []
    segmentations = {name: each.as_cohort() for name, each in load_segmentations().items()}
    for name, cohort in {**load_cohorts(), **segmentations}.items():
        with duckdb.connect() as con:
            wrong = check_examples(con, cohort)
        result = "; ".join(map(str, wrong)) or "holds"
        rows.append((name, len(cohort.examples), cohort.definition.status, result))
    print_rows(("cohort", "examples", "definition", "result"), rows, form)
    if any(row[3] != "holds" for row in rows):
        raise typer.Exit(1)
