"""Faults of the connection itself: bytes that come slowly, too few of them, or none.

An iterator that raises a ConnectionError makes the server drop the connection at that point without a word.
"""

from __future__ import annotations

import select
import socket
import struct
import threading
from collections.abc import Iterator

Connection = socket.socket

SECONDS_PER_BYTE = 1.0
# Longer than any client should wait; a forgotten request does not stay for ever.
LONGEST_STALL = 300.0
LOOK_FOR_THE_CLIENT = 0.2

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


def dripping(body: bytes, stopping: threading.Event) -> Iterator[bytes]:
    for place in range(len(body)):
        yield body[place : place + 1]
        if stopping.wait(SECONDS_PER_BYTE):
            raise ConnectionAbortedError("the sandbox stops")


def delayed(body: bytes, seconds: float, stopping: threading.Event) -> Iterator[bytes]:
    """Nothing for so long, not even the status, and then all of it."""
    if stopping.wait(seconds):
        raise ConnectionAbortedError("the sandbox stops")
    yield body


def truncated(body: bytes) -> Iterator[bytes]:
    """Half of what Content-Length promises."""
    yield body[: len(body) // 2]
    raise ConnectionAbortedError("the rest is left out")


def stalling(connection: Connection | None, stopping: threading.Event) -> Iterator[bytes]:
    """Not a byte, until the client goes or the sandbox stops."""
    waited = 0.0
    while waited < LONGEST_STALL and not stopping.wait(LOOK_FOR_THE_CLIENT) and not _client_is_gone(connection):
        waited += LOOK_FOR_THE_CLIENT
    yield from _dropped(ConnectionAbortedError("nothing was answered"))


def resetting(connection: Connection | None) -> Iterator[bytes]:
    """Close with an RST, which is what the client sees as "connection reset by peer"."""
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    yield from _dropped(ConnectionResetError("reset"))


def will_be_reset(connection: Connection) -> bool:
    return connection.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, len(_RESET_ON_CLOSE)) == _RESET_ON_CLOSE


def _dropped(error: ConnectionError) -> Iterator[bytes]:
    raise error


def _client_is_gone(connection: Connection | None) -> bool:
    if connection is None:
        return False
    readable, _, _ = select.select([connection], [], [], 0)
    return bool(readable) and connection.recv(1, socket.MSG_PEEK) == b""
