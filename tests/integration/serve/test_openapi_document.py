"""The OpenAPI document: what it says is done, and a stranger's client can be made from it."""

import re
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiopenapi3
import httpx2
import pytest
import schemathesis
import schemathesis.checks
import uvicorn
from aiopenapi3.extra import Reduce
from hypothesis import HealthCheck, given, settings
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from beacon.core.home import Home
from beacon.release.layout import Release
from beacon.serve.http_app import make_app
from tests.integration.serve.test_http_marts import rows_of

_CHECKS = [
    schemathesis.checks.not_a_server_error,
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
]


@pytest.fixture(scope="module")
def app(published_sample: Path) -> Any:
    # Schemathesis asks under a name of its own.
    made = make_app(Home(published_sample), hosts=("testserver", "localhost"))
    made.openapi()
    return made


def test_no_request_makes_the_service_fail(app: Any) -> None:
    schema = schemathesis.openapi.from_asgi("/openapi.json", app)
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) >= 40
    for operation in operations:

        @settings(max_examples=5, suppress_health_check=list(HealthCheck), derandomize=True)
        @given(case=operation.as_strategy())
        def ask(case: Any) -> None:
            case.call_and_validate(checks=_CHECKS)

        ask()


@pytest.fixture(scope="module")
def address(app: Any) -> Iterator[str]:
    """A server on a port of the loopback address."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
    running = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    running.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    running.join()


def test_a_client_made_from_the_document_reads_releases(address: str, sample: Release) -> None:
    def session(**options: Any) -> httpx2.Client:
        return httpx2.Client(trust_env=False, **options)

    # Of forty operations the three that are asked, which saves the making of the others' models.
    asked = Reduce(
        *(re.compile(name) for name in ("list_releases", "read_mart_scorecard", "read_changes"))
    )
    api = aiopenapi3.OpenAPI.load_sync(
        f"{address}/openapi.json", session_factory=session, plugins=[asked]
    )
    (summary,) = api._.list_releases().results
    assert summary.release == sample.label
    page = api._.read_mart_scorecard(
        parameters={"release": "latest", "place_code": ["Z06000001"], "pageSize": 1000}
    )
    expected = rows_of(sample, "scorecard", "place_code = 'Z06000001'")
    assert page.paging.totalResults == len(expected)
    # Typed: a missing value is None, a value a number.
    assert [row.value for row in page.results] == [row["value"] for row in expected]
    assert [str(row.period_end) for row in page.results] == [str(r["period_end"]) for r in expected]
    changes = api._.read_changes(parameters={"release": sample.label, "other": "latest"})
    assert changes.results == []
