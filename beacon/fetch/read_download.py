"""Reading a download as staging will, before it counts as held."""

from __future__ import annotations

from pathlib import Path

from beacon.registry.sources import Container, DatasetSpec
from beacon.sources.readers import read_rows


def read_download(path: Path, container: Container, spec: DatasetSpec, fictional: bool) -> None:
    """Read all of a download and keep nothing of it. For a worker: the file is from outside.

    Raises:
        InputRefusedError: When it cannot be read, with every fault.
    """
    read_rows(path, container, spec, fictional=fictional)
