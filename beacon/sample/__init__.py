"""The fictional publisher: official-format files for a nation that does not exist.

Belongs here: everything that invents the bytes of the `sample` input mode, and the truths
planted in them. Does not belong here: reading those files. They are read by the same readers
as real downloads; nothing in `beacon/sample` is imported by a reader.

Importing this package is cheap: NumPy, Polars and XlsxWriter load when something is written.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from beacon.sample.sizes import (
    COUNTY,
    ENGLAND,
    PRESETS,
    SMALL,
    TEN_ENGLANDS,
    SampleSize,
    returns_beside,
    sample_fingerprint,
    written_fingerprint,
)

if TYPE_CHECKING:
    from beacon.sample.truths import SampleTruths

__all__ = [
    "COUNTY",
    "DEFAULT_SEED",
    "ENGLAND",
    "PRESETS",
    "SMALL",
    "TEN_ENGLANDS",
    "SampleSize",
    "returns_beside",
    "sample_fingerprint",
    "write_sample",
    "written_fingerprint",
]

DEFAULT_SEED = 20260101


def write_sample(
    directory: Path, *, seed: int = DEFAULT_SEED, size: SampleSize = SMALL
) -> SampleTruths:
    """Write one fictional nation's official files into a directory.

    The same seed, size and generator version give the same bytes. An earlier sample in the
    directory (files named `FICTIONAL_`) is removed first; other files are left alone.
    `TRUTHS.json` is written last: see `written_fingerprint`.

    Args:
        directory: Where the files go, in the folders `imd2025`, `imd2019`, `lookups`,
            `boundaries`, `population`, `fingertips`, `ons_els`, `dfe`, `gp` and
            `other_official`. Made if absent. The returns of organisations go beside it:
            `returns_beside`.
        seed: Any non-negative integer.
        size: How big the nation is; see `PRESETS`.

    Returns:
        What was planted, computed from the generator's own state. Also written as
        `TRUTHS.json`.

    Raises:
        OSError: The directory cannot be written.
        ValueError: The seed is negative, or the size cannot hold nine Places.
    """
    from beacon.sample.publisher import publish  # noqa: PLC0415 - NumPy, Polars, XlsxWriter

    return publish(directory, seed=seed, size=size)
