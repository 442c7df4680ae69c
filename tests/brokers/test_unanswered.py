"""Which requests may have been acted on though no usable answer came, and which were not."""

from __future__ import annotations

import socket
import threading

import pytest
import requests
import urllib3
from urllib3.exceptions import NewConnectionError

from brokers.deadline import Deadline
from brokers.errors import BrokerError, LoginEnded
from tests.brokers.certificate import Certificate
from tests.brokers.fake_transport import FakeTransport, Reply, page, reply
from tests.brokers.test_http import THING, client
from tests.brokers.wire_calls import JSON_HEAD, call, failure
from tests.brokers.wire_server import answer, breaks_off, drips, stalls, wire_server, writes


def error_of(given: Reply) -> BrokerError:
    with pytest.raises(BrokerError) as caught:
        client(FakeTransport({}, given)).call(THING, Deadline(5), path={"thing": "a"})
    return caught.value


def never_connected(cause: Exception) -> Reply:
    retried = urllib3.exceptions.MaxRetryError(urllib3.HTTPSConnectionPool("broker.example"), "/", cause)
    return Reply(error=requests.exceptions.ConnectionError(retried))


def breaks_off_at_once(connection: socket.socket, closing: threading.Event) -> None:
    """Reset the connection as soon as something comes, and leave that unread."""
    connection.recv(1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")


CONNECTION = urllib3.connection.HTTPConnection("broker.example")


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(Reply(error=requests.exceptions.ReadTimeout()), id="time-out after sending"),
        pytest.param(Reply(error=requests.exceptions.ConnectionError()), id="connection broken after sending"),
        pytest.param(page(502), id="502"),
        pytest.param(page(504), id="504"),
        pytest.param(page(200), id="HTML with status 200"),
        pytest.param(Reply(200, b"{}", {}), id="200 without a content type"),
        pytest.param(Reply(204, b"", {}), id="success without content"),
        pytest.param(
            Reply(200, b"no gzip", {"Content-Type": "application/json", "Content-Encoding": "gzip"}),
            id="200 packed wrongly",
        ),
    ],
)
def test_a_request_that_was_sent_and_got_nothing_usable_may_have_been_acted_on(given: Reply) -> None:
    assert error_of(given).unanswered is True


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(Reply(error=requests.exceptions.ConnectTimeout()), id="time-out before sending"),
        pytest.param(never_connected(NewConnectionError(CONNECTION, "refused")), id="connection refused"),
        pytest.param(Reply(error=requests.exceptions.SSLError()), id="TLS"),
        pytest.param(Reply(error=requests.exceptions.ProxyError()), id="proxy"),
        pytest.param(page(302), id="redirect"),
        pytest.param(page(403), id="HTML 403"),
        pytest.param(page(404, "404 Not Found: route", "text/plain"), id="text 404"),
        pytest.param(page(429), id="429"),
        pytest.param(page(500), id="500"),
        pytest.param(page(503), id="503"),
        pytest.param(
            Reply(400, b"no gzip", {"Content-Type": "application/json", "Content-Encoding": "gzip"}),
            id="400 packed wrongly",
        ),
    ],
)
def test_a_request_that_was_not_sent_or_was_refused_was_not_acted_on(given: Reply) -> None:
    assert error_of(given).unanswered is False


def test_nothing_is_sent_without_time_so_nothing_was_acted_on() -> None:
    with pytest.raises(BrokerError) as caught:
        client(FakeTransport({}, reply({}))).call(THING, Deadline(0), path={"thing": "a"})
    assert caught.value.unanswered is False


def test_an_error_is_a_plain_refusal_unless_said_otherwise() -> None:
    assert LoginEnded("POST /token", "ended").unanswered is False


@pytest.mark.sockets
@pytest.mark.parametrize("start", [b"", JSON_HEAD + b"Content-Length: 50\r\n\r\n[1,"])
def test_a_connection_reset_after_the_request_leaves_open_what_the_broker_did(start: bytes) -> None:
    assert failure(breaks_off(start))[0].unanswered is True


@pytest.mark.sockets
@pytest.mark.parametrize("start", [b"", JSON_HEAD, JSON_HEAD + b"Content-Length: 10\r\n\r\n[1"])
def test_a_server_that_stalls_after_the_request_leaves_open_what_it_did(start: bytes) -> None:
    assert failure(stalls(start), deadline=0.3)[0].unanswered is True


@pytest.mark.sockets
def test_a_refusal_whose_text_is_cut_is_still_a_refusal() -> None:
    cut = b"HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{"
    assert failure(breaks_off(cut))[0].unanswered is False


@pytest.mark.sockets
def test_a_success_that_says_it_is_too_big_leaves_open_what_it_said() -> None:
    huge = JSON_HEAD + b"Content-Length: 900000000\r\n\r\n"
    assert failure(drips(huge, b" "), deadline=5)[0].unanswered is True


@pytest.mark.sockets
def test_a_tls_handshake_that_stalls_sent_nothing() -> None:
    with wire_server(stalls()) as server, pytest.raises(BrokerError, match="no connection in time") as caught:
        call(server.url.replace("http://", "https://"), 0.3)
    assert caught.value.unanswered is False


@pytest.mark.sockets
def test_a_connection_reset_in_the_tls_handshake_sent_nothing() -> None:
    with wire_server(breaks_off_at_once) as server, pytest.raises(BrokerError, match="no connection") as caught:
        call(server.url.replace("http://", "https://"), 5)
    assert caught.value.unanswered is False


@pytest.mark.sockets
def test_a_certificate_that_nobody_vouches_for_sent_nothing(
    own_certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    with (
        wire_server(writes(answer(b"[]")), own_certificate.server_context()) as server,
        pytest.raises(BrokerError, match="TLS") as caught,
    ):
        call(server.url)
    assert caught.value.unanswered is False


@pytest.mark.sockets
def test_a_connection_that_breaks_after_the_request_went_over_tls_leaves_open_what_the_broker_did(
    own_certificate: Certificate,
) -> None:
    with (
        wire_server(breaks_off(b""), own_certificate.server_context()) as server,
        pytest.raises(BrokerError) as caught,
    ):
        call(server.url)
    assert caught.value.unanswered is True
