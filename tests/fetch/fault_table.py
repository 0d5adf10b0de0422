"""Print the fault table: `python -m tests.fetch.fault_table [PUBLISHER]`.

What belongs here: running the cases of `test_faults` and printing their rows. What does not: the
cases. Ends with the tests' own status.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    """Run the cases, of one publisher if named, and print what each came to."""
    only = ["-k", sys.argv[1]] if len(sys.argv) > 1 else []
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rA", "tests/fetch/test_faults.py", *only],
        cwd=_ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    rows = [line for line in done.stdout.splitlines() if line.startswith("| ")]
    sys.stdout.write("| publisher | fault | what Beacon said | afterwards |\n|---|---|---|---|\n")
    sys.stdout.write("".join(f"{row}\n" for row in rows))
    sys.stderr.write(done.stdout.strip().splitlines()[-1] + "\n")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
