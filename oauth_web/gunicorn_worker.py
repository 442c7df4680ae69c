"""gunicorn's thread worker, which waits for nobody for ever and repeats nothing of what it could not read.

gunicorn's own reads a request in a thread of its pool and waits there as long as the sender likes: as many half-sent
requests as there are threads would stop the app.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from dataclasses import dataclass
from typing import Any

from gunicorn import util
from gunicorn.workers.gthread import TConn, ThreadWorker

from oauth_web.headers import ALWAYS, policy

READ_WITHIN = 10.0
"""Seconds from a thread's first look to the end of the headers, TLS included. A browser needs far less than one."""
READ_WITHIN_WHEN_CROWDED = 1.0
"""The same while half of the threads wait for somebody's request: then others wait for a thread."""
ANSWER_WITHIN = 60.0
"""Seconds for the body, the work and the answer. The longest work, a callback's, ends in about half of this."""

_BODY = b"This request cannot be read, or not be answered.\n"


@dataclass
class _Visit:
    """One connection in the hands of a thread. `line` is a handle of our own: TLS takes over the original."""

    line: socket.socket
    since: float
    is_read: bool = False


class Worker(ThreadWorker):
    """Ends the connections that take too long. The main loop looks at them every second."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._visits: dict[TConn, _Visit] = {}
        self._looking = threading.Lock()

    def handle(self, conn: TConn) -> Any:
        with self._looking:
            self._visits[conn] = _Visit(_handle_on(conn.sock), time.monotonic())
        try:
            return super().handle(conn)
        finally:
            with self._looking:
                self._visits.pop(conn).line.close()

    def handle_request(self, req: Any, conn: TConn) -> Any:
        with self._looking:
            self._visits[conn].is_read = True
        return super().handle_request(req, conn)

    def murder_pending(self) -> None:
        """Called by the main loop, at work and while it ends."""
        super().murder_pending()
        with self._looking:
            visits = list(self._visits.values())
            reading = sum(not visit.is_read for visit in visits)
            patience = READ_WITHIN_WHEN_CROWDED if 2 * reading >= self.cfg.threads else READ_WITHIN
            for visit in visits:
                if time.monotonic() - visit.since > (ANSWER_WITHIN if visit.is_read else patience):
                    _hang_up(visit.line)

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: BaseException) -> None:
        """One answer, in fixed words. gunicorn's quotes the request, and writes it to the log: a code may be in it."""
        self.log.warning("A request could not be read or answered: %s", type(exc).__name__)
        try:
            util.write_nonblock(client, _answer())
        except OSError:
            self.log.debug("The sender of that request has gone.")


def _handle_on(connection: socket.socket) -> socket.socket:
    # Not `dup`, which a socket that does TLS refuses.
    return socket.socket(fileno=os.dup(connection.fileno()))


def _hang_up(line: socket.socket) -> None:
    """Wake the thread that waits there; it finds the connection at its end."""
    try:
        line.shutdown(socket.SHUT_RDWR)
    except OSError:
        # The sender hung up first.
        return


def _answer() -> bytes:
    headers = {
        **ALWAYS,
        "Content-Security-Policy": policy(),
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Length": str(len(_BODY)),
        "Connection": "close",
    }
    lines = ["HTTP/1.1 400 Bad Request", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode() + _BODY
