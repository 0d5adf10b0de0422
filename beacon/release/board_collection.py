"""Many boards as one release: which release of each board is the current one, and a page of all.

A collection is a release of the home above the boards. It holds no marts: its manifest names one
release of each board and the hash of that release's manifest, so that whoever has the collection
has all of them, and never half of a night. It is published as any release is: built beside,
flushed, renamed, pointed to.
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import duckdb

from beacon.contracts.ddl import quote_literal
from beacon.core.errors import BeaconError, PublicationBlockedError
from beacon.core.files import canonical_json, sha256_of
from beacon.core.home import Home
from beacon.core.version import installed_version
from beacon.release import CONTRACT_VERSION, layout
from beacon.release.board_views import board_views
from beacon.release.build import Publication, git_commit, made_pages, put_in_place, recover
from beacon.release.fingerprint import code_digest
from beacon.release.layout import BOARD_TABLE, Release
from beacon.release.manifest import FICTIONAL_NOTICE
from beacon.release.named_boards import BoardRelease, named_boards
from beacon.workspace import Workspace

# One row a board, as its own release says; a board without a release has no figures.
_FIGURES = """
create table figure as
select
    here.board_code,
    here.imd_vintage,
    here.people_in_area as people,
    here.people as people_core20,
    here.share_percent as core20_share_percent,
    here.lsoas_in_area as lsoas,
    here.lsoas as core20_lsoas,
    (select count(*) from place where place.board_code = here.board_code) as places
from core20_cohort as here
where here.area_type = 'icb' and here.core20 and here.sex = 'Persons'
    and here.age_band = 'All ages'
    and here.imd_vintage = (select max(imd_vintage) from core20_cohort)
"""
_NATION = """
select distinct area_name, people_in_area, people, share_percent, lsoas_in_area, lsoas
from core20_cohort
where area_type = 'nation' and core20 and sex = 'Persons' and age_band = 'All ages'
    and imd_vintage = (select max(imd_vintage) from core20_cohort)
"""


class MakeBoardsPage(Protocol):
    """Makes the pages above those of the boards."""

    def __call__(
        self,
        out_dir: Path,
        *,
        manifest: dict[str, Any],
        boards: list[dict[str, Any]],
        nation: list[dict[str, Any]],
    ) -> object:
        """Write them: of the boards' rows, and the nation's as the boards have them."""


def publish_collection(
    workspace: Workspace,
    boards: Sequence[BoardRelease],
    *,
    run_record: dict[str, Any],
    make_pages: MakeBoardsPage | None = None,
) -> Publication:
    """Publish which release of each board is current, unless the current collection says the same.

    Args:
        workspace: That of the home above the boards.
        boards: Every board, in the order of their names.
        run_record: When and by which run it is made.
        make_pages: Makes the page of all; a collection may go without.

    Raises:
        PublicationBlockedError: When no board has a release, or the home has releases of one board.
    """
    home = workspace.home
    recover(home)
    previous = layout.latest_release(home)
    refuse_one_board(home)
    if not any(board.release for board in boards):
        raise PublicationBlockedError("No board has a release, so there is nothing to collect.")
    if previous is not None and _told(named_boards(previous)) == _told(boards):
        return Publication("unchanged", previous, previous)
    label = layout.next_label(home)
    building = home.releases / f".{label}.{uuid.uuid4().hex}.building"
    building.mkdir(parents=True)
    try:
        manifest = _manifest(workspace, label, boards)
        rows, nation = _figures(home, boards, building / BOARD_TABLE)
        manifest["files"] = {BOARD_TABLE: sha256_of(building / BOARD_TABLE)}
        (building / layout.MANIFEST).write_text(canonical_json(manifest), encoding="utf-8")
        record = {**run_record, "previous": previous.label if previous else None}
        if make_pages is not None:
            site = building / "site"
            make = partial(make_pages, site, manifest=manifest, boards=rows, nation=nation)
            record["extras"] = {"pages": made_pages(site, make)}
        (building / layout.RUN_RECORD).write_text(canonical_json(record), encoding="utf-8")
        return Publication("published", put_in_place(home, building, label), previous)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _told(boards: Sequence[BoardRelease]) -> list[BoardRelease]:
    """What makes a new collection: why a board is behind may be said in other words each day."""
    return [replace(board, behind="yes" if board.behind else "") for board in boards]


def refuse_one_board(home: Home) -> None:
    """Keep the releases of one board and of many apart: a home is for the one or the other.

    Raises:
        BeaconError: When the current release of the home is of one board.
    """
    current = layout.latest_release(home)
    if current is not None and "boards" not in current.manifest:
        raise BeaconError(
            f"{home.root} holds releases of one board ({current.manifest['footprint']['name']}). "
            "Give all boards a home of their own with --home."
        )


def _manifest(workspace: Workspace, label: str, boards: Sequence[BoardRelease]) -> dict[str, Any]:
    fictional = workspace.is_fictional
    return {
        "release": label,
        "contract_version": CONTRACT_VERSION,
        "fictional": fictional,
        "notice": FICTIONAL_NOTICE if fictional else None,
        "mode": workspace.settings.inputs,
        "footprint": {
            "id": "all",
            "name": f"{len(boards)} boards",
            "nation": workspace.footprint.nation.code,
            "icb": None,
            "places": [],
        },
        "code": {
            "version": installed_version(),
            "git_commit": git_commit(),
            "code_sha256": code_digest(),
        },
        "boards": [asdict(board) for board in boards],
        "attributions": _attributions(workspace.home, boards),
        "inputs": [],
        "marts": [],
        "checks": {"by_severity": {}, "failed": []},
    }


def _attributions(home: Home, boards: Sequence[BoardRelease]) -> list[str]:
    """What the publishers of all boards' inputs ask to be said."""
    found: set[str] = set()
    for board in boards:
        if board.release is not None:
            release = Release(board.release, home.boards / board.id / "releases" / board.release)
            found |= {str(entry["attribution"]) for entry in release.manifest["inputs"]}
    return sorted(found)


def _figures(
    home: Home, boards: Sequence[BoardRelease], file: Path
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Write the table of boards; give its rows, and the nation's as the boards have them."""
    with duckdb.connect() as con:
        views = board_views(quote_literal(str(home.root)), home, [asdict(b) for b in boards])
        for name in ("core20_cohort", "place"):
            con.execute(f"create view {name} as {views[name]}")
        con.execute(_FIGURES)
        con.execute(
            "create table board (board_id varchar, board_code varchar, board_name varchar, "
            "release varchar, published_at varchar, behind varchar)"
        )
        con.executemany(
            "insert into board values (?, ?, ?, ?, ?, ?)",
            [(b.id, b.code, b.name, b.release, b.published_at, b.behind) for b in boards],
        )
        con.execute(
            "create table every_board as select board.*, figure.* exclude (board_code) "
            "from board left join figure using (board_code) order by board_name"
        )
        con.execute(f"copy every_board to {quote_literal(str(file))} (format parquet)")
        return _rows(con, "from every_board order by board_name"), _rows(con, _NATION)


def _rows(con: duckdb.DuckDBPyConnection, sql: str) -> list[dict[str, Any]]:
    cursor = con.execute(sql)
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
