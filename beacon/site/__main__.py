"""The site as a program of its own, so that it is made on another core than the workbook.

What belongs here: reading what to make from standard arguments. What does not: making it.

Usage: `python -m beacon.site RELEASE_DIR OUT_DIR FACTS.json`, where the file holds the manifest and
the run record of a release that is not complete yet.
"""

import json
import sys
from pathlib import Path

from beacon.site.build import build_site


def main(release_dir: str, out_dir: str, facts: str) -> None:
    """Write the pages of a release that is being built."""
    given = json.loads(Path(facts).read_text(encoding="utf-8"))
    build_site(
        Path(release_dir),
        Path(out_dir),
        manifest=given["manifest"],
        run_record=given["run_record"],
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
