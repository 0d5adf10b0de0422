"""The proxy's configuration, loaded by a real nginx with a stand-in behind it."""

import base64
import http.client
import http.server
import os
import shutil
import ssl
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.servers.postgres import free_port

NGINX = Path(__file__).resolve().parents[3] / "deploy" / "nginx"
COMPOSE = NGINX.parent / "compose"
NAME = "beacon.example.nhs.uk"
USER, PASSWORD = "operator", "made for this test"
JSON = {"Content_Type": "application/json"}

_MAIN = """\
{user}
daemon off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
  access_log {folder}/access.log;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  include {folder}/beacon-http.conf;
  include {folder}/server.conf;
}}
"""


@dataclass
class Proxy:
    """A running proxy, and what reached the stand-in behind it."""

    port: int
    folder: Path
    reached: list[dict[str, str]] = field(default_factory=list)

    def ask(
        self, path: str = "/", method: str = "GET", name: str = NAME, **headers: str
    ) -> tuple[int, dict[str, str]]:
        context = ssl.create_default_context(cafile=str(self.folder / "certificate.pem"))
        context.check_hostname = False
        connection = http.client.HTTPSConnection(
            "127.0.0.1", self.port, context=context, timeout=20
        )
        try:
            sent = {key.replace("_", "-"): value for key, value in headers.items()}
            connection.request(method, path, headers={"Host": f"{name}:{self.port}", **sent})
            answer = connection.getresponse()
            answer.read()
            return answer.status, {key.lower(): value for key, value in answer.getheaders()}
        finally:
            connection.close()


def _login(password: str = PASSWORD) -> str:
    return "Basic " + base64.b64encode(f"{USER}:{password}".encode()).decode()


def _program(name: str, package: str) -> str:
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    if found is None:
        pytest.skip(f"{name} is not installed (Debian: {package})")
    return found


def _settings(folder: Path, server: str, *, port: int, upstream: int) -> str:
    """A server's file with ports and places of the test's own; nothing else of it is changed."""
    for old, new in (
        ("listen 443 ", f"listen 127.0.0.1:{port} "),
        ("listen 8443 ", f"listen 127.0.0.1:{port} "),
        ("127.0.0.1:3000", f"127.0.0.1:{upstream}"),
        ("webserver:3000", f"127.0.0.1:{upstream}"),
        ("/run/secrets/certificate_key", f"{folder}/key.pem"),
        ("/run/secrets/certificate", f"{folder}/certificate.pem"),
        ("/etc/nginx/beacon", str(folder)),
    ):
        server = server.replace(old, new)
    return server


@pytest.fixture(scope="module", params=["server", "compose"])
def proxy(request: pytest.FixtureRequest) -> Iterator[Proxy]:
    nginx = _program("nginx", "nginx-light")
    openssl = _program("openssl", "openssl")
    # Its workers are another user, who may not enter pytest's own temporary folder.
    folder = Path(tempfile.mkdtemp(prefix="beacon-proxy-"))
    folder.chmod(0o755)
    made = Proxy(free_port(), folder)
    upstream = _stand_in(made)
    try:
        subprocess.run(
            [
                openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1",
                "-subj", f"/CN={NAME}", "-keyout", folder / "key.pem",
                "-out", folder / "certificate.pem",
            ],
            check=True,
            capture_output=True,
        )  # fmt: skip
        hashed = subprocess.run(
            [openssl, "passwd", "-apr1", "-stdin"],
            input=PASSWORD,
            text=True,
            check=True,
            capture_output=True,
        ).stdout.strip()
        (folder / "htpasswd").write_text(f"{USER}:{hashed}\n")
        for name in ("beacon-http.conf", "beacon-locations.conf"):
            text = (NGINX / name).read_text()
            (folder / name).write_text(
                _settings(folder, text, port=made.port, upstream=upstream.server_port)
            )
        server = NGINX / "beacon.conf" if request.param == "server" else COMPOSE / "proxy.conf"
        (folder / "server.conf").write_text(
            _settings(folder, server.read_text(), port=made.port, upstream=upstream.server_port)
        )
        user = "user nobody nogroup;" if os.getuid() == 0 else ""
        (folder / "nginx.conf").write_text(_MAIN.format(folder=folder, user=user))
        command = [nginx, "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]
        checked = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
        assert checked.returncode == 0, checked.stderr
        running = subprocess.Popen(command)
        try:
            _wait(made, running)
            yield made
        finally:
            running.terminate()
            running.wait(20)
    finally:
        upstream.shutdown()
        shutil.rmtree(folder, ignore_errors=True)


def _stand_in(made: Proxy) -> http.server.ThreadingHTTPServer:
    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.reached.append({key.lower(): value for key, value in self.headers.items()})
            self.send_response(200)
            self.end_headers()

        do_POST = do_GET  # noqa: N815 - the library's name

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def _wait(made: Proxy, running: subprocess.Popen[bytes]) -> None:
    for _ in range(100):
        try:
            made.ask()
        except OSError:
            assert running.poll() is None, (made.folder / "error.log").read_text()
            time.sleep(0.1)
        else:
            return
    pytest.fail((made.folder / "error.log").read_text())


@pytest.mark.parametrize("path", ["/", "/graphql", "/server_info", "/runs/1", "/x/..%2fgraphql"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_nobody_gets_in_without_a_login(proxy: Proxy, path: str, method: str) -> None:
    before = len(proxy.reached)
    status, headers = proxy.ask(path, method, **JSON)
    assert status == 401
    assert headers["www-authenticate"].startswith("Basic")
    assert proxy.ask(path, method, Authorization=_login("another"), **JSON)[0] == 401
    assert len(proxy.reached) == before


def test_an_operator_gets_in_and_the_password_goes_no_further(proxy: Proxy) -> None:
    status, headers = proxy.ask(Authorization=_login())
    assert status == 200
    assert headers["strict-transport-security"]
    assert headers["x-frame-options"] == "DENY"
    seen = proxy.reached[-1]
    assert "authorization" not in seen
    assert seen["x-forwarded-user"] == USER


def test_pages_elsewhere_cannot_use_an_operator_s_login(proxy: Proxy) -> None:
    before = len(proxy.reached)
    login = {"Authorization": _login(), **JSON}
    for origin in ("https://evil.example", "null", f"http://{NAME}:{proxy.port}"):
        assert proxy.ask("/graphql", "POST", **login, Origin=origin)[0] == 403
    for site in ("cross-site", "same-site"):
        assert proxy.ask("/graphql", "POST", **login, Sec_Fetch_Site=site)[0] == 403
        assert proxy.ask("/graphql", **login, Sec_Fetch_Site=site)[0] == 403
        assert proxy.ask("/", Authorization=_login(), Sec_Fetch_Site=site)[0] == 403
    live = {"Connection": "Upgrade", "Upgrade": "websocket", "Authorization": _login()}
    assert proxy.ask("/graphql", **live, Origin="https://evil.example")[0] == 403
    assert len(proxy.reached) == before
    own = f"https://{NAME}:{proxy.port}"
    assert (
        proxy.ask("/graphql", "POST", **login, Origin=own, Sec_Fetch_Site="same-origin")[0] == 200
    )


@pytest.mark.parametrize(
    "path",
    [
        "/graphql?query=mutation{x}", "/graphql/?query=mutation{x}", "//graphql?query=mutation{x}",
        "/%67raphql?query=mutation{x}", "/x/../graphql?query=mutation{x}",
    ],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_nothing_is_changed_by_get(proxy: Proxy, path: str, method: str) -> None:
    before = len(proxy.reached)
    assert proxy.ask(path, method, Authorization=_login())[0] == 403
    assert len(proxy.reached) == before


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
     "text/plain; application/json", ""],
)  # fmt: skip
def test_what_a_page_elsewhere_can_post_unasked_is_refused(proxy: Proxy, kind: str) -> None:
    before = len(proxy.reached)
    assert proxy.ask("/graphql", "POST", Authorization=_login(), Content_Type=kind)[0] == 403
    assert proxy.ask("/graphql", "PUT", Authorization=_login(), **JSON)[0] == 403
    assert len(proxy.reached) == before


def test_live_updates_pass_through(proxy: Proxy) -> None:
    proxy.ask("/graphql", Authorization=_login(), Connection="Upgrade", Upgrade="websocket")
    assert proxy.reached[-1]["upgrade"] == "websocket"
    assert proxy.reached[-1]["connection"] == "upgrade"
    proxy.ask("/", Authorization=_login())
    assert "upgrade" not in proxy.reached[-1]


def test_another_name_leads_nowhere(proxy: Proxy) -> None:
    with pytest.raises(http.client.RemoteDisconnected):
        proxy.ask(name="other.example", Authorization=_login())
