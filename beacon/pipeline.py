"""The run: land, stage, transform, check, publish.

Five functions and their order. Whoever orchestrates calls the same functions: `run_pipeline` in one
go, for tests, benchmarks and past days; the assets one step at a time. What one step leaves for the
next is in the home: reports in `state/`, rows in the working database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from beacon.checks.check_step import check
from beacon.contracts.sql_files import sql_table
from beacon.core.errors import Problem
from beacon.core.logs import step
from beacon.core.progress import report
from beacon.ingest.land import LandingReport
from beacon.ingest.landing_store import LandingStore
from beacon.ingest.worker_pool import end_workers
from beacon.inputs import land
from beacon.operations.home_lock import home_lock
from beacon.people.crossing import CROSSING
from beacon.people.load_crossed import load_crossed
from beacon.release.build import Publication, recover
from beacon.release.fingerprint import build_fingerprint, is_built
from beacon.release.inputs_in_use import inputs_in_use, staged_part_rows
from beacon.release.layout import latest_release
from beacon.release.previous import load_previous
from beacon.release.publish import RunStart, publish
from beacon.release.verify import verify_release
from beacon.site import build_site
from beacon.warehouse.connection import Warehouse, open_warehouse
from beacon.warehouse.indicator_rows import PUBLISHED, derive_published, renamed_series
from beacon.warehouse.registry_tables import load_staged_parts
from beacon.warehouse.staging import stage, staged_parts
from beacon.warehouse.transform import derive_table, derived_tables
from beacon.workspace import Workspace


def _know_what_was_staged(warehouse: Warehouse) -> None:
    load_staged_parts(warehouse.con, staged_part_rows(staged_parts(warehouse.workspace)))


def _know_the_previous_release(warehouse: Warehouse) -> None:
    load_previous(warehouse, inputs_in_use(warehouse.workspace, staged_parts(warehouse.workspace)))


# Tables of the registry that a run fills itself, just before a table is made that reads them.
FILLED_BY_THE_RUN: dict[str, Callable[[Warehouse], None]] = {
    "registry.staged_part": _know_what_was_staged,
    "registry.previous_release": _know_the_previous_release,
}


def transform(warehouse: Warehouse, table: str) -> int:
    """Make one derived table; give its number of rows.

    Args:
        warehouse: The open working database.
        table: Its name, such as "marts.place".
    """
    depends = sql_table(table).depends
    if any(not needed.startswith("registry.") for needed in depends):
        end_workers()  # nothing more is read, and they hold memory
    report(f"making {table}")
    with step("derived", asset=table.replace(".", "/")) as details:
        for needed in depends:
            if needed in FILLED_BY_THE_RUN:
                FILLED_BY_THE_RUN[needed](warehouse)
        details["rows"] = rows = derive_table(warehouse, table)
    return rows


def load_people(warehouse: Warehouse, table: str) -> int:
    """Make one table of what crossed from the secure home; give its number of rows.

    Args:
        warehouse: The open working database.
        table: Its name, such as "people.care_gap". Empty where no extract was supplied.
    """
    with step("loaded", asset=table.replace(".", "/")) as details:
        name = table.partition(".")[2]
        details["rows"] = rows = load_crossed(warehouse.con, warehouse.workspace.home.root, name)
    return rows


def transform_indicators(
    warehouse: Warehouse, slugs: Iterable[str]
) -> dict[str, tuple[int, list[Problem]]]:
    """Make the rows of some indicators; give how many, and what is wrong with each, by slug."""
    report("making the indicators")
    indicators = [warehouse.workspace.indicators[slug] for slug in slugs]
    with step("derived", asset=PUBLISHED.replace(".", "/")) as details:
        rows = derive_published(warehouse, [indicator.slug for indicator in indicators])
        details["rows"] = sum(rows.values())
    problems = renamed_series(warehouse, indicators)
    return {slug: (count, problems[slug]) for slug, count in rows.items()}


def up_to_date(workspace: Workspace, landed: LandingReport) -> bool:
    """Whether what was landed is what the current release was made from, by today's code."""
    release = latest_release(workspace.home)
    if release is None or any(outcome.status == "new" for outcome in landed.outcomes):
        return False
    if not verify_release(workspace.home, release).intact:
        report(f"{release.label} is damaged: it is published anew")
        return False
    fingerprint = build_fingerprint(workspace, LandingStore(workspace.home.landing))
    return is_built(workspace.home, release.label, release.manifest, fingerprint)


def confirm(workspace: Workspace, landed: LandingReport) -> Publication | None:
    """The current release, where it already says what was landed; None where it does not."""
    release = latest_release(workspace.home)
    if release is None or not up_to_date(workspace, landed):
        return None
    recover(workspace.home)
    return Publication("unchanged", release, release)


def make_release(
    workspace: Workspace,
    finish: Callable[[Warehouse], Publication],
    *,
    checks: bool = True,
    store: LandingStore | None = None,
) -> Publication:
    """Stage, transform, check and publish what was landed. The caller holds the home's lock.

    Args:
        workspace: Settings, home and registers.
        finish: `publish`, with its options bound to it.
        checks: False leaves out contract checks.
        store: Where the bytes are; the home's landing store by default.

    Returns:
        What `finish` gives.

    Raises:
        PublicationBlockedError: When nothing may be published, and why.
    """
    with open_warehouse(workspace) as warehouse:
        for table in workspace.staging_tables:
            stage(warehouse, table, store=store)
        return release_from_staged(warehouse, finish, checks=checks)


def release_from_staged(
    warehouse: Warehouse, finish: Callable[[Warehouse], Publication], *, checks: bool = True
) -> Publication:
    """Transform, check and publish what is staged in the working database, for its footprint.

    Args:
        warehouse: The open working database, for the board that the release is of.
        finish: As for `make_release`.
        checks: False leaves out contract checks.

    Raises:
        PublicationBlockedError: When nothing may be published, and why.
    """
    for table in CROSSING:
        load_people(warehouse, f"people.{table}")
    for table in derived_tables():
        transform(warehouse, table)
        if checks:
            check(warehouse, table)
    return finish(warehouse)


def run_pipeline(
    workspace: Workspace,
    start: RunStart | None = None,
    *,
    checks: bool = True,
    pages: bool = False,
) -> Publication:
    """The whole run without an orchestrator: for tests, benchmarks and notebooks.

    Args:
        workspace: Settings, home and registers.
        start: The run, for the release's record.
        checks: False leaves out contract checks.
        pages: True makes the site too.

    Raises:
        HomeBusyError: When another run holds the home for too long.
        PublicationBlockedError: When nothing may be published, and why.
    """
    with home_lock(workspace.home):
        confirmed = confirm(workspace, land(workspace))
        if confirmed is not None:
            return confirmed
        make_pages = build_site if pages else None
        finish = partial(publish, start=start or RunStart(), make_pages=make_pages)
        return make_release(workspace, finish, checks=checks)


__all__ = [
    "check",
    "confirm",
    "land",
    "load_people",
    "make_release",
    "publish",
    "release_from_staged",
    "run_pipeline",
    "stage",
    "staged_parts",
    "transform",
    "transform_indicators",
    "up_to_date",
]
