"""Addresses of releases: which there are, manifests, files, and what changed between two."""

from __future__ import annotations

import mimetypes
from datetime import date
from functools import lru_cache
from itertools import islice
from math import ceil
from pathlib import Path as FilePath
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import FileResponse, JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from beacon.core.errors import DamagedReleaseError
from beacon.release.diff import Difference, compare_releases, shown
from beacon.release.layout import CHECKSUMS, MANIFEST, Release
from beacon.serve.caching import answer
from beacon.serve.limits import MOST_TEXT, QueryGate
from beacon.serve.mart_models import PageQuery, Paging
from beacon.serve.mart_routes import ReleaseName, paging_headers
from beacon.serve.problems import ProblemError, documented, not_found
from beacon.serve.repeated_parameters import RefuseRepeated
from beacon.serve.row_formats import MEDIA_TYPES
from beacon.serve.served_release import ServedRelease, ServedReleases


class ReleaseSummary(BaseModel):
    """One release."""

    release: str
    current: bool = Field(description="True for the one that `latest` is.")
    published_at: str | None = Field(description="When, UTC; null where its record is gone.")
    fictional: bool
    notice: str | None
    footprint: str = Field(description="Name of the system.")
    contract_version: str = Field(description="Version of the marts' contract.")
    rows: int = Field(description="Rows of all marts.")
    checks_failed: int = Field(description="Checks that failed without holding the release.")
    git_commit: str = Field(description="Commit of the code that made it.")


class ReleaseList(BaseModel):
    """Releases, the newest first."""

    paging: Paging
    results: list[ReleaseSummary]


class ChangesQuery(PageQuery):
    """Parameters of a comparison."""

    mart: str | None = Field(default=None, max_length=MOST_TEXT, description="One mart only.")


class CellChange(BaseModel):
    """One cell that differs, or one row that only one release has."""

    mart: str
    key: dict[str, Any] = Field(description="Key columns of the row.")
    change: str = Field(description="added, removed or changed.")
    column: str | None = Field(description="The column that differs; null for a whole row.")
    before: Any = None
    after: Any = None


class Changes(BaseModel):
    """What differs between two releases."""

    before: str
    after: str
    contract_before: str = Field(description="Versions of the contract; a change of the first")
    contract_after: str = Field(description="number may break readers.")
    paging: Paging
    results: list[CellChange]


class ReleaseFile(BaseModel):
    """One file of a release."""

    path: str
    sha256: str | None = Field(description="Null for the manifest and the sums themselves.")
    size_bytes: int


class FileList(BaseModel):
    """The files of a release."""

    release: str
    results: list[ReleaseFile]


class AsOf(BaseModel):
    """The parameter of everything that is not a list."""

    model_config = ConfigDict(extra="forbid")

    as_of: date | None = Field(default=None, description="With `latest`: as of this day.")


AsOfQuery = Annotated[AsOf, Query()]


def release_router(releases: ServedReleases, gate: QueryGate) -> APIRouter:
    """Routes of releases."""
    once = Depends(RefuseRepeated(AsOf, ChangesQuery))
    router = APIRouter(tags=["releases"], dependencies=[once], responses=documented(404, 422, 503))

    @router.get("/releases", operation_id="list_releases", response_model=ReleaseList)
    def list_them(query: Annotated[PageQuery, Query()]) -> ReleaseList:
        """Releases, the newest first."""
        every = releases.every()[::-1]
        current = releases.current()
        first = (query.page - 1) * query.pageSize
        shown_ones = [
            summary
            for release in every[first : first + query.pageSize]
            if (summary := _summary(release, current)) is not None
        ]
        pages = ceil(len(every) / query.pageSize)
        paging = Paging(
            page=query.page, pageSize=query.pageSize, totalResults=len(every), totalPages=pages
        )
        return ReleaseList(paging=paging, results=shown_ones)

    @router.get("/releases/{release}", operation_id="read_release", response_model=ReleaseSummary)
    def summary(request: Request, release: ReleaseName, query: AsOfQuery) -> Response:
        """One release."""
        served = releases.find(release, query.as_of)
        found = _summary(served.release, releases.current())
        if found is None:
            raise not_found(f"release {release!r}", "It was removed meanwhile.")
        # Which is current changes, so this is never immutable.
        return JSONResponse(found.model_dump(), headers={"Cache-Control": "no-cache"})

    @router.get("/releases/{release}/manifest", operation_id="read_manifest", response_model=None)
    def manifest(request: Request, release: ReleaseName, query: AsOfQuery) -> Response:
        """What a release is made of: inputs with their hashes and licences, marts, checks, code."""
        served = releases.find(release, query.as_of)
        made = served.manifest["build_fingerprint"]
        return answer(request, served, made, lambda: JSONResponse(served.manifest))

    @router.get("/releases/{release}/files", operation_id="list_files", response_model=FileList)
    def files(request: Request, release: ReleaseName, query: AsOfQuery) -> Response:
        """The files of a release: whole marts as Parquet and CSV, the workbook, descriptions."""
        served = releases.find(release, query.as_of)

        def make() -> Response:
            sums = _sums(served)
            listed = [
                {"path": name, "sha256": sums[name], "size_bytes": path.stat().st_size}
                for name in sums
                if (path := served.release.path / name).is_file()
            ]
            return JSONResponse({"release": served.label, "results": listed})

        return answer(request, served, served.manifest["build_fingerprint"], make)

    @router.get(
        "/releases/{release}/files/{path:path}",
        operation_id="read_file",
        response_class=FileResponse,
        responses={200: {"content": {"application/octet-stream": {}}, "description": "The file."}},
    )
    def file(
        request: Request,
        release: ReleaseName,
        path: Annotated[str, Path(description="As `files` lists it.", max_length=MOST_TEXT)],
    ) -> Response:
        """One file of a release. Parts of it may be asked for (Range)."""
        served = releases.find(release)
        sums = _sums(served)
        # Only names that the manifest lists lead to a file.
        if path not in sums or not (served.release.path / path).is_file():
            raise not_found(f"file {path[:80]!r} in {served.label}", f"Files: {', '.join(sums)}.")
        response = answer(
            request,
            served,
            sums[path] or served.manifest["build_fingerprint"],
            lambda: _file(served.release.path / path),
        )
        response.headers["Content-Disposition"] = (
            f'attachment; filename="{served.label}-{FilePath(path).name}"'
        )
        return response

    # Programs that read a part of a Parquet file, such as DuckDB, ask for its size first.
    router.add_api_route(
        "/releases/{release}/files/{path:path}", file, methods=["HEAD"], include_in_schema=False
    )

    @router.get(
        "/releases/{release}/changes/{other}", operation_id="read_changes", response_model=Changes
    )
    def changes(
        request: Request,
        release: ReleaseName,
        other: ReleaseName,
        query: Annotated[ChangesQuery, Query()],
    ) -> Response:
        """What differs between two releases, cell by cell, but where rows were read from."""
        before, after = releases.find(release), releases.find(other)
        together = ServedRelease(after.release, after.manifest, named=before.named and after.named)
        content = before.label + after.label

        def make() -> Response:
            found = _differences(gate, before.release, after.release, query.mart)
            first = (query.page - 1) * query.pageSize
            paging = Paging(
                page=query.page,
                pageSize=query.pageSize,
                totalResults=len(found),
                totalPages=ceil(len(found) / query.pageSize),
            )
            body = Changes(
                before=before.label,
                after=after.label,
                contract_before=before.manifest["contract_version"],
                contract_after=after.manifest["contract_version"],
                paging=paging,
                results=[_cell(item) for item in found[first : first + query.pageSize]],
            )
            response = Response(body.model_dump_json(), media_type="application/json")
            target = f"../../{before.label}/changes/{after.label}"
            response.headers.update(paging_headers(request, target, paging))
            return response

        return answer(request, together, content, make)

    # Two releases never change, and pages of one comparison are asked for one after another.
    @lru_cache(maxsize=2)
    def _differences(
        gate: QueryGate, before: Release, after: Release, mart: str | None
    ) -> list[Difference]:
        known = {entry["name"] for side in (before, after) for entry in side.manifest["marts"]}
        if mart is not None and mart not in known:
            raise not_found(f"mart {mart!r}", f"Marts: {', '.join(sorted(known))}.")
        most = gate.limits.most_differences
        with gate.connection() as con:
            found = list(islice(compare_releases(before, after, mart, con=con), most + 1))
        if len(found) > most:
            raise ProblemError(
                422,
                "Too many differences",
                f"More than {most:,} cells differ. Name one `mart`, or compare its files.",
            )
        return found

    return router


def _summary(release: Release, current: Release | None) -> ReleaseSummary | None:
    try:
        manifest, record = release.manifest, release.run_record
    except DamagedReleaseError:
        return None
    return ReleaseSummary(
        release=release.label,
        current=current is not None and current.label == release.label,
        published_at=record.get("published_at"),
        fictional=manifest["fictional"],
        notice=manifest["notice"],
        footprint=manifest["footprint"]["name"],
        contract_version=manifest["contract_version"],
        rows=sum(mart["rows"] for mart in manifest["marts"]),
        checks_failed=len(manifest["checks"]["failed"]),
        git_commit=manifest["code"]["git_commit"],
    )


def _sums(served: ServedRelease) -> dict[str, str | None]:
    """The files that may be read, with their hashes."""
    sums: dict[str, str | None] = {mart["file"]: mart["sha256"] for mart in served.marts.values()}
    return {**sums, **served.manifest["files"], MANIFEST: None, CHECKSUMS: None}


def _file(path: FilePath) -> FileResponse:
    guessed = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    form = path.suffix.removeprefix(".")
    return FileResponse(path, media_type=MEDIA_TYPES.get(form, guessed))


def _cell(item: Difference) -> CellChange:
    return CellChange(
        mart=item.mart,
        key=dict(item.key),
        change=item.change,
        column=item.column,
        before=_plain(item.before),
        after=_plain(item.after),
    )


def _plain(value: Any) -> Any:
    return shown(value) if isinstance(value, bytes) else value
