"""Which requests the UI takes, one by one, without a server behind it."""

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from pipelines.request_guard import RequestGuard

OWN = "http://127.0.0.1:3000"
JSON = {"content-type": "application/json"}


async def _answer(_: Request) -> PlainTextResponse:
    return PlainTextResponse("reached")


async def _live(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text("reached")


@pytest.fixture(scope="module")
def client() -> TestClient:
    return TestClient(
        Starlette(
            routes=[
                WebSocketRoute("/{path:path}", _live),
                Route("/{path:path}", _answer, methods=["GET", "POST", "PUT", "DELETE"]),
            ],
            middleware=[Middleware(RequestGuard, hosts=["127.0.0.1:3000", "localhost:3000"])],
        ),
        base_url=OWN,
    )


PASS = [
    ("GET", "/", {}),
    ("GET", "/runs/1?tab=x", {"sec-fetch-site": "none"}),
    ("GET", "/assets/main.js", {"sec-fetch-site": "same-origin"}),
    ("HEAD", "/", {}),
    ("GET", "/graphql", {"accept": "text/html"}),
    ("GET", "/", {"host": "localhost:3000"}),
    ("GET", "/", {"host": "LOCALHOST:3000", "origin": "http://localhost:3000"}),
    ("POST", "/graphql", JSON),
    ("POST", "/graphql", {"content-type": "application/json; charset=utf-8"}),
    ("POST", "/graphql", {**JSON, "origin": OWN, "sec-fetch-site": "same-origin"}),
]
REFUSE = [
    # DNS rebinding: another name that leads here.
    ("GET", "/", {"host": "evil.example"}),
    ("GET", "/", {"host": "evil.example:3000"}),
    ("GET", "/", {"host": "127.0.0.1"}),
    ("GET", "/", {"host": "127.0.0.1:3001"}),
    ("GET", "/", {"host": "127.0.0.1:3000.evil.example"}),
    ("GET", "/", {"host": ""}),
    ("POST", "/graphql", {**JSON, "host": "evil.example", "origin": "http://evil.example"}),
    # Pages of other sites.
    ("POST", "/graphql", {**JSON, "origin": "http://evil.example"}),
    ("POST", "/graphql", {**JSON, "origin": "null"}),
    ("POST", "/graphql", {**JSON, "origin": "https://127.0.0.1:3000"}),
    ("POST", "/graphql", {**JSON, "origin": "http://127.0.0.1:8888"}),
    ("POST", "/graphql", {**JSON, "origin": "http://localhost:3000"}),
    ("GET", "/", {"sec-fetch-site": "cross-site"}),
    ("GET", "/", {"sec-fetch-site": "same-site"}),
    ("GET", "/graphql", {"sec-fetch-site": "cross-site", "accept": "image/*"}),
    # What a page may send without asking first.
    ("POST", "/graphql", {"content-type": "text/plain"}),
    ("POST", "/graphql", {"content-type": "text/plain; application/json"}),
    ("POST", "/graphql", {"content-type": "application/x-www-form-urlencoded"}),
    ("POST", "/graphql", {"content-type": "multipart/form-data; boundary=x"}),
    ("POST", "/graphql?query=mutation{x}", {}),
    ("POST", "/report_asset_materialization/x", {"content-type": "text/plain"}),
    # Mutations by GET, under each spelling of the path.
    ("GET", "/graphql?query=mutation{launchRun}", {}),
    ("HEAD", "/graphql?query=mutation{launchRun}", {}),
    ("GET", "/graphql/?query=mutation{launchRun}", {}),
    ("GET", f"{OWN}//graphql?query=mutation{{launchRun}}", {}),
    ("GET", "/%67raphql?query=mutation{launchRun}", {}),
    ("GET", "/x/%2e%2e/graphql?query=mutation{launchRun}", {}),
    ("PUT", "/graphql", JSON),
    ("DELETE", "/graphql", {}),
    ("OPTIONS", "/graphql", {}),
]


@pytest.mark.parametrize(("method", "path", "headers"), PASS)
def test_pages_of_its_own_and_programs_pass(
    client: TestClient, method: str, path: str, headers: dict[str, str]
) -> None:
    assert client.request(method, path, headers=headers).status_code == 200


@pytest.mark.parametrize(("method", "path", "headers"), REFUSE)
def test_everything_else_is_refused_with_a_reason(
    client: TestClient, method: str, path: str, headers: dict[str, str]
) -> None:
    answer = client.request(method, path, headers=headers)
    assert answer.status_code == 403
    assert "reached" not in answer.text
    assert method == "HEAD" or answer.text.strip().endswith(".")


def test_two_hosts_or_two_origins_are_refused(client: TestClient) -> None:
    for name in ("host", "origin"):
        twice = [(name, "127.0.0.1:3000"), (name, "evil.example")]
        assert client.get("/", headers=twice).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:8888"},
        {"host": "evil.example", "origin": "http://evil.example"},
        {"origin": OWN, "sec-fetch-site": "cross-site"},
    ],
)
def test_a_websocket_of_another_page_is_not_opened(
    client: TestClient, headers: dict[str, str]
) -> None:
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/graphql", headers=headers):
        pass


def test_a_websocket_of_its_own_pages_is_opened(client: TestClient) -> None:
    own = {"host": "127.0.0.1:3000", "origin": OWN, "sec-fetch-site": "same-origin"}
    with client.websocket_connect("/graphql", headers=own) as websocket:
        assert websocket.receive_text() == "reached"
