"""Marts over HTTP: to the end, filtered, in each format, from one release."""

import io
import re
import threading
import time
from pathlib import Path
from urllib.parse import urljoin

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from starlette.testclient import TestClient

from beacon.contracts import load_contracts
from beacon.core.files import sha256_of
from beacon.core.home import Home
from beacon.core.spreadsheet_text import from_csv_cell
from beacon.release.layout import Release, point_to
from beacon.serve.limits import Limits, QueryGate
from beacon.serve.mart_models import MartQuery, mart_contracts
from beacon.serve.problems import ProblemError
from tests.integration.serve.conftest import BASE, client_of

LATEST = "/v1/releases/latest"


def rows_of(release: Release, mart: str, where: str = "true") -> list[dict[str, object]]:
    """What the mart itself holds, as JSON would say it."""
    keys = ", ".join(mart_contracts()[mart].key)
    with duckdb.connect() as con:
        cursor = con.execute(
            f"select columns(lambda c: c != 'geometry') from '{release.path}/{mart}.parquet' where {where} "
            f"order by {keys}"
        )
        names = [column[0] for column in cursor.description or []]
        return [
            {
                n: v.isoformat() if hasattr(v, "isoformat") else v
                for n, v in zip(names, row, strict=True)
            }
            for row in cursor.fetchall()
        ]


def read_to_the_end(client: TestClient, address: str) -> list[dict[str, object]]:
    """Every row, following `Link`."""
    rows, following = [], urljoin(BASE, address)
    while following:
        answer = client.get(following)
        assert answer.status_code == 200, answer.text
        rows += answer.json()["results"]
        link = answer.links.get("next")
        following = urljoin(following, link["url"]) if link else ""
    return rows


@pytest.mark.parametrize("mart", sorted(mart_contracts()))
def test_pages_to_the_end_are_the_mart(client: TestClient, sample: Release, mart: str) -> None:
    expected = rows_of(sample, mart)
    size = max(1, len(expected) // 3)
    assert (
        read_to_the_end(client, f"{LATEST}/marts/{mart}?pageSize={min(size, 10_000)}") == expected
    )


def test_every_mart_has_an_address_and_no_column_hides_a_parameter() -> None:
    tables = {c.table for c in load_contracts().values() if c.schema_ == "marts"}
    assert set(mart_contracts()) == tables
    for contract in mart_contracts().values():
        assert not set(contract.column_names) & set(MartQuery.model_fields)


@pytest.mark.parametrize(
    ("asked", "where"),
    [
        ("sex=Female", "sex = 'Female'"),
        ("sex=Female&sex=Male&indicator_id=1", "sex in ('Female', 'Male') and indicator_id = 1"),
        (
            "period_end.gte=2024-01-01&value.lte=20.5",
            "period_end >= '2024-01-01' and value <= 20.5",
        ),
        ("modelled=true", "modelled"),
        ("modelled=false&modelled=true", "modelled is not null"),
        (
            "value.gte=10&value.lte=20.5&indicator_id=1&indicator_id=2",
            "value between 10 and 20.5 and indicator_id in (1, 2)",
        ),
        ("value_status=suppressed", "value_status = 'suppressed'"),
        ("area_name=%27%20or%20true%20--", "false"),
    ],
)
def test_filters_give_what_sql_gives(
    client: TestClient, sample: Release, asked: str, where: str
) -> None:
    got = read_to_the_end(client, f"{LATEST}/marts/beacon_indicator?{asked}")
    assert got == rows_of(sample, "beacon_indicator", where)


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        (f"marts/beacon_indicator?{one}", one.split("=")[0])
        for one in (
            "value.gte=1&value.gte=90", "period_end.lte=2024-01-01&period_end.lte=2020-01-01",
            "pageSize=1&pageSize=2", "page=1&page=1", "format=json&format=csv",
            "as_of=2026-01-01&as_of=2026-01-02",
        )
    ]
    + [
        ("areas?type=place&type=ward", "type"),
        ("areas?name=a&name=b", "name"),
        ("indicators?as_of=2026-01-01&as_of=2026-01-02", "as_of"),
        ("changes/latest?mart=place&mart=scorecard", "mart"),
        ("files?as_of=2026-01-01&as_of=2026-01-02", "as_of"),
    ],
)  # fmt: skip
def test_a_parameter_of_one_value_is_refused_twice(
    client: TestClient, asked: str, name: str
) -> None:
    answer = client.get(f"{LATEST}/{asked}")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert [(one["path"], one["code"]) for one in answer.json()["errors"]] == [(name, "repeated")]
    assert f"{name}: Given more than once" in answer.json()["detail"]


def test_every_parameter_that_is_no_list_is_refused_twice(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    tried = 0
    for address, methods in paths.items():
        for parameter in methods["get"].get("parameters", []):
            if parameter["in"] != "query" or parameter["schema"].get("type") == "array":
                continue
            tried += 1
            name = parameter["name"]
            asked = re.sub(r"\{\w+\}", "latest", address)
            answer = client.get(asked, params={name: ["1", "1"]})
            errors = answer.json()["errors"]
            assert [(one["path"], one["code"]) for one in errors] == [(name, "repeated")]
    assert tried > 100


def test_whole_numbers_of_a_fixed_list_are_filtered_by(client: TestClient, sample: Release) -> None:
    expected = rows_of(sample, "core20_lsoa", "imd_vintage = 2025")
    assert expected
    asked = f"{LATEST}/marts/core20_lsoa?pageSize=10000"
    assert read_to_the_end(client, f"{asked}&imd_vintage=2025") == expected
    both = read_to_the_end(client, f"{asked}&imd_vintage=2019&imd_vintage=2025")
    assert both == rows_of(sample, "core20_lsoa", "imd_vintage in (2019, 2025)")
    assert client.get(f"{asked}&imd_vintage=2015").status_code == 422
    assert client.get(f"{asked}&imd_vintage={'9' * 5000}").status_code == 422


def test_every_allowed_value_of_every_mart_is_taken_and_advertised(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    tried: set[str] = set()
    for mart, contract in mart_contracts().items():
        read = paths[f"/v1/releases/{{release}}/marts/{mart}"]["get"]
        schemas = {one["name"]: one["schema"] for one in read["parameters"]}
        for column in contract.columns:
            if not column.allowed or column.severity != "critical" or column.duck_type.is_list:
                continue
            tried.add(column.duck_type.family)
            allowed = list(column.allowed)
            items = schemas[column.name]["items"]
            assert items.get("enum", [items.get("const")]) == allowed
            asked = {column.name: [str(value) for value in allowed], "pageSize": 1}
            answer = client.get(f"{LATEST}/marts/{mart}", params=asked)
            # 404: the sample has no such mart.
            assert answer.status_code in (200, 404), (mart, answer.text)
    assert {"text", "integer"} <= tried


def test_a_suppressed_value_is_null_with_its_reason(client: TestClient) -> None:
    asked = f"{LATEST}/marts/beacon_indicator?value_status=suppressed"
    rows = client.get(asked).json()["results"]
    assert rows
    assert all(row["value"] is None and row["value_note"] for row in rows)


def test_each_format_holds_the_same_rows(client: TestClient, sample: Release) -> None:
    asked = f"{LATEST}/marts/scorecard?pageSize=10000"
    expected = pq.read_table(sample.path / "scorecard.parquet")
    parquet = pq.read_table(io.BytesIO(client.get(f"{asked}&format=parquet").content))
    arrow = pa.ipc.open_stream(client.get(f"{asked}&format=arrow").content).read_all()
    assert parquet.to_pylist() == arrow.to_pylist() == expected.to_pylist()
    assert arrow.schema.metadata[b"release"] == sample.label.encode()
    answer = client.get(f"{asked}&format=csv")
    assert answer.headers["beacon-release"] == sample.label
    frame = pl.read_csv(answer.content, infer_schema_length=None)
    names = [from_csv_cell(name) for name in frame["place_name"]]
    assert names == expected["place_name"].to_pylist()
    assert frame["value"].to_list() == expected["value"].to_pylist()
    assert frame["modelled"].to_list() == expected["modelled"].to_pylist()


def test_columns_are_chosen_by_name(client: TestClient) -> None:
    answer = client.get(f"{LATEST}/marts/place?columns=people&columns=place_code&pageSize=1").json()
    assert list(answer["results"][0]) == ["place_code", "people"]
    wrong = client.get(f"{LATEST}/marts/place?columns=peeple")
    assert wrong.status_code == 422
    assert "Did you mean 'people'" in wrong.json()["detail"]


def test_an_answer_has_a_name_and_is_not_sent_twice(
    two_releases: tuple[Home, Release, Release],
) -> None:
    home, first, second = two_releases
    client = client_of(home.root)
    named = client.get(f"/v1/releases/{second.label}/marts/place")
    assert named.headers["cache-control"] == "public, max-age=31536000, immutable"
    again = client.get(
        f"/v1/releases/{second.label}/marts/place", headers={"If-None-Match": named.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")
    latest = client.get(f"{LATEST}/marts/place")
    assert latest.headers["cache-control"] == "public, no-cache"
    other = client.get(f"{LATEST}/marts/place?pageSize=1")
    assert other.headers["etag"] != latest.headers["etag"]
    # Another release is current: the name that was good for `latest` is so no more.
    point_to(home, first, sha256_of(first.path / "manifest.json"))
    moved = client.get(f"{LATEST}/marts/place", headers={"If-None-Match": latest.headers["etag"]})
    assert moved.status_code == 200
    assert moved.headers["beacon-release"] == first.label


def test_reading_while_releases_are_published_never_mixes_them(
    two_releases: tuple[Home, Release, Release],
) -> None:
    home, first, second = two_releases
    sums = {r.label: sha256_of(r.path / "manifest.json") for r in (first, second)}
    values = {
        r.label: [row["value"] for row in rows_of(r, "beacon_indicator")] for r in (first, second)
    }
    stop = threading.Event()

    def publish() -> None:
        while not stop.is_set():
            for release in (first, second):
                point_to(home, release, sums[release.label])
                time.sleep(0.003)

    publishing = threading.Thread(target=publish)
    publishing.start()
    client = client_of(home.root)
    try:
        seen: set[str] = set()
        for _ in range(40):
            if len(seen) == 2:
                break
            asked = f"{BASE}{LATEST}/marts/beacon_indicator?pageSize=2000&columns=value"
            following, got, labels = asked, [], set()
            while following:
                answer = client.get(following)
                body = answer.json()
                labels.add(body["release"])
                got += [row["value"] for row in body["results"]]
                link = answer.links.get("next")
                following = urljoin(following, link["url"]) if link else ""
            (label,) = labels
            assert got == values[label]
            seen.add(label)
    finally:
        stop.set()
        publishing.join()
    assert seen == {first.label, second.label}


def test_as_of_is_the_newest_of_that_day(two_releases: tuple[Home, Release, Release]) -> None:
    home, first, second = two_releases
    client = client_of(home.root)

    def asked(day: str) -> str:
        answer = client.get(f"{LATEST}/marts/place?as_of={day}&pageSize=1")
        return str(answer.json().get("release", answer.status_code))

    assert [asked(day) for day in ("2026-02-28", "2026-03-01", "2026-03-31", "2026-04-02")] == [
        "404",
        first.label,
        first.label,
        second.label,
    ]
    both = client.get(f"/v1/releases/{first.label}/marts/place?as_of=2026-04-02")
    assert both.status_code == 422
    assert both.json()["errors"][0]["path"] == "as_of"


def test_a_query_is_stopped_and_others_are_told_to_wait(published_sample: Path) -> None:
    gate = QueryGate(Limits(seconds=0.2, queries=1, wait_seconds=0.05))
    with pytest.raises(ProblemError) as stopped, gate.connection() as con:
        con.execute(
            "select sum(a.range * b.range) from range(1000000) a, range(1000000) b"
        ).fetchall()
    assert stopped.value.problem.status == 503
    assert "Ask for fewer rows" in stopped.value.problem.detail
    with gate.connection(), pytest.raises(ProblemError) as busy, gate.connection():
        pass
    assert busy.value.headers["Retry-After"] == "5"
    # The place of the query that was stopped is free again.
    with gate.connection() as con:
        assert con.execute("select 1").fetchall() == [(1,)]


@pytest.mark.parametrize("given", ["2020", "2020-13-01", "31/03/2024", "2024-03-31T12:00:00"])
@pytest.mark.parametrize("name", ["period_end", "period_end.gte", "period_end.lte", "as_of"])
def test_what_is_no_day_is_refused_with_the_form_of_one(
    client: TestClient, name: str, given: str
) -> None:
    answer = client.get(f"{LATEST}/marts/beacon_indicator", params={name: given})
    assert answer.status_code == 422
    (fault,) = answer.json()["errors"]
    assert fault["message"] == "Give a day, such as 2024-03-31"
    assert fault["path"].startswith(name)


def test_a_page_is_bounded(client: TestClient) -> None:
    answer = client.get(f"{LATEST}/marts/core20_lsoa?pageSize=1000000")
    assert answer.status_code == 422
    assert "10000" in answer.json()["detail"]
