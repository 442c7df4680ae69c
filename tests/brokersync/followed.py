"""Following the live data on a Redis of a test, and what stands there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import redis

from brokersync import following
from brokersync.following import Checked, Event, Following, Heard
from brokersync.live import Document

ACCOUNT = "6f1c03aa-0000-4000-8000-000000000002"
AT = "2026-03-02T15:00:01.500000Z"


def text(version: int, account_id: str = ACCOUNT, kind: str = "balances", user_id: str = "42") -> str:
    envelope = {"schema": 1, "kind": kind, "account_id": account_id, "user_id": user_id, "version": version}
    return json.dumps({**envelope, "connection_id": "c", "net_liq": 1.10})


def an_event(event_id: str, user_id: str = "42", **more: object) -> str:
    """A login that will end, as the worker tells of it."""
    return json.dumps(
        {
            "schema": 1,
            "event": "login_ending",
            "event_id": event_id,
            "connection_id": "0b1c03aa-0000-4000-8000-000000000001",
            "user_id": user_id,
            "broker": "schwab",
            "at": "2026-11-20T18:00:15Z",
            "login_expires_at": "2026-11-22T18:00:00Z",
            "action": "brokersync link --repair 0b1c03aa-0000-4000-8000-000000000001",
            "hours_left": 48,
            "reason": "its time is nearly over",
            **more,
        }
    )


def store(client: redis.Redis, version: int, account_id: str = ACCOUNT) -> None:
    """What the worker leaves on Redis of a version."""
    for kind in ("balances", "positions"):
        client.set(f"live_data:latest:{kind}:{account_id}", text(version, account_id, kind))
    client.set(f"live_data:checked:{account_id}", json.dumps(AT))


def everything(document: Document) -> bool:
    return True


def followed(
    url: str, *accounts: str, wanted: Any = everything, concerning: Any = everything
) -> tuple[Following, Iterator[Event]]:
    live_data = Following(url, wanted, concerning)
    live_data.know(accounts)
    return live_data, live_data.events()


def versions(events: Iterator[Event], count: int) -> list[tuple[str, int]]:
    """Kind and version of the next documents; nothing but times of checks may come between them."""
    found: list[tuple[str, int]] = []
    while len(found) < count:
        event = next(events)
        assert isinstance(event, Heard | Checked)
        if isinstance(event, Heard):
            found.append((event.document["kind"], event.document["version"]))
    return found


def next_but_checks(events: Iterator[Event]) -> Event:
    return next(event for event in events if not isinstance(event, Checked))


def wait_shortly(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in {
        "LISTEN_SECONDS": 0.05,
        "CHECK_SECONDS": 0.3,
        "SILENCE_SECONDS": 0.8,
        "FIRST_WAIT": 0.05,
    }.items():
        monkeypatch.setattr(following, name, seconds)
