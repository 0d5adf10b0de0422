"""Which function reads which dataset."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import polars as pl

from beacon.core.errors import InputRefusedError, Problem
from beacon.registry.sources import OBSERVATION, Container, DatasetSpec
from beacon.sources.observations import with_series_as_named
from beacon.sources.plausible_rows import refuse_implausible
from beacon.sources.publishers.boundaries import read_boundaries
from beacon.sources.publishers.desnz import read_fuel_poverty
from beacon.sources.publishers.dfe import read_eyfsp
from beacon.sources.publishers.dfe_lait import read_lait
from beacon.sources.publishers.dfe_participation import read_level2_at_19, read_neet
from beacon.sources.publishers.dft_walking_2018 import read_walking_2018
from beacon.sources.publishers.dft_walking_cycling import read_walking_cycling
from beacon.sources.publishers.dwp_cilif import read_low_income_families
from beacon.sources.publishers.fingertips import read_fingertips, read_practice_deprivation
from beacon.sources.publishers.fingertips_extract import read_fingertips_extract
from beacon.sources.publishers.iod import read_imd
from beacon.sources.publishers.iod_domains import read_iod_domains
from beacon.sources.publishers.lookups import read_lookup
from beacon.sources.publishers.mhclg_homelessness import read_temporary_accommodation
from beacon.sources.publishers.neighbourhood_returns import read_neighbourhood_returns
from beacon.sources.publishers.nhs_gp_patients import read_gp_patients
from beacon.sources.publishers.nhs_qof import read_qof_achievement, read_qof_prevalence
from beacon.sources.publishers.nhse_smi_checks import read_smi_checks
from beacon.sources.publishers.nomis import read_nomis
from beacon.sources.publishers.ods_networks import read_primary_care_networks
from beacon.sources.publishers.ons_els import read_ons_els
from beacon.sources.publishers.ons_living_wage import read_below_living_wage
from beacon.sources.publishers.population import (
    read_census_age_bands,
    read_census_ethnic_groups,
    read_single_years,
)
from beacon.sources.publishers.returned_tables import read_local_returns
from beacon.sources.publishers.stat_xplore import read_stat_xplore
from beacon.sources.refusals import refusing_by_name
from beacon.sources.remarks import collecting_remarks


class Reader(Protocol):
    """Reads one recognised file into the rows of its staging table."""

    def __call__(
        self, path: Path, container: Container, spec: DatasetSpec, fictional: bool
    ) -> pl.DataFrame:
        """Give the file's rows, or raise `InputRefusedError` naming every fault."""
        ...


class LazyReader(Protocol):
    """Reads a file whose rows are many times those in it, and makes them as they are asked for."""

    def __call__(
        self, path: Path, container: Container, spec: DatasetSpec, fictional: bool
    ) -> pl.LazyFrame:
        """As a `Reader`; the file has been read and judged when this returns."""
        ...


def _at_once(reader: LazyReader) -> Reader:
    """A lazy reader that makes all rows."""

    def read(path: Path, container: Container, spec: DatasetSpec, fictional: bool) -> pl.DataFrame:
        return reader(path, container, spec, fictional).collect()

    return read


LAZY_READERS: dict[str, LazyReader] = {
    "census_age_bands": read_census_age_bands,
    "iod_domains": read_iod_domains,
    "single_years": read_single_years,
}
"""Readers that a file can be written from without holding all its rows."""

READERS: dict[str, Reader] = {
    "below_living_wage": read_below_living_wage,
    "boundaries": read_boundaries,
    **{name: _at_once(reader) for name, reader in LAZY_READERS.items()},
    "census_ethnic_groups": read_census_ethnic_groups,
    "eyfsp": read_eyfsp,
    "fingertips": read_fingertips,
    "fingertips_extract": read_fingertips_extract,
    "gp_patients": read_gp_patients,
    "fuel_poverty": read_fuel_poverty,
    "imd": read_imd,
    "lait": read_lait,
    "level2_at_19": read_level2_at_19,
    "local_returns": read_local_returns,
    "lookup": read_lookup,
    "low_income_families": read_low_income_families,
    "neighbourhood_returns": read_neighbourhood_returns,
    "nomis": read_nomis,
    "neet": read_neet,
    "ons_els": read_ons_els,
    "primary_care_networks": read_primary_care_networks,
    "practice_deprivation": read_practice_deprivation,
    "qof_achievement": read_qof_achievement,
    "qof_prevalence": read_qof_prevalence,
    "smi_checks": read_smi_checks,
    "stat_xplore": read_stat_xplore,
    "temporary_accommodation": read_temporary_accommodation,
    "walking_2018": read_walking_2018,
    "walking_cycling": read_walking_cycling,
}


def reader_module(name: str) -> str:
    """The module of a reader, whose version decides whether a file is read again."""
    return (LAZY_READERS.get(name) or READERS[name]).__module__


@dataclass(frozen=True)
class Reading:
    """What a file holds.

    Attributes:
        rows: The rows of its staging table, made as they are asked for.
        remarks: What a person should know of the file although it can be used.
    """

    rows: pl.LazyFrame
    remarks: tuple[Problem, ...] = ()


def _read_whole_or_used(
    path: Path, container: Container, spec: DatasetSpec, fictional: bool
) -> pl.DataFrame:
    """All rows of a file; where some are at fault, only those of series that indicators use."""
    reader = READERS[spec.dataset.reader]
    everything = spec.model_copy(update={"series_in_use": None})
    try:
        return reader(path, container, everything, fictional)
    except InputRefusedError:
        if not spec.series_in_use or not spec.dataset.part_is_series:
            raise
    return reader(path, container, spec, fictional)


def read_rows(path: Path, container: Container, spec: DatasetSpec, *, fictional: bool) -> Reading:
    """Read a recognised file.

    Raises:
        InputRefusedError: With every fault, whatever a reader or a library raised.
    """
    name = spec.dataset.reader
    with refusing_by_name(path), collecting_remarks() as remarks:
        if name in LAZY_READERS:
            rows = LAZY_READERS[name](path, container, spec, fictional)
        else:
            frame = _read_whole_or_used(path, container, spec, fictional)
            if spec.dataset.staging == OBSERVATION:
                frame = with_series_as_named(spec, frame)
                refuse_implausible(path, spec, frame)
            rows = frame.lazy()
    return Reading(rows, tuple(remarks))
