"""Time, proved against real sockets: no server can keep a call longer than we allow."""

from __future__ import annotations

import socket
import threading
import time

import pytest

from brokers import transport
from brokers.endpoints import Endpoint
from brokers.errors import Unreachable
from tests.brokers.certificate import Certificate
from tests.brokers.wire_calls import JSON_HEAD, call, failure
from tests.brokers.wire_server import answer, drips, request_of, stalls, wire_server, writes

pytestmark = pytest.mark.sockets


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


def test_what_cannot_simply_be_asked_again_is_waited_for_to_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "READ_TIMEOUT", 0.1)

    def late(connection: socket.socket, closing: threading.Event) -> None:
        request_of(connection)
        if not closing.wait(0.4):
            connection.sendall(JSON_HEAD + b"Content-Length: 2\r\n\r\n[]")

    with wire_server(late) as server:
        assert call(server.url, 5, Endpoint("POST", "/tokens")).body == b"[]"
        with pytest.raises(Unreachable, match="in time"):
            call(server.url, 0.2, Endpoint("POST", "/tokens"))


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
