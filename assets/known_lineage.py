"""Column lineage as `python -m assets.lineage` last wrote it."""

import json
from functools import cache
from pathlib import Path

# For each table and column the pairs of table and column that it reads.
Lineage = dict[str, dict[str, list[list[str]]]]

LINEAGE_FILE = Path(__file__).with_name("column_lineage.json")


@cache
def known_lineage() -> Lineage:
    """The lineage as last written; empty where it never was."""
    if not LINEAGE_FILE.is_file():
        return {}
    lineage: Lineage = json.loads(LINEAGE_FILE.read_text(encoding="utf-8"))
    return lineage
