"""Who answers where people are sent."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from brokersync.doctor import web
from brokersync.doctor.findings import Level

pytestmark = pytest.mark.sockets


@contextmanager
def serving(body: bytes) -> Iterator[str]:
    """A program that answers every path with this."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/healthz" else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_our_web_app_is_good() -> None:
    with serving(b'{"status": "ok"}') as url:
        assert [each.level for each in web.examine(url)] == [Level.OK]


@pytest.mark.parametrize("body", [b"<html>", b'{"status": "up"}', b"\xff", b"[" * 2000])
def test_another_program_at_our_port_is_a_fault(body: bytes) -> None:
    with serving(body) as url:
        (found,) = web.examine(url)
    assert (found.level, "Another program answers" in found.said) == (Level.FAULT, True)


def test_http_where_people_are_sent_to_https_is_a_fault() -> None:
    with serving(b'{"status": "ok"}') as url:
        (found,) = web.examine(url.replace("http", "https"))
    assert (found.level, "does not speak https" in found.said) == (Level.FAULT, True)


def test_nobody_at_a_port_of_this_machine_is_only_noted() -> None:
    (found,) = web.examine("http://127.0.0.1:1")
    assert (found.level, "honcho start" in str(found.remedy)) == (Level.NOTE, True)


def test_who_takes_the_connection_and_says_nothing_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        (found,) = web.examine(f"http://127.0.0.1:{silent.getsockname()[1]}")
    assert (found.level, "did not answer in time" in found.said) == (Level.WARNING, True)
