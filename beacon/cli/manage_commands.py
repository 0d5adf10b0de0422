"""`beacon diff`, `rollback`, `pin`, `prune`, `export`, `approve`: looking after releases."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from beacon.cli.common import Format, FormatOption, HomeOption, home_of, print_rows, settings_from
from beacon.cli.options import inform
from beacon.cli.printed_tables import write_table
from beacon.cli.run_commands import Inputs

if TYPE_CHECKING:
    from beacon.core.home import Home
    from beacon.release.diff import Difference

_SHOWN_DIFFERENCES = 200
_IN_A_TABLE = (
    "area", "measure", "period", "before", "after", "column", "mart", "change", "row",
)  # fmt: skip

LabelArgument = Annotated[str, typer.Argument(metavar="RELEASE", help="Release label.")]


class DiffFormat(StrEnum):
    """How differences are written."""

    table = "table"
    csv = "csv"
    json = "json"
    html = "html"


@contextmanager
def _locked(home: Path | None) -> Iterator[Home]:
    """The home, with every run kept off it meanwhile."""
    from beacon.operations.home_lock import home_lock

    found = home_of(home)
    with home_lock(found):
        yield found


def diff(
    first: Annotated[str, typer.Argument(metavar="A", help="Release before.")],
    second: Annotated[str, typer.Argument(metavar="B", help="Release after.")],
    mart: Annotated[str | None, typer.Option("--mart", help="One mart only.")] = None,
    form: Annotated[DiffFormat, typer.Option("--format", help="How to print differences.")] = (
        DiffFormat.table
    ),
    provenance: Annotated[
        bool, typer.Option("--provenance", help="Also compare which file and row each came from.")
    ] = False,
    home: HomeOption = None,
) -> None:
    """Show what differs between two releases. Why is in the later one's `change` mart."""
    from beacon.release.diff import as_html, compare_releases, shown, summarise, whereabouts
    from beacon.release.layout import get_release

    place = home_of(home)
    before, after = get_release(place, first), get_release(place, second)
    differences = sorted(
        compare_releases(before, after, mart, provenance=provenance), key=_importance
    )
    if form is DiffFormat.html:
        sys.stdout.write(as_html(before, after, differences))
        return
    # Numbers stay numbers in CSV: only text is kept from being run by a spreadsheet.
    plain = (int, float) if form is DiffFormat.csv else ()
    rows = [
        (
            each.mart,
            "; ".join(f"{name}={shown(value)}" for name, value in each.key),
            each.change,
            each.column or "",
            *(v if isinstance(v, plain) else shown(v) for v in (each.before, each.after)),
            *whereabouts(each),
        )
        for each in differences
    ]
    columns = ("mart", "row", "change", "column", "before", "after", "area", "measure", "period")
    if form is not DiffFormat.table:
        print_rows(columns, rows, Format(form.value))
        return
    if not rows:
        typer.echo(f"{first} and {second} say the same.")
        return
    write_table(("mart", "added", "removed", "changed", "columns"), summarise(differences))
    typer.echo("")
    # A narrow terminal has no room for the last ones: the figures must not be among them.
    order = [columns.index(name) for name in _IN_A_TABLE]
    print_rows(_IN_A_TABLE, [[row[at] for at in order] for row in rows[:_SHOWN_DIFFERENCES]])
    if len(rows) > _SHOWN_DIFFERENCES:
        more = len(rows) - _SHOWN_DIFFERENCES
        typer.echo(f"{more:,} more differences: --format csv writes all.", err=True)


# What a reader of a difference asks first; ranks, differences and spreads follow from values.
_FIRST_MARTS = ("beacon_indicator", "core20plus5_indicator", "core20_cohort", "place")
_FIRST_COLUMNS = ("value", "value_status", "lower_95", "upper_95", "compared_with_nation")
_DERIVED = ("rank", "ranked", "difference", "nation_", "previous_")


def _importance(difference: Difference) -> tuple[int, int, int]:
    """Whole rows and values of indicators first, what follows from them last."""
    column = difference.column or ""
    order = _FIRST_COLUMNS.index(column) if column in _FIRST_COLUMNS else len(_FIRST_COLUMNS)
    derived = any(word in column for word in _DERIVED)
    mart = difference.mart
    rank = _FIRST_MARTS.index(mart) if mart in _FIRST_MARTS else len(_FIRST_MARTS)
    return int(derived), rank, -1 if not column else order


def rollback(release: LabelArgument, home: HomeOption = None) -> None:
    """Make an older release current again, at once. The newer one stays on disk."""
    from beacon.release.manage import rollback as roll_back

    with _locked(home) as place:
        done = roll_back(place, release)
    inform(f"{done.now.label} is current (was {done.before or 'none'}).")
    if done.before:
        inform(
            f"The next run will not publish what {done.before} said again unless "
            "`beacon approve` says so."
        )


def pin(
    release: LabelArgument,
    note: Annotated[str, typer.Option("--note", help="Why it is kept.")] = "",
    remove: Annotated[bool, typer.Option("--remove", help="Unpin it.")] = False,
    home: HomeOption = None,
) -> None:
    """Keep a release whatever `prune` is told."""
    from beacon.release import manage

    with _locked(home) as place:
        if remove:
            manage.unpin(place, release)
        else:
            manage.pin(place, release, note)
    inform(f"{release} is {'no longer ' if remove else ''}pinned.")


def prune(
    keep: Annotated[int, typer.Option("--keep", min=0, help="Newest releases to keep.")] = 14,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    home: HomeOption = None,
) -> None:
    """Remove old releases; never the current one or a pinned one.

    In a home of many boards those of all boards too, but none that a kept release of all names.
    """
    from beacon.core.home import Home
    from beacon.release import manage

    with _locked(home) as place:
        homes = [place, *(Home(path) for path in sorted(place.boards.glob("*")) if path.is_dir())]
        gone = [
            release
            for each in homes
            for release in (manage.prunable(each, keep) if dry_run else manage.prune(each, keep))
        ]
    for release in gone:
        board = release.path.parent.parent
        of = f" of {board.name}" if board != place.root else ""
        inform(f"{'would remove' if dry_run else 'removed'} {release.label}{of}")
    if not gone:
        inform("Nothing to remove.")


def export(
    release: LabelArgument,
    to: Annotated[Path, typer.Option("--to", help="Directory to copy it under.")],
    cml: Annotated[
        bool,
        typer.Option("--cml", help="Also write NHS England's Central Metrics Library tables."),
    ] = False,
    qgis: Annotated[
        bool, typer.Option("--qgis", help="Also write a QGIS project of LSOAs and Places.")
    ] = False,
    home: HomeOption = None,
) -> None:
    """Copy a release to a directory that needs nothing else.

    Every file is checked on the way.
    """
    from beacon.release.cml import write_cml
    from beacon.release.layout import get_release
    from beacon.release.manage import export_release

    with _locked(home) as place:
        found = get_release(place, release)
        made = export_release(place, found, to)
    inform(f"{made}")
    if cml:
        beside = made.with_name(f"{found.label}-cml")
        counts = write_cml(found, beside)
        left = counts.pop("left_out")
        rows = ", ".join(f"{name} {count:,}" for name, count in counts.items())
        inform(f"{beside}: {rows}; {left:,} values without a start of their period left out")
    if qgis:
        from beacon.release.qgis_project import write_qgis

        inform(f"{write_qgis(found, made.with_name(f'{found.label}-qgis'))}")
    inform("Open it with: cd there, then duckdb -init views.sql")


def rebuild(
    inputs: Annotated[
        Inputs | None, typer.Option("--inputs", help="Inputs of the release, as for `beacon run`.")
    ] = None,
    folder: Annotated[Path | None, typer.Option("--folder", help="As for `beacon run`.")] = None,
    footprint: Annotated[
        str | None, typer.Option("--footprint", help="As for `beacon run`.")
    ] = None,
    home: HomeOption = None,
) -> None:
    """Make the current release again and compare bit for bit.

    It is made from landing, and nothing is published.

    Exit status 1 when something differs.
    """
    from beacon.replay.rebuild import rebuild as make_again

    settings = settings_from(
        inputs=inputs.value if inputs else None, folder=folder, footprint=footprint, home=home
    )
    result = make_again(settings)
    for line in (*result["differences"], *result["notes"]):
        typer.echo(line)
    same = result["outcome"] == "same"
    inform(f"{result['release']} {'follows' if same else 'does NOT follow'} from landing.")
    raise typer.Exit(0 if same else 1)


def approve(
    yes: Annotated[bool, typer.Option("--yes", help="Agree; without it, only show.")] = False,
    by: Annotated[str, typer.Option("--by", help="Who agrees; kept with the release.")] = "",
    reason: Annotated[str, typer.Option("--reason", help="Why; kept with the release.")] = "",
    form: FormatOption = Format.table,
    home: HomeOption = None,
) -> None:
    """Show a release that was held back; --yes lets it through.

    The next run publishes it.
    """
    from beacon.release import approval

    with _locked(home) as place:
        held = approval.held_release(place)
        if held is None:
            typer.echo("Nothing is waiting for approval.")
            return
        if not yes:
            told = f"Held {held['held_at']}: {'; '.join(held['reasons'])}."
            typer.echo(told, err=form is not Format.table)
            columns = ("indicator", "measure", "area", "period", "sex", "before", "after", "reason")
            rows = [
                (
                    row["indicator_slug"], row["measure"], row["area_name"], row["period"],
                    row["sex"], row["previous_value"], row["value"], row["reason"],
                )
                for row in held["examples"]
            ]  # fmt: skip
            if rows:
                print_rows(columns, rows, form)
            if held["changes"] > len(rows):
                typer.echo(f"{held['changes'] - len(rows):,} more.", err=True)
            raise typer.Exit(1)
        if not by.strip():
            raise typer.BadParameter("--yes needs --by: the name of who agrees.")
        approval.approve(place, by=by.strip(), reason=reason.strip())
    typer.echo("Approved. The next `beacon run` publishes exactly this content.")
