"""How big a fictional nation is, and the fingerprint of what would be written.

Belongs here: sizes, presets and the generator's version. Does not belong here: anything that
needs NumPy or Polars, because callers import this to decide whether to write at all.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

GENERATOR_VERSION = "1.10.0"
"""Raise whenever the same seed and size would give other bytes than before."""

TRUTHS_NAME = "TRUTHS.json"
"""What was planted. Written last, so a sample that has it is complete."""

PLACES = 9
"""The footprint always has nine Places."""


@dataclass(frozen=True)
class SampleSize:
    """The dimensions of a fictional nation.

    Attributes:
        name: What the size is called in `TRUTHS.json`.
        nation_lsoas: LSOAs (2021) in the nation.
        icbs: Integrated care boards, the nine-Place footprint included.
        lsoas_per_place: Mean LSOAs (2021) in each of the nine Places.
        lsoas_per_authority: Mean LSOAs (2021) in each local authority elsewhere.
        rolling_periods: Three-year periods of life expectancy.
        annual_periods: Years of the annual series.
        imd2019_csv: Also write IoD 2019 File 1 as the csv.gz with BOM and "29,199" ranks.
    """

    name: str
    nation_lsoas: int
    icbs: int
    lsoas_per_place: int
    lsoas_per_authority: int
    rolling_periods: int = 9
    annual_periods: int = 8
    imd2019_csv: bool = False

    def __post_init__(self) -> None:
        """Refuse a nation that cannot hold its own footprint.

        Raises:
            ValueError: Too few LSOAs, ICBs or periods; all reasons are listed.
        """
        wrong: list[str] = []
        if self.lsoas_per_place < 20:
            wrong.append(f"lsoas_per_place is {self.lsoas_per_place}: give at least 20")
        if self.lsoas_per_authority < 20:
            wrong.append(f"lsoas_per_authority is {self.lsoas_per_authority}: give at least 20")
        if self.icbs < 2:
            wrong.append(f"icbs is {self.icbs}: give at least 2, so that there is a comparator")
        elsewhere = self.nation_lsoas - PLACES * self.lsoas_per_place
        if elsewhere < (self.icbs - 1) * 3 * self.lsoas_per_authority:
            wrong.append(
                f"nation_lsoas is {self.nation_lsoas}: it leaves {elsewhere} LSOAs outside the "
                "footprint; each other ICB needs three authorities"
            )
        if self.rolling_periods < 2 or self.annual_periods < 5:
            wrong.append("give at least 2 rolling_periods and 5 annual_periods")
        if wrong:
            raise ValueError(f"sample size {self.name!r} is not possible: " + "; ".join(wrong))


SMALL = SampleSize("small", 1_800, 3, 60, 60)
COUNTY = SampleSize("county", 6_000, 7, 178, 114)
ENGLAND = SampleSize("england", 33_755, 42, 178, 112)
TEN_ENGLANDS = SampleSize("ten_englands", 337_550, 420, 178, 112)

PRESETS: dict[str, SampleSize] = {s.name: s for s in (SMALL, COUNTY, ENGLAND, TEN_ENGLANDS)}


def sample_fingerprint(seed: int, size: SampleSize) -> str:
    """Name what `write_sample` would write, without writing it.

    Args:
        seed: The seed that would be used.
        size: The size that would be used.

    Returns:
        64 hexadecimal digits; equal exactly when generator version, seed and size are equal.
    """
    identity = {"generator": GENERATOR_VERSION, "seed": seed, "size": asdict(size)}
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()


def returns_beside(directory: Path) -> Path:
    """Where the returns of a sample's organisations are: beside publishers' files, not among them.

    Args:
        directory: Where the sample is written.
    """
    return directory.with_name(f"{directory.name}_returns")


def written_fingerprint(directory: Path) -> str | None:
    """Fingerprint of the sample in a directory, to compare with `sample_fingerprint`.

    Args:
        directory: Where a sample may have been written.

    Returns:
        The fingerprint, or None where there is no complete sample.
    """
    try:
        truths = json.loads((directory / TRUTHS_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    fingerprint = truths.get("fingerprint") if isinstance(truths, dict) else None
    return fingerprint if isinstance(fingerprint, str) else None
