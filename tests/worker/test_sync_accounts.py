"""One account's fault is that account's: its rows stay, the others are stored, and the sync fails."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, update

from brokers.errors import BadAnswer
from brokers.records import AccountFault, AccountSnapshot
from models.account import Account
from tests.fakes import FakeBroker
from tests.models.snapshots import account_row, row_versions
from tests.records import ANOTHER_NUMBER, NUMBER, a_connection, a_position, a_snapshot, an_answer
from tests.worker.stored import connection_row, runs, wait_left
from worker.outcomes import CannotSync, Outcome, SyncFailed
from worker.parts import Parts
from worker.sync import sync_account, sync_connection

pytestmark = pytest.mark.servers

FAULT = AccountFault(number=NUMBER, endpoint="GET /accounts", fault="no cash")


@pytest.fixture
def connection_id(parts: Parts) -> uuid.UUID:
    return a_connection(parts.database)


@pytest.fixture
def ids(parts: Parts, broker: FakeBroker, connection_id: uuid.UUID) -> list[uuid.UUID]:
    """Two synced accounts: the first will be in trouble."""
    broker.will("fetch", an_answer(a_snapshot(NUMBER, a_position()), a_snapshot(ANOTHER_NUMBER, a_position())))
    result = sync_connection(parts, connection_id, "demand")
    return [account.account_id for account in result.accounts if account.account_id]


def rows_of(parts: Parts, account_id: uuid.UUID) -> list[Any]:
    return [row for row in row_versions(parts.database) if row.key.startswith(str(account_id))]


def changed(number: str) -> AccountSnapshot:
    return a_snapshot(number, a_position(quantity="1"))


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ((FAULT, changed(ANOTHER_NUMBER)), "GET /accounts: no cash"),
        ((changed(ANOTHER_NUMBER),), "the accounts: this account is missing from the answer"),
    ],
)
def test_an_account_that_is_broken_or_missing_fails_and_the_others_are_stored(
    parts: Parts, broker: FakeBroker, connection_id: uuid.UUID, ids: list[uuid.UUID], answer: Any, error: str
) -> None:
    before = rows_of(parts, ids[0])
    broker.will("fetch", an_answer(*answer))
    with pytest.raises(SyncFailed) as raised:
        sync_connection(parts, connection_id, "demand")
    assert (raised.value.kind, raised.value.text) == ("bad_answer", error)
    assert rows_of(parts, ids[0]) == before
    assert account_row(parts.database, ids[1]).version == 2
    run = runs(parts.database, connection_id)[-1]
    assert (run.outcome, run.error_kind, run.error_text) == ("failed", "bad_answer", error)
    outcomes = {row["account_id"]: (row["outcome"], row["version"], row["error"]) for row in run.accounts}
    assert outcomes == {str(ids[0]): ("failed", None, error), str(ids[1]): ("ok", 2, None)}


def test_a_broken_account_delays_the_next_sync_and_says_so(
    parts: Parts, broker: FakeBroker, connection_id: uuid.UUID, ids: list[uuid.UUID]
) -> None:
    checked_at = connection_row(parts.database, connection_id).checked_at
    broker.will("fetch", an_answer(FAULT, a_snapshot(ANOTHER_NUMBER)))
    for failures, wait in [(1, 15), (2, 30), (3, 60)]:
        with pytest.raises(SyncFailed):
            sync_connection(parts, connection_id, "demand")
        stored = connection_row(parts.database, connection_id)
        assert (stored.status, stored.consecutive_failures, stored.unfinished_attempts) == ("active", failures, 0)
        assert (stored.last_error_kind, stored.last_error_text) == ("bad_answer", "GET /accounts: no cash")
        left = wait_left(parts.database, connection_id)
        assert timedelta(seconds=wait - 5) < left <= timedelta(seconds=wait)
    assert stored.checked_at == checked_at, "a broken answer is no good answer"


def test_repeating_a_broken_answer_never_makes_it_true(
    parts: Parts, broker: FakeBroker, connection_id: uuid.UUID, ids: list[uuid.UUID]
) -> None:
    before = row_versions(parts.database)
    broker.will("fetch", an_answer())
    for _ in range(5):
        with pytest.raises(SyncFailed):
            sync_connection(parts, connection_id, "demand")
    assert row_versions(parts.database) == before


def test_an_account_that_comes_twice_spoils_the_whole_answer(
    parts: Parts, broker: FakeBroker, connection_id: uuid.UUID, ids: list[uuid.UUID]
) -> None:
    before = row_versions(parts.database)
    broker.will("fetch", an_answer(changed(ANOTHER_NUMBER), changed(NUMBER), changed(NUMBER)))
    with pytest.raises(SyncFailed, match="bad_answer: the accounts: one account comes twice in the answer"):
        sync_connection(parts, connection_id, "demand")
    assert row_versions(parts.database) == before


def test_an_unreadable_account_that_was_never_seen_fails_the_sync_and_makes_no_row(
    parts: Parts, broker: FakeBroker, connection_id: uuid.UUID
) -> None:
    broker.will("fetch", an_answer(FAULT, a_snapshot(ANOTHER_NUMBER)))
    with pytest.raises(SyncFailed):
        sync_connection(parts, connection_id, "demand")
    assert len(row_versions(parts.database)) == 1
    assert runs(parts.database, connection_id)[0].accounts[1]["account_id"] is None


def test_an_account_that_the_person_left_out_is_not_missed(
    parts: Parts, broker: FakeBroker, connection_id: uuid.UUID, ids: list[uuid.UUID]
) -> None:
    with parts.database.session() as session:
        session.execute(update(Account).where(Account.id == ids[0]).values(missing_since=func.now()))
    broker.will("fetch", an_answer(a_snapshot(ANOTHER_NUMBER, a_position())))
    assert sync_connection(parts, connection_id, "demand").outcome is Outcome.UNCHANGED


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (FAULT, "GET /accounts: no cash"),
        (changed(ANOTHER_NUMBER), "the account: the answer is about another account"),
    ],
)
def test_an_answer_about_one_account_that_is_broken_or_about_another_changes_nothing(
    parts: Parts, broker: FakeBroker, connection_id: uuid.UUID, ids: list[uuid.UUID], answer: Any, error: str
) -> None:
    before = row_versions(parts.database)
    broker.will("fetch_account", answer)
    with pytest.raises(SyncFailed, match=error):
        sync_account(parts, connection_id, ids[0])
    assert row_versions(parts.database) == before


def test_one_good_account_does_not_hide_that_another_one_fails(
    parts: Parts, broker: FakeBroker, connection_id: uuid.UUID, ids: list[uuid.UUID]
) -> None:
    broker.will("fetch", an_answer(FAULT, a_snapshot(ANOTHER_NUMBER)))
    with pytest.raises(SyncFailed):
        sync_connection(parts, connection_id, "demand")
    broker.will("fetch_account", changed(ANOTHER_NUMBER))
    assert sync_account(parts, connection_id, ids[1]).outcome is Outcome.OK
    stored = connection_row(parts.database, connection_id)
    assert (stored.last_error_kind, stored.consecutive_failures) == ("bad_answer", 1)


def test_an_account_that_was_erased_meanwhile_cannot_be_synced(
    parts: Parts, broker: FakeBroker, connection_id: uuid.UUID
) -> None:
    with pytest.raises(CannotSync, match="There is no account"):
        sync_account(parts, connection_id, uuid.uuid4())
    assert broker.calls == []
    assert connection_row(parts.database, connection_id).claim_id is None


def test_an_answer_that_cannot_be_read_at_all_changes_no_row(
    parts: Parts, broker: FakeBroker, connection_id: uuid.UUID, ids: list[uuid.UUID]
) -> None:
    before = row_versions(parts.database)
    broker.will("fetch", BadAnswer("GET /accounts", "an answer that is not JSON"))
    with pytest.raises(SyncFailed, match="bad_answer: GET /accounts: an answer that is not JSON"):
        sync_connection(parts, connection_id, "demand")
    assert row_versions(parts.database) == before


def test_a_new_id_that_the_broker_gives_an_account_is_used_from_then_on(
    parts: Parts, broker: FakeBroker, connection_id: uuid.UUID, ids: list[uuid.UUID]
) -> None:
    again = a_snapshot(NUMBER, a_position(), broker_account_id="another-hash")
    broker.will("fetch", an_answer(again, a_snapshot(ANOTHER_NUMBER, a_position())))
    assert sync_connection(parts, connection_id, "demand").outcome is Outcome.UNCHANGED
    broker.will("fetch_account", again)
    assert sync_account(parts, connection_id, ids[0]).outcome is Outcome.UNCHANGED
    assert broker.asked_for == ["another-hash"]


def test_an_id_that_is_not_told_stays_as_it_is(
    parts: Parts, broker: FakeBroker, connection_id: uuid.UUID, ids: list[uuid.UUID]
) -> None:
    broker.will(
        "fetch",
        an_answer(
            a_snapshot(NUMBER, a_position(quantity="1"), broker_account_id=None),
            a_snapshot(ANOTHER_NUMBER, a_position(), broker_account_id=None),
        ),
    )
    assert sync_connection(parts, connection_id, "demand").outcome is Outcome.OK
    assert account_row(parts.database, ids[0]).broker_account_id == f"hash-{NUMBER}"


def test_a_new_id_that_comes_with_the_answer_about_one_account_is_kept(
    parts: Parts, broker: FakeBroker, connection_id: uuid.UUID, ids: list[uuid.UUID]
) -> None:
    broker.will("fetch_account", a_snapshot(NUMBER, a_position(), broker_account_id="another-hash"))
    assert sync_account(parts, connection_id, ids[0]).outcome is Outcome.UNCHANGED
    assert account_row(parts.database, ids[0]).broker_account_id == "another-hash"


def test_a_new_account_without_an_id_makes_no_row_and_fails_the_sync(
    parts: Parts, broker: FakeBroker, connection_id: uuid.UUID
) -> None:
    broker.will("fetch", an_answer(a_snapshot(NUMBER, broker_account_id=None), a_snapshot(ANOTHER_NUMBER)))
    with pytest.raises(SyncFailed, match="the accounts: a new account without the broker's id for it"):
        sync_connection(parts, connection_id, "demand")
    assert len(row_versions(parts.database)) == 1
