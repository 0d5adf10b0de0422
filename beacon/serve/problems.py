"""Errors as answers: problem details (RFC 9457), which say what to do.

The list `errors` has the form of the Explore Education Statistics API of the Department for
Education: message, path of the parameter, code.
"""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

MEDIA_TYPE = "application/problem+json"

_A_DAY = "Give a day, such as 2024-03-31"
# Where pydantic's own words do not say what to give.
_MESSAGES = {
    "extra_forbidden": "There is no such parameter here",
    "date_from_datetime_inexact": _A_DAY,
    "date_from_datetime_parsing": _A_DAY,
}


class Fault(BaseModel):
    """One thing that is wrong with a request."""

    message: str = Field(description="What is wrong and what may be given instead.")
    path: str | None = Field(default=None, description="The parameter at fault.")
    code: str = Field(description="The kind of fault, for programs.")


class Problem(BaseModel):
    """Why a request was not answered (RFC 9457)."""

    type: str = Field(default="about:blank", description="Always about:blank: the title tells.")
    title: str
    status: int
    detail: str = Field(description="What to do.")
    errors: list[Fault] = Field(default_factory=list)


class ProblemError(Exception):
    """A request that cannot be answered, with what to do about it."""

    def __init__(
        self,
        status: int,
        title: str,
        detail: str,
        *,
        faults: Sequence[Fault] = (),
        retry_after: int | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(f"{title}. {detail}")
        self.problem = Problem(title=title, status=status, detail=detail, errors=list(faults))
        self.headers = dict(headers or {})
        if retry_after is not None:
            self.headers["Retry-After"] = str(retry_after)

    def response(self) -> JSONResponse:
        """The problem as an answer. It is not kept by caches."""
        return JSONResponse(
            self.problem.model_dump(),
            self.problem.status,
            {"Cache-Control": "no-store", **self.headers},
            media_type=MEDIA_TYPE,
        )


def not_found(what: str, detail: str) -> ProblemError:
    """404: there is no such thing, and what there is."""
    return ProblemError(404, f"There is no {what}", detail)


def bad_parameter(path: str, message: str, code: str = "invalid") -> ProblemError:
    """422: a parameter that cannot be used, and what may be given."""
    return ProblemError(
        422,
        "A parameter cannot be used",
        message,
        faults=[Fault(message=message, path=path, code=code)],
    )


def install(app: FastAPI) -> None:
    """Let an application answer every error as problem details."""

    @app.exception_handler(ProblemError)
    async def _problem(_: Request, error: ProblemError) -> JSONResponse:
        return error.response()

    @app.exception_handler(RequestValidationError)
    async def _invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        faults = [_fault(item) for item in error.errors()]
        said = "; ".join(f"{fault.path}: {fault.message}" for fault in faults)
        return ProblemError(
            422, "A parameter cannot be used", f"{said}. /openapi.json lists what may be given.",
            faults=faults,
        ).response()  # fmt: skip

    @app.exception_handler(Exception)
    async def _unexpected(_: Request, error: Exception) -> JSONResponse:
        # Uvicorn logs the error with its traceback; whoever asked learns nothing of it.
        del error
        return ProblemError(
            500, "An error of the service", "Tell whoever operates it; its log says what failed."
        ).response()

    @app.exception_handler(HTTPException)
    async def _http(_: Request, error: HTTPException) -> JSONResponse:
        detail = {
            404: "/openapi.json lists the addresses.",
            405: "Releases are only read: use GET.",
        }.get(error.status_code, str(error.detail))
        title = HTTPStatus(error.status_code).phrase
        headers = dict(error.headers or {})
        return ProblemError(error.status_code, title, detail, headers=headers).response()


def _fault(item: dict[str, Any]) -> Fault:
    path = ".".join(str(part) for part in item["loc"] if part not in ("query", "path", "header"))
    message = _MESSAGES.get(item["type"], item["msg"])
    return Fault(message=message, path=path or None, code=item["type"])


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The answers of those statuses for the OpenAPI document."""
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in statuses
    }
