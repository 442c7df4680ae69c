"""Nobody behind the addresses: what they are sent is noted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.worker.delivery.given import FakePeople, FakeWebhook
from worker.delivery import people
from worker.parts import Parts


@pytest.fixture
def webhook(parts: Parts) -> FakeWebhook:
    parts.webhook = FakeWebhook()
    return parts.webhook


@pytest.fixture
def addressed(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> FakePeople:
    """Two addresses, and nobody behind them."""
    fake = FakePeople()
    monkeypatch.setattr(people, "send", fake.send)
    parts.settings = replace(parts.settings, notify_urls="json://one,json://two")
    return fake
