"""`sync_account`, as other programs call it."""

from __future__ import annotations

import dataclasses
import json
import uuid
from datetime import timedelta

import pytest
from sqlalchemy import func, update

from brokers.errors import Unreachable
from brokers.records import AccountSnapshot
from models.account import AccountCheck
from models.connection import Status
from tests.fakes import FakeBroker
from tests.records import NUMBER, a_connection, a_position, a_snapshot, an_account
from tests.worker.stored import database_now
from worker.demand import sync_account
from worker.outcomes import CannotSync, SyncFailed
from worker.parts import Parts

pytestmark = pytest.mark.servers


@pytest.fixture
def account_id(parts: Parts, broker: FakeBroker) -> uuid.UUID:
    """An account that was confirmed right now."""
    account_id = an_account(parts.database, a_connection(parts.database))
    broker.will("fetch_account", a_snapshot())
    sync_account(parts, account_id, False, None)
    broker.calls.clear()
    return account_id


def checked_ago(parts: Parts, ago: timedelta) -> None:
    with parts.database.session() as session:
        session.execute(update(AccountCheck).values(checked_at=func.clock_timestamp() - ago))


def test_it_answers_with_outcome_version_and_time(parts: Parts, broker: FakeBroker) -> None:
    account_id = an_account(parts.database, a_connection(parts.database))
    broker.will("fetch_account", a_snapshot())
    before = database_now(parts.database)
    answer = sync_account(parts, account_id, False, None)
    assert (answer["account_id"], answer["outcome"], answer["version"]) == (str(account_id), "ok", 1)
    assert before.strftime("%Y-%m-%dT%H:%M:%S.%fZ") <= answer["checked_at"]
    assert answer["checked_at"].endswith("Z")
    assert uuid.UUID(answer["run_id"])
    assert json.loads(json.dumps(answer)) == answer


def test_a_fresh_answer_is_not_asked_for_again(parts: Parts, broker: FakeBroker, account_id: uuid.UUID) -> None:
    checked_ago(parts, parts.settings.freshness_limit - timedelta(seconds=5))
    answer = sync_account(parts, account_id, False, None)
    assert (answer["outcome"], answer["version"], answer["run_id"], broker.calls) == ("unchanged", 1, None, [])


def test_an_answer_as_old_as_the_limit_is_asked_for(parts: Parts, broker: FakeBroker, account_id: uuid.UUID) -> None:
    checked_ago(parts, parts.settings.freshness_limit)
    assert sync_account(parts, account_id, False, None)["outcome"] == "unchanged"
    assert broker.called("fetch_account") == 1


def test_force_asks_however_fresh_the_answer_is(parts: Parts, broker: FakeBroker, account_id: uuid.UUID) -> None:
    broker.will("fetch_account", a_snapshot(NUMBER, a_position()))
    answer = sync_account(parts, account_id, True, None)
    assert (answer["outcome"], answer["version"], broker.called("fetch_account")) == ("ok", 2, 1)


def test_the_limit_is_the_one_of_the_settings(parts: Parts, broker: FakeBroker, account_id: uuid.UUID) -> None:
    parts.settings = dataclasses.replace(parts.settings, freshness_limit=timedelta(hours=2))
    checked_ago(parts, timedelta(hours=1))
    sync_account(parts, account_id, False, None)
    assert broker.calls == []


def test_an_account_that_is_being_synced_is_busy_with_that_run(
    parts: Parts, broker: FakeBroker, account_id: uuid.UUID
) -> None:
    answers: list[dict[str, object]] = []

    def ask_again() -> AccountSnapshot:
        answers.append(sync_account(parts, account_id, True, None))
        return a_snapshot()

    broker.will("fetch_account", ask_again)
    first = sync_account(parts, account_id, True, None)
    (second,) = answers
    assert (second["outcome"], second["run_id"], second["version"]) == ("busy", first["run_id"], 1)


def test_an_unknown_account_cannot_be_synced(parts: Parts) -> None:
    with pytest.raises(CannotSync, match="There is no account"):
        sync_account(parts, uuid.uuid4(), False, None)


def test_an_account_whose_login_has_ended_cannot_be_synced(
    parts: Parts, broker: FakeBroker, account_id: uuid.UUID
) -> None:
    connection_id = a_connection(parts.database, status=Status.REAUTH_REQUIRED)
    waiting = an_account(parts.database, connection_id)
    with pytest.raises(CannotSync, match="brokersync link"):
        sync_account(parts, waiting, False, None)
    assert broker.calls == []


def test_a_failed_sync_raises_its_kind(parts: Parts, broker: FakeBroker, account_id: uuid.UUID) -> None:
    broker.will("fetch_account", Unreachable("GET /accounts/{id}", "time-out"))
    with pytest.raises(SyncFailed, match=r"unreachable: GET /accounts/\{id\}: time-out"):
        sync_account(parts, account_id, True, None)
