"""Error bodies as the publishers send them are refused, whatever their status."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import given_directory
from tests.integration.fetch.conftest import Bench
from tests.replicas.server import Answer, Fault, Request
from tests.replicas.world import World

pytestmark = pytest.mark.given

CASES = [
    ("errors/arcgis_http200_error_400.json", 200, "arcgis", "error 400: Cannot perform query"),
    ("errors/arcgis_http200_error_504.json", 200, "arcgis", "error 504: Your request has timed"),
    ("errors/arcgis_http200_error_unknown_service.json", 200, "arcgis", "error 400: Invalid URL"),
    ("errors/fingertips_500_ASSEMBLED.html", 500, "fingertips", 'answered 500 .*"Unexpected Err'),
    ("errors/fingertips_404_ASSEMBLED.html", 404, "fingertips", 'answered 404 .*"Page not found"'),
    ("fingertips/header_only_200_parent15.csv", 200, "fingertips", "a header and no rows"),
    ("errors/nomis_empty_body.csv", 200, "nomis", "empty body"),
    ("errors/ees_403_withdrawn.json", 403, "ees", 'answered 403 .*"Forbidden"'),
    ("errors/ees_404.json", 404, "ees", 'answered 404 .*"Not Found"'),
]
KEYS = {
    "arcgis": ("ons_open_geography/lsoa21_ward24", frozenset[str]()),
    "fingertips": ("fingertips/indicator", frozenset({"93014"})),
    "nomis": ("ons_census_2021/ts007a", frozenset[str]()),
    "ees": ("dfe_eyfsp/aps_gld_elg", frozenset[str]()),
}
TYPES = {".json": "application/json", ".html": "text/html", ".csv": "text/csv"}


@pytest.mark.parametrize(
    ("file", "status", "name", "said"), CASES, ids=lambda value: str(value)[:60]
)
def test_a_real_error_body_is_refused(
    file: str, status: int, name: str, said: str, bench: Callable[..., Bench], world: World
) -> None:
    import re

    path: Path = given_directory("BEACON_TEST_API_SAMPLES", "api_samples") / file
    body = path.read_bytes()

    def given(request: Request, answer: Answer) -> Answer:
        listing = request.path.rsplit("/", 1)[-1] in ("data_changes", "available_data")
        return answer if listing else Answer(body, status, TYPES[path.suffix])

    faults: list[Fault] = [given]
    key, series = KEYS[name]
    at = bench(key, series=series)
    with world.replicas[name].failing(*faults):
        result = at.run()
    assert re.search(said, result.said), result.said
    assert result.in_use == []
