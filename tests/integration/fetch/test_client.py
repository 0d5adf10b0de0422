"""The client's manners, patience and suspicion. Time does not pass for real."""

from __future__ import annotations

import gzip
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from beacon.fetch.asking import Ask
from beacon.fetch.client import HttpClient, Limits
from beacon.fetch.decoding import Bounds
from beacon.fetch.fetch_errors import FetchError
from tests.integration.fetch.conftest import FakeClock
from tests.replicas import server
from tests.replicas.server import Answer, Replica, Request, times

URL = "https://publisher.example/data.csv"
ORIGINS = frozenset({"https://publisher.example"})
Handler = Callable[[httpx.Request], httpx.Response]


def client_for(handler: Handler, clock: FakeClock, **more: object) -> HttpClient:
    def unread(request: httpx.Request) -> httpx.Response:
        given = handler(request)
        return httpx.Response(given.status_code, headers=given.headers, stream=given.stream)

    return HttpClient(
        "Beacon/0 (tests; data@nhs.example)",
        clock=clock,
        transport=httpx.MockTransport(unread),
        chance=lambda: 1.0,
        **more,  # type: ignore[arg-type]
    )


def answers(*given: httpx.Response | Exception) -> Handler:
    left = list(given)

    def handler(_: httpx.Request) -> httpx.Response:
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    return handler


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def test_says_who_asks_and_how_to_reach_them(clock: FakeClock) -> None:
    seen: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["user-agent"])
        return httpx.Response(200, text="a")

    client_for(handler, clock).read(Ask(URL, ORIGINS))
    assert seen == ["Beacon/0 (tests; data@nhs.example)"]


def test_requests_to_one_host_are_kept_apart_and_hosts_do_not_wait_for_each_other(
    clock: FakeClock,
) -> None:
    client = client_for(
        answers(httpx.Response(200)), clock, intervals={"publisher.example": 2.0, "b.example": 2.0}
    )
    for _ in range(3):
        client.read(Ask(URL, ORIGINS))
    client.read(Ask("https://b.example/x", frozenset({"https://b.example"})))
    assert clock.slept == [2.0, 2.0]


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_what_may_pass_is_asked_again_and_waits_double(clock: FakeClock, status: int) -> None:
    limits = Limits(attempts=4, first_wait_seconds=1.0, longest_wait_seconds=3.0)
    client = client_for(answers(httpx.Response(status)), clock, limits=limits, intervals={})
    client._pacer._default = 0.0
    with pytest.raises(FetchError, match=rf"answered {status}.*asked 4 times") as caught:
        client.read(Ask(URL, ORIGINS))
    assert clock.slept == [1.0, 2.0, 3.0]
    assert caught.value.gave_up


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_a_refusal_is_not_asked_again(clock: FakeClock, status: int) -> None:
    asked: list[int] = []

    def handler(_: httpx.Request) -> httpx.Response:
        asked.append(1)
        return httpx.Response(status, json={"title": "No such thing"})

    with pytest.raises(FetchError, match=rf"answered {status}.*No such thing"):
        client_for(handler, clock).read(Ask(URL, ORIGINS))
    assert len(asked) == 1


def test_retry_after_is_honoured(clock: FakeClock) -> None:
    busy = httpx.Response(429, headers={"Retry-After": "9"})
    client_for(answers(busy, httpx.Response(200, text="x")), clock).read(Ask(URL, ORIGINS))
    assert 9.0 in clock.slept


def test_a_publisher_that_asks_for_too_long_a_wait_is_left_alone(clock: FakeClock) -> None:
    busy = httpx.Response(503, headers={"Retry-After": "86400"})
    with pytest.raises(FetchError, match=r"left alone for 86,400 seconds") as caught:
        client_for(answers(busy), clock).read(Ask(URL, ORIGINS))
    assert caught.value.host_is_down
    assert clock.slept == []


def test_retry_after_may_be_a_date_in_the_past(clock: FakeClock) -> None:
    busy = httpx.Response(503, headers={"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"})
    client_for(answers(busy, httpx.Response(200)), clock).read(Ask(URL, ORIGINS))
    assert 0.0 in clock.slept


def test_all_attempts_together_have_a_limit(clock: FakeClock) -> None:
    limits = Limits(attempts=50, first_wait_seconds=100.0, total_seconds=350.0)
    with pytest.raises(FetchError, match="asked"):
        client_for(answers(httpx.Response(503)), clock, limits=limits).read(Ask(URL, ORIGINS))
    assert clock.time <= 350.0


def test_what_is_held_is_confirmed_by_its_validators(clock: FakeClock, tmp_path: Path) -> None:
    sent: list[httpx.Headers] = []

    def handler(request: httpx.Request) -> httpx.Response:
        sent.append(request.headers)
        return httpx.Response(304, headers={"ETag": '"a"'})

    target = tmp_path / "data.csv"
    received = client_for(handler, clock).download(
        Ask(URL, ORIGINS, etag='"a"', last_modified="Wed, 21 Oct 2015 07:28:00 GMT"), target
    )
    assert received.is_unchanged
    assert sent[0]["if-none-match"] == '"a"'
    assert sent[0]["if-modified-since"] == "Wed, 21 Oct 2015 07:28:00 GMT"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("location", "said"),
    [
        ("https://elsewhere.example/x", "leads to https://elsewhere.example"),
        ("https://publisher.example:444/x", "leads to https://publisher.example:444"),
        ("https://publisher.example.evil/x", "leads to https://publisher.example.evil"),
        ("http://publisher.example/x", "unprotected"),
    ],
)
def test_is_not_led_elsewhere(clock: FakeClock, location: str, said: str) -> None:
    moved = httpx.Response(302, headers={"Location": location})
    with pytest.raises(FetchError, match=said):
        client_for(answers(moved), clock).read(Ask(URL, ORIGINS))


def test_follows_a_redirect_to_an_address_of_the_publisher(clock: FakeClock) -> None:
    moved = httpx.Response(301, headers={"Location": "https://files.example/now.csv"})
    both = ORIGINS | {"https://files.example"}
    received, content = client_for(answers(moved, httpx.Response(200, text="x")), clock).read(
        Ask(URL, both)
    )
    assert (received.url, received.final_url) == (URL, "https://files.example/now.csv")
    assert content == b"x"


def test_a_circle_of_redirects_ends(clock: FakeClock) -> None:
    moved = httpx.Response(302, headers={"Location": URL})
    with pytest.raises(FetchError, match="redirects more than 5 times"):
        client_for(answers(moved), clock).read(Ask(URL, ORIGINS))


def test_an_address_in_a_publishers_answer_is_checked_before_it_is_asked(clock: FakeClock) -> None:
    asked: list[int] = []

    def handler(_: httpx.Request) -> httpx.Response:
        asked.append(1)
        return httpx.Response(200)

    with pytest.raises(FetchError, match="not among the publisher's own"):
        client_for(handler, clock).read(Ask("http://169.254.169.254/latest", ORIGINS))
    assert asked == []


def test_keys_are_sent_and_appear_nowhere(
    clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    sent: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        sent.append(str(request.url) + request.headers.get("apikey", ""))
        return httpx.Response(404, json={"message": "no"})

    ask = Ask(
        URL,
        ORIGINS,
        params={"a": "1"},
        secret_params={"uid": "s3cret"},
        headers={"APIKey": "k3y"},
    )
    with caplog.at_level(logging.DEBUG), pytest.raises(FetchError) as caught:
        client_for(handler, clock).read(ask)
    assert "s3cret" in sent[0]
    assert "k3y" in sent[0]
    for text in (str(caught.value), caught.value.url, caplog.text, ask.shown):
        assert "s3cret" not in text
        assert "k3y" not in text


def test_a_kept_record_of_a_redirect_has_no_key(clock: FakeClock) -> None:
    moved = httpx.Response(302, headers={"Location": "https://publisher.example/b?uid=s3cret"})
    received, _ = client_for(answers(moved, httpx.Response(200)), clock).read(
        Ask(URL, ORIGINS, secret_params={"uid": "s3cret"})
    )
    assert "s3cret" not in str(received)


def test_gzip_is_unpacked_and_hashed_as_content(clock: FakeClock) -> None:
    packed = [
        httpx.Response(200, content=gzip.compress(b"a,b\n1,2\n", level),
                       headers={"Content-Encoding": "gzip"})
        for level in (1, 9)
    ]  # fmt: skip
    client = client_for(answers(*packed), clock)
    (first, content), (second, _) = client.read(Ask(URL, ORIGINS)), client.read(Ask(URL, ORIGINS))
    assert content == b"a,b\n1,2\n"
    assert first.sha256 == second.sha256


def test_an_encoding_that_was_not_asked_for_is_refused(clock: FakeClock) -> None:
    given = httpx.Response(200, content=b"x", headers={"Content-Encoding": "zstd"})
    with pytest.raises(FetchError, match="'zstd' encoding"):
        client_for(answers(given), clock).read(Ask(URL, ORIGINS))


def test_gzip_that_is_cut_short_is_asked_for_again(clock: FakeClock) -> None:
    whole = gzip.compress(b"a" * 1000 + bytes(range(256)))
    headers = {"Content-Encoding": "gzip"}
    cut = httpx.Response(200, content=whole[:-20], headers=headers)
    good = httpx.Response(200, content=whole, headers=headers)
    _, content = client_for(answers(cut, good), clock).read(Ask(URL, ORIGINS))
    assert len(content) == 1256


def test_more_than_is_allowed_is_refused_before_it_arrives(
    clock: FakeClock, tmp_path: Path
) -> None:
    limits = Limits(bounds=Bounds(wire_bytes=10))
    given = httpx.Response(200, content=b"x" * 100)
    with pytest.raises(FetchError, match="announces 100 bytes"):
        client_for(answers(given), clock, limits=limits).download(
            Ask(URL, ORIGINS), tmp_path / "data.csv"
        )
    assert list(tmp_path.iterdir()) == []


def test_a_bomb_is_refused_without_being_unpacked(clock: FakeClock) -> None:
    bomb = httpx.Response(
        200,
        content=gzip.compress(b"0" * 20_000_000),
        headers={"Content-Encoding": "gzip"},
    )
    seen: list[int] = []
    limits = Limits(bounds=Bounds(decoded_bytes=5_000_000))
    client = client_for(
        answers(bomb), clock, limits=limits, progress=lambda _u, got, _t: seen.append(got)
    )
    with pytest.raises(FetchError, match="unpacks to more than the 5,000,000 bytes allowed"):
        client.read(Ask(URL, ORIGINS))


class _OneFile(Replica):
    body = bytes(range(256)) * 400

    def answer(self, request: Request) -> Answer:
        return Answer(self.body, 200, "application/octet-stream")


@pytest.fixture
def one_file() -> Iterator[_OneFile]:
    with _OneFile() as replica:
        yield replica


def test_a_cut_download_goes_on_where_it_stopped(
    one_file: _OneFile, clock: FakeClock, tmp_path: Path
) -> None:
    one_file.faults = [times(1, server.cut_at_half)]
    target = tmp_path / "file.bin"
    with HttpClient("tests", clock=clock) as client:
        received = client.download(Ask(one_file.url + "/f", frozenset({one_file.origin})), target)
    assert target.read_bytes() == one_file.body
    assert received.resumed
    assert [request.headers.get("range") for request in one_file.requests] == [
        None,
        f"bytes={len(one_file.body) // 2}-",
    ]


def test_a_file_that_changed_meanwhile_is_not_pieced_together(
    one_file: _OneFile, clock: FakeClock, tmp_path: Path
) -> None:
    def changes(_request: Request, answer: Answer) -> Answer:
        one_file.body = b"other" * 1000
        return server.cut_at_half(_request, answer)

    one_file.faults = [times(1, changes)]
    target = tmp_path / "file.bin"
    with HttpClient("tests", clock=clock) as client:
        received = client.download(Ask(one_file.url + "/f", frozenset({one_file.origin})), target)
    assert target.read_bytes() == b"other" * 1000
    assert not received.resumed


def test_where_parts_are_not_served_a_cut_download_starts_anew(
    one_file: _OneFile, clock: FakeClock, tmp_path: Path
) -> None:
    one_file.validators = False
    one_file.faults = [times(1, server.cut_at_half)]
    target = tmp_path / "file.bin"
    with HttpClient("tests", clock=clock) as client:
        client.download(Ask(one_file.url + "/f", frozenset({one_file.origin})), target)
    assert target.read_bytes() == one_file.body
    assert [request.headers.get("range") for request in one_file.requests] == [None, None]


def test_a_server_that_trickles_is_given_up(one_file: _OneFile, tmp_path: Path) -> None:
    one_file.faults = [server.slow]
    clock = FakeClock()

    def tick(_url: str, _got: int, _total: int | None) -> None:
        clock.time += 100.0

    limits = Limits(total_seconds=150.0)
    with (
        HttpClient("tests", clock=clock, limits=limits, progress=tick) as client,
        pytest.raises(FetchError, match="was not done; given up"),
    ):
        client.download(
            Ask(one_file.url + "/f", frozenset({one_file.origin})), tmp_path / "file.bin"
        )


def test_progress_is_told(one_file: _OneFile, clock: FakeClock, tmp_path: Path) -> None:
    told: list[tuple[int, int | None]] = []
    with HttpClient(
        "tests", clock=clock, progress=lambda _url, got, total: told.append((got, total))
    ) as client:
        client.download(Ask(one_file.url, frozenset({one_file.origin})), tmp_path / "f")
    assert told[-1] == (len(one_file.body), len(one_file.body))


def test_certificates_named_by_the_installation_are_trusted(
    one_file: _OneFile, clock: FakeClock, self_signed: Path
) -> None:
    """The certificate is for localhost and the server is asked by its number: still refused."""
    with _OneFile() as secure:
        secure.use_tls(self_signed)
        ask = Ask(secure.url, frozenset({secure.origin}))
        with (
            HttpClient("tests", clock=clock, ca_file=self_signed) as client,
            pytest.raises(FetchError, match="certificate could not be verified"),
        ):
            client.read(ask)
