"""No data ever look newer than the moment at which the broker was asked for them, however slowly it answers."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from datetime import datetime

import pytest
import redis

from models.account import AccountCheck
from tests.fakes import FakeBroker
from tests.models.snapshots import account_row
from tests.records import NUMBER, a_connection, a_position, a_snapshot, an_account, an_answer
from tests.worker.live import latest
from tests.worker.stored import connection_row, database_now
from worker import storing
from worker.outcomes import Outcome
from worker.parts import Parts
from worker.sync import sync_account, sync_connection

pytestmark = pytest.mark.servers

ANSWER = a_snapshot(NUMBER, a_position())


@pytest.fixture
def connection_id(parts: Parts) -> uuid.UUID:
    return a_connection(parts.database)


@pytest.fixture
def account_id(parts: Parts, connection_id: uuid.UUID) -> uuid.UUID:
    return an_account(parts.database, connection_id)


@pytest.fixture
def asked(parts: Parts, broker: FakeBroker) -> list[datetime]:
    """When the broker was asked, by the database's clock. Its answer is always the same, and takes a while."""
    times: list[datetime] = []

    def slowly(answer: object) -> Callable[[], object]:
        def wait() -> object:
            times.append(database_now(parts.database))
            time.sleep(0.05)
            return answer

        return wait

    broker.will("fetch", slowly(an_answer(ANSWER)))
    broker.will("fetch_account", slowly(ANSWER))
    return times


def checked(parts: Parts, account_id: uuid.UUID) -> datetime:
    with parts.database.session() as session:
        return session.get_one(AccountCheck, account_id).checked_at


def told(client: redis.Redis, account_id: uuid.UUID) -> datetime:
    document = client.get(f"live_data:checked:{account_id}")
    assert document is not None
    return datetime.fromisoformat(json.loads(document))


@pytest.mark.parametrize(
    ("syncs", "outcome", "confirmed_unread"),
    [(1, Outcome.OK, 0), (2, Outcome.UNCHANGED, 0), (3, Outcome.UNCHANGED, 1)],
    ids=["new", "read and found equal", "the same answer again"],
)
def test_all_accounts_are_as_old_as_the_question(
    parts: Parts,
    connection_id: uuid.UUID,
    account_id: uuid.UUID,
    asked: list[datetime],
    redis_client: redis.Redis,
    monkeypatch: pytest.MonkeyPatch,
    syncs: int,
    outcome: Outcome,
    confirmed_unread: int,
) -> None:
    confirmed = []
    confirm = storing.confirm
    monkeypatch.setattr(storing, "confirm", lambda *given: confirmed.append(given) or confirm(*given))
    outcomes = [sync_connection(parts, connection_id, "demand").outcome for _ in range(syncs)]
    assert (outcomes[-1], len(confirmed)) == (outcome, confirmed_unread)
    stored = connection_row(parts.database, connection_id)
    assert stored.checked_at is not None
    for shown in (stored.checked_at, checked(parts, account_id), told(redis_client, account_id)):
        assert (asked[-2] if syncs > 1 else stored.created_at) < shown <= asked[-1]


def test_one_account_is_as_old_as_the_question_and_the_login_no_younger_for_it(
    parts: Parts, connection_id: uuid.UUID, account_id: uuid.UUID, asked: list[datetime], redis_client: redis.Redis
) -> None:
    sync_connection(parts, connection_id, "demand")
    before = connection_row(parts.database, connection_id).checked_at
    assert sync_account(parts, connection_id, account_id).outcome is Outcome.UNCHANGED
    for shown in (checked(parts, account_id), told(redis_client, account_id)):
        assert asked[0] < shown <= asked[1]
    assert connection_row(parts.database, connection_id).checked_at == before


def test_a_new_version_says_when_it_was_asked_for(
    parts: Parts, connection_id: uuid.UUID, account_id: uuid.UUID, asked: list[datetime], redis_client: redis.Redis
) -> None:
    sync_connection(parts, connection_id, "demand")
    fetched_at = account_row(parts.database, account_id).fetched_at
    assert fetched_at is not None
    assert fetched_at <= asked[0]
    assert datetime.fromisoformat(latest(redis_client, "balances", account_id)["fetched_at"]) == fetched_at
