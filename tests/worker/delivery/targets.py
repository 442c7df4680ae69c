"""Servers on this machine to which Apprise sends: one for mails, and two that know no end."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def dripping() -> Iterator[int]:
    """A server that answers a byte at a time and never comes to an end: the port it listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        over = threading.Event()

        def drip() -> None:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                connection.sendall(b"HTTP/1.1 200 OK\r\n")
                while not over.wait(0.1):
                    try:
                        connection.sendall(b"X-Slow: x\r\n")
                    except OSError:
                        return

        thread = threading.Thread(target=drip)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            over.set()
            server.shutdown(socket.SHUT_RDWR)
            thread.join(10)


@contextmanager
def flooding(most: int) -> Iterator[tuple[int, list[int]]]:
    """A server that answers without end, up to `most` bytes: its port, and how much it got rid of."""
    chunk, sent = b"x" * (1 << 20), [0]
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(20)

        def flood() -> None:
            connection, _ = server.accept()
            with connection, suppress(OSError):
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
                while sent[0] < most:
                    connection.sendall(chunk)
                    sent[0] += len(chunk)

        thread = threading.Thread(target=flood)
        thread.start()
        yield server.getsockname()[1], sent
        thread.join(20)


@contextmanager
def a_mail_server() -> Iterator[tuple[int, list[str]]]:
    """SMTP as far as it goes for one mail: its port, and the lines it was sent."""
    lines: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(20)

        def serve() -> None:
            connection, _ = server.accept()
            with connection, connection.makefile("rwb", buffering=0) as talk:
                talk.write(b"220 sink\r\n")
                in_mail = False
                for raw in talk:
                    line = raw.decode().rstrip("\r\n")
                    lines.append(line)
                    if in_mail:
                        if line == ".":
                            in_mail = False
                            talk.write(b"250 taken\r\n")
                        continue
                    in_mail = line.upper() == "DATA"
                    talk.write(b"354 go on\r\n" if in_mail else b"250 ok\r\n")
                    if line.upper() == "QUIT":
                        return

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1], lines
        thread.join(20)
