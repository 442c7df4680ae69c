"""What nobody foresaw, at one event or one address: it counts as a try, and holds up nobody else."""

from __future__ import annotations

import logging
import uuid
from datetime import datetime

import pytest
import redis
from sqlalchemy import select

from models.event import Event, EventDelivery, Target
from models.session import Database
from tests.records import a_connection
from tests.worker.delivery.given import FakePeople, FakeWebhook, deliveries, made_due, told, written
from tests.worker.live import heard
from worker.delivery import deliver, outbox, people, to_people
from worker.delivery.addresses import Address
from worker.delivery.deliver import deliver_events
from worker.delivery.notices import Notice, Told, notice
from worker.delivery.people import Answers
from worker.event_documents import event_document
from worker.parts import Parts

pytestmark = pytest.mark.servers


def outcomes(database: Database, target: str) -> list[tuple[str, int]]:
    return [(each.state, each.attempts) for each in deliveries(database) if each.target == target]


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]


def test_a_fault_at_one_address_repeats_nothing_to_the_other(
    parts: Parts, addressed: FakePeople, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def send(address: Address, notices: list[Notice]) -> Answers:
        if address.place == 1:
            raise OSError("no process can be started")
        return addressed.send(address, notices)

    monkeypatch.setattr(people, "send", send)
    written(parts.database, a_connection(parts.database), "reauth_required")
    deliver_events(parts)
    assert outcomes(parts.database, "people/1") == [("pending", 1)]
    assert outcomes(parts.database, "people/2") == [("delivered", 1)]
    assert errors(caplog) == ["internal fault while something was delivered"]
    (first,) = [each for each in deliveries(parts.database) if each.target == "people/1"]
    assert first.last_error == "a fault of brokersync itself came in the way; the worker's log says more"


def test_an_event_without_a_notice_holds_up_no_other(
    parts: Parts, addressed: FakePeople, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unless_given_up(told: Told) -> Notice:
        if told.event.kind == "given_up":
            raise ValueError("no text")
        return notice(told)

    monkeypatch.setattr(to_people, "notice", unless_given_up)
    written(parts.database, a_connection(parts.database), "given_up", "reauth_required")
    deliver_events(parts)
    assert outcomes(parts.database, "people/1") == [("pending", 1), ("delivered", 1)]


@pytest.mark.parametrize("target", ["webhook", "subscribers"])
def test_an_event_without_a_document_holds_up_no_other(
    parts: Parts, webhook: FakeWebhook, monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    def unless_paused(event: Event) -> bytes:
        if event.kind == "paused":
            raise KeyError("no document")
        return event_document(event)

    monkeypatch.setattr(deliver, "event_document", unless_paused)
    written(parts.database, a_connection(parts.database), "paused", "resumed")
    deliver_events(parts)
    assert outcomes(parts.database, target)[0] == ("pending", 1)
    made_due(parts.database)
    deliver_events(parts)
    assert outcomes(parts.database, target)[1] == ("delivered", 1)


def test_a_webhook_that_fails_as_nobody_foresaw_is_not_asked_without_end(
    parts: Parts, webhook: FakeWebhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(document: bytes, event_id: uuid.UUID, now: datetime, deadline: float) -> None:
        raise RuntimeError

    monkeypatch.setattr(webhook, "send", fail)
    written(parts.database, a_connection(parts.database), "paused")
    deliver_events(parts)
    assert outcomes(parts.database, "webhook") == [("pending", 1)]
    made_due(parts.database, attempts=1000)
    deliver_events(parts)
    assert outcomes(parts.database, "webhook") == [("given_up", 1001)]


def test_a_kind_of_event_and_a_target_of_a_newer_version_hold_up_nobody(
    parts: Parts, webhook: FakeWebhook, addressed: FakePeople, redis_client: redis.Redis
) -> None:
    connection_id = a_connection(parts.database)
    with parts.database.session() as session:
        newer = [EventDelivery(target=target) for target in ("pager", "people", "subscribers", "webhook")]
        event = Event(id=uuid.uuid4(), kind="moved", connection_id=connection_id, user_id="42", broker="newbroker")
        event.actor, event.details, event.deliveries = "worker", {"to": {"any": ["thing"]}}, newer
        session.add(event)
    written(parts.database, connection_id, "reauth_required")
    assert outbox.targets_due(parts.database) == frozenset(Target)
    with heard(redis_client) as messages:
        assert deliver_events(parts) == 8
    assert [kind for _, kind in told(messages)] == ["moved", "reauth_required"]
    assert addressed.sent[1] == ["Moved: newbroker, user 42", "Login needed: fake, user 42"]
    with parts.database.session() as session:
        left = session.execute(
            select(EventDelivery.target, EventDelivery.attempts).where(EventDelivery.state == "pending")
        )
        assert list(left) == [("pager", 0)], "the newer version's workers see to it"
