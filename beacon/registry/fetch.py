"""How a dataset is got live: the `fetch` section of `reference_data/sources/*.yaml`."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

RegexText = Annotated[str, Field(min_length=1)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Fetch(_Model):
    """What every way of fetching has.

    Attributes:
        base: Name of the publisher's address in `reference_data/hosts.yaml`.
        check_every_days: Days between two questions to the publisher about the same thing. 0 asks
            every run; figures that are final need not be asked for every night.
        max_megabytes: The most that may arrive, unpacked, before it is taken for something else.
        note: What is not certain about the address, for people.
    """

    base: str
    check_every_days: int = Field(default=0, ge=0)
    max_megabytes: int = Field(default=1_500, ge=1)
    note: str | None = None

    def patterns(self) -> list[str]:
        """Regular expressions in this section, so that a bad one is found when it is loaded."""
        return []

    @model_validator(mode="after")
    def _patterns_compile(self) -> _Fetch:
        for pattern in self.patterns():
            re.compile(pattern)
        return self


class FileFetch(_Fetch):
    """Files at addresses that do not change.

    Attributes:
        path: Path of the one file.
        files: Name of a file -> its path, where the dataset is several.
        series: Name of a file -> the publisher's series in it. A file whose series no indicator
            uses is not asked for.
    """

    kind: Literal["file"]
    path: str | None = None
    files: dict[str, str] = Field(default_factory=dict)
    series: dict[str, tuple[str, ...]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_or_many(self) -> FileFetch:
        if (self.path is None) == (not self.files):
            raise ValueError("give either path or files")
        unknown = sorted(set(self.series) - set(self.files))
        if unknown:
            raise ValueError(f"series names files that are not listed: {', '.join(unknown)}")
        return self


class GovUkFetch(_Fetch):
    """Attachments of a GOV.UK page, found through the content API.

    A corrected file gets a new address, so the page is read every time.

    Attributes:
        page: Path of the page that carries the attachments, or
        collection: path of a collection page, with
        document: a pattern for the addresses of those of its pages that do.
        attachment: Pattern for the file name of the attachments wanted.
        edition: Pattern with one group that tells editions in file names apart; without it one
            file is wanted.
        prefer: Patterns for file names, the best first, where an edition has several files.
        newest: How many editions to take, the newest by name first; all where not given.
    """

    kind: Literal["gov_uk"]
    page: str | None = None
    collection: str | None = None
    document: RegexText | None = None
    attachment: RegexText
    edition: RegexText | None = None
    prefer: tuple[str, ...] = ()
    newest: int | None = Field(default=None, ge=1)

    def patterns(self) -> list[str]:
        """The patterns for addresses and file names."""
        optional = (self.document, self.edition)
        return [self.attachment, *self.prefer, *(item for item in optional if item)]

    @model_validator(mode="after")
    def _page_or_collection(self) -> GovUkFetch:
        if (self.page is None) == (self.collection is None):
            raise ValueError("give either page or collection")
        if (self.collection is None) != (self.document is None):
            raise ValueError("document is given exactly when collection is")
        return self


class WebPageFetch(_Fetch):
    """Files linked from a web page, found by reading its links.

    Attributes:
        page: Path of the page.
        follow: Pattern for the addresses of pages, linked from it, that carry the files; each is an
            edition. Without it the page itself carries them.
        newest: How many editions to take, the newest by the month and year in their address first.
        link: Pattern for the addresses of the files wanted.
        member: Pattern for the names of members, where the files are ZIP archives of several.
    """

    kind: Literal["web_page"]
    page: str
    follow: RegexText | None = None
    newest: int = Field(default=1, ge=1)
    link: RegexText
    member: RegexText | None = None

    def patterns(self) -> list[str]:
        """The patterns for addresses and members."""
        return [self.link, *(item for item in (self.follow, self.member) if item)]


class ArcGisFetch(_Fetch):
    """All records of one layer of an ArcGIS feature service, page by page.

    Attributes:
        service: Name of the service.
        layer: Number of the layer.
        fields: Fields to ask for. A field that the layer lacks is an error, by name.
        geometry: True for boundaries: asks for GeoJSON in EPSG:4326.
        key: Fields that make a record unique, checked over all pages.
    """

    kind: Literal["arcgis"]
    service: str
    layer: int = 0
    fields: tuple[str, ...]
    geometry: bool = False
    key: tuple[str, ...]


class FingertipsFetch(_Fetch):
    """The 27-column export, one indicator at a time.

    Attributes:
        area_type: Fingertips' id of the areas asked for (502: upper tier since April 2023).
        parent_area_type: Id of the areas that they are grouped by (15: England).
        area_types: Indicator -> another area type, where it has ended on an older geography.
        indicators: What to ask for, where it is not the series that indicators use.
    """

    kind: Literal["fingertips"]
    area_type: int
    parent_area_type: int = 15
    area_types: dict[str, int] = Field(default_factory=dict)
    indicators: tuple[str, ...] = ()


class NomisFetch(_Fetch):
    """Rows of one Nomis dataset, in pages of at most 25,000.

    Attributes:
        dataset: Nomis's id of the dataset, such as NM_2020_1.
        query: Dimensions and what is asked of each.
        fields: Columns to ask for; RECORD_COUNT is added, because pages are counted against it.
    """

    kind: Literal["nomis"]
    dataset: str
    query: dict[str, str]
    fields: tuple[str, ...]

    @field_validator("dataset")
    @classmethod
    def _is_nomis(cls, value: str) -> str:
        if not re.fullmatch(r"NM_\d+_\d+", value):
            raise ValueError(f"{value!r} is not a Nomis dataset such as NM_2020_1")
        return value


class EesFetch(_Fetch):
    """A data set of Explore Education Statistics: whole as CSV, or the rows of a query.

    Attributes:
        data_set: Id of the data set, or
        publication: the exact title of a publication, with
        title: a pattern for the titles of those of its data sets that are wanted.
        query: Body of a query; without it the data set's CSV is taken.
    """

    kind: Literal["ees"]
    data_set: str | None = None
    publication: str | None = None
    title: RegexText | None = None
    query: dict[str, Any] | None = None

    def patterns(self) -> list[str]:
        """The pattern for titles."""
        return [self.title] if self.title else []

    @model_validator(mode="after")
    def _named(self) -> EesFetch:
        if (self.data_set is None) == (self.publication is None):
            raise ValueError("give either data_set or publication")
        if (self.publication is None) != (self.title is None):
            raise ValueError("title is given exactly when publication is")
        return self


class StatXploreValues(_Model):
    """The values of one field that are wanted.

    Attributes:
        field: Id of the field.
        value: Id of its values, to which `:` and a code are added.
        codes: Codes separated by commas, with `a...b` for a range, as Nomis writes them.
    """

    field: str
    value: str
    codes: str

    def expanded(self) -> list[str]:
        """The codes one by one."""
        found: list[str] = []
        for item in self.codes.split(","):
            first, _, last = item.partition("...")
            letters, digits = first[:1], first[1:]
            numbers = range(int(digits), int((last or first)[1:]) + 1)
            found += [f"{letters}{number:0{len(digits)}d}" for number in numbers]
        return found


class StatXploreFetch(_Fetch):
    """One table of Stat-Xplore. Needs a personal key, from the environment.

    Attributes:
        database: Id of the database.
        measures: Ids of the measures.
        dimensions: Ids of the fields of each dimension.
        recodes: Which values of a field are wanted, as the publisher's API takes them.
        values: The same in short, where they are many.
    """

    kind: Literal["stat_xplore"]
    database: str
    measures: tuple[str, ...]
    dimensions: tuple[tuple[str, ...], ...]
    recodes: dict[str, Any] = Field(default_factory=dict)
    values: tuple[StatXploreValues, ...] = ()


Fetch = Annotated[
    FileFetch
    | GovUkFetch
    | ArcGisFetch
    | FingertipsFetch
    | NomisFetch
    | EesFetch
    | StatXploreFetch
    | WebPageFetch,
    Field(discriminator="kind"),
]


class Pivot(_Model):
    """Records that each hold one cell of a wide table.

    Attributes:
        field: Field that says which column a record belongs to.
        codes: Its values, in the order of the dataset's remaining headers: numbers separated by
            commas, with `a...b` for a range, as Nomis writes them.
        value: Field that holds the cell.
    """

    field: str
    codes: str
    value: str

    def expanded(self) -> list[str]:
        """The codes one by one."""
        found: list[str] = []
        for item in self.codes.split(","):
            first, _, last = item.partition("...")
            found += [str(code) for code in range(int(first), int(last or first) + 1)]
        return found


class Records(_Model):
    """How records that a service gives become rows under the dataset's own headers.

    Attributes:
        fields: Header of the dataset -> the service's field, where the two differ. A dot goes
            into a nested object (`values.b2TtT`).
        pivot: Where a row of the dataset is spread over several records.
    """

    fields: dict[str, str] = Field(default_factory=dict)
    pivot: Pivot | None = None
