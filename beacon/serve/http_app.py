"""The application of `beacon serve`: read-only, over the releases of one home."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import FileResponse, RedirectResponse, Response
from starlette.middleware.base import RequestResponseEndpoint
from starlette.middleware.trustedhost import TrustedHostMiddleware

from beacon.core.home import Home
from beacon.core.version import installed_version
from beacon.serve.limits import Limits, QueryGate
from beacon.serve.lookup_routes import lookup_router
from beacon.serve.mart_routes import mart_router
from beacon.serve.problems import Problem, install, not_found
from beacon.serve.release_routes import release_router
from beacon.serve.served_release import ServedReleases
from beacon.serve.token_guard import TokenGuard

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
VERSION = "v1"

_ABOUT = """Releases of Beacon: population-health figures of an English integrated care system.

Only reads. `latest` is the current release; under a release's own label an answer never changes.
Lists have `paging` (page, pageSize, totalResults, totalPages), and a `Link` to the next page under
the label, so that reading to the end never mixes two releases. `value_status` says whether a value
is published, suppressed, not published or not supplied; none of these is zero. What a release
leaves out for few people is left out here.
"""
_SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def make_app(
    home: Home,
    *,
    tokens: tuple[bytes, ...] = (),
    hosts: tuple[str, ...] = (),
    limits: Limits | None = None,
) -> FastAPI:
    """The application.

    Args:
        home: Whose releases are read. Nothing is written.
        tokens: Hashes of the tokens that open it (`read_tokens`); none asks for none.
        hosts: Names, beside those of the loopback address, that it may be asked under.
        limits: What requests may take.
    """
    app = FastAPI(
        title="Beacon",
        version=VERSION,
        description=_ABOUT,
        servers=[{"url": "/"}],
        # Their pages load scripts from another server; /openapi.json is for any client.
        docs_url=None,
        redoc_url=None,
    )
    releases, gate = ServedReleases(home), QueryGate(limits or Limits())
    install(app)
    for router in (
        release_router(releases, gate),
        lookup_router(releases, gate),
        mart_router(releases, gate),
    ):
        app.include_router(router, prefix=f"/{VERSION}")
    app.include_router(_own_router(releases))
    _declare_problems(app, with_tokens=bool(tokens))

    @app.middleware("http")
    async def _add_headers(request: Request, call_next: RequestResponseEndpoint) -> Response:
        response = await call_next(request)
        response.headers.update(_SECURITY_HEADERS)
        return response

    if tokens:
        app.add_middleware(TokenGuard, tokens=tokens)
    # A foreign name that leads here (DNS rebinding) gets nothing.
    app.add_middleware(
        TrustedHostMiddleware, allowed_hosts=[*LOOPBACK_NAMES, *hosts], www_redirect=False
    )
    return app


def _own_router(releases: ServedReleases) -> APIRouter:
    router = APIRouter()

    @router.get("/health", operation_id="read_health", tags=["service"])
    def health() -> dict[str, str | None]:
        """Whether the service answers, its version and the current release."""
        current = releases.current()
        return {
            "status": "ok",
            "version": installed_version(),
            "release": current.label if current else None,
        }

    @router.get("/", include_in_schema=False)
    def start() -> Response:
        return RedirectResponse("/site/latest/index.html")

    @router.get("/site/{release}/{path:path}", include_in_schema=False)
    def page(release: str, path: str) -> Response:
        served = releases.find(release)
        if not served.named:
            # Links between pages then stay within one release.
            return RedirectResponse(f"/site/{served.label}/{quote(path)}")
        file = _page_file(served.release.path / "site", path or "index.html")
        if file is None:
            raise not_found(
                f"page {path[:80]!r} of {served.label}",
                "Start at /site/latest/index.html. A release without pages: `beacon site build` "
                "makes them elsewhere.",
            )
        # Pages can be built anew for a release, so they are asked for again each time.
        return FileResponse(file, headers={"Cache-Control": "no-cache"})

    return router


def _page_file(site: Path, path: str) -> Path | None:
    """A file of the pages; None where there is none, or can be none of such a name."""
    try:
        site = site.resolve()
        file = (site / path).resolve()
        return file if file.is_relative_to(site) and file.is_file() else None
    except (OSError, ValueError):
        # Too long for the file system, or with a NUL.
        return None


def _declare_problems(app: FastAPI, *, with_tokens: bool) -> None:
    """Let the OpenAPI document say what errors look like, and that a token is needed."""
    make = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = make()
            parts = schema.setdefault("components", {})
            problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
            parts.setdefault("schemas", {}).update(problem.pop("$defs"), Problem=problem)
            if with_tokens:
                parts["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
                schema["security"] = [{"token": []}]
        return app.openapi_schema or {}

    app.openapi = openapi  # type: ignore[method-assign]
