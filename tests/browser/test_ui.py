"""`beacon ui` itself: Dagster's pages work through it, and pages of other sites reach nothing."""

import contextlib
import functools
import http.server
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from beacon.site.pdf import find_chromium
from tests.browser.chromium import Browser
from tests.servers.postgres import free_port

MUTATION = (
    "mutation { launchRun(executionParams: {selector: {repositoryLocationName: "
    '"pipelines.definitions", repositoryName: "__repository__", pipelineName: "nightly"}, '
    'runConfigData: "{}"}) { __typename } }'
)
COUNT = "{ runsOrError { ... on Runs { results { runId } } } }"


@dataclass
class Ui:
    """A running `beacon ui`."""

    port: int
    process: subprocess.Popen[str]
    said: list[str]

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(self, query: str) -> dict:
        request = urllib.request.Request(
            f"{self.address}/graphql",
            json.dumps({"query": query}).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.load(answer)["data"]

    def runs(self) -> int:
        return len(self.ask(COUNT)["runsOrError"]["results"])


@pytest.fixture(scope="module")
def ui(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ui]:
    port = free_port()
    process = subprocess.Popen(
        [
            sys.executable, "-m", "beacon.cli.main", "ui", "--port", str(port),
            "--inputs", "sample", "--home", str(tmp_path_factory.mktemp("ui") / "home"),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={name: value for name, value in os.environ.items() if name != "BEACON_HISTORY_URL"},
    )  # fmt: skip
    made = Ui(port, process, [])
    ready = threading.Event()

    def listen() -> None:
        for line in process.stderr or ():
            made.said.append(line)
            if made.address in line:
                ready.set()
        ready.set()

    threading.Thread(target=listen, daemon=True).start()
    try:
        assert ready.wait(600), made.said
        assert process.poll() is None, made.said
        yield made
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()


def _listening_ports(process: subprocess.Popen[str]) -> set[int]:
    """Ports of the loopback address that a process or its children listen on (Linux)."""
    family = {process.pid}
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            parents[int(stat.parent.name)] = int(fields[1])
    while True:
        more = {pid for pid, parent in parents.items() if parent in family} - family
        if not more:
            break
        family |= more
    inodes = set()
    for pid in family:
        with contextlib.suppress(OSError):
            for handle in Path(f"/proc/{pid}/fd").iterdir():
                with contextlib.suppress(OSError):
                    inodes |= set(re.findall(r"socket:\[(\d+)\]", str(handle.readlink())))
    found = set()
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[3] == "0A" and fields[9] in inodes:
            found.add(int(fields[1].split(":")[1], 16))
    return found


def test_the_address_is_shown_when_it_answers(ui: Ui) -> None:
    assert ui.ask("{ version }")["version"]
    assert not any("Traceback" in line or "Error loading" in line for line in ui.said)


def test_dagster_s_own_server_gives_nothing_without_its_prefix(ui: Ui) -> None:
    behind = _listening_ports(ui.process) - {ui.port}
    if not behind:
        pytest.skip("no /proc to find the server's port in")
    from pipelines.ui_proxy import UNREACHABLE_PORTS

    for port in behind & set(UNREACHABLE_PORTS):
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/graphql",
            json.dumps({"query": "{ version }"}).encode(),
            {"Content-Type": "application/json"},
        )
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=60)
        assert refused.value.code == 404
    assert behind & set(UNREACHABLE_PORTS)


HOSTILE_PAGE = """<!doctype html><title>elsewhere</title>
<iframe name="hidden"></iframe>
<form id="form" action="{ui}/graphql?query={mutation}" method="post" enctype="text/plain"
  target="hidden"><input name="x" value="y"></form>
<script>
const tried = [];
function image(url) {{
  return new Promise(done => {{
    const img = new Image(); img.onload = () => done("loaded"); img.onerror = () => done("refused");
    img.src = url;
  }});
}}
async function ask(url, options) {{
  try {{ return (await fetch(url, options)).type; }} catch (error) {{ return "refused"; }}
}}
function socket(url) {{
  return new Promise(done => {{
    const ws = new WebSocket(url, "graphql-ws");
    ws.onopen = () => done("opened"); ws.onerror = () => done("refused");
  }});
}}
async function attack() {{
  const url = "{ui}/graphql?query={mutation}", text = {{"Content-Type": "text/plain"}};
  const body = JSON.stringify({{query: decodeURIComponent("{mutation}")}});
  const json = {{"Content-Type": "application/json"}};
  const found = {{
    image: await image(url),
    get: await ask(url),
    blind_get: await ask(url, {{mode: "no-cors"}}),
    text: await ask(url, {{method: "POST", headers: text, body}}),
    blind_text: await ask(url, {{method: "POST", mode: "no-cors", headers: text, body}}),
    json: await ask("{ui}/graphql", {{method: "POST", headers: json, body}}),
    socket: await socket("{socket}/graphql"),
    behind: await ask("{behind}/", {{mode: "no-cors"}}),
    behind_image: await image("{behind}/graphql?query={mutation}"),
    behind_socket: await socket("{behind_socket}/graphql"),
  }};
  document.getElementById("form").submit();
  await new Promise(done => setTimeout(done, 1500));
  return JSON.stringify(found);
}}
</script>
"""


@pytest.fixture
def elsewhere(ui: Ui, tmp_path: Path) -> Iterator[str]:
    """A page of another site: another name of this machine and another port."""
    from urllib.parse import quote

    from pipelines.ui_proxy import UNREACHABLE_PORTS

    behind = (_listening_ports(ui.process) & set(UNREACHABLE_PORTS)) or {UNREACHABLE_PORTS[0]}
    page = HOSTILE_PAGE.format(
        ui=ui.address,
        mutation=quote(MUTATION),
        socket=ui.address.replace("http", "ws"),
        behind=f"http://127.0.0.1:{min(behind)}",
        behind_socket=f"ws://127.0.0.1:{min(behind)}",
    )
    (tmp_path / "page.html").write_text(page)
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0),
        functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path)),
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f":{server.server_port}/page.html"
    server.shutdown()


needs_chromium = pytest.mark.skipif(find_chromium() is None, reason="no Chromium on this machine")


def _go(browser: Browser, url: str) -> None:
    browser.send("Page.navigate", url=url)
    deadline = time.monotonic() + 60
    while browser.run("document.readyState") != "complete" or browser.run("location.href") != url:
        assert time.monotonic() < deadline, url
        time.sleep(0.1)


@pytest.mark.slow
@pytest.mark.browser
@needs_chromium
@pytest.mark.parametrize("site", ["http://localhost", "http://127.0.0.1"])
def test_a_page_of_another_site_starts_nothing(ui: Ui, elsewhere: str, site: str) -> None:
    before = ui.runs()
    with Browser() as browser:
        _go(browser, f"{site}{elsewhere}")
        found = json.loads(browser.run("attack()"))
    assert {name: answer for name, answer in found.items() if not name.startswith("blind")} == {
        "image": "refused", "get": "refused", "text": "refused", "json": "refused",
        "socket": "refused", "behind": "refused", "behind_image": "refused",
        "behind_socket": "refused",
    }  # fmt: skip
    # A blind request always "succeeds" for the page; what counts is that nothing came of it.
    assert {found["blind_get"], found["blind_text"]} == {"opaque"}
    assert ui.runs() == before


@pytest.mark.slow
def test_the_mutation_of_the_test_would_start_a_run(ui: Ui) -> None:
    """What the hostile page sends is a real one: by a program, with JSON, it is understood."""
    assert ui.ask(MUTATION)["launchRun"]["__typename"] in (
        "LaunchRunSuccess", "RunConfigValidationInvalid",
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.browser
@needs_chromium
def test_dagster_s_pages_and_live_updates_work_through_it(ui: Ui, tmp_path: Path) -> None:
    picture = Path(os.environ.get("BEACON_TEST_PICTURES", tmp_path)) / "ui.png"
    live = """new Promise(done => {
      const ws = new WebSocket(location.origin.replace("http", "ws") + "/graphql", "graphql-ws");
      ws.onopen = () => ws.send(JSON.stringify({type: "connection_init", payload: {}}));
      ws.onmessage = message => done(message.data);
      ws.onerror = () => done("refused");
    })"""
    with Browser() as browser:
        browser.view(1280)
        _go(browser, f"{ui.address}/asset-groups")
        deadline = time.monotonic() + 120
        while "landing" not in (browser.run("document.body.innerText") or "").lower():
            assert time.monotonic() < deadline, browser.run("document.body.innerText")[:500]
            time.sleep(0.5)
        assert json.loads(browser.run(live))["type"] == "connection_ack"
        browser.picture(picture)
        own = browser.run("location.pathname")
        faults = [text for text in browser.opened.complaints if "403" in text or "404" in text]
        outside = [
            url for url in browser.opened.requests
            if not url.startswith((ui.address, "data:", "blob:"))
        ]  # fmt: skip
    assert own.startswith("/asset")
    assert faults == []
    assert outside == []


def test_a_port_that_is_taken_is_said(tmp_path: Path) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            [
                sys.executable, "-m", "beacon.cli.main", "ui", "--port", str(port),
                "--inputs", "sample", "--home", str(tmp_path / "home"),
            ],
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert f"Port {port}" in done.stderr
    assert "--port" in done.stderr
    assert "Traceback" not in done.stderr
