"""One account that was asked for out of turn and fails takes nothing from the others: the login keeps its schedule."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet

from brokers.errors import (
    AccessRefused,
    BadAnswer,
    BrokerDown,
    LoginEnded,
    RateLimited,
    Unreachable,
)
from brokers.records import AccountFault
from models.connection import Status
from models.sealing import keyring
from tests.fakes import FakeBroker
from tests.records import NUMBER, a_connection, a_grant, a_snapshot, an_account, an_answer
from tests.worker.no_circuits import dispatch_due_connections
from tests.worker.stored import connection_row, make_due, runs, wait_left
from worker.outcomes import SyncFailed
from worker.parts import Parts
from worker.sync import sync_account, sync_connection

pytestmark = pytest.mark.servers

AT = ("GET /accounts/{account}", "what was wrong")
FAULT = AccountFault(number=NUMBER, endpoint="GET /accounts/{account}", fault="no cash")
OF_ONE_ACCOUNT = [FAULT, BadAnswer(*AT), BrokerDown(*AT), Unreachable(*AT), RuntimeError("ours")]


@pytest.fixture
def connection_id(parts: Parts) -> uuid.UUID:
    """Due in a minute."""
    return a_connection(parts.database, next_sync_at=datetime.now(UTC) + timedelta(seconds=60))


@pytest.fixture
def account_id(parts: Parts, connection_id: uuid.UUID) -> uuid.UUID:
    return an_account(parts.database, connection_id)


def fails(parts: Parts, connection_id: uuid.UUID, account_id: uuid.UUID) -> SyncFailed:
    with pytest.raises(SyncFailed) as raised:
        sync_account(parts, connection_id, account_id)
    return raised.value


@pytest.mark.parametrize("answer", OF_ONE_ACCOUNT)
def test_however_often_it_fails_the_login_is_due_when_it_was(
    parts: Parts, broker: FakeBroker, connection_id: uuid.UUID, account_id: uuid.UUID, answer: Any
) -> None:
    due_at = connection_row(parts.database, connection_id).next_sync_at
    broker.will("fetch_account", answer)
    for _ in range(8):
        fails(parts, connection_id, account_id)
    stored = connection_row(parts.database, connection_id)
    assert (stored.next_sync_at, stored.claim_id, stored.unfinished_attempts) == (due_at, None, 0)


@pytest.mark.parametrize("answer", OF_ONE_ACCOUNT)
def test_its_fault_is_told_to_who_asked_and_stands_in_its_run_and_not_in_the_connection(
    parts: Parts, broker: FakeBroker, connection_id: uuid.UUID, account_id: uuid.UUID, answer: Any
) -> None:
    broker.will("fetch_account", answer)
    raised = fails(parts, connection_id, account_id)
    (run,) = runs(parts.database, connection_id)
    assert (run.outcome, run.error_kind, run.error_text) == ("failed", raised.kind, raised.text)
    stored = connection_row(parts.database, connection_id)
    assert (stored.last_error_kind, stored.last_error_text, stored.consecutive_failures) == (None, None, 0)


def test_a_login_that_was_due_is_due_at_once(
    parts: Parts, broker: FakeBroker, connection_id: uuid.UUID, account_id: uuid.UUID
) -> None:
    make_due(parts.database, connection_id)
    broker.will("fetch_account", FAULT)
    fails(parts, connection_id, account_id)
    assert dispatch_due_connections(parts.database, lambda *_: None) == 1


def test_what_the_whole_login_ran_into_is_still_told_and_its_wait_neither_cut_nor_prolonged(
    parts: Parts, broker: FakeBroker, connection_id: uuid.UUID, account_id: uuid.UUID
) -> None:
    broker.will("fetch", Unreachable("GET /accounts", "no answer"))
    for _ in range(4):
        with pytest.raises(SyncFailed):
            sync_connection(parts, connection_id, "demand")
    before = connection_row(parts.database, connection_id)
    broker.will("fetch_account", FAULT)
    fails(parts, connection_id, account_id)
    stored = connection_row(parts.database, connection_id)
    assert (stored.last_error_kind, stored.consecutive_failures) == ("unreachable", 4)
    assert stored.next_sync_at == before.next_sync_at


def test_a_rate_limit_binds_the_whole_login(
    parts: Parts, broker: FakeBroker, connection_id: uuid.UUID, account_id: uuid.UUID
) -> None:
    broker.will("fetch_account", RateLimited(*AT, timedelta(minutes=30)))
    fails(parts, connection_id, account_id)
    stored = connection_row(parts.database, connection_id)
    assert (stored.last_error_kind, stored.consecutive_failures) == ("rate_limited", 1)
    assert timedelta(minutes=29) < wait_left(parts.database, connection_id) <= timedelta(minutes=30)


@pytest.mark.parametrize(
    ("due_in", "wait"),
    [(timedelta(minutes=1), timedelta(minutes=1)), (timedelta(hours=5), timedelta(minutes=15))],
)
def test_a_fault_of_the_app_is_one_of_the_connection_and_delays_it_no_further(
    parts: Parts, broker: FakeBroker, due_in: timedelta, wait: timedelta
) -> None:
    connection_id = a_connection(parts.database, next_sync_at=datetime.now(UTC) + due_in)
    account_id = an_account(parts.database, connection_id)
    broker.will("fetch_account", AccessRefused(*AT))
    broker.will("refresh", a_grant(2))
    for _ in range(3):
        fails(parts, connection_id, account_id)
    assert connection_row(parts.database, connection_id).last_error_kind == "app_misconfigured"
    assert wait - timedelta(seconds=5) < wait_left(parts.database, connection_id) <= wait


def test_a_login_that_has_ended_is_found_out_by_whichever_account_was_asked_for(
    parts: Parts, broker: FakeBroker, connection_id: uuid.UUID, account_id: uuid.UUID
) -> None:
    broker.will("fetch_account", LoginEnded("POST /token", "the login has ended"))
    fails(parts, connection_id, account_id)
    stored = connection_row(parts.database, connection_id)
    assert (stored.status, stored.last_error_kind) == (Status.REAUTH_REQUIRED, "login_ended")
    assert stored.next_sync_at is None


def test_a_key_that_is_missing_is_missing_for_the_whole_login(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    connection_id = a_connection(parts.database, next_sync_at=datetime.now(UTC) + timedelta(hours=5))
    account_id = an_account(parts.database, connection_id)
    monkeypatch.setenv("ENCRYPTION_KEY", Fernet.generate_key().decode())
    keyring.cache_clear()
    fails(parts, connection_id, account_id)
    stored = connection_row(parts.database, connection_id)
    assert (stored.status, stored.last_error_kind) == (Status.CREDENTIALS_UNREADABLE, "credentials_unreadable")
    assert timedelta(minutes=14) < wait_left(parts.database, connection_id) <= timedelta(minutes=15)


def test_a_good_answer_about_all_goes_on_as_before(
    parts: Parts, broker: FakeBroker, connection_id: uuid.UUID, account_id: uuid.UUID
) -> None:
    broker.will("fetch_account", FAULT)
    fails(parts, connection_id, account_id)
    broker.will("fetch", an_answer(a_snapshot()))
    sync_connection(parts, connection_id, "demand")
    assert timedelta(minutes=4) < wait_left(parts.database, connection_id) <= timedelta(minutes=5)
