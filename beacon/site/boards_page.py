"""The page above the sites of many boards: which there are, and where each begins."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from beacon.site import words
from beacon.site.page import Page
from beacon.site.render import ASSETS, CONTENT_SECURITY_POLICY, environment
from beacon.site.scripts_bundle import OF_PAGES, script_of

# From a page of the collection to the home above the boards: releases/LABEL/site.
_HOME = "../../../"


@dataclass(frozen=True)
class _Collection:
    """What the frame of every page asks of a release."""

    label: str
    attributions: tuple[str, ...]


def build_boards_page(
    out_dir: Path,
    *,
    manifest: dict[str, Any],
    boards: list[dict[str, Any]],
    nation: list[dict[str, Any]],
) -> None:
    """Write the page and what it needs. The same rows give the same bytes.

    Args:
        out_dir: Where the pages go.
        manifest: The manifest of the collection.
        boards: Its rows, one a board.
        nation: The nation's row as the boards have it: several where boards are of different
            inputs.
    """
    with_release = [board for board in boards if board["release"]]
    page = Page(
        "index.html",
        "boards.html.j2",
        "All boards",
        "boards",
        {
            "boards": [
                {**board, "site": _site(board), "released": words.day(board["published_at"])}
                for board in boards
            ],
            "behind": [board for board in boards if board["behind"]],
            "nation_row": nation[0] if len(nation) == 1 else None,
            "vintage": next((b["imd_vintage"] for b in with_release if b["imd_vintage"]), None),
        },
    )
    text = (
        environment()
        .get_template(page.template)
        .render(
            page=page,
            root=page.root,
            facts=_Collection(manifest["release"], tuple(manifest["attributions"])),
            system=manifest["footprint"]["name"],
            navigation=[],
            notice=manifest["notice"],
            fictional=manifest["fictional"],
            released=_day_of_label(manifest["release"]),
            policy=CONTENT_SECURITY_POLICY,
            **page.context,
        )
    )
    (out_dir / "assets").mkdir(parents=True)
    for asset in sorted(ASSETS.iterdir()):
        if asset.is_file():
            (out_dir / "assets" / asset.name).write_bytes(asset.read_bytes())
    (out_dir / "assets" / "site.js").write_text(script_of(OF_PAGES), encoding="utf-8")
    (out_dir / page.path).write_text(text, encoding="utf-8")


def _site(board: dict[str, Any]) -> str | None:
    """The way to the first page of a board's release."""
    if not board["release"]:
        return None
    return f"{_HOME}boards/{board['board_id']}/releases/{board['release']}/site/index.html"


def _day_of_label(label: str) -> str:
    year, month, day = label.removeprefix("v").partition("-")[0].split(".")
    return words.day(date(int(year), int(month), int(day)))
