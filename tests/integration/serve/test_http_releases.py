"""Releases, files, changes, lookups and traces over HTTP; who may ask, and what strangers try."""

import hashlib
import json
import shutil
from pathlib import Path

import duckdb
import pytest
from starlette.testclient import TestClient

from beacon.core.errors import SettingsError
from beacon.core.home import Home
from beacon.release.diff import compare_releases
from beacon.release.layout import JOURNAL, Release
from beacon.serve.http_server import check_address
from beacon.serve.token_guard import read_tokens
from tests.integration.serve.conftest import BASE, client_of

LATEST = "/v1/releases/latest"
TOKEN = "a-token-of-a-test-" + "0" * 20


def test_releases_are_listed_the_newest_first(two_releases: tuple[Home, Release, Release]) -> None:
    home, first, second = two_releases
    answer = client_of(home.root).get("/v1/releases").json()
    assert [row["release"] for row in answer["results"]] == [second.label, first.label]
    assert [row["current"] for row in answer["results"]] == [True, False]
    assert answer["paging"] == {"page": 1, "pageSize": 1000, "totalResults": 2, "totalPages": 1}


def test_a_release_that_was_never_current_is_not_given(
    two_releases: tuple[Home, Release, Release],
) -> None:
    home, _, second = two_releases
    halfway = Release(f"{second.label[:-1]}3", home.releases / f"{second.label[:-1]}3")
    shutil.copytree(second.path, halfway.path)
    client = client_of(home.root)
    assert client.get(f"/v1/releases/{halfway.label}").status_code == 200
    (home.releases / JOURNAL).write_text(json.dumps({"release": halfway.label}))
    assert client.get(f"/v1/releases/{halfway.label}/marts/place").status_code == 404
    assert client.get(f"{LATEST}/marts/place").json()["release"] == second.label


def test_the_manifest_and_every_file_are_the_release_s_own(
    client: TestClient, sample: Release
) -> None:
    assert client.get(f"{LATEST}/manifest").json() == sample.manifest
    files = client.get(f"{LATEST}/files").json()["results"]
    assert {file["path"] for file in files} >= {"scorecard.parquet", "manifest.json"}
    for file in files:
        if file["path"] in ("place.parquet", "datapackage.json", "csv/place.csv", "manifest.json"):
            content = client.get(f"{LATEST}/files/{file['path']}").content
            assert content == (sample.path / file["path"]).read_bytes()
            if file["sha256"]:
                assert hashlib.sha256(content).hexdigest() == file["sha256"]
    part = client.get(f"{LATEST}/files/place.parquet", headers={"Range": "bytes=0-3"})
    assert (part.status_code, part.content) == (206, b"PAR1")
    head = client.head(f"{LATEST}/files/place.parquet")
    size = (sample.path / "place.parquet").stat().st_size
    assert (head.status_code, head.headers["content-length"]) == (200, str(size))


def test_changes_are_those_of_the_comparison(two_releases: tuple[Home, Release, Release]) -> None:
    home, first, second = two_releases
    client = client_of(home.root)
    expected = list(compare_releases(first, second))
    assert {item.mart for item in expected} == {"beacon_indicator"}
    asked = f"/v1/releases/{first.label}/changes/{second.label}?pageSize=3000"
    pages = [client.get(f"{asked}&page={page}").json() for page in (1, 2)]
    assert pages[0]["paging"]["totalResults"] == len(expected)
    cells = [cell for page in pages for cell in page["results"]]
    assert [(cell["before"], cell["after"]) for cell in cells] == [
        (item.before, item.after) for item in expected
    ]
    assert cells[0]["key"] == dict(expected[0].key)
    tight = client_of(home.root, limits=_few_differences())
    refused = tight.get(f"/v1/releases/{first.label}/changes/{second.label}")
    assert refused.status_code == 422
    assert "Name one `mart`" in refused.json()["detail"]


def _few_differences() -> object:
    from beacon.serve.limits import Limits

    return Limits(most_differences=10)


def test_indicators_come_with_their_definitions(client: TestClient) -> None:
    every = client.get(f"{LATEST}/indicators").json()["results"]
    assert {row["indicator_id"] for row in every} >= set(range(1, 23))
    by_number = client.get(f"{LATEST}/indicators/19").json()["results"]
    by_name = client.get(f"{LATEST}/indicators/loneliness").json()["results"]
    assert by_number == by_name
    assert by_name[0]["definition"]
    wrong = client.get(f"{LATEST}/indicators/lonelyness")
    assert wrong.status_code == 404
    assert "Did you mean 'loneliness'" in wrong.json()["detail"]


def test_areas_are_those_counted_and_those_with_figures(
    client: TestClient, sample: Release
) -> None:
    places = client.get(f"{LATEST}/areas?type=place").json()["results"]
    with duckdb.connect() as con:
        known = con.sql(
            f"select place_code, place_name, icb_code from '{sample.path}/place.parquet' order by 1"
        ).fetchall()
    assert [(a["code"], a["name"], a["parent_code"]) for a in places] == known
    areas = client.get(f"{LATEST}/areas").json()["results"]
    kinds = {area["type"] for area in areas}
    assert kinds >= {"nation", "region", "board", "place", "upper_tier_authority", "ward", "lsoa"}
    codes = [area["code"] for area in areas]
    assert len(codes) == len(set(codes)), "a Place that is one authority is listed once"
    with duckdb.connect() as con:
        for mart in ("area", "observation"):
            con.sql(f"create view {mart} as from '{sample.path}/{mart}.parquet'")
        with_figures = con.sql("select area_code from area union select area_code from observation")
        assert {code for (code,) in with_figures.fetchall()} <= set(codes)


def _trace_ids(sample: Release, mart: str, where: str) -> list[str]:
    from beacon.serve.trace_rows import trace_id_sql

    with duckdb.connect() as con:
        return [
            str(found)
            for (found,) in con.sql(
                f"with mart as (from '{sample.path}/{mart}.parquet') "
                f"select {trace_id_sql(mart)} from mart where {where}"
            ).fetchall()
        ]


def test_numbers_lead_to_the_files_that_they_are_from(client: TestClient, sample: Release) -> None:
    known = {entry["sha256"] for entry in sample.manifest["inputs"]}
    for mart, where in (
        ("scorecard", "value is not null and place_code = (select min(place_code) from mart)"),
        ("beacon_indicator", "value is not null and area_type = 'icb' limit 20"),
    ):
        ids = _trace_ids(sample, mart, where)
        assert len(ids) > 5
        for trace_id in ids:
            chain = client.get(f"{LATEST}/trace/{trace_id}").json()
            made_from = chain["made_from"] or [chain["row"]]
            if chain["row"].get("value_method") == "sum_of_places":
                counts = [row["numerator"] for row in made_from]
                assert sum(counts) == pytest.approx(chain["row"]["numerator"])
            else:
                assert chain["row"]["value"] in [row["value"] for row in made_from]
            assert chain["inputs"], chain
            assert {entry["sha256"] for entry in chain["inputs"]} <= known
            assert all(entry["licence"] for entry in chain["inputs"])
            assert chain["indicator"]["definition"]


def test_a_row_of_any_mart_can_be_traced(client: TestClient, sample: Release) -> None:
    for mart in sample.manifest["marts"]:
        for trace_id in _trace_ids(sample, mart["name"], "true limit 1"):
            chain = client.get(f"{LATEST}/trace/{trace_id}").json()
            assert chain["mart"] == mart["name"]
            assert chain["derivation"]["reads"]


def test_a_trace_tells_nothing_that_the_release_does_not(
    client: TestClient, sample: Release
) -> None:
    """A return's own lines and landed bytes hold counts that its totals do not show."""
    (trace_id, *_) = _trace_ids(
        sample, "beacon_indicator", "source = 'local_return' and value_status = 'suppressed'"
    )
    chain = client.get(f"{LATEST}/trace/{trace_id}").json()
    assert chain["row"]["value"] is None
    assert set(chain) == {
        "release", "fictional", "notice", "trace_id", "mart", "key", "row", "indicator",
        "made_from", "inputs", "derivation",
    }  # fmt: skip
    assert all(entry in sample.manifest["inputs"] for entry in chain["inputs"])


@pytest.mark.parametrize(
    "address",
    [
        "/v1/releases/..%2f..%2fetc/manifest",
        "/v1/releases/latest/files/../../../latest.json",
        "/v1/releases/latest/files/..%2f..%2flatest.json",
        "/v1/releases/latest/files/run.json",
        "/v1/releases/latest/files/%00",
        "/site/latest/..%2f..%2f..%2flatest.json",
        "/v1/releases/latest/marts/place?place_code=" + "x" * 201,
        "/v1/releases/latest/marts/place?columns=people,place_code;drop",
        "/v1/releases/latest/marts/place?people.gte=1e400",
        "/v1/releases/latest/marts/place?page=0",
        "/v1/releases/latest/marts/place?where=1%3D1",
        "/v1/releases/latest/marts/place?format=xlsx",
        "/v1/releases/latest/marts/indicator?" + "&".join(["theme=x"] * 101),
        "/v1/releases/latest/marts/indicator?role=nonsense",
        "/v1/releases/latest/marts/sqlite_master",
        "/v1/releases/latest/trace/place.' or true --",
        "/v1/releases/v2026.01.01-1%00/manifest",
    ],
)
def test_what_strangers_try_is_refused_in_words(client: TestClient, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code in (404, 422), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == answer.status_code
    assert problem["detail"]
    assert "/tmp" not in answer.text


@pytest.mark.parametrize("path", ["%00", "a" * 300, "a/" * 3000, "%ED%A0%80", "nowhere.html"])
def test_a_page_that_no_file_can_be_is_not_found(
    client: TestClient, sample: Release, path: str
) -> None:
    answer = client.get(f"/site/{sample.label}/{path}")
    assert answer.status_code == 404
    assert "Start at /site/latest/index.html" in answer.json()["detail"]


def test_nothing_can_be_written(client: TestClient) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        answer = client.request(method, f"{LATEST}/marts/place")
        assert answer.status_code == 405
        assert "GET" in answer.json()["detail"]


def test_only_its_own_names_are_answered(published_sample: Path) -> None:
    client = client_of(published_sample, hosts=("beacon.example.nhs.uk",))
    assert client.get("/health", headers={"Host": "evil.example"}).status_code == 400
    assert client.get("/health", headers={"Host": "beacon.example.nhs.uk"}).status_code == 200


def test_a_token_is_asked_for_where_there_is_a_file(published_sample: Path, tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    file.write_text(f"# analysts\n{TOKEN}\n")
    file.chmod(0o600)
    client = client_of(published_sample, tokens=read_tokens(file))
    for headers in ({}, {"Authorization": "Bearer " + "1" * 40}, {"Authorization": TOKEN}):
        answer = client.get("/v1/releases", headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert client.get("/site/latest/index.html", headers=headers).status_code == 401
        assert client.get("/openapi.json", headers=headers).status_code == 401
    known = {"Authorization": f"Bearer {TOKEN}"}
    assert client.get("/v1/releases", headers=known).status_code == 200
    kept = client.get(f"{LATEST}/marts/place", headers=known)
    assert kept.headers["cache-control"].startswith("private")
    assert client.get("/health").status_code == 200


@pytest.mark.parametrize(
    ("content", "mode", "said"),
    [
        ("", 0o600, "holds no token"),
        ("short\n", 0o600, "line 1: a token has at least 32"),
        (TOKEN, 0o644, "chmod 600"),
    ],
)
def test_a_token_file_that_guards_nothing_is_refused(
    tmp_path: Path, content: str, mode: int, said: str
) -> None:
    file = tmp_path / "tokens"
    file.write_text(content)
    file.chmod(mode)
    with pytest.raises(SettingsError, match=said):
        read_tokens(file)


def test_other_machines_reach_it_only_with_tokens() -> None:
    check_address("127.0.0.1", ())
    check_address("10.0.0.5", (b"x",))
    for address in ("10.0.0.5", "0.0.0.0", "nonsense"):
        with pytest.raises(SettingsError):
            check_address(address, ())


def test_an_empty_or_damaged_home_is_told_in_words(
    tmp_path: Path, two_releases: tuple[Home, Release, Release]
) -> None:
    empty = client_of(tmp_path / "nothing")
    assert empty.get("/v1/releases").json()["results"] == []
    assert "beacon run" in empty.get(f"{LATEST}/marts/place").json()["detail"]
    home, _, second = two_releases
    client = client_of(home.root)
    (second.path / "place.parquet").write_bytes(b"no Parquet")
    broken = client.get(f"{LATEST}/marts/place")
    assert broken.status_code == 503
    assert "beacon verify" in broken.json()["detail"]
    (second.path / "manifest.json").write_text("{")
    assert client.get(f"{LATEST}/marts/scorecard").status_code == 503
    home.latest.write_text("no JSON")
    assert client.get(f"{LATEST}/marts/scorecard").status_code == 503


def test_pages_of_the_site_stay_within_their_release(
    two_releases: tuple[Home, Release, Release],
) -> None:
    home, first, second = two_releases
    client = client_of(home.root)
    without = client.get("/site/latest/index.html")
    assert without.status_code == 404
    assert "beacon site build" in without.json()["detail"]
    for release in (first, second):
        (release.path / "site" / "places").mkdir(parents=True)
        (release.path / "site" / "index.html").write_text(f"<title>{release.label}</title>")
        (release.path / "site" / "places" / "a.html").write_text("<title>A</title>")
    start = client.get("/")
    assert str(start.url) == f"{BASE}/site/{second.label}/index.html"
    assert start.headers["content-type"].startswith("text/html")
    assert second.label in start.text
    page = client.get("/site/latest/places/a.html")
    assert str(page.url) == f"{BASE}/site/{second.label}/places/a.html"
    assert client.get(f"/site/{first.label}/").text == f"<title>{first.label}</title>"
