"""What counts as delivered, what is tried again, and how long a receiver can keep us. Real servers, on this machine."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from tests.brokers.wire_server import Script, answer, breaks_off, drips, request_of, stalls, wire_server, writes
from tests.worker.receiver import receiver
from tests.worker.webhook.given import DOCUMENT, EVENT_ID, SECRET, failure, send
from worker.webhook import Webhook

pytestmark = pytest.mark.sockets

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_status_of_success_is_a_delivery(status: int) -> None:
    with receiver((status, {})) as at:
        send(at.url)
    assert len(at.received) == 1


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (400, "WEBHOOK_SECRET"),
        (401, "WEBHOOK_SECRET"),
        (403, "WEBHOOK_SECRET"),
        (404, "not taken"),
        (413, "not taken"),
        (429, "not taken"),
        (500, "not taken"),
        (503, "not taken"),
    ],
)
def test_any_other_status_is_tried_again(status: int, words: str) -> None:
    with receiver((status, {"Retry-After": "1"})) as at:
        error = failure(at.url)
    assert error.retry
    assert words in error.text
    assert f"status {status}" in error.text


def test_a_receiver_that_says_it_is_gone_is_not_asked_again_for_that_event() -> None:
    with receiver((410, {})) as at:
        error = failure(at.url)
    assert not error.retry


@pytest.mark.parametrize("status", [301, 302, 303, 304, 307, 308])
def test_a_redirect_is_a_failure_and_nothing_behind_it_is_asked(status: int) -> None:
    with receiver() as behind, receiver((status, {"Location": behind.url})) as at:
        error = failure(at.url)
    assert (len(at.received), behind.received) == (1, [])
    assert "redirect" in error.text
    assert error.retry


def test_after_a_failure_the_same_webhook_delivers_the_same_event_signed_anew() -> None:
    def ids_and_times(headers: Mapping[str, str]) -> tuple[str, str]:
        return headers["webhook-id"], headers["webhook-timestamp"]

    with receiver((500, {})) as at:
        error = failure(at.url)
        webhook = Webhook(at.url, SECRET, allow_private=True)
        webhook.send(DOCUMENT, EVENT_ID, datetime(2026, 11, 20, 18, tzinfo=UTC), 5.0)
        webhook.send(DOCUMENT, EVENT_ID, datetime(2026, 11, 20, 18, 1, tzinfo=UTC), 5.0)
    assert error.retry
    _, first, second = [ids_and_times(got.headers) for got in at.received]
    assert first == (str(EVENT_ID), "1795197600")
    assert second == (str(EVENT_ID), "1795197660")


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(stalls(), id="silent"),
        pytest.param(stalls(HEAD), id="stalls-in-the-headers"),
        pytest.param(drips(b"HTTP/1.", b"1"), id="drips-its-status"),
        pytest.param(drips(HEAD + b"X-Slow: ", b"x"), id="drips-a-header"),
        pytest.param(drips(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), id="continues-for-ever"),
    ],
)
def test_a_receiver_that_does_not_answer_keeps_us_no_longer_than_the_deadline(script: Script) -> None:
    with wire_server(script) as server:
        start = time.monotonic()
        error = failure(server.url, deadline=0.4)
        assert 0.35 < time.monotonic() - start < 1.0
    assert error.retry
    assert error.text == "the request was sent, and no answer came in time"


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(drips(HEAD + b"Content-Length: 1000000\r\n\r\n", b"x"), id="drips"),
        pytest.param(drips(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"), id="drips-in-chunks"),
        pytest.param(stalls(HEAD + b"Content-Length: 10\r\n\r\n"), id="stalls"),
        pytest.param(writes(answer(b"x" * 5_000_000)), id="big"),
        pytest.param(writes(answer(b"no gzip", "200 OK", "Content-Encoding: gzip")), id="broken"),
    ],
)
def test_the_body_of_an_answer_is_not_waited_for(script: Script) -> None:
    with wire_server(script) as server:
        start = time.monotonic()
        send(server.url)
        assert time.monotonic() - start < 0.5


@pytest.mark.parametrize(
    "start", [pytest.param(b"", id="at-once"), pytest.param(b"HTTP/1.1 2", id="in-the-status"), b"\0\0\0\r\n\r\n"]
)
def test_a_connection_that_breaks_is_tried_again(start: bytes) -> None:
    with wire_server(breaks_off(start)) as server:
        error = failure(server.url)
    assert error.retry
    assert error.text == "the connection broke before an answer came"


def test_nobody_at_the_address_is_tried_again() -> None:
    with wire_server(stalls()) as server:
        url = server.url
    error = failure(url)
    assert error.retry
    assert error.text == "no connection"


def test_without_time_left_nothing_is_sent() -> None:
    with receiver() as at:
        error = failure(at.url, deadline=0.0)
    assert error.retry
    assert at.received == []


def test_an_answer_sets_no_cookie_for_the_next_request() -> None:
    with receiver((200, {"Set-Cookie": "who=somebody"})) as at:
        webhook = Webhook(at.url, SECRET, allow_private=True)
        for _ in range(2):
            webhook.send(DOCUMENT, EVENT_ID, datetime.now(UTC), 5.0)
    assert [got for got in at.received if "cookie" in got.headers] == []


def test_no_connection_is_kept_between_two_events() -> None:
    ended = threading.Event()

    def waits_for_the_end(connection: socket.socket, closing: threading.Event) -> None:
        request_of(connection)
        connection.sendall(answer(b""))
        connection.settimeout(2)
        while connection.recv(65536):
            pass
        ended.set()

    with wire_server(waits_for_the_end) as server:
        send(server.url)
        assert ended.wait(1)
