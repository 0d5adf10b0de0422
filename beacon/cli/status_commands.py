"""`beacon status` and `beacon alerts`: how a Beacon is, and telling people."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from beacon.cli.common import Format, FormatOption, HomeOption, print_rows
from beacon.cli.options import with_columns
from beacon.cli.printed_tables import write_pairs

if TYPE_CHECKING:
    from beacon.core.home import Home
    from beacon.operations.complete_command import Completion
    from beacon.operations.health import Heartbeat
    from beacon.operations.status import Status

# The convention of monitoring plugins (Nagios, Icinga, check_mk and others).
EXIT_STATUS = {"ok": 0, "warning": 1, "critical": 2}
UNKNOWN = 3


class StatusFormat(StrEnum):
    """How the status is printed."""

    table = "table"
    json = "json"
    line = "line"


def _place(home: Any) -> Home:
    from beacon.cli.common import settings_from
    from beacon.core.home import Home

    return Home(settings_from(home=home, inputs="sample", footprint="sample").home)


def status(
    form: Annotated[
        StatusFormat, typer.Option("--format", help="table, json, or one line for monitoring.")
    ] = StatusFormat.table,
    home: HomeOption = None,
) -> None:
    """Say how this Beacon is, and what to do about what is wrong.

    Exit status, as monitoring plugins have it: 0 good; 1 something needs you (an approval, a
    source); 2 tonight's release is at stake (a failed run, a silent daemon, a full disk); 3 it
    cannot be told, because there is no home or no run has ended yet.
    """
    from beacon.operations.complete_command import completion_for
    from beacon.operations.status import gather
    from beacon.release.catalogue_home import warning_of_other_home

    place = _place(home)
    found = gather(place)
    typed = completion_for(place)
    unknown = not found.runs and found.release is None and not found.conditions
    if form is StatusFormat.json:
        sys.stdout.write(json.dumps(_as_json(found, typed), ensure_ascii=False, indent=2) + "\n")
    elif form is StatusFormat.line or unknown:
        typer.echo(_line(found, unknown, typed))
    else:
        typer.echo(_line(found, unknown, typed))
        typer.echo("")
        _print_table(found, typed)
        if warning := warning_of_other_home(place):
            typer.echo(f"\n{typed.text(warning)}")
    raise typer.Exit(UNKNOWN if unknown else EXIT_STATUS[found.level])


def _line(found: Status, unknown: bool, typed: Completion) -> str:
    if unknown:
        return typed.text(
            "BEACON UNKNOWN: no run has ended in this home yet; `beacon run` makes a release."
        )
    titles = "; ".join(condition.title for condition in found.conditions)
    release = found.release.label if found.release else "none"
    return f"BEACON {found.level.upper()}: {titles or 'all is well'} | release {release}"


def _ago(moment: str | datetime, at: datetime) -> str:
    from beacon.core.clock import in_london, in_words

    parsed = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return f"{in_london(parsed)} ({in_words((at - parsed).total_seconds())} ago)"


def _print_table(found: Status, typed: Completion) -> None:
    rows: list[tuple[str, str]] = []
    release = "none"
    if found.release is not None:
        release = found.release.label
        if found.published_at:
            release += f", published {_ago(found.published_at, found.at)}"
    rows.append(("release", release))
    last = found.last_run
    rows.append(
        ("last run", f"{last.outcome}, {_ago(last.started_at, found.at)}" if last else "none")
    )
    under_way = next((run for run in found.nightly_runs if run.state == "running"), None)
    if under_way is not None:
        rows.append(("at work", f"{under_way.job}, since {_ago(under_way.started_at, found.at)}"))
    rows.append(("home's lock", "held" if found.locked else "free"))
    beat = found.heartbeat
    if beat is None:
        rows.append(("daemon", "never seen in this home; nights are started by hand"))
    elif beat.stopped:
        rows.append(("daemon", f"stopped on purpose, {_ago(beat.at, found.at)}"))
    else:
        rows.append(("daemon", f"last sign of life {_ago(beat.at, found.at)}"))
    if beat is not None:
        rows.append(("next night", _next_night(found, beat, typed)))
    sources = found.sources.sources if found.sources else ()
    stale = [source.source for source in sources if source.refused]
    overdue = [source.source for source in sources if source.overdue_since(found.at)]
    rows.append(
        (
            "sources",
            f"{len(sources)} in use, {len(stale)} stale, {len(overdue)} overdue"
            + (f": {', '.join(dict.fromkeys([*stale, *overdue]))}" if stale or overdue else ""),
        )
    )
    rows.append(("approval", "a release waits" if found.held else "nothing waits"))
    rows.append(
        (
            "free disk",
            f"{found.free_bytes / 1e9:,.1f} GB (a run may need {found.needed_bytes / 1e9:,.1f})",
        )
    )
    rows.append(("alerts", f"{len(found.conditions)} open, {found.undelivered} not yet delivered"))
    write_pairs(rows)
    for condition in found.conditions:
        from beacon.operations.alerts import as_text

        typer.echo("")
        typer.echo(as_text({**_condition(condition, typed), "state": "raised"}))


def _next_night(found: Status, beat: Heartbeat, typed: Completion) -> str:
    from beacon.core.clock import in_london

    if found.next_night is not None:
        return in_london(found.next_night)
    service = " or the service" if beat.restart_command == "beacon ui" else ""
    return (
        "no daemon runs; the next night will not start by itself: "
        f"{typed.command(beat.restart_command)}{service} starts one"
    )


def _condition(condition: Any, typed: Completion) -> dict[str, Any]:
    names = ("key", "kind", "level", "title", "what", "since", "still_good")
    return {
        **{name: getattr(condition, name) for name in names},
        "command": typed.command(condition.command),
        "then": typed.text(condition.then),
    }


def _as_json(found: Status, typed: Completion) -> dict[str, Any]:
    last, beat, night = found.last_run, found.heartbeat, found.next_night
    sources = found.sources.sources if found.sources else ()
    return {
        "level": found.level,
        "at": found.at.isoformat(timespec="seconds"),
        "release": found.release.label if found.release else None,
        "published_at": found.published_at,
        "last_run": {
            "run_id": last.run_id,
            "job": last.job,
            "started_at": last.started_at,
            "ended_at": last.ended_at,
            "outcome": last.outcome,
            "errors": list(last.errors),
        }
        if last
        else None,
        "running": [run.run_id for run in found.nightly_runs if run.state == "running"],
        "lock_held": found.locked,
        "heartbeat_at": beat.at.isoformat(timespec="seconds") if beat else None,
        "daemon_stopped": beat.stopped if beat else None,
        "next_night": night.isoformat(timespec="seconds") if night else None,
        "stale_sources": [source.source for source in sources if source.refused],
        "overdue_sources": [source.source for source in sources if source.overdue_since(found.at)],
        "approval_waiting": found.held is not None,
        "free_bytes": found.free_bytes,
        "needed_bytes": found.needed_bytes,
        "alerts_undelivered": found.undelivered,
        "conditions": [_condition(condition, typed) for condition in found.conditions],
    }


alerts_app = typer.Typer(
    name="alerts", help="What is open, telling it, and trying the channels out."
)


@alerts_app.callback(invoke_without_command=True)
@with_columns
def alerts(
    context: typer.Context, form: FormatOption = Format.table, home: HomeOption = None
) -> None:
    """List the alerts that are open, and what has not been delivered."""
    if context.invoked_subcommand is not None:
        return
    from beacon.core.clock import in_london
    from beacon.operations.alerts import load_book
    from beacon.operations.complete_command import completion_for

    place = _place(home)
    book, typed = load_book(place), completion_for(place)
    columns = ("level", "alert", "since", "do")
    print_rows(
        columns,
        [
            (
                alert["level"],
                alert["title"],
                in_london(alert["since"]),
                typed.command(alert["command"]),
            )
            for alert in book.open.values()
        ],
        form,
    )
    for entry in book.outbox:
        for channel in entry["pending"] or []:
            failure = entry["failures"].get(channel, {})
            typer.echo(
                f"not delivered: {entry['alert']['title']} over {channel}: "
                f"{failure.get('last', 'not tried yet')}, {failure.get('times', 0)} times",
                err=True,
            )


@alerts_app.command("send")
def send(home: HomeOption = None) -> None:
    """Look now and tell what is new.

    For a timer beside the daemon, which cannot tell its own end.

    Exit status 1 when some channel did not take an alert; it is tried again at the next call.
    """
    from beacon.operations.alerts import tick

    done = tick(_place(home))
    typer.echo(f"{done.raised} new, {len(done.status.conditions)} open.")
    for fault in done.faults:
        typer.echo(f"not delivered: {fault}", err=True)
    raise typer.Exit(1 if done.faults else 0)


@alerts_app.command("test")
def try_out(home: HomeOption = None) -> None:
    """Send a test over every channel that is set up. Exit status 1 when one did not take it."""
    from beacon.operations.alerts import send_test
    from beacon.operations.channels import channels_from_environment

    place = _place(home)
    channels, faults = channels_from_environment(place)
    said = send_test(place, channels)
    for name, fault in said.items():
        typer.echo(f"{name}: {fault or 'taken'}")
    for fault in faults:
        typer.echo(fault, err=True)
    raise typer.Exit(1 if faults or any(said.values()) else 0)
