"""What a mart's rows and filters are in the API, made from the mart's contract."""

from __future__ import annotations

from datetime import date, datetime
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, create_model

from beacon.contracts import Column, Contract, load_contracts
from beacon.serve.limits import MOST_TEXT, MOST_VALUES, Limits

Form = Literal["json", "csv", "parquet", "arrow"]

_LIMITS = Limits()
_FILTERS: dict[str, Any] = {
    "text": Annotated[str, Field(max_length=MOST_TEXT)],
    "integer": Annotated[int, Field(ge=-(2**63), le=2**63 - 1)],
    "decimal": Annotated[float, Field(allow_inf_nan=False)],
    "float": Annotated[float, Field(allow_inf_nan=False)],
    "boolean": bool,
    "date": date,
    "timestamp": datetime,
}
_VALUES: dict[str, Any] = {
    "text": str, "integer": int, "decimal": float, "float": float, "boolean": bool, "date": date,
    "timestamp": datetime,
}  # fmt: skip


class Paging(BaseModel):
    """Where in all rows a page is; named as in the Explore Education Statistics API."""

    page: int
    pageSize: int  # noqa: N815 - the name that API uses
    totalResults: int  # noqa: N815
    totalPages: int  # noqa: N815


class About(BaseModel):
    """What every answer says of the release that it comes from."""

    release: str = Field(description="Label of the release.")
    fictional: bool = Field(description="True where every number is invented (the sample).")
    notice: str | None = Field(description="What must be said with the numbers.")


class PageQuery(BaseModel):
    """Which page of a list."""

    model_config = ConfigDict(extra="forbid")

    page: int = Field(default=1, ge=1, le=1_000_000, description="Number of the page, from 1.")
    pageSize: int = Field(  # noqa: N815 - the name that the Explore Education Statistics API uses
        default=_LIMITS.page_size, ge=1, le=_LIMITS.most_rows, description="Rows of a page."
    )


class MartQuery(PageQuery):
    """Parameters that every mart takes beside its columns."""

    as_of: date | None = Field(
        default=None,
        description="With the release `latest`: the newest that had been published by the end of"
        " this day, London time.",
    )
    columns: list[str] = Field(
        default=[], max_length=MOST_VALUES, description="Columns to give; all by default."
    )
    format: Form = Field(
        default="json", description="json, csv, parquet or arrow (an Arrow IPC stream)."
    )


def shown_columns(contract: Contract) -> list[Column]:
    """The columns of a mart that pages give: all but outlines, which are in the mart's file."""
    return [column for column in contract.columns if column.duck_type.family != "binary"]


@cache
def mart_contracts() -> dict[str, Contract]:
    """Contracts of the marts, by name of the mart."""
    return {
        contract.table: contract
        for contract in load_contracts().values()
        if contract.schema_ == "marts"
    }


@cache
def row_model(mart: str) -> type[BaseModel]:
    """One row. A column that was not asked for, or that an older release lacks, is absent."""
    contract = mart_contracts()[mart]
    fields: dict[str, Any] = {}
    for column in shown_columns(contract):
        kind: Any = _VALUES[column.duck_type.family]
        kind = list[kind] if column.duck_type.is_list else kind
        unit = f" Unit: {column.unit}." if column.unit else ""
        described = Field(default=None, description=column.description + unit)
        # A non-null column that was left out is absent, not null; the schema says only what a
        # value may be.
        fields[column.name] = (kind | None if column.nullable else kind, described)
    return create_model(_camel(mart) + "Row", __doc__=contract.description, **fields)


@cache
def page_model(mart: str) -> type[BaseModel]:
    """A page of rows."""
    row: Any = row_model(mart)
    fields: dict[str, Any] = {
        "mart": (Literal[mart], ...),
        "paging": (Paging, ...),
        "results": (list[row], ...),
    }
    described = f"A page of {mart}: {mart_contracts()[mart].grain}."
    return create_model(_camel(mart) + "Page", __base__=About, __doc__=described, **fields)


@cache
def query_model(mart: str) -> type[MartQuery]:
    """Parameters: a column takes one or more values; numbers and dates also `.gte` and `.lte`."""
    fields: dict[str, Any] = {}
    for column in shown_columns(mart_contracts()[mart]):
        family = column.duck_type.family
        if column.duck_type.is_list:
            continue
        kind: Any = _FILTERS[family]
        if column.allowed and column.severity == "critical":
            kind = Literal[tuple(column.allowed)]
            if family == "integer":
                kind = Annotated[kind, BeforeValidator(_whole_number)]
        fields[column.name] = (
            list[kind],
            Field([], max_length=MOST_VALUES, description=f"{column.description} Any of these."),
        )
        if family in ("text", "boolean"):
            continue
        for end, words in (("gte", "From this on"), ("lte", "Up to this")):
            fields[f"{column.name}__{end}"] = (
                _FILTERS[family] | None,
                Field(None, alias=f"{column.name}.{end}", description=f"{words}, it included."),
            )
    return create_model(_camel(mart) + "Query", __base__=MartQuery, **fields)


def _whole_number(given: Any) -> Any:
    """The number that a parameter's text writes: a literal number equals no text."""
    return int(given) if isinstance(given, str) and given.isdecimal() else given


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))
