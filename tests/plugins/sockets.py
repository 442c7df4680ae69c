"""Unit tests open no socket; the others stay on this machine. (psycopg2 connects in C, past this.)

Narrower than a switch for all sockets: what a test may reach follows from the marks it carries anyway.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import pytest

MAY_USE_LOOPBACK = ("servers", "processes", "sockets", "browser")
LOOPBACK = {"127.0.0.1", "::1", "localhost"}


class SocketBlocked(Exception):
    """A test reached for the network. Put a fake at the seam, or mark the test for what it needs."""


@pytest.fixture(autouse=True)
def _sockets_as_marked(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    allowed = _reachable() if any(request.node.get_closest_marker(mark) for mark in MAY_USE_LOOPBACK) else set()
    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, _guarded(getattr(socket.socket, name), allowed))
    monkeypatch.setattr(socket, "getaddrinfo", _guarded_lookup(socket.getaddrinfo, allowed))


@cache
def _reachable() -> set[str]:
    """This machine, and the host of a Redis that somebody gave to the run."""
    given = urlsplit(os.environ.get("REDIS_URL", "")).hostname
    if given is None:
        return LOOPBACK
    return LOOPBACK | {given} | {str(found[4][0]) for found in socket.getaddrinfo(given, None)}


def _guarded(connect: Callable[..., Any], allowed: set[str]) -> Callable[..., Any]:
    def guarded(self: socket.socket, address: Any) -> Any:
        if self.family != socket.AF_UNIX and address[0] not in allowed:
            raise SocketBlocked(f"connect to {address[0]}")
        return connect(self, address)

    return guarded


def _guarded_lookup(lookup: Callable[..., Any], allowed: set[str]) -> Callable[..., Any]:
    def guarded(host: Any, *arguments: Any, **options: Any) -> Any:
        if host is not None and host not in allowed:
            raise SocketBlocked(f"look up {host}")
        return lookup(host, *arguments, **options)

    return guarded
