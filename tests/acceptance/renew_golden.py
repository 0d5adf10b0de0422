"""Write the golden hashes anew from a published home: `python -m tests.acceptance.renew_golden`."""

import json
import sys
from pathlib import Path

from tests.acceptance.test_golden_hashes import GOLDEN, mart_hashes


def main() -> None:
    """Write the hashes of the home named first under the name given second."""
    home, name = sys.argv[1:]
    text = json.dumps(mart_hashes(Path(home)), indent=1)
    (GOLDEN / f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
