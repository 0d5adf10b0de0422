"""The `beacon` command."""

from __future__ import annotations

import errno
import gc
import os
import sys
from typing import Annotated

import typer

from beacon.cli.area_commands import area
from beacon.cli.areas_commands import areas_app
from beacon.cli.backup_commands import backup, restore
from beacon.cli.check_commands import check
from beacon.cli.footprints_commands import footprints
from beacon.cli.indicators_commands import indicators
from beacon.cli.manage_commands import approve, diff, export, pin, prune, rebuild, rollback
from beacon.cli.options import with_columns, with_json, with_quiet
from beacon.cli.people_commands import people_app
from beacon.cli.plans_commands import aspirations, targets
from beacon.cli.query_commands import query
from beacon.cli.releases_commands import releases, verify
from beacon.cli.returns_commands import returns_app
from beacon.cli.run_commands import run
from beacon.cli.serve_commands import mcp, serve
from beacon.cli.site_commands import site_app
from beacon.cli.sources_commands import sources_app
from beacon.cli.stats_commands import stats
from beacon.cli.status_commands import alerts_app, status
from beacon.cli.system_commands import doctor, ui
from beacon.cli.trace_commands import trace
from beacon.core.errors import BeaconError
from beacon.core.version import installed_version

app = typer.Typer(
    name="beacon",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    # Help is plain text: it is read in terminals of 80 columns, in logs and by screen readers.
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
)


def _say_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"beacon {installed_version()}")
        raise typer.Exit


@app.callback()
def beacon(
    version: Annotated[
        bool,
        typer.Option(
            "--version", is_eager=True, callback=_say_version, help="Print the version and end."
        ),
    ] = False,
) -> None:
    """Population-health analytics of an English integrated care system.

    Core20 cohorts, the Marmot beacon indicators, versioned releases. Start with `beacon run`, which
    makes a fictional sample; then `beacon site open`.
    """
    del version


app.command("run")(with_quiet(run))
app.command("status")(with_json(status))
app.add_typer(alerts_app, name="alerts")
app.command("query")(with_columns(query))
app.command("area")(with_json(area))
app.add_typer(areas_app, name="areas")
app.command("footprints")(with_columns(footprints))
app.command("check")(with_columns(check))
app.command("releases")(with_columns(releases))
app.command("verify")(with_json(verify))
app.command("diff")(with_columns(diff))
app.command("trace")(with_json(trace))
app.command("rollback")(with_quiet(rollback))
app.command("rebuild")(with_quiet(rebuild))
app.command("pin")(with_quiet(pin))
app.command("prune")(with_quiet(prune))
app.command("export")(with_quiet(export))
app.command("approve")(with_columns(approve))
app.command("backup")(with_quiet(with_columns(backup)))
app.command("restore")(with_quiet(restore))
app.command("indicators")(with_columns(indicators))
app.command("targets")(with_columns(targets))
app.command("aspirations")(with_columns(aspirations))
app.add_typer(sources_app, name="sources")
app.add_typer(returns_app, name="returns")
app.add_typer(people_app, name="people")
app.add_typer(site_app, name="site")
app.command("stats")(stats)
app.command("doctor")(with_columns(doctor))
app.command("ui")(ui)
app.command("serve")(serve)
app.command("mcp")(mcp)


def main() -> None:
    """Run the command line; errors that a person can act on come without a traceback."""
    # A command lives for seconds, and most of what it makes while it loads stays until it ends:
    # looking through all of it for garbage as often as Python does took a seventh of its time.
    gc.set_threshold(50_000, 20, 100)
    try:
        app()
    except BeaconError as error:
        sys.stderr.write(f"beacon: {error}\n")
        sys.exit(1)
    except BrokenPipeError:  # whoever read the output has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        sys.stderr.write(f"beacon: {_in_words(error)}\n")
        sys.exit(1)


def _in_words(error: OSError) -> str:
    """What the system would not do, on which file, and what helps."""
    file = error.filename or "a file"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return (
            f"{file}: {error.strerror}. Nothing was published. Run as the user that owns the home "
            "(on a server, `beacon` of deploy/bin does), or give that user the right to write "
            "there; `beacon doctor` checks it."
        )
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"{file}: the disk is full. `beacon prune --keep 7` removes old releases."
    return f"{file}: {error.strerror or error}. `beacon status` says what is damaged."


if __name__ == "__main__":
    main()
