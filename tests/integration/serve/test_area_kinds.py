"""Kinds of area that are asked for: one that does not exist is refused, an empty one is not."""

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from beacon.core.home import Home
from beacon.release.layout import Release
from beacon.serve.area_list import UnknownNameError
from beacon.serve.mcp_tools import Tools
from tests.integration.serve.board_questions import Marts

AREAS = "/v1/releases/latest/areas"


def test_an_unknown_kind_is_refused_with_those_there_are(
    client: TestClient, sample: Release, published_sample: Path
) -> None:
    counted = {row["kind"] for row in Marts(sample.path).rows("select distinct kind from area")}
    answer = client.get(AREAS, params={"type": "nope"})
    assert answer.status_code == 422
    (fault,) = answer.json()["errors"]
    assert (fault["path"], fault["code"]) == ("type", "unknown_kind")
    assert "There is no kind of area 'nope'" in fault["message"]
    named = set(fault["message"].rstrip(".").partition("Kinds: ")[2].split(", "))
    assert named >= counted | {"lsoa"}
    for kind in named:
        assert client.get(AREAS, params={"type": kind}).json()["results"]
    near = client.get(AREAS, params={"type": "plaec"}).json()["detail"]
    assert "Did you mean 'place'" in near
    with pytest.raises(UnknownNameError, match=r"no kind of area 'nope'.*Kinds: .*place"):
        Tools(Home(published_sample)).find_areas(kind="nope")


def test_a_kind_without_areas_is_empty(client: TestClient, sample: Release) -> None:
    counted = {row["kind"] for row in Marts(sample.path).rows("select distinct kind from area")}
    # The contract of mart `area` names it; the sample has none.
    assert "msoa" not in counted
    assert client.get(AREAS, params={"type": "msoa"}).json()["results"] == []
    unnamed = client.get(AREAS, params={"type": "place", "name": "no such name"})
    assert unnamed.json()["results"] == []
