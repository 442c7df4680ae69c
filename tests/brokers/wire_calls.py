"""Calls of the HTTP client to a scripted server."""

from __future__ import annotations

import time

import pytest

from brokers.answers import Answer
from brokers.deadline import Deadline
from brokers.endpoints import Endpoint
from brokers.errors import BrokerError
from brokers.http import HttpClient
from tests.brokers.wire_server import Script, wire_server

THINGS = Endpoint("GET", "/things")
JSON_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def call(url: str, deadline: float = 5.0, endpoint: Endpoint = THINGS) -> Answer:
    client = HttpClient(url, frozenset({endpoint}))
    try:
        return client.call(endpoint, Deadline(deadline))
    finally:
        client.close()


def failure(script: Script, deadline: float = 5.0) -> tuple[BrokerError, float]:
    """The error that a server's behaviour ends in, and the seconds it took."""
    with wire_server(script) as server:
        start = time.monotonic()
        with pytest.raises(BrokerError) as caught:
            call(server.url, deadline)
        return caught.value, time.monotonic() - start
