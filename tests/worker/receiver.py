"""A receiver of webhooks on this machine, that keeps what came and answers what a test wants."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple


class Received(NamedTuple):
    method: str
    path: str
    headers: Mapping[str, str]
    """By their names in small letters."""
    body: bytes


class Receiver:
    """`url` leads to it. `received` holds the requests in their order."""

    def __init__(self, answers: Sequence[tuple[int, Mapping[str, str]]], tls: ssl.SSLContext | None) -> None:
        self.received: list[Received] = []
        self._answers = list(answers)
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                receiver._receive(self)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}/events"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def _receive(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.received.append(Received(request.command, request.path, headers, body))
        status, more = self._answers.pop(0) if self._answers else (204, {})
        request.send_response(status)
        for name, value in more.items():
            request.send_header(name, value)
        request.send_header("Content-Length", "0")
        request.end_headers()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@contextmanager
def receiver(*answers: tuple[int, Mapping[str, str]], tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """Gives `answers`, each once and in their order, then status 204 to everything."""
    started = Receiver(answers, tls)
    started.start()
    try:
        yield started
    finally:
        started.stop()
