"""Connections that keep to a total time: `requests` on top, urllib3's pools below, our sockets' reading in between.

`requests` knows a connect and a read time-out, and the read time-out starts anew with every byte: a server that drips
one byte a second is never cut, neither in its headers nor in its body. Here the time-out that a caller passes as
urllib3's `Timeout(total=…)` bounds the whole exchange: before each read of the socket its time-out is set to what is
left. No thread watches, and nothing is shut down from outside.

One wait is outside our reach: the resolver's. `getaddrinfo` cannot be interrupted; its own limits (resolv.conf, 5 s a
try) hold there, and the time it took is counted before anything is sent.
"""

from __future__ import annotations

import http.client
import io
import logging
import socket
import ssl
import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import requests
import requests.adapters
import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util.connection import create_connection

CONNECT_TIMEOUT = 5.0
"""TCP and TLS together. A host that needs longer is not one to wait for."""

READ_TIMEOUT = 10.0
"""Without a single byte for so long, what can be asked again is given up. Clients of Schwab's API wait 10 s (Schwabdev).

Anything but a GET has all of its time: given up, a refresh whose answer is only slow would cost the tokens in it.
"""

IDLE_LIMIT = 60.0
"""A pooled connection unused for longer is replaced: routers forget idle connections without telling either side."""

POOL_SIZE = 32
"""As many connections are kept as a worker has threads."""

# Their debug and warning lines carry paths and queries, and a broker's paths name accounts.
logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)
logging.getLogger("urllib3.connection").setLevel(logging.ERROR)


class _TimedReader(io.RawIOBase):
    """Reads a socket, and lets no read take longer than is left of `seconds`, or than `silence`."""

    def __init__(self, sock: socket.socket, seconds: float, silence: float) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._until = time.monotonic() + seconds
        self._silence = silence

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int | None:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError("the total time is used up")
        self._sock.settimeout(min(left, self._silence))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _BoundedResponse(http.client.HTTPResponse):
    """An answer whose status line, headers and body together arrive within the time-out its socket has at the start."""

    def __init__(
        self, sock: socket.socket, debuglevel: int = 0, method: str | None = None, url: str | None = None
    ) -> None:
        seconds = sock.gettimeout()
        if seconds is None:
            seconds = READ_TIMEOUT
        reader = _TimedReader(sock, seconds, READ_TIMEOUT if method == "GET" else seconds)
        super().__init__(sock, debuglevel, method, url)
        self.fp.close()
        self.fp = io.BufferedReader(reader)


class BoundedConnection(HTTPConnection):
    response_class = _BoundedResponse
    _used_at = 0.0

    def addresses(self) -> list[str]:
        """Where the host's name leads, looked up once: nothing else is connected to. Raises `socket.gaierror`."""
        found = socket.getaddrinfo(self._dns_host, self.port, type=socket.SOCK_STREAM)
        return [str(address[0]) for *_, address in found]

    def _new_conn(self) -> socket.socket:
        """Connect within `self.timeout` whatever the number of addresses, and leave TLS what remains of it."""
        until = time.monotonic() + (self.timeout or CONNECT_TIMEOUT)
        try:
            found = self.addresses()
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from None
        failure: OSError = TimeoutError()
        for address in found:
            left = until - time.monotonic()
            if left <= 0:
                break
            try:
                sock = create_connection((address, self.port), left, socket_options=self.socket_options)
            except OSError as error:
                failure = error
                continue
            sock.settimeout(max(until - time.monotonic(), 0.001))
            return sock
        if isinstance(failure, TimeoutError):
            raise ConnectTimeoutError(self, "no connection in time")
        raise NewConnectionError(self, "no address took the connection")

    def request(self, *args: Any, **kwargs: Any) -> None:
        self._used_at = time.monotonic()
        super().request(*args, **kwargs)

    @property
    def is_connected(self) -> bool:
        return time.monotonic() - self._used_at < IDLE_LIMIT and super().is_connected


class BoundedTLSConnection(BoundedConnection, HTTPSConnection):
    def connect(self) -> None:
        """Without TLS there is no connection. urllib3 would tell of a read that took too long, or of a connection that
        broke, as if the request had been sent."""
        try:
            super().connect()
        except TimeoutError:
            raise ConnectTimeoutError(self, "no TLS in time") from None
        except ssl.SSLError:
            raise
        except OSError:
            raise NewConnectionError(self, "the connection broke before TLS was agreed on") from None


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = BoundedConnection


class _TLSPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = BoundedTLSConnection


Pools = Mapping[str, type[urllib3.HTTPConnectionPool]]
"""By scheme, what makes the connections."""


class BoundedAdapter(requests.adapters.HTTPAdapter):
    """The adapter that real requests go through; a test mounts another one in its place."""

    def __init__(self, pools: Pools = MappingProxyType({"http": _Pool, "https": _TLSPool})) -> None:
        self._pools = dict(pools)
        super().__init__(pool_maxsize=POOL_SIZE)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> urllib3.ProxyManager:
        manager: urllib3.ProxyManager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = self._pools
        return manager

    def close(self) -> None:
        """Close the pooled connections now; urllib3 would wait until nothing refers to their pool any more."""
        for manager in (self.poolmanager, *self.proxy_manager.values()):
            keys = manager.pools.keys()
            for key in keys:
                manager.pools[key].close()
        super().close()

    def send(self, *args: Any, **kwargs: Any) -> requests.Response:
        """`timeout` (seconds) is for the whole exchange: connecting, sending and the answer to its last byte."""
        seconds: float = kwargs["timeout"]
        kwargs["timeout"] = urllib3.Timeout(connect=min(CONNECT_TIMEOUT, seconds), total=seconds)
        return super().send(*args, **kwargs)
