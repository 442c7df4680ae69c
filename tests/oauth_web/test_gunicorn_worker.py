"""Senders who do not keep to the rules, against the real gunicorn."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from oauth_web.gunicorn_worker import READ_WITHIN, READ_WITHIN_WHEN_CROWDED
from oauth_web.headers import ALWAYS
from tests.oauth_web.served import Served, serving

pytestmark = pytest.mark.processes

HALF = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("served"), {}) as served:
        yield served


def test_forty_who_send_half_a_request_keep_nobody_out(served: Served) -> None:
    with ExitStack() as held:
        for _ in range(40):
            held.enter_context(served.secure_line()).sendall(HALF)
        assert_soon_answered(served)


def test_forty_who_never_end_their_handshake_keep_nobody_out(served: Served) -> None:
    with ExitStack() as held:
        for _ in range(40):
            held.enter_context(served.plain_line()).sendall(b"\x16\x03\x01")
        assert_soon_answered(served)


def assert_soon_answered(served: Served) -> None:
    began = time.monotonic()
    assert served.get("/healthz").ok
    # The main loop looks once a second; some wait behind the first thirty-two.
    assert time.monotonic() - began < 2 * (READ_WITHIN_WHEN_CROWDED + 1) + 2


def test_a_lone_slow_sender_has_ten_seconds_whatever_it_sends_in_between(served: Served) -> None:
    began = time.monotonic()
    with served.secure_line() as line:
        line.sendall(HALF)
        line.settimeout(0.5)
        while not is_over(line):
            assert time.monotonic() - began < READ_WITHIN + 5
    assert time.monotonic() - began > READ_WITHIN - 1


def is_over(line: ssl.SSLSocket) -> bool:
    """Sends one byte more and looks, for half a second, whether the other side has ended it."""
    try:
        line.sendall(b"x")
        return line.recv(1) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


@pytest.mark.parametrize(
    "line",
    [
        b"GET /oauth/callback?code=SECRET&state=SECRET",
        b"GET /oauth/callback?code=SECRET HTTP/nonsense",
        b"SECRET() /oauth/callback HTTP/1.1",
        b"GET / HTTP/1.1\r\nSECRET header: x",
        b"GET /" + b"SECRET" * 2000 + b" HTTP/1.1",
    ],
)
def test_what_cannot_be_read_is_neither_repeated_nor_logged(served: Served, line: bytes) -> None:
    head, _, body = served.says_to(line + b"\r\nHost: x\r\n\r\n").partition(b"\r\n\r\n")
    status, *headers = head.decode().split("\r\n")
    assert status == "HTTP/1.1 400 Bad Request"
    said = dict(each.split(": ", 1) for each in headers)
    assert ALWAYS.items() <= said.items()
    assert "default-src 'none'" in said["Content-Security-Policy"]
    assert int(said["Content-Length"]) == len(body)
    assert b"SECRET" not in head + body
    log = served.log.read_text()
    assert "could not be read" in log
    assert "SECRET" not in log
