"""A stand-in for the broker: canned answers over real HTTP, in a process of its own, for next to no CPU.

    python -m benchmarks.stand_in    (a keeper: it tells its address and ends with whoever started it)

The access token says what a login holds: `2x50.some-id`. `GET /control?latency=0.2&tick=3` sets how long each answer waits
and which one comes; with `tick=next` each login's next answer is another one.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import cast
from urllib.parse import parse_qs, urlsplit

import requests

from benchmarks.answers import Shape, account_numbers, accounts
from brokersync import lease

_NEXT = "next"
_BEARER = b"Authorization: Bearer "
_END = b"\r\n\r\n"


class StandIn:
    """The owner's side: where it is, and what it answers."""

    def __init__(self, url: str) -> None:
        self.url = url

    def answer(self, *, tick: int | None, latency: float = 0.0) -> None:
        """From now on, after `latency` seconds; the answers of that tick, or, for None, another one each time."""
        query = {"tick": _NEXT if tick is None else str(tick), "latency": str(latency)}
        with requests.Session() as session:
            session.trust_env = False  # a proxy of the environment is not for this machine
            session.get(f"{self.url}/control", params=query, timeout=5).raise_for_status()


@contextmanager
def running() -> Iterator[StandIn]:
    """Raises `lease.KeeperFailed`."""
    with lease.hold("benchmarks.stand_in") as keeper:
        yield StandIn(keeper.answer["url"])


class _Answers:
    def __init__(self) -> None:
        self._tick: int | None = 0
        self._ticks: dict[str, Iterator[int]] = {}
        self.latency = 0.0

    def control(self, query: str) -> None:
        asked = parse_qs(query)
        self._tick = None if asked["tick"][0] == _NEXT else int(asked["tick"][0])
        self.latency = float(asked["latency"][0])

    def of(self, path: str, token: str) -> bytes | None:
        shape = Shape.read(token.partition(".")[0])
        if path == "/trader/v1/accounts/accountNumbers":
            return account_numbers(shape)
        if path != "/trader/v1/accounts":
            return None
        tick = next(self._ticks.setdefault(token, count())) if self._tick is None else self._tick
        return accounts(shape)[tick % shape.ticks]


class _Connection(asyncio.Protocol):
    def __init__(self, answers: _Answers) -> None:
        self._answers = answers
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        while _END in self._received:
            head, _, self._received = self._received.partition(_END)
            self._asked(head)

    def _asked(self, head: bytes) -> None:
        target = urlsplit(head.split(b" ", 2)[1].decode())
        if target.path == "/control":
            self._answers.control(target.query)
            self._transport.write(_http("200 OK", b"{}"))
            return
        token = head.partition(_BEARER)[2].partition(b"\r\n")[0].decode()
        body = self._answers.of(target.path, token)
        answer = _http("404 Not Found", b"{}") if body is None else _http("200 OK", body)
        asyncio.get_running_loop().call_later(self._answers.latency, self._transport.write, answer)


def _http(status: str, body: bytes) -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def _serve(addresses: list[str], bound: threading.Event) -> None:
    answers = _Answers()
    server = await asyncio.get_running_loop().create_server(lambda: _Connection(answers), "127.0.0.1", 0, backlog=256)
    host, port = server.sockets[0].getsockname()
    addresses.append(f"http://{host}:{port}")
    bound.set()
    await server.serve_forever()


def main() -> int:
    ends = lease.Lease()
    addresses: list[str] = []
    bound = threading.Event()
    # The lease needs the main thread, for its signals.
    threading.Thread(target=lambda: asyncio.run(_serve(addresses, bound)), daemon=True).start()
    if not bound.wait(5):
        ends.answer({"error": "The stand-in for the broker found no free port on 127.0.0.1."})
        return 1
    ends.answer({"url": addresses[0]})
    while not ends.wait():
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
