"""Scripts of the pages, each put together from small files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

_FOLDER = Path(__file__).resolve().parent / "scripts"
# What every page but the explorer loads. Of the parts of a script each uses what stands before it.
OF_PAGES = (
    "elements.js", "reading.js", "tables.js", "downloads.js", "zoom.js", "chart_tools.js",
)  # fmt: skip
OF_EXPLORER = (
    "values.js", "elements.js", "drawing.js", "reading.js", "chart_ranking.js", "chart_trend.js",
    "chart_pairs.js", "chart_map.js", "zoom.js", "chart_neighbourhoods.js",
    "explorer_tables.js", "downloads.js", "explorer.js",
)  # fmt: skip


def script_of(parts: Iterable[str]) -> str:
    """One script of several files, whose names stay among themselves."""
    texts = [(_FOLDER / part).read_text(encoding="utf-8") for part in parts]
    return '"use strict";\n(() => {\n' + "".join(texts) + "})();\n"
