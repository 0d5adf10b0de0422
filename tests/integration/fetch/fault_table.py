"""Print the fault table: `python -m tests.integration.fetch.fault_table [PUBLISHER]`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[3]


def main() -> int:
    """Run the cases, of one publisher if named, and print what each came to."""
    only = ["-k", sys.argv[1]] if len(sys.argv) > 1 else []
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rA", "tests/integration/fetch/test_faults.py", *only],
        cwd=_ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    rows = [line for line in done.stdout.splitlines() if line.startswith("| ")]
    sys.stdout.write("| publisher | fault | what Beacon said | afterwards |\n|---|---|---|---|\n")
    sys.stdout.write("".join(f"{row}\n" for row in rows))
    sys.stderr.write(done.stdout.strip().splitlines()[-1] + "\n")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
