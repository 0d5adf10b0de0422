"""The source register: which official datasets exist, how to recognise and how to read each."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from beacon.core.errors import BeaconError
from beacon.core.paths import resource_dir
from beacon.registry.fetch import Fetch, Records
from beacon.registry.plausible import Plausible

NOT_READ = "none"
OBSERVATION = "observation"
"""The staging table of published series, one row an area, period and group."""

Container = Literal["csv", "csv.gz", "xlsx", "xls", "ods", "gpkg", "geojson", "parquet", "pages"]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RowBounds(_Model):
    """How many data rows an official file may have.

    Attributes:
        min: Fewest rows; not applied to the fictional sample, which comes in any size.
        max: Most rows; likewise. A file that is not read and has more is not this dataset: so an
            excerpt is told from the file that it shows the beginning of. At most 40 there.
        largest_fall: Share of the last good file's rows that a new one may lack.
    """

    min: int = 1
    max: int | None = None
    largest_fall: float = Field(default=0.2, ge=0, le=1)


class Cadence(_Model):
    """How often the publisher issues this series and when the next issue is due, if known.

    Attributes:
        every: In words.
        issued_in_months: Months of the year, 1 to 12, by whose end an issue is there; of a season,
            its last. Empty where the series has no such rhythm or has ended.
        next_expected: The day that the publisher has announced.
        note: What else a person should know.
        stale_after_days: Days after which what was received is overdue for a newer issue.
    """

    every: str
    issued_in_months: tuple[Annotated[int, Field(ge=1, le=12)], ...] = ()
    next_expected: date | None = None
    note: str | None = None
    stale_after_days: int | None = Field(default=None, ge=1)


class Dataset(_Model):
    """One official dataset.

    Attributes:
        id: Short name, unique within its source.
        header: The publisher's column headers, in the publisher's order. An entry that starts
            with "~" is a regular expression for a header that the publisher varies.
        header_optional: Headers that some editions have and some lack.
        header_orders: Other orders in which the publisher has issued these headers. An order that
            is not listed is refused, because two headers in each other's place look just like it.
        where: Values that tell this dataset from others with the same header: for each column,
            at least one listed value must occur in the file's first rows.
        header_rows: Rows that a header is spread over in a spreadsheet; their cells are joined.
        other_columns: True where the table holds many more columns than Beacon reads. Otherwise a
            table with many unknown columns is taken for another table.
        markers: What this publisher means by a marker, where it is not the usual meaning.
        part_by: Column whose distinct values name the parts of a dataset that comes as several
            files (Fingertips: indicator id; Explore Local Statistics: indicator); "file" to name a
            part after its file; "title" to name it by what `part_pattern` finds above the header.
        part_by_also: A second column whose values tell parts apart, where one is not enough.
        part_pattern: Regular expression whose first group is the edition in a table's title or, for
            "file", the part in a file's name, so that a revised file is the same part.
        part_is_series: False where the values of `part_by` are editions (years, quarters) of the
            same series rather than series of their own.
        value_column: The column of the values, where there is one for all series.
        containers: Accepted file formats, the preferred one first.
        staging: The staging table that its rows go to; empty where the file is not read.
        reader: Name of the reader in `beacon.sources.readers`, or "none" for a file that is
            recognised so that it can be named, and not read: a conversion by somebody other than
            its publisher, or an official file that nothing uses.
        note: Why a file is not read, and what else a person should know of it.
        options: What the reader needs to know about this dataset and no other.
        file_name: Pattern of the publisher's file name, a hint only: used to say which dataset a
            damaged file was meant to be.
        required: True where no release can be made without it.
        coverage: The part of the nation that the file covers, as it follows "covers"; absent where
            it covers all of it. No spread over the nation is made of a part.
        fetch: How to get it live; absent where it can only be supplied in a folder.
        records: How the records of a paged service become this dataset's rows.
    """

    id: str
    title: str
    vintage: str
    containers: tuple[Container, ...]
    header: tuple[str, ...]
    header_optional: tuple[str, ...] = ()
    header_orders: tuple[tuple[str, ...], ...] = ()
    header_rows: int = Field(default=1, ge=1, le=4)
    other_columns: bool = False
    markers: dict[str, str] = Field(default_factory=dict)
    where: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    part_by: str | None = None
    part_by_also: str | None = None
    part_pattern: str | None = None
    part_is_series: bool = True
    value_column: str | None = None
    staging: str = ""
    reader: str
    note: str | None = None
    options: dict[str, Any] = Field(default_factory=dict)
    rows: RowBounds = RowBounds()
    file_name: str | None = None
    required: bool = False
    coverage: str | None = Field(default=None, min_length=1)
    fetch: Fetch | None = None
    records: Records = Records()

    @field_validator("header", "header_optional")
    @classmethod
    def _patterns_compile(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for item in value:
            if item.startswith("~"):
                re.compile(item[1:])
        return value

    @model_validator(mode="after")
    def _reading_is_whole(self) -> Dataset:
        if self.is_read != bool(self.staging):
            raise ValueError("a reader needs a staging table, and reader 'none' may not have one")
        if not self.is_read and not self.note:
            raise ValueError("a file that is not read needs a note that says why")
        if self.part_pattern is None and self.part_by == "title":
            raise ValueError("part_pattern is given exactly when part_by is 'title', or 'file'")
        if self.part_pattern is not None and self.part_by not in ("title", "file"):
            raise ValueError("part_pattern is given exactly when part_by is 'title', or 'file'")
        if self.part_pattern is not None and re.compile(self.part_pattern).groups != 1:
            raise ValueError("part_pattern must have exactly one group, the edition")
        if self.part_by_also is not None and self.part_by not in self.header:
            raise ValueError("part_by_also needs a part_by that is a column too")
        unknown = sorted(set(self.records.fields) - set(self.header))
        if unknown:
            raise ValueError(f"records.fields names what is no header: {', '.join(unknown)}")
        pivot = self.records.pivot
        spread = len(self.header) - len(self.records.fields)
        if pivot is not None and len(pivot.expanded()) != spread:
            raise ValueError(
                f"records.pivot.codes has {len(pivot.expanded())} codes for {spread} headers"
            )
        return self

    @property
    def key_columns(self) -> tuple[str, ...]:
        """The headers of codes and names, which say what its rows are of; else the first."""
        key = re.compile(r"code|name|n\]ames?|[cn][dm]$|\bid\b|^la number", re.IGNORECASE)
        return tuple(name for name in self.header if key.search(name)) or self.header[:1]

    @property
    def is_read(self) -> bool:
        """Whether Beacon reads this file, or only knows what it is."""
        return self.reader != NOT_READ


class Source(_Model):
    """One publisher's series and the datasets in it."""

    id: str
    publisher: str
    title: str
    landing_page: str
    licence: str
    attribution: str
    cadence: Cadence
    datasets: tuple[Dataset, ...]
    note: str | None = None


class DatasetSpec(BaseModel):
    """A dataset together with the source it belongs to."""

    model_config = ConfigDict(frozen=True, ignored_types=(cached_property,))

    source: Source
    dataset: Dataset
    series_in_use: Mapping[str, Plausible] | None = None
    """Series of the source that indicators use; None where nobody has said, so that all count."""

    @property
    def reading_key(self) -> str:
        """All that decides, beside the file and the code, what its rows are."""
        used = {name: b.model_dump() for name, b in sorted((self.series_in_use or {}).items())}
        series = json.dumps(used) if self.dataset.staging == OBSERVATION else ""
        return f"{self.dataset.model_dump_json()}{series}"

    @property
    def key(self) -> str:
        """`source/dataset`, the name by which everything refers to it."""
        return f"{self.source.id}/{self.dataset.id}"


class SourceRegisterError(BeaconError):
    """The source register is not valid; the message lists every fault in every file."""


class SourceRegister:
    """All sources, by dataset key, in the order of their files and their place in them."""

    def __init__(self, sources: list[Source]) -> None:
        self.sources = {source.id: source for source in sources}
        self.datasets = {
            f"{source.id}/{dataset.id}": DatasetSpec(source=source, dataset=dataset)
            for source in sources
            for dataset in source.datasets
        }

    def used_for(self, series: Mapping[str, Mapping[str, Plausible]]) -> SourceRegister:
        """The same register, knowing which series of each source indicators use."""
        register = SourceRegister(list(self.sources.values()))
        register.datasets = {
            key: spec.model_copy(update={"series_in_use": dict(series.get(spec.source.id, {}))})
            for key, spec in self.datasets.items()
        }
        return register

    def feeding(self, staging_table: str) -> list[DatasetSpec]:
        """The datasets whose rows go to a staging table."""
        return [spec for spec in self.datasets.values() if spec.dataset.staging == staging_table]

    @property
    def staging_tables(self) -> list[str]:
        """Every staging table that some dataset feeds, in order of first mention."""
        return list(
            dict.fromkeys(
                spec.dataset.staging for spec in self.datasets.values() if spec.dataset.is_read
            )
        )


def load_source_register(directory: Path | None = None) -> SourceRegister:
    """Load `reference_data/sources/*.yaml`.

    Raises:
        SourceRegisterError: With every fault of every file at once.
    """
    return _load(directory) if directory else _load_once(resource_dir("reference_data") / "sources")


# The register does not change while a process lives, and reading it takes a tenth of a second.
@functools.cache
def _load_once(folder: Path) -> SourceRegister:
    return _load(folder)


def _load(folder: Path) -> SourceRegister:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    sources: list[Source] = []
    faults: list[str] = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            source = Source.model_validate(yaml.load(path.read_text("utf-8"), Loader=loader))  # noqa: S506
        except yaml.YAMLError as error:
            faults.append(f"{path.name}: not valid YAML: {error}")
            continue
        except ValidationError as error:
            faults.extend(
                f"{path.name}: {'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}"
                for fault in error.errors()
            )
            continue
        if source.id != path.stem:
            faults.append(f"{path.name}: id: is {source.id!r} but must be the file's name")
        ids = [dataset.id for dataset in source.datasets]
        faults.extend(
            f"{path.name}: datasets: {name!r} is declared twice"
            for name in sorted({name for name in ids if ids.count(name) > 1})
        )
        sources.append(source)
    if faults:
        raise SourceRegisterError("The source register is not valid.\n" + "\n".join(faults))
    return SourceRegister(sources)
