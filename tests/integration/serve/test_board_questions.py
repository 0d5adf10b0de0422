"""Board questions through a real client of the Model Context Protocol."""

import asyncio
import socket
import sys
import threading
import time
from pathlib import Path
from typing import Any

import httpx2
import pytest
import uvicorn
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from beacon.contracts import load_contracts
from beacon.core.home import Home
from beacon.release.layout import Release
from beacon.serve.mcp_server import TOOLS, make_mcp_app
from beacon.serve.said_figures import STATUS_WORDS
from beacon.serve.token_guard import read_tokens
from tests.integration.serve.board_questions import Question, questions


def _answer(result: Any) -> dict[str, Any]:
    if result.is_error:
        return {"is_error": True, "text": " ".join(part.text for part in result.content)}
    return {"is_error": False, **result.structured_content}


async def _ask_all(home: Path, asked: list[Question]) -> list[dict[str, Any]]:
    program = StdioServerParameters(
        command=sys.executable, args=["-m", "beacon", "mcp", "--home", str(home)]
    )
    async with Client(program) as client:
        return [_answer(await client.call_tool(q.tool, q.arguments)) for q in asked]


def test_a_hundred_board_questions_are_answered_or_refused_rightly(
    published_sample: Path, sample: Release
) -> None:
    asked = questions(sample.path)
    assert len(asked) >= 100
    assert {question.tool for question in asked} >= set(TOOLS) - {
        "list_releases",
        "find_areas",
        "trace",
    }
    wrong = []
    answers = asyncio.run(_ask_all(published_sample, asked))
    for question, answer in zip(asked, answers, strict=True):
        try:
            question.check(answer)
        except (AssertionError, ValueError, KeyError) as error:
            wrong.append(f"{question.text} {question.arguments}: {error!r:.300} {answer!s:.600}")
    assert not wrong, f"{len(wrong)} of {len(asked)}:\n" + "\n".join(wrong[:10])
    # Answers lead on to their files.
    ids = [answer["figures"][0]["trace_id"] for answer in answers[:10]]
    traces = [
        Question("Where is it from?", "trace", {"trace_id": one}, lambda _: None) for one in ids
    ]
    known = {entry["sha256"]: entry["licence"] for entry in sample.manifest["inputs"]}
    for chain in asyncio.run(_ask_all(published_sample, traces)):
        assert chain["inputs"]
        assert all(known[entry["sha256"]] == entry["licence"] for entry in chain["inputs"])


def test_every_reason_for_no_value_has_words() -> None:
    column = load_contracts()["marts.beacon_indicator"].column("value_status")
    assert set(column.allowed or ()) - {"published"} == set(STATUS_WORDS)


def test_over_http_a_token_opens_it(published_sample: Path, tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    token = "t" * 40
    file.write_text(token)
    file.chmod(0o600)
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    app = make_mcp_app(Home(published_sample), port=port, tokens=read_tokens(file))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    running = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    running.start()
    while not server.started:
        time.sleep(0.01)
    address = f"http://127.0.0.1:{port}/mcp"
    try:
        refused = httpx2.post(address, json={}, trust_env=False)
        assert refused.status_code == 401

        async def ask() -> dict[str, Any]:
            headers = {"Authorization": f"Bearer {token}"}
            async with (
                httpx2.AsyncClient(headers=headers, trust_env=False) as http,
                Client(streamable_http_client(address, http_client=http)) as client,
            ):
                return _answer(await client.call_tool("read_core20", {"area": "Dunmarrow"}))

        assert asyncio.run(ask())["people_core20"] > 0
        foreign = httpx2.post(
            address, json={}, trust_env=False,
            headers={"Authorization": f"Bearer {token}", "Host": "evil.example"},
        )  # fmt: skip
        assert foreign.status_code in (403, 421)
    finally:
        server.should_exit = True
        running.join()


@pytest.mark.parametrize("tool", TOOLS)
def test_tools_say_what_they_do_and_take_no_sql(tool: str, published_sample: Path) -> None:
    from beacon.serve.mcp_server import make_mcp_server

    async def listed() -> Any:
        async with Client(make_mcp_server(Home(published_sample))) as client:
            return (await client.list_tools()).tools

    (found,) = [item for item in asyncio.run(listed()) if item.name == tool]
    assert found.description
    assert found.annotations.read_only_hint
    assert "sql" not in str(found.input_schema).lower()


def test_an_argument_that_a_tool_lacks_is_refused_by_name(published_sample: Path) -> None:
    from beacon.serve.mcp_server import make_mcp_server

    asked = {
        "read_values": {"indicator": "1", "area": "Dunmarrow", "year": "2017"},
        "rank_places": {"indicator": "1", "sexe": "Female"},
        "list_releases": {"limit": 3},
    }

    async def ask() -> list[Any]:
        async with Client(make_mcp_server(Home(published_sample))) as client:
            schemas = [tool.input_schema for tool in (await client.list_tools()).tools]
            assert all(schema["additionalProperties"] is False for schema in schemas)
            return [await client.call_tool(tool, given) for tool, given in asked.items()]

    values, ranks, releases = (_answer(result) for result in asyncio.run(ask()))
    assert values["is_error"]
    assert "read_values has no argument 'year'" in values["text"]
    assert "period" in values["text"]
    assert "Did you mean 'sex'" in ranks["text"]
    assert "list_releases has no argument 'limit'. Arguments: none." in releases["text"]
