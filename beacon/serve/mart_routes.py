"""Addresses of marts: one each, with the parameters and the answer that its contract declares."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import Response

from beacon.serve.caching import answer
from beacon.serve.limits import MOST_TEXT, QueryGate
from beacon.serve.mart_models import (
    Form,
    MartQuery,
    Paging,
    mart_contracts,
    page_model,
    query_model,
)
from beacon.serve.mart_rows import read_rows
from beacon.serve.problems import documented
from beacon.serve.repeated_parameters import RefuseRepeated
from beacon.serve.row_formats import MEDIA_TYPES, write_rows
from beacon.serve.served_release import ServedRelease, ServedReleases

ReleaseName = Annotated[
    str,
    Path(
        description="Label of a release, such as v2026.01.31-1, or `latest`.",
        max_length=MOST_TEXT,
        examples=["latest"],
    ),
]


def mart_router(releases: ServedReleases, gate: QueryGate) -> APIRouter:
    """A route for each mart that has a contract."""
    router = APIRouter(tags=["marts"])
    for name in sorted(mart_contracts()):
        _add(router, releases, gate, name)
    return router


def _add(router: APIRouter, releases: ServedReleases, gate: QueryGate, name: str) -> None:
    contract = mart_contracts()[name]
    parameters = query_model(name)

    def read(
        request: Request,
        release: ReleaseName,
        query: Annotated[parameters, Query()],  # type: ignore[valid-type]
    ) -> Response:
        asked: MartQuery = query
        served = releases.find(release, asked.as_of)
        content = served.mart(name)["sha256"]
        return answer(request, served, content, lambda: _page(request, served, gate, name, asked))

    router.add_api_route(
        f"/releases/{{release}}/marts/{name}",
        read,
        methods=["GET"],
        dependencies=[Depends(RefuseRepeated(parameters))],
        operation_id=f"read_mart_{name}",
        summary=contract.description,
        description=f"Grain: {contract.grain}. In order of {', '.join(contract.key)}.",
        response_model=None,
        responses={
            200: {"model": page_model(name), "description": "A page of rows.", **_other_formats()},
            **documented(404, 422, 503),
        },
    )


def _page(
    request: Request, served: ServedRelease, gate: QueryGate, name: str, query: MartQuery
) -> Response:
    rows = read_rows(gate, served, name, query)
    form: Form = query.format
    response = Response(write_rows(rows, form, served.about, name), media_type=MEDIA_TYPES[form])
    target = f"../../{served.label}/marts/{name}"
    response.headers.update(paging_headers(request, target, rows.paging))
    if form != "json":
        ending = "csv" if form == "csv" else form
        response.headers["Content-Disposition"] = (
            f'attachment; filename="{served.label}-{name}-{rows.paging.page}.{ending}"'
        )
    return response


def paging_headers(request: Request, target: str, paging: Paging) -> dict[str, str]:
    """Count, and links to the pages beside this one, under the release's own label.

    Whoever follows them reads one release to the end, whatever is published meanwhile.

    Args:
        request: The request.
        target: Address of the list as seen from its own, so that a proxy's prefix does not matter.
        paging: Where the page is.
    """
    headers = {"Beacon-Total-Results": str(paging.totalResults)}
    # The label stands where "latest" did, which settles the day.
    asked = request.url.remove_query_params("as_of")
    links = [
        f'<{target}?{asked.include_query_params(page=page).query}>; rel="{relation}"'
        for relation, page in (("prev", paging.page - 1), ("next", paging.page + 1))
        if 1 <= page <= paging.totalPages
    ]
    if links:
        headers["Link"] = ", ".join(links)
    return headers


def _other_formats() -> dict[str, Any]:
    binary = {"schema": {"type": "string", "format": "binary"}}
    return {
        "content": {
            MEDIA_TYPES["csv"].split(";")[0]: {"schema": {"type": "string"}},
            MEDIA_TYPES["parquet"]: binary,
            MEDIA_TYPES["arrow"]: binary,
        }
    }
