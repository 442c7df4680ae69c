"""Where the webhook leads, told without a word to it."""

from __future__ import annotations

import socket

import pytest

from brokersync.doctor import webhook
from brokersync.doctor.findings import Level


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> None:
    """A DNS that knows two names, and every address."""
    known = {
        "app.example.org": "93.184.216.34",
        "inside.example.org": "10.0.0.7",
        "metadata.example.org": "169.254.169.254",
    }

    def look_up(host: str, *_: object, **__: object) -> list[tuple[object, ...]]:
        address = known.get(host, host)
        if not address[0].isdigit():
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)


@pytest.mark.parametrize(
    ("url", "private", "level", "said"),
    [
        ("https://app.example.org/events", False, Level.OK, "leads to where it may"),
        ("https://inside.example.org/events", True, Level.OK, "leads to where it may"),
        ("http://10.0.0.7/events", True, Level.OK, "leads to where it may"),
        ("http://app.example.org/events", False, Level.FAULT, "WEBHOOK_PRIVATE does not allow"),
        ("http://app.example.org/events", True, Level.FAULT, "leads to the internet"),
        ("https://inside.example.org/events", False, Level.FAULT, "leads to a private network"),
        ("https://127.0.0.1:9/events", False, Level.FAULT, "leads to a private network"),
        ("https://metadata.example.org/", True, Level.FAULT, "at which no receiver can be"),
        ("https://gone.example.org/events", False, Level.WARNING, "cannot be looked up"),
    ],
)
def test_a_webhook_that_would_not_be_sent_to_is_found(url: str, private: bool, level: Level, said: str) -> None:
    (found,) = webhook.examine(url, allow_private=private)
    assert (found.level, found.check) == (level, "WEBHOOK_URL")
    assert said in found.said
    assert (found.remedy is None) == (level is Level.OK)


def test_without_one_there_is_nothing_to_say() -> None:
    assert webhook.examine(None, allow_private=False) == []
