"""A secret, and a webhook that sends one small document."""

from __future__ import annotations

import uuid
from base64 import b64encode
from datetime import UTC, datetime

import pytest

from worker.webhook import NotDelivered, Webhook

KEY = bytes(range(32))
SECRET = f"whsec_{b64encode(KEY).decode()}"
DOCUMENT = b'{"schema":1,"event":"login_ending","user_id":"42"}'
EVENT_ID = uuid.UUID("9c1f6dc6-6f6f-4f0a-9a53-0d2ddac7c7d1")


def send(url: str, allow_private: bool = True, deadline: float = 5.0, now: datetime | None = None) -> None:
    Webhook(url, SECRET, allow_private).send(DOCUMENT, EVENT_ID, now or datetime.now(UTC), deadline)


def failure(url: str, allow_private: bool = True, deadline: float = 5.0) -> NotDelivered:
    """Why nothing was delivered; it tells nothing of the address, and nothing hangs on it that would."""
    with pytest.raises(NotDelivered) as caught:
        send(url, allow_private, deadline)
    error = caught.value
    assert error.__context__ is None
    assert not [part for part in (url, "127.0.0.1", "receiver.example", SECRET) if part in error.text]
    return error
