"""Answers that break, grow, lead elsewhere or share a connection, from real sockets."""

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
from brokers.errors import BadAnswer, BrokerDown, Unreachable
from brokers.http import HttpClient
from tests.brokers.wire_calls import JSON_HEAD, THINGS, call, failure
from tests.brokers.wire_server import answer, breaks_off, drips, request_of, stalls, wire_server, writes

pytestmark = pytest.mark.sockets


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
