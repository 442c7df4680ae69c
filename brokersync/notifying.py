"""Who is told of logins that end, as this shell is set up: what they are called, whether they can be told, and a test."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from brokersync.doctor import webhook as of_the_doctor
from brokersync.doctor.findings import Level
from models.event import Event
from settings import Settings
from worker.delivery import people
from worker.delivery.addresses import Address, addresses
from worker.delivery.notices import trial_notice
from worker.delivery.people import Answer
from worker.event_documents import event_document
from worker.limits import WEBHOOK_TOTAL
from worker.webhook import NotDelivered, Webhook

AT_ONCE = 8


@dataclass(frozen=True)
class Target:
    """`target` as the outbox has it, `name` as a person knows it, without a secret. `service` by Apprise's name for it.

    `said` is what is wrong with it, `remedy` what may help; both are None where all is well.
    """

    target: str
    name: str
    service: str | None = None
    said: str | None = None
    remedy: str | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "target": self.target,
            "name": self.name,
            "service": self.service,
            "ok": self.said is None,
            "said": self.said,
            "remedy": self.remedy,
        }


def set_up(settings: Settings) -> list[Target]:
    """Everybody who is to be told, and whether they can be. Nothing is sent.

    Raises `settings.Unusable` for a webhook that cannot be signed.
    """
    return people_set_up(settings) + [_looked_at_webhook(settings, url) for url, _ in _webhook(settings)]


def people_set_up(settings: Settings) -> list[Target]:
    """The people among them, and whether Apprise can use their addresses."""
    return _each(addresses(settings.notify_urls), _looked_at)


def try_all(settings: Settings) -> list[Target]:
    """The same, with a test message sent to each of them. Raises `settings.Unusable` likewise."""
    webhooks = _webhook(settings)
    found = _each(addresses(settings.notify_urls), _tried)
    return found + [_tried_webhook(url, webhook) for url, webhook in webhooks]


def _each(known: Sequence[Address], do: Callable[[Address], Target]) -> list[Target]:
    """For all of them at the same time: each waits for a server, and one that hangs for long."""
    with ThreadPoolExecutor(AT_ONCE) as threads:
        return list(threads.map(do, known))


def _looked_at(address: Address) -> Target:
    sent = people.send(address, [])
    return _target(address, sent.service, sent.fault)


def _tried(address: Address) -> Target:
    sent = people.send(address, [trial_notice()])
    (answer,) = sent.answers
    return _target(address, sent.service, answer)


def _target(address: Address, service: str | None, answer: Answer | None) -> Target:
    said, remedy = (None, None) if answer is None else (answer.said, answer.remedy)
    return Target(address.target, address.name, service, said, remedy)


def _webhook(settings: Settings) -> list[tuple[str, Webhook]]:
    """One, or none."""
    url, secret = settings.webhook_url, settings.webhook_secret
    return [] if url is None or secret is None else [(url, Webhook(url, secret, settings.webhook_private))]


def _looked_at_webhook(settings: Settings, url: str) -> Target:
    (found,) = of_the_doctor.examine(url, allow_private=settings.webhook_private)
    if found.level is Level.OK:
        return Target("webhook", _name_of(url))
    said, remedy = found.said.removesuffix("."), str(found.remedy).removesuffix(".")
    return Target("webhook", _name_of(url), said=said, remedy=remedy)


def _tried_webhook(url: str, webhook: Webhook) -> Target:
    now = datetime.now(UTC)
    event = Event(id=uuid.uuid4(), kind="test", at=now, broker="", actor="command line", details={})
    try:
        webhook.send(event_document(event), event.id, now, deadline=WEBHOOK_TOTAL.total_seconds())
    except NotDelivered as error:
        return Target("webhook", _name_of(url), said=str(error))
    return Target("webhook", _name_of(url))


def _name_of(url: str) -> str:
    parts = urlsplit(url)
    return f"webhook {parts.scheme}://{parts.hostname}"
