"""`beacon doctor` and `beacon ui`: is this machine fit, and the operators' view."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer

from beacon.cli.common import Format, FormatOption, HomeOption, print_rows, settings_from
from beacon.cli.run_commands import Inputs

_LEAST_FREE_BYTES = 2_000_000_000


def doctor(form: FormatOption = Format.table, home: HomeOption = None) -> None:
    """Check that machine, installation and home are fit."""
    rows = [*_machine(), *_installation(), *_home(settings_from(home=home).home)]
    print_rows(("check", "state", "detail"), rows, form)
    if any(state == "FAIL" for _, state, _ in rows):
        raise typer.Exit(1)


Row = tuple[str, str, str]


def _machine() -> list[Row]:
    version = sys.version_info
    fit = (3, 11) <= (version.major, version.minor) < (3, 14)
    return [
        ("Python", "ok" if fit else "FAIL", f"{platform.python_version()} (3.11 to 3.13 needed)"),
        ("processors", "ok", str(os.cpu_count())),
    ]


def _installation() -> list[Row]:
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    rows: list[Row] = []
    for package in ("duckdb", "polars", "geopandas", "great-expectations", "dagster"):
        try:
            rows.append((package, "ok", installed(package)))
        except PackageNotFoundError:
            rows.append((package, "FAIL", "not installed: run `uv sync`"))
    from beacon.contracts import load_contracts
    from beacon.core.errors import BeaconError
    from beacon.registry import load_indicators
    from beacon.registry.sources import load_source_register

    for name, load in (
        ("indicators", load_indicators),
        ("contracts", load_contracts),
        ("sources", lambda: load_source_register().datasets),
    ):
        try:
            rows.append((name, "ok", f"{len(load())} declared, all valid"))
        except BeaconError as error:
            rows.append((name, "FAIL", str(error)))
    return rows


def _home(place: Path) -> list[Row]:
    from beacon.core.home import Home
    from beacon.release.layout import latest_release, list_releases, unfinished_builds

    home = Home(place)
    existing = home.root if home.root.exists() else home.root.parent
    free = shutil.disk_usage(existing).free if existing.exists() else 0
    writable = os.access(existing, os.W_OK)
    rows: list[Row] = [
        ("home", "ok" if writable else "FAIL", f"{home.root}"),
        ("free disk", "ok" if free > _LEAST_FREE_BYTES else "FAIL", f"{free / 1e9:,.1f} GB"),
    ]
    current = latest_release(home)
    rows.append(
        (
            "releases",
            "ok",
            f"{len(list_releases(home))}, current {current.label if current else 'none'}",
        )
    )
    left = unfinished_builds(home)
    if left:
        rows.append(("unfinished builds", "note", f"{len(left)}; the next run removes them"))
    return rows


def ui(
    port: Annotated[int, typer.Option("--port", help="Port on the loopback address.")] = 3000,
    inputs: Annotated[
        Inputs | None, typer.Option("--inputs", help="Inputs of runs started from the UI.")
    ] = None,
    folder: Annotated[
        Path | None, typer.Option("--folder", help="Folder of official files for those runs.")
    ] = None,
    footprint: Annotated[
        str | None, typer.Option("--footprint", help="Footprint of those runs.")
    ] = None,
    home: HomeOption = None,
) -> None:
    """Start the operators' UI and the daemon of nightly runs.

    It can be reached from this machine only.
    """
    from beacon.cli.runner import load_service

    settings = settings_from(
        inputs=inputs.value if inputs else None, folder=folder, footprint=footprint, home=home
    )
    raise typer.Exit(load_service()(settings, port))
