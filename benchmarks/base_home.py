"""A home with one release, made once in the working directory; several parts start from it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import Options, beacon, run_process


@dataclass(frozen=True)
class BaseHome:
    """A home that has a release.

    Attributes:
        home: The home.
        folder: Folder of the files that its release was made from.
        arguments: What `beacon run` is given to read the same files.
    """

    home: Path
    folder: Path
    arguments: tuple[str, ...]


def base_home(options: Options) -> BaseHome:
    """Publish the official files, or the sample where there are none or sizes are small."""
    home = options.work / "base"
    if options.inputs is None or options.quick:
        base = BaseHome(home, home / "sample", ("--inputs", "sample"))
    else:
        arguments = ("--inputs", "folder", "--folder", str(options.inputs))
        base = BaseHome(home, options.inputs, arguments)
    if not (home / "latest.json").is_file():
        command = beacon("run", "--home", str(home), *base.arguments)
        run_process(command, options.work / "base.log", expect=(0, 3))
    return base
