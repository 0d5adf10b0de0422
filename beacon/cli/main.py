"""The `beacon` command."""

from __future__ import annotations

import gc
import sys
from typing import Annotated

import typer

from beacon.cli.backup_commands import backup, restore
from beacon.cli.indicators_commands import indicators
from beacon.cli.manage_commands import approve, diff, export, pin, prune, rebuild, rollback
from beacon.cli.plans_commands import aspirations, targets
from beacon.cli.query_commands import query
from beacon.cli.releases_commands import releases, verify
from beacon.cli.returns_commands import returns_app
from beacon.cli.run_commands import run
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
    add_completion=False,
    pretty_exceptions_enable=False,
    help=(
        "Population-health analytics of an English integrated care system: Core20 cohorts, the "
        "Marmot beacon indicators, versioned releases."
    ),
)


def _say_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"beacon {installed_version()}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_say_version, is_eager=True, help="Say the version."),
    ] = False,
) -> None:
    pass


app.command("run")(run)
app.command("status")(status)
app.add_typer(alerts_app, name="alerts")
app.command("query")(query)
app.command("releases")(releases)
app.command("verify")(verify)
app.command("diff")(diff)
app.command("trace")(trace)
app.command("rollback")(rollback)
app.command("rebuild")(rebuild)
app.command("pin")(pin)
app.command("prune")(prune)
app.command("export")(export)
app.command("approve")(approve)
app.command("backup")(backup)
app.command("restore")(restore)
app.command("indicators")(indicators)
app.command("targets")(targets)
app.command("aspirations")(aspirations)
app.add_typer(sources_app, name="sources")
app.add_typer(returns_app, name="returns")
app.add_typer(site_app, name="site")
app.command("stats")(stats)
app.command("doctor")(doctor)
app.command("ui")(ui)


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


if __name__ == "__main__":
    main()
