"""`deliver_events` and people: each address counts for itself, and what hangs holds up nobody else."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
import redis
from sqlalchemy import update

from models.event import EventDelivery, Target
from tests.records import a_connection
from tests.worker.delivery.given import (
    FakePeople,
    FakeWebhook,
    deliveries,
    made_due,
    states,
    told,
    written,
)
from tests.worker.live import heard
from worker.delivery import outbox, people, to_people
from worker.delivery.deliver import deliver_events
from worker.delivery.people import Answer, Answers
from worker.parts import Parts

pytestmark = pytest.mark.servers


def test_one_dead_address_repeats_nothing_to_the_other(parts: Parts, addressed: FakePeople) -> None:
    addressed.answers[1] = [Answer(False, "It could not be reached")]
    written(parts.database, a_connection(parts.database), "given_up", "reauth_required")
    deliver_events(parts)
    assert deliver_events(parts) == 0
    assert len(addressed.sent[1]) == 2, "who is not there for one is not asked about the other at once"
    made_due(parts.database)
    deliver_events(parts)
    assert len(addressed.sent[2]) == 2
    assert len(addressed.sent[1]) == 4
    dead = [each for each in deliveries(parts.database) if each.target == "people/1"]
    assert [(each.attempts, each.last_error) for each in dead] == [(1, "It could not be reached")] * 2, "each by itself"


def test_what_an_address_had_no_time_for_is_due_at_once_and_has_not_failed(parts: Parts, addressed: FakePeople) -> None:
    addressed.answers[1] = [Answer(True)]
    written(parts.database, a_connection(parts.database), "given_up", "reauth_required")
    deliver_events(parts)
    assert [(each.state, each.attempts) for each in deliveries(parts.database) if each.target == "people/1"] == [
        ("delivered", 1),
        ("pending", 0),
    ]
    assert Target.PEOPLE in outbox.targets_due(parts.database)


def test_with_many_addresses_only_some_are_sent_to_at_once(
    parts: Parts, addressed: FakePeople, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(to_people, "_ADDRESSES_AT_ONCE", 1)
    written(parts.database, a_connection(parts.database), "login_ending")
    deliver_events(parts)
    assert list(addressed.sent) == [1]
    deliver_events(parts)
    assert list(addressed.sent) == [1, 2]


@pytest.mark.parametrize("hanging", ["webhook", "people"])
def test_what_hangs_holds_one_thread_and_nobody_else_up(
    parts: Parts,
    webhook: FakeWebhook,
    addressed: FakePeople,
    redis_client: redis.Redis,
    monkeypatch: pytest.MonkeyPatch,
    hanging: str,
) -> None:
    hangs, over = threading.Event(), threading.Event()

    def hang(*_: object, **__: object) -> Answers:
        hangs.set()
        assert over.wait(10)
        return Answers("Fake", (Answer(True), Answer(True)))

    connection_id = a_connection(parts.database)
    written(parts.database, connection_id, "given_up")
    if hanging == "webhook":
        monkeypatch.setattr(webhook, "send", hang)
    else:
        monkeypatch.setattr(people, "send", hang)
    first = threading.Thread(target=deliver_events, args=(parts,))
    first.start()
    try:
        assert hangs.wait(10)
        written(parts.database, connection_id, "reauth_required")
        with heard(redis_client) as messages:
            deliver_events(parts)
        assert [kind for _, kind in told(messages)] == ["reauth_required"]
        if hanging == "webhook":
            assert len(addressed.sent[1]) == 2
        else:
            assert len(webhook.sent) == 2
    finally:
        over.set()
        first.join(10)


def test_an_address_that_was_corrected_gets_what_waited_for_it(parts: Parts, addressed: FakePeople) -> None:
    addressed.answers[1] = [Answer(False, "Apprise cannot use this address")]
    written(parts.database, a_connection(parts.database), "login_ending")
    deliver_events(parts)
    addressed.answers.clear()
    parts.settings = replace(parts.settings, notify_urls="json://corrected,json://two")
    with parts.database.session() as session:
        session.execute(update(EventDelivery).where(EventDelivery.target == "people/1").values(next_try_at=None))
    made_due(parts.database)
    assert deliver_events(parts) == 1
    assert states(parts.database)["people/1"] == "delivered"


def test_the_keys_are_not_needed_to_tell_that_they_are_lost(
    parts: Parts, addressed: FakePeople, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(parts.database, a_connection(parts.database), "credentials_unreadable")
    monkeypatch.setenv("ENCRYPTION_KEY", "")
    deliver_events(parts)
    assert addressed.sent[1] == ["Login cannot be read: fake, user 42"]
