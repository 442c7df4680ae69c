"""A server that writes exactly the bytes a test wants, when it wants: what no honest HTTP server would do."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Script = Callable[[socket.socket, threading.Event], None]


class WireServer:
    """Plays `script` on each connection after its first request has come. `connections` counts them."""

    def __init__(self, script: Script, tls: ssl.SSLContext | None = None) -> None:
        self._script = script
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._closing = threading.Event()
        self._threads = [threading.Thread(target=self._accept)]
        self.connections = 0
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self._listener.getsockname()[1]}"

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                thread = threading.Thread(target=self._serve, args=(connection,))
                self._threads.append(thread)
                thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            if self._tls is None:
                self._script(connection, self._closing)
            else:
                with self._tls.wrap_socket(connection, server_side=True) as safe:
                    self._script(safe, self._closing)

    def start(self) -> None:
        self._threads[0].start()

    def stop(self) -> None:
        self._closing.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(5)


@contextmanager
def wire_server(script: Script, tls: ssl.SSLContext | None = None) -> Iterator[WireServer]:
    server = WireServer(script, tls)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def request_of(connection: socket.socket) -> bytes:
    """The head of the next request; empty when the client has gone."""
    head = b""
    while b"\r\n\r\n" not in head:
        data = connection.recv(65536)
        if not data:
            return b""
        head += data
    return head


def writes(answer: bytes) -> Script:
    """Write `answer` to each request, and keep the connection."""

    def script(connection: socket.socket, closing: threading.Event) -> None:
        while request_of(connection):
            connection.sendall(answer)

    return script


def drips(start: bytes, drop: bytes, every: float = 0.05) -> Script:
    """Write `start` at once, then `drop` again and again for three seconds, `every` so many seconds."""

    def script(connection: socket.socket, closing: threading.Event) -> None:
        request_of(connection)
        connection.sendall(start)
        end = time.monotonic() + 3
        while time.monotonic() < end and not closing.wait(every):
            connection.sendall(drop)

    return script


def stalls(start: bytes = b"") -> Script:
    """Write `start`, then nothing more for three seconds."""

    def script(connection: socket.socket, closing: threading.Event) -> None:
        connection.recv(65536)
        connection.sendall(start)
        closing.wait(3)

    return script


def breaks_off(start: bytes) -> Script:
    """Write `start` and reset the connection."""

    def script(connection: socket.socket, closing: threading.Event) -> None:
        request_of(connection)
        connection.sendall(start)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")

    return script


def answer(body: bytes, status: str = "200 OK", *headers: str, content_type: str = "application/json") -> bytes:
    """A whole HTTP answer."""
    head = [f"HTTP/1.1 {status}", f"Content-Type: {content_type}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*head, "", ""]).encode() + body
