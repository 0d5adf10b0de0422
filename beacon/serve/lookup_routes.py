"""Addresses of what is looked up: indicators with definitions, areas, where numbers are from."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field
from pydantic_core import to_json

from beacon.core.suggestions import did_you_mean
from beacon.serve.area_list import UnknownNameError, list_areas
from beacon.serve.caching import answer
from beacon.serve.limits import MOST_TEXT, QueryGate
from beacon.serve.mart_models import About, row_model
from beacon.serve.mart_routes import ReleaseName
from beacon.serve.problems import bad_parameter, documented, not_found
from beacon.serve.release_routes import AsOf, AsOfQuery
from beacon.serve.repeated_parameters import RefuseRepeated
from beacon.serve.served_release import ServedRelease, ServedReleases
from beacon.serve.trace_rows import records, trace_row

IndicatorRow = row_model("indicator")


class IndicatorList(About):
    """Every indicator and measure, with its definition and the state of its data."""

    results: list[IndicatorRow]  # type: ignore[valid-type]


class Area(BaseModel):
    """An area that has figures."""

    code: str
    name: str
    type: str = Field(description="Kind of area, as the marts name it.")
    parent_code: str | None = Field(description="The area it lies in, where that is known.")


class AreaList(About):
    """Areas."""

    results: list[Area]


class AreaQuery(AsOf):
    """Parameters of the list of areas."""

    type: str | None = Field(default=None, max_length=MOST_TEXT, description="One kind only.")
    name: str | None = Field(
        default=None, max_length=MOST_TEXT, description="Part of the name or code; case is ignored."
    )


class Derivation(BaseModel):
    """How a mart is made."""

    sql: str = Field(description="File of SQL in the repository.")
    git_commit: str
    reads: list[str] = Field(description="Tables that it reads.")


class Trace(About):
    """A number and all that it was made from."""

    trace_id: str
    mart: str
    key: dict[str, Any]
    row: dict[str, Any]
    indicator: dict[str, Any] | None = Field(description="The definition.")
    made_from: list[dict[str, Any]] = Field(description="Rows of the indicator marts it rests on.")
    inputs: list[dict[str, Any]] = Field(
        description="Publishers' files: hash, origin, vintage, licence and attribution."
    )
    derivation: Derivation


def lookup_router(releases: ServedReleases, gate: QueryGate) -> APIRouter:
    """Routes of indicators, areas and traces."""
    once = Depends(RefuseRepeated(AreaQuery))
    router = APIRouter(dependencies=[once], responses=documented(404, 422, 503))

    def rows_of_indicators(served: ServedRelease) -> list[dict[str, Any]]:
        with gate.connection() as con:
            return records(
                con,
                "select * from read_parquet(?) order by indicator_id, measure",
                [str(served.path_of("indicator"))],
            )

    @router.get(
        "/releases/{release}/indicators",
        operation_id="list_indicators",
        tags=["indicators"],
        response_model=IndicatorList,
    )
    def indicators(request: Request, release: ReleaseName, query: AsOfQuery) -> Response:
        """Every indicator and measure, with its definition and the state of its data."""
        served = releases.find(release, query.as_of)
        content = served.mart("indicator")["sha256"]
        return answer(
            request,
            served,
            content,
            lambda: _json({**served.about, "results": rows_of_indicators(served)}),
        )

    @router.get(
        "/releases/{release}/indicators/{indicator}",
        operation_id="read_indicator",
        tags=["indicators"],
        response_model=IndicatorList,
    )
    def indicator_of(
        request: Request,
        release: ReleaseName,
        indicator: Annotated[str, Path(description="Number or short name.", max_length=MOST_TEXT)],
        query: AsOfQuery,
    ) -> Response:
        """One indicator: a row for each of its measures."""
        served = releases.find(release, query.as_of)

        def make() -> Response:
            rows = rows_of_indicators(served)
            found = [
                row
                for row in rows
                if indicator in (row["indicator_slug"], str(row["indicator_id"]))
            ]
            if not found:
                slugs = [row["indicator_slug"] for row in rows]
                raise not_found(
                    f"indicator {indicator!r}",
                    f"`indicators` lists them.{did_you_mean(indicator, slugs)}",
                )
            return _json({**served.about, "results": found})

        return answer(request, served, served.mart("indicator")["sha256"], make)

    @router.get(
        "/releases/{release}/areas",
        operation_id="list_areas",
        tags=["areas"],
        response_model=AreaList,
    )
    def areas(
        request: Request, release: ReleaseName, query: Annotated[AreaQuery, Query()]
    ) -> Response:
        """Areas that have figures: the nation, the system, Places, wards, LSOAs."""
        served = releases.find(release, query.as_of)

        def make() -> Response:
            with gate.connection() as con:
                try:
                    found = list_areas(con, served, kind=query.type, name=query.name)
                except UnknownNameError as error:
                    raise bad_parameter("type", str(error), "unknown_kind") from error
            return _json({**served.about, "results": found})

        return answer(request, served, served.manifest["build_fingerprint"], make)

    @router.get(
        "/releases/{release}/trace/{trace_id}",
        operation_id="trace_number",
        tags=["trace"],
        response_model=Trace,
    )
    def trace(
        request: Request,
        release: ReleaseName,
        trace_id: Annotated[str, Path(description="MART.HASH", max_length=MOST_TEXT)],
        query: AsOfQuery,
    ) -> Response:
        """Where a number comes from: rows, files with hash and licence, and the SQL between."""
        served = releases.find(release, query.as_of)
        return answer(
            request,
            served,
            served.manifest["build_fingerprint"],
            lambda: _json({**served.about, **trace_row(gate, served, trace_id)}),
        )

    return router


def _json(body: dict[str, Any]) -> Response:
    return Response(to_json(body), media_type="application/json")
