"""The pages of a release, made beside its other files in a process of their own.

What belongs here: starting and awaiting that process. What does not: the pages (`beacon.site`).
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import beacon
from beacon.errors import BeaconError
from beacon.files import canonical_json

# Nine Places take two seconds; a page that hangs must not hold back the numbers.
PAGES_SECONDS = 300.0


def start_site(
    directory: Path, manifest: dict[str, Any], record: dict[str, Any]
) -> Callable[[], None]:
    """Start making the pages of a release in the making.

    Args:
        directory: The release's directory, its marts already written.
        manifest: Its manifest, as far as it is known.
        record: Its run record.

    Returns:
        A function that waits for the pages and moves them to `site/` of the directory.

    Raises (when that function is called):
        BeaconError: With the last words of the process, where the pages could not be made.
    """
    # Beside the release, under a name that recovery knows: files of the release are hashed
    # meanwhile, and a crash leaves nothing that the next run does not remove.
    beside = directory.parent / f".{manifest['release']}.{uuid.uuid4().hex}.building"
    with tempfile.NamedTemporaryFile(
        "w", suffix=".json", dir=directory.parent, prefix=".site-", delete=False, encoding="utf-8"
    ) as facts:
        facts.write(canonical_json({"manifest": manifest, "run_record": record}))
    root = str(Path(beacon.__file__).resolve().parent.parent)
    inherited = os.environ.get("PYTHONPATH")
    process = subprocess.Popen(  # noqa: S603 - our own module in our own interpreter
        [sys.executable, "-P", "-m", "beacon.site", str(directory), str(beside), facts.name],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join([root, inherited] if inherited else [root]),
        },
    )

    def finish() -> None:
        try:
            _, words = process.communicate(timeout=PAGES_SECONDS)
        except subprocess.TimeoutExpired as error:
            process.kill()
            process.communicate()
            raise BeaconError(f"no pages after {PAGES_SECONDS:g} seconds") from error
        finally:
            Path(facts.name).unlink(missing_ok=True)
        if process.returncode:
            lines = words.decode("utf-8", "replace").strip().splitlines()
            raise BeaconError(lines[-1] if lines else f"ended with status {process.returncode}")
        beside.replace(directory / "site")

    return finish
