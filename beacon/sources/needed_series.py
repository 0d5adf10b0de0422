"""Which datasets and series the indicators use, so that nothing else is landed or read."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from beacon.contracts.sql_files import staging_tables_in_use
from beacon.registry.indicators import Indicator
from beacon.registry.outline_types import USED_AREA_TYPES
from beacon.registry.sources import DatasetSpec


class Needed:
    """Which datasets and series a run uses."""

    def __init__(self, series_by_source: dict[str, set[str]]) -> None:
        self._series = series_by_source

    @classmethod
    def by(cls, indicators: Iterable[Indicator]) -> Needed:
        """What some indicators use."""
        series: dict[str, set[str]] = {}
        for indicator in indicators:
            for binding in indicator.sources:
                for selection in binding.select:
                    series.setdefault(binding.source, set()).add(selection.series)
        return cls(series)

    def dataset(self, spec: DatasetSpec) -> bool:
        """Whether any of a dataset's rows are used."""
        if not spec.dataset.is_read or spec.dataset.staging not in staging_tables_in_use():
            return False
        if spec.dataset.staging == "boundary":
            return spec.dataset.options["area_type"] in USED_AREA_TYPES
        return spec.dataset.staging != "observation" or spec.source.id in self._series

    def series_of(self, spec: DatasetSpec) -> frozenset[str]:
        """The publisher's series that are used of a dataset's source."""
        return frozenset(self._series.get(spec.source.id, ()))

    def part(self, spec: DatasetSpec, members: tuple[str, ...]) -> bool:
        """Whether a part of a dataset that is split by series is used.

        So is one whose series has nearly the name that is asked for: the run can then tell a slip
        in a definition from a publisher's silence.
        """
        if not self.dataset(spec):
            return False
        if spec.dataset.staging != "observation" or not members:
            return True
        wanted = self._series[spec.source.id]
        return bool(wanted & set(members)) or any(_is_nearly(name, wanted) for name in members)


def _is_nearly(name: str, wanted: Iterable[str]) -> bool:
    """Whether a name of a series, not a number, is nearly one of those wanted."""
    return not name.isdigit() and bool(difflib.get_close_matches(name, wanted, n=1, cutoff=0.85))
