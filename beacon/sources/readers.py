"""Which function reads which dataset.

What belongs here: the table of readers named in the source register, and nothing else.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import polars as pl

from beacon.registry.sources import Container, DatasetSpec
from beacon.sources.boundaries import read_boundaries
from beacon.sources.dfe import read_eyfsp
from beacon.sources.fingertips import read_fingertips
from beacon.sources.iod import read_imd
from beacon.sources.lookups import read_lookup
from beacon.sources.ons_els import read_ons_els
from beacon.sources.population import read_census_age_bands, read_single_years


class Reader(Protocol):
    """Reads one recognised file into the rows of its staging table."""

    def __call__(
        self, path: Path, container: Container, spec: DatasetSpec, fictional: bool
    ) -> pl.DataFrame:
        """Give the file's rows, or raise `InputRefusedError` naming every fault."""
        ...


READERS: dict[str, Reader] = {
    "boundaries": read_boundaries,
    "census_age_bands": read_census_age_bands,
    "eyfsp": read_eyfsp,
    "fingertips": read_fingertips,
    "imd": read_imd,
    "lookup": read_lookup,
    "ons_els": read_ons_els,
    "single_years": read_single_years,
}
