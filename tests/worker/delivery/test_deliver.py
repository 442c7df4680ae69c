"""`deliver_events`: to Redis, to a webhook and to people, each at least once and none held up by another."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Iterator
from dataclasses import replace

import pytest
import redis
from sqlalchemy import delete, update

from models.connection import Connection
from models.event import EventDelivery, Target
from models.session import Database
from tests.fakes import FakeBroker
from tests.records import a_connection
from tests.worker.delivery.given import FakeWebhook, deliveries, made_due, states, written, written_of_an_app
from tests.worker.live import heard
from worker.delivery import deliver, outbox, people
from worker.delivery.addresses import Address
from worker.delivery.deliver import deliver_events
from worker.delivery.notices import Notice
from worker.delivery.people import Answer, Answers
from worker.parts import Parts
from worker.publisher import Publisher
from worker.webhook import NotDelivered

pytestmark = pytest.mark.servers

NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture
def webhook(parts: Parts) -> FakeWebhook:
    parts.webhook = FakeWebhook()
    return parts.webhook


class FakePeople:
    """What each address was sent; `answers` says what an address answers to each notice, else all is taken."""

    def __init__(self) -> None:
        self.sent: dict[int, list[str]] = {}
        self.answers: dict[int, list[Answer]] = {}

    def send(self, address: Address, notices: list[Notice]) -> Answers:
        self.sent.setdefault(address.place, []).extend(each.title for each in notices)
        return Answers("Fake", tuple(self.answers.get(address.place, [Answer(True)] * len(notices))))


@pytest.fixture
def addressed(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> FakePeople:
    """Two addresses, and nobody behind them."""
    fake = FakePeople()
    monkeypatch.setattr(people, "send", fake.send)
    parts.settings = replace(parts.settings, notify_urls="json://one,json://two")
    return fake


@pytest.fixture
def away(parts: Parts) -> Iterator[Parts]:
    """The same with a Redis that is not there."""
    publisher = Publisher(NOWHERE)
    yield replace(parts, publisher=publisher)
    publisher.close()


def told(messages: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(channel, json.loads(text)["event"]) for channel, text in messages]


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
    assert states(parts.database) == {"subscribers": "delivered", "webhook": "unwanted"}


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
    assert deliver_events(parts) == 0
    assert states(parts.database) == {"people": "unwanted", "webhook": "unwanted"}


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


def test_an_erased_connections_event_is_still_delivered(
    parts: Parts, addressed: FakePeople, redis_client: redis.Redis
) -> None:
    written(parts.database, a_connection(parts.database, label="IRA"), "login_ending")
    with parts.database.session() as session:
        session.execute(delete(Connection))
    with heard(redis_client) as messages:
        deliver_events(parts)
    assert json.loads(messages[0][1])["login_expires_at"] is not None
    assert addressed.sent[1] == ["Login ending soon: fake, user 42"]


def test_who_is_not_there_for_one_event_is_not_asked_about_the_next(parts: Parts, webhook: FakeWebhook) -> None:
    webhook.failure = NotDelivered("It answered with status 503", retry=True)
    written(parts.database, a_connection(parts.database), "linked", "paused")
    deliver_events(parts)
    waiting = [each for each in deliveries(parts.database) if each.target == "webhook"]
    assert [(each.state, each.attempts, each.last_error) for each in waiting] == [
        ("pending", 1, "It answered with status 503")
    ] * 2
    webhook.failure = None
    made_due(parts.database)
    assert deliver_events(parts) == 2
    assert [event_id for event_id, _ in webhook.sent] == [each.event_id for each in waiting]


def test_a_webhook_that_can_never_take_it_is_given_up_event_by_event(parts: Parts, webhook: FakeWebhook) -> None:
    webhook.failure = NotDelivered("It leads into a private network", retry=False)
    written(parts.database, a_connection(parts.database), "linked", "paused")
    deliver_events(parts)
    assert [each.state for each in deliveries(parts.database) if each.target == "webhook"] == ["given_up"] * 2


def test_one_dead_address_repeats_nothing_to_the_other(parts: Parts, addressed: FakePeople) -> None:
    addressed.answers[1] = [Answer(False, "It could not be reached")]
    written(parts.database, a_connection(parts.database), "login_ending", "reauth_required")
    deliver_events(parts)
    made_due(parts.database)
    deliver_events(parts)
    assert len(addressed.sent[2]) == 2
    assert len(addressed.sent[1]) == 4
    dead = [each for each in deliveries(parts.database) if each.target == "people/1"]
    assert [(each.attempts, each.last_error) for each in dead] == [(2, "It could not be reached")] * 2


def test_what_an_address_had_no_time_for_is_due_at_once_and_has_not_failed(parts: Parts, addressed: FakePeople) -> None:
    addressed.answers[1] = [Answer(True)]
    written(parts.database, a_connection(parts.database), "login_ending", "reauth_required")
    deliver_events(parts)
    assert [(each.state, each.attempts) for each in deliveries(parts.database) if each.target == "people/1"] == [
        ("delivered", 1),
        ("pending", 0),
    ]
    assert Target.PEOPLE in outbox.targets_due(parts.database)


def test_with_many_addresses_only_some_are_sent_to_at_once(
    parts: Parts, addressed: FakePeople, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliver, "_ADDRESSES_AT_ONCE", 1)
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
    written(parts.database, connection_id, "login_ending")
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


def test_an_event_is_told_by_the_same_id_everywhere(parts: Parts, webhook: FakeWebhook) -> None:
    written(parts.database, a_connection(parts.database), "linked")
    deliver_events(parts)
    ((event_id, document),) = webhook.sent
    assert uuid.UUID(json.loads(document)["event_id"]) == event_id == deliveries(parts.database)[0].event_id
