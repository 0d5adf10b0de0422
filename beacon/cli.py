"""The `beacon` command.

What belongs here: the list of commands and how errors reach a person. What does not: what a
command does (`beacon.commands`). Commands import what they need when they run, so that
`beacon --help` answers at once.
"""

from __future__ import annotations

import gc
import sys

import typer

from beacon.commands.backup import backup, restore
from beacon.commands.indicators import indicators
from beacon.commands.manage import approve, diff, export, pin, prune, rebuild, rollback
from beacon.commands.plans import aspirations, targets
from beacon.commands.query import query
from beacon.commands.releases import releases, verify
from beacon.commands.returns import returns_app
from beacon.commands.run import run
from beacon.commands.site import site_app
from beacon.commands.sources import sources_app
from beacon.commands.stats import stats
from beacon.commands.status import alerts_app, status
from beacon.commands.system import doctor, ui
from beacon.commands.trace import trace
from beacon.errors import BeaconError

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
