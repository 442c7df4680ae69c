"""The sandbox as a server of its own, with threads, on the loopback interface unless told otherwise."""

from __future__ import annotations

import logging
import signal
import socket
import threading
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, Any

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from sandbox.app import SandboxApp, create_app
from sandbox.wire_faults import will_be_reset
from sandbox.world import Options

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

logger = logging.getLogger("sandbox")

# How often the server looks whether it shall end: it must be gone well within a second.
LOOK_FOR_THE_END = 0.1


class QuietHandler(WSGIRequestHandler):
    """Writes method, path and status to the log, never the query: it may hold a code."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        # Bytes that are no request line (a TLS hello, another protocol) leave neither method nor path.
        path: str | None = getattr(self, "path", None)
        if path is not None:
            logger.info("%s %s %s", self.command, path.partition("?")[0], code)

    def log_error(self, format: str, *args: Any) -> None:
        """The words handed over may quote the request line, query and all: say only that it could not be read."""
        logger.info("a request that could not be read")

    def connection_dropped(self, error: BaseException, environ: WSGIEnvironment | None = None) -> None:
        """Werkzeug would wait for a next request, since no header has said that this was the last."""
        self.close_connection = True


class FaultyServer(ThreadedWSGIServer):
    """A server that can really reset a connection: it must not say goodbye before it closes."""

    def shutdown_request(self, request: Any) -> None:
        if isinstance(request, socket.socket) and will_be_reset(request):
            request.close()
        else:
            super().shutdown_request(request)


class RunningSandbox:
    """A sandbox that answers at `address` until `stop` is called."""

    def __init__(self, options: Options, host: str = "127.0.0.1", port: int = 0) -> None:
        self.app: SandboxApp = create_app(options)
        self._server = FaultyServer(host, port, self.app, QuietHandler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(LOOK_FOR_THE_END,), name="sandbox", daemon=True
        )
        shown = f"[{host}]" if ":" in host else host
        self.address = f"http://{shown}:{self._server.port}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Stop answering and give the port back; requests that a fault holds up are dropped."""
        self.app.world.stopping.set()
        self._server.shutdown()
        self._thread.join()


def serve(options: Options, host: str, port: int, announce: Callable[[str], None]) -> None:
    """Run in this (main) thread until TERM or INT. `announce` gets the address once it answers."""
    ended = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        ended.set()

    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, end)
    running = RunningSandbox(options, host, port)
    running.start()
    announce(running.address)
    ended.wait()
    running.stop()
