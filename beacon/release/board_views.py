"""Marts of many boards as one table each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from beacon.core.home import BOARDS, Home

# The view of `layout.BOARD_TABLE`: one row a board.
BOARD = "board"


def quoted(text: str) -> str:
    """A text as SQL has it. A query loads no more than DuckDB, so that this is here."""
    return "'" + text.replace("'", "''") + "'"


def board_views(root: str, home: Home, boards: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """A query for each mart of some boards: all their rows, with the board's code and name first.

    Rows of the nation and of areas that are of no board come once for each board.

    Args:
        root: Where the home is, as SQL.
        home: The home above the boards.
        boards: Boards of a collection; those without a release have no rows.
    """
    parts: dict[str, list[str]] = {}
    for board in boards:
        if board["release"] is None:
            continue
        release = f"/{BOARDS}/{board['id']}/releases/{board['release']}"
        for file in sorted(Path(f"{home.root}{release}").glob("*.parquet")):
            # Constants, so that a query of one board opens the files of no other.
            parts.setdefault(file.stem, []).append(
                f"select {quoted(board['code'])} as board_code, "  # noqa: S608
                f"{quoted(board['name'])} as board_name, * from read_parquet("
                f"{root} || {quoted(f'{release}/{file.name}')})"
            )
    return {name: " union all by name ".join(queries) for name, queries in parts.items()}
