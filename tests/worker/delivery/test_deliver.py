"""`deliver_events`: to Redis, to a webhook and to people, each at least once and none held up by another."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Iterator
from dataclasses import replace

import pytest
import redis
from sqlalchemy import delete

from models.connection import Connection
from models.event import Target
from models.session import Database
from tests.fakes import FakeBroker
from tests.records import a_connection
from tests.worker.delivery.given import (
    FakePeople,
    FakeWebhook,
    deliveries,
    left_lying,
    made_due,
    states,
    told,
    written,
    written_of_an_app,
)
from tests.worker.live import heard
from worker.delivery import deliver, outbox
from worker.delivery.deliver import deliver_events
from worker.delivery.pacing import is_worn_out
from worker.parts import Parts
from worker.publisher import Publisher
from worker.webhook import NotDelivered

pytestmark = pytest.mark.servers

NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture
def away(parts: Parts) -> Iterator[Parts]:
    """The same with a Redis that is not there."""
    publisher = Publisher(NOWHERE)
    yield replace(parts, publisher=publisher)
    publisher.close()


def target_states(database: Database) -> list[tuple[str, str, int]]:
    return [(each.target, each.state, each.attempts) for each in deliveries(database)]


def test_without_events_nothing_is_done(parts: Parts) -> None:
    assert deliver_events(parts) == 0


def test_subscribers_hear_of_a_user_on_that_users_channel(parts: Parts, redis_client: redis.Redis) -> None:
    connection_id = a_connection(parts.database)
    written(parts.database, connection_id, "linked")
    with heard(redis_client) as messages:
        assert deliver_events(parts) == 1
        assert deliver_events(parts) == 0
    ((channel, text),) = messages
    assert channel == "live_data:connections:42"
    assert json.loads(text)["connection_id"] == str(connection_id)
    assert states(parts.database)["subscribers"] == "delivered"


def test_programs_and_people_are_told_of_an_ending_login(
    parts: Parts, webhook: FakeWebhook, addressed: FakePeople, redis_client: redis.Redis
) -> None:
    written(parts.database, a_connection(parts.database), "login_ending")
    with heard(redis_client) as messages:
        assert deliver_events(parts) == 4
    assert [document.decode() for _, document in webhook.sent] == [text for _, text in messages], "one and the same"
    assert addressed.sent == {1: ["Login ending soon: fake, user 42"], 2: ["Login ending soon: fake, user 42"]}
    assert set(states(parts.database).values()) == {"delivered"}


def test_with_nobody_to_tell_nothing_waits(parts: Parts) -> None:
    written_of_an_app(parts.database, "app_refused", action="See to it.")
    left_lying(parts.database)
    assert deliver_events(parts) == 0
    assert states(parts.database) == {"people": "unwanted", "webhook": "unwanted"}


def test_a_worker_without_the_settings_leaves_it_to_one_that_has_them(
    parts: Parts, webhook: FakeWebhook, addressed: FakePeople
) -> None:
    written_of_an_app(parts.database, "app_refused", action="See to it.")
    with_them, parts.settings, parts.webhook = parts.settings, replace(parts.settings, notify_urls=""), None
    assert deliver_events(parts) == 0
    parts.settings, parts.webhook = with_them, webhook
    assert deliver_events(parts) == 3
    assert set(states(parts.database).values()) == {"delivered"}


def test_more_events_than_fit_into_one_message_are_all_sent_in_their_order(
    parts: Parts, redis_client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliver, "_BATCH_FOR_REDIS", 2)
    written(parts.database, a_connection(parts.database), "linked", "paused", "resumed", "paused", "disconnected")
    with heard(redis_client) as messages:
        assert deliver_events(parts) == 5
    assert [kind for _, kind in told(messages)] == ["linked", "paused", "resumed", "paused", "disconnected"]


def test_what_redis_missed_is_sent_when_it_is_back_in_the_old_order(
    parts: Parts, away: Parts, redis_client: redis.Redis
) -> None:
    connection_id = a_connection(parts.database)
    written(parts.database, connection_id, "linked", "paused")
    assert deliver_events(away) == 0
    assert ("subscribers", "pending", 1) in target_states(parts.database)
    written(parts.database, connection_id, "resumed")
    with heard(redis_client) as messages:
        assert deliver_events(parts) == 0, "it waits for the two before it"
        made_due(parts.database)
        assert deliver_events(parts) == 3
    assert [kind for _, kind in told(messages)] == ["linked", "paused", "resumed"]


def test_a_worker_that_dies_between_sending_and_marking_is_made_good(
    parts: Parts, redis_client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Died(BaseException):
        pass

    def die(*_: object) -> None:
        raise Died

    written(parts.database, a_connection(parts.database), "linked")
    with heard(redis_client) as messages:
        with monkeypatch.context() as patched:
            patched.setattr(outbox, "delivered", die)
            with pytest.raises(Died):
                deliver_events(parts)
        assert deliver_events(parts) == 0, "it is still the other's"
        made_due(parts.database)
        assert deliver_events(parts) == 1
    assert len(messages) == 2
    assert messages[0] == messages[1], "the receiver tells by its event_id"


def test_an_erased_connections_event_is_still_delivered(parts: Parts, redis_client: redis.Redis) -> None:
    written(parts.database, a_connection(parts.database, label="IRA"), "login_ending", "disconnected")
    with parts.database.session() as session:
        session.execute(delete(Connection))
    with heard(redis_client) as messages:
        deliver_events(parts)
    assert json.loads(messages[0][1])["login_expires_at"] is not None
    assert len(messages) == 2


def test_who_is_not_there_for_one_event_is_not_asked_about_the_next(parts: Parts, webhook: FakeWebhook) -> None:
    webhook.failure = NotDelivered("It answered with status 503", retry=True)
    written(parts.database, a_connection(parts.database), "linked", "paused")
    deliver_events(parts)
    waiting = [each for each in deliveries(parts.database) if each.target == "webhook"]
    assert [(each.state, each.attempts, each.last_error) for each in waiting] == [
        ("pending", 1, "It answered with status 503"),
        ("pending", 0, None),
    ]
    webhook.failure = None
    assert deliver_events(parts) == 0, "both wait some seconds"
    made_due(parts.database)
    assert deliver_events(parts) == 2
    assert {event_id for event_id, _ in webhook.sent} == {each.event_id for each in waiting}


def test_after_a_long_outage_one_failure_gives_up_nothing(parts: Parts, webhook: FakeWebhook) -> None:
    last = next(attempts for attempts in range(1, 1000) if is_worn_out("webhook", attempts))
    webhook.failure = NotDelivered("It answered with status 503", retry=True)
    written(parts.database, a_connection(parts.database), "linked", "paused", "resumed")
    made_due(parts.database, attempts=last - 1)
    deliver_events(parts)
    assert [each.state for each in deliveries(parts.database) if each.target == "webhook"] == [
        "given_up",
        "pending",
        "pending",
    ], "only what was tried itself"


def test_a_webhook_that_can_never_take_it_is_given_up_event_by_event(parts: Parts, webhook: FakeWebhook) -> None:
    webhook.failure = NotDelivered("It leads into a private network", retry=False)
    written(parts.database, a_connection(parts.database), "linked", "paused")
    deliver_events(parts)
    assert [each.state for each in deliveries(parts.database) if each.target == "webhook"] == ["given_up"] * 2


def test_two_workers_share_the_work(parts: Parts, broker: FakeBroker, webhook: FakeWebhook) -> None:
    other = replace(parts, delivering={each: threading.Lock() for each in Target})
    other.webhook = FakeWebhook()
    connection_id = a_connection(parts.database)
    for _ in range(10):
        written(parts.database, connection_id, "paused")

    def work(one: Parts) -> None:
        for _ in range(5):
            deliver_events(one)

    threads = [threading.Thread(target=work, args=(one,)) for one in (parts, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sent = [event_id for event_id, _ in [*webhook.sent, *other.webhook.sent]]
    assert len(sent) == len(set(sent)) == 10


def test_an_event_is_told_by_the_same_id_everywhere(parts: Parts, webhook: FakeWebhook) -> None:
    written(parts.database, a_connection(parts.database), "linked")
    deliver_events(parts)
    ((event_id, document),) = webhook.sent
    assert uuid.UUID(json.loads(document)["event_id"]) == event_id == deliveries(parts.database)[0].event_id
