"""Organisation Data Service: primary care networks and the practices that belong to them (ePCN)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl

from beacon.core.errors import InputRefusedError, Problem
from beacon.registry.sources import Container, Dataset, DatasetSpec, RowBounds
from beacon.sources.reading import most_of
from beacon.sources.tabular.codes import area_pattern
from beacon.sources.tabular.columns import Columns
from beacon.sources.tabular.spreadsheets import read_workbook
from beacon.sources.tabular.tables import NO_HEADER, TextTable

_CODE, _LOCATION = "PCN Code", "~Current Clinical Commissioning Group Code"
_PRACTICE = "Partner Organisation Code"
_JOINED = "Practice to PCN Relationship Start Date"
_LEFT = "Practice to PCN Relationship End Date"


def read_primary_care_networks(
    path: Path, container: Container, spec: DatasetSpec, fictional: bool
) -> pl.DataFrame:
    """Read the sheet of networks and that of their practices, which share the code of the network.

    Returns:
        pcn_code, pcn_name, sub_icb_ods_code, opened, closed (null while open), practice_code,
        practice_name, practice_joined, practice_left (null while it belongs), source_row: one row
        per network, practice and time that the practice joined, and one row without a practice for
        a network that has none. The row is that of the sheet of practices where there is one.

    Raises:
        InputRefusedError: For a sheet that is missing, a code or day that is none, an end before
            its start, a network that only the sheet of practices has, or a practice that belongs
            to two open networks at once.
    """
    dataset, options = spec.dataset, spec.dataset.options
    practices = dataset.model_copy(
        update={
            "header": tuple(options["practice_header"]),
            "rows": RowBounds.model_validate(options["practice_rows"]),
        }
    )
    columns = Columns(_sheet(path, dataset), dataset, fictional=fictional)
    columns.check_row_count()
    networks = pl.DataFrame(
        {
            "pcn_code": columns.code(_CODE, area_pattern("network", fictional=fictional)),
            "pcn_name": columns.text("PCN Name"),
            "sub_icb_ods_code": columns.text(_LOCATION),
            **_from_until(columns, "Open Date", "Close Date", "opened", "closed"),
            "network_row": columns.rows.cast(pl.Int32),
        }
    )
    columns.unique([_CODE])
    partners = Columns(_sheet(path, practices), practices, fictional=fictional)
    partners.check_row_count()
    members = pl.DataFrame(
        {
            "practice_code": partners.code(
                _PRACTICE, area_pattern("practice", fictional=fictional)
            ),
            "practice_name": partners.text("Partner Name"),
            "pcn_code": partners.code(_CODE, area_pattern("network", fictional=fictional)),
            **_from_until(partners, _JOINED, _LEFT, "practice_joined", "practice_left"),
            "source_row": partners.rows.cast(pl.Int32),
        }
    )
    # A practice may leave a network and join it again.
    partners.unique([_PRACTICE, _CODE, _JOINED])
    _fail_where_relations_are_wrong(partners, members, networks)
    if problems := [*columns.problems, *partners.problems]:
        raise InputRefusedError(problems)
    return (
        networks.join(members, on="pcn_code", how="left", maintain_order="left")
        .with_columns(pl.coalesce("source_row", "network_row"))
        .drop("network_row")
    )


def _sheet(path: Path, dataset: Dataset) -> TextTable:
    """The sheet with a dataset's header, which messages name beside the file."""
    try:
        table = read_workbook(path, most_of(dataset), dataset.header_rows)
    except InputRefusedError as error:
        if not any(problem.message == NO_HEADER for problem in error.problems):
            raise
        headers = ", ".join(repr(name.removeprefix("~")) for name in dataset.header)
        message = f"no sheet has most of the column headers {headers}."
        raise InputRefusedError([Problem(path.name, message)]) from error
    return replace(table, file=f"{path.name}, sheet {table.sheet!r}")


def _from_until(
    columns: Columns, first: str, last: str, start: str, end: str
) -> dict[str, pl.Series]:
    """The days on which something began and, where it did, ended."""
    began = _days(columns, first, blank=False)
    ended = _days(columns, last, blank=True)
    columns.fail_where(ended < began, last, f"is before the day in {first!r} of the same row")
    return {start: began, end: ended}


def _days(columns: Columns, name: str, *, blank: bool) -> pl.Series:
    texts = columns.text(name)
    days = texts.str.to_date("%Y%m%d", strict=False)
    # "2020013" would be the 3rd of January.
    bad = days.is_null() | ~texts.str.contains(r"^\d{8}$")
    columns.fail_where(bad & (texts != "") if blank else bad, name, "is not a day such as 20191001")
    return days


def _fail_where_relations_are_wrong(
    partners: Columns, members: pl.DataFrame, networks: pl.DataFrame
) -> None:
    """Networks must be known, and a practice belongs to one open network at most."""
    unknown = ~members["pcn_code"].is_in(networks["pcn_code"].to_list())
    partners.fail_where(unknown, _CODE, "is not in the sheet of networks of the same workbook")
    closed = networks.filter(pl.col("closed").is_not_null())["pcn_code"].to_list()
    belongs = members["practice_left"].is_null() & ~members["pcn_code"].is_in(closed)
    practices = members["practice_code"]
    counts = practices.filter(belongs).value_counts().filter(pl.col("count") > 1)
    twice = belongs & practices.is_in(counts["practice_code"].to_list())
    partners.fail_where(
        twice, _PRACTICE, "belongs to a network without an end, and so it does in another row"
    )
