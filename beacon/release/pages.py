"""The pages of a release, made beside its other files in a process of their own."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from beacon.core.errors import BeaconError
from beacon.core.files import canonical_json
from beacon.processes import ChildFailed, ChildProcess, Closing

MODULE = "beacon.site.process"
# Nine Places take two seconds; a page that hangs must not hold back the numbers.
PAGES_SECONDS = 300.0


class PagesProcess(Closing):
    """A process that gets ready to make pages as soon as it is started.

    Use as a context manager; the process ends with it.
    """

    def __init__(self) -> None:
        """Start the process and return at once.

        Raises:
            OSError: When it cannot be started.
        """
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        self._child = ChildProcess(MODULE, self._log)
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="beacon-pages")

    def start_site(
        self, directory: Path, manifest: dict[str, Any], record: dict[str, Any]
    ) -> Callable[[], None]:
        """Start making the pages of a release in the making.

        Args:
            directory: The release's directory, its marts already written.
            manifest: Its manifest, as far as it is known.
            record: Its run record.

        Returns:
            A function that waits for the pages and moves them to `site/` of the directory.

        Raises (when that function is called):
            BeaconError: Why the pages could not be made.
        """
        # Beside the release, under a name that recovery knows: files of the release are hashed
        # meanwhile, and a crash leaves nothing that the next run does not remove.
        beside = directory.parent / f".{manifest['release']}.{uuid.uuid4().hex}.building"
        message = {
            "directory": str(directory.absolute()),
            "out": str(beside.absolute()),
            "manifest": manifest,
            "run_record": record,
        }
        making = self._pool.submit(self._child.exchange, _plain(message), PAGES_SECONDS)

        def finish() -> None:
            try:
                answer = making.result()
            except ChildFailed as error:
                raise BeaconError(f"the process that makes pages failed: {error}") from error
            if "error" in answer:
                raise BeaconError(str(answer["error"]))
            beside.replace(directory / "site")

        return finish

    def close(self) -> None:
        """End the process."""
        self._child.end()
        self._pool.shutdown(wait=True)
        self._log.close()


def _plain(message: dict[str, Any]) -> dict[str, Any]:
    """A copy as JSON has it: the run goes on with its own, and changes it."""
    import json

    plain: dict[str, Any] = json.loads(canonical_json(message))
    return plain
