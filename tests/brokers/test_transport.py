"""Time and size, proved against real sockets: no server can keep a call longer, or make it take more, than we allow."""

from __future__ import annotations

import gzip
import socket
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import pytest

from brokers import answers, transport
from brokers.answers import Answer
from brokers.deadline import Deadline
from brokers.endpoints import Endpoint
from brokers.errors import BadAnswer, BrokerDown, BrokerError, Unreachable
from brokers.http import HttpClient
from tests.brokers.certificate import Certificate
from tests.brokers.wire_server import Script, answer, breaks_off, drips, request_of, stalls, wire_server, writes

pytestmark = pytest.mark.sockets

THINGS = Endpoint("GET", "/things")
JSON_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def call(url: str, deadline: float = 5.0) -> Answer:
    client = HttpClient(url, frozenset({THINGS}))
    try:
        return client.call(THINGS, Deadline(deadline))
    finally:
        client.close()


def failure(script: Script, deadline: float = 5.0) -> tuple[BrokerError, float]:
    """The error that a server's behaviour ends in, and the seconds it took."""
    with wire_server(script) as server:
        start = time.monotonic()
        with pytest.raises(BrokerError) as caught:
            call(server.url, deadline)
        return caught.value, time.monotonic() - start


@pytest.mark.parametrize(
    ("start", "drop"),
    [
        pytest.param(b"HTTP/1.", b"1", id="status-line"),
        pytest.param(b"HTTP/1.1 100 Continue\r\n\r\n" * 2, b"HTTP/1.1 100 Continue\r\n\r\n", id="status-100"),
        pytest.param(JSON_HEAD + b"X-Slow: ", b"x", id="headers"),
        pytest.param(JSON_HEAD + b"Content-Length: 1000000\r\n\r\n", b" ", id="body"),
        pytest.param(JSON_HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n", id="chunked-body"),
        pytest.param(JSON_HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"0", id="chunk-size"),
    ],
)
def test_a_server_that_drips_is_cut_at_the_deadline(start: bytes, drop: bytes) -> None:
    error, seconds = failure(drips(start, drop), deadline=0.4)
    assert isinstance(error, Unreachable)
    assert "in time" in error.fault
    assert 0.35 < seconds < 1.0


def test_a_server_that_never_lets_up_is_cut_at_the_deadline() -> None:
    nothing_yet = b"HTTP/1.1 100 Continue\r\n\r\n"
    error, seconds = failure(drips(b"", nothing_yet * 500, every=0), deadline=0.4)
    assert isinstance(error, Unreachable)
    assert seconds < 1.0


@pytest.mark.parametrize("start", [b"", JSON_HEAD, JSON_HEAD + b"Content-Length: 10\r\n\r\n[1"])
def test_a_server_that_stalls_is_cut_at_the_deadline(start: bytes) -> None:
    error, seconds = failure(stalls(start), deadline=0.3)
    assert isinstance(error, Unreachable)
    assert seconds < 1.0


def test_a_server_that_falls_silent_is_given_up_after_the_read_time_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "READ_TIMEOUT", 0.2)
    error, seconds = failure(stalls(JSON_HEAD), deadline=30)
    assert isinstance(error, Unreachable)
    assert seconds < 1.0


def test_a_tls_handshake_that_stalls_is_cut_at_the_deadline() -> None:
    with wire_server(stalls()) as server:
        start = time.monotonic()
        with pytest.raises(Unreachable):
            call(server.url.replace("http://", "https://"), 0.3)
        assert time.monotonic() - start < 1.0


def test_a_server_that_drips_over_tls_is_cut_at_the_deadline(own_certificate: Certificate) -> None:
    head = JSON_HEAD + b"Content-Length: 1000000\r\n\r\n"
    with wire_server(drips(head, b" "), own_certificate.server_context()) as server:
        start = time.monotonic()
        with pytest.raises(Unreachable, match="in time"):
            call(server.url, 0.4)
        assert time.monotonic() - start < 1.0


def test_a_certificate_that_nobody_vouches_for_is_refused(
    own_certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    with (
        wire_server(writes(answer(b"[]")), own_certificate.server_context()) as server,
        pytest.raises(Unreachable, match="certificate"),
    ):
        call(server.url)


def test_many_dead_addresses_share_one_connect_time_out(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (f"192.0.2.{n}", 80)) for n in range(1, 20)]
    asked: list[float] = []

    def times_out(_address: object, seconds: float, **_: object) -> socket.socket:
        asked.append(seconds)
        time.sleep(min(seconds, 0.1))
        raise TimeoutError

    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    monkeypatch.setattr(transport, "create_connection", times_out)
    start = time.monotonic()
    with pytest.raises(Unreachable, match="no connection in time"):
        call("http://localhost:1", 0.35)
    assert time.monotonic() - start < 0.7
    assert len(asked) == 4
    assert all(seconds <= 0.35 - 0.1 * tries for tries, seconds in enumerate(asked))


def test_a_slow_connection_leaves_less_time_for_its_tls_handshake(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(address: tuple[str, int], seconds: float, **_: object) -> socket.socket:
        time.sleep(0.4)
        return socket.create_connection(address, seconds)

    monkeypatch.setattr(transport, "create_connection", slow)
    with wire_server(stalls()) as server:
        start = time.monotonic()
        with pytest.raises(Unreachable):
            call(server.url.replace("http://", "https://"), 0.6)
        assert time.monotonic() - start < 0.9


def test_nobody_at_the_address_is_unreachable_at_once() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    listener.close()
    with pytest.raises(Unreachable, match="GET /things: no connection"):
        call(f"http://127.0.0.1:{port}")


@pytest.mark.parametrize("start", [b"", JSON_HEAD + b"Content-Length: 50\r\n\r\n[1,"])
def test_a_connection_that_is_reset_is_unreachable(start: bytes) -> None:
    error, _ = failure(breaks_off(start))
    assert isinstance(error, Unreachable)
    assert "broke" in error.fault


def test_an_answer_shorter_than_it_says_is_not_an_answer() -> None:
    def script(connection: socket.socket, closing: object) -> None:
        request_of(connection)
        connection.sendall(JSON_HEAD + b"Content-Length: 50\r\n\r\n[]")

    error, _ = failure(script)
    assert isinstance(error, Unreachable)
    assert "in the middle" in error.fault


def test_an_answer_that_says_it_is_too_big_is_not_read() -> None:
    error, seconds = failure(stalls(JSON_HEAD + b"Content-Length: 900000000\r\n\r\n"), deadline=5)
    assert isinstance(error, BadAnswer)
    assert seconds < 1.0


def test_an_answer_that_grows_too_big_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "MOST_BYTES", 1024 * 1024)
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    error, _ = failure(writes(JSON_HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunk * 40))
    assert isinstance(error, BadAnswer)
    assert "more than 1 MB" in error.fault


def test_a_small_answer_that_unpacks_to_a_huge_one_is_cut_and_takes_little_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(answers, "MOST_BYTES", 1024 * 1024)
    bomb = gzip.compress(b" " * 200_000_000, 9)
    assert len(bomb) < 1024 * 1024
    tracemalloc.start()
    try:
        error, _ = failure(writes(answer(bomb, "200 OK", "Content-Encoding: gzip")))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert isinstance(error, BadAnswer)
    assert peak < 16 * 1024 * 1024


def test_an_answer_that_is_packed_is_unpacked() -> None:
    with wire_server(writes(answer(gzip.compress(b"[1]"), "200 OK", "Content-Encoding: gzip"))) as server:
        assert call(server.url) == Answer(200, b"[1]")


def test_an_answer_that_cannot_be_unpacked_is_bad() -> None:
    error, _ = failure(writes(answer(b"no gzip at all", "200 OK", "Content-Encoding: gzip")))
    assert isinstance(error, BadAnswer)


def test_a_redirect_is_neither_followed_nor_read() -> None:
    endless = b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nTransfer-Encoding: chunked\r\n\r\n"
    with wire_server(drips(endless, b"1\r\n \r\n")) as server:
        start = time.monotonic()
        with pytest.raises(BrokerDown, match="redirect"):
            call(server.url)
        assert time.monotonic() - start < 1.0
        assert server.connections == 1


def test_something_that_does_not_speak_http_is_unreachable() -> None:
    error, _ = failure(writes(b"SSH-2.0-OpenSSH_9.2\r\n"))
    assert isinstance(error, Unreachable)


def test_32_threads_share_a_client_and_connections_are_used_again() -> None:
    with wire_server(writes(answer(b"[1]"))) as server:
        client = HttpClient(server.url, frozenset({THINGS}))
        try:
            with ThreadPoolExecutor(32) as pool:
                given = list(pool.map(lambda _: client.call(THINGS, Deadline(10)), range(320)))
        finally:
            client.close()
        assert given == [Answer(200, b"[1]")] * 320
        assert server.connections <= 32


def test_a_connection_that_has_been_idle_for_long_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    with wire_server(writes(answer(b"[1]"))) as server:
        client = HttpClient(server.url, frozenset({THINGS}))
        try:
            client.call(THINGS, Deadline(5))
            client.call(THINGS, Deadline(5))
            assert server.connections == 1
            monkeypatch.setattr(transport, "IDLE_LIMIT", 0.0)
            client.call(THINGS, Deadline(5))
            assert server.connections == 2
        finally:
            client.close()


def test_no_cookie_is_carried_over() -> None:
    heads: list[bytes] = []

    def script(connection: socket.socket, closing: object) -> None:
        while head := request_of(connection):
            heads.append(head)
            connection.sendall(answer(b"[]", "200 OK", "Set-Cookie: who=somebody; Path=/"))

    with wire_server(script) as server:
        client = HttpClient(server.url, frozenset({THINGS}))
        for _ in range(2):
            client.call(THINGS, Deadline(5))
        client.close()
    assert len(heads) == 2
    assert not [head for head in heads if b"ookie" in head]
