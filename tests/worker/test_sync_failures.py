"""Each kind of failure: what it leaves in the row, when it is tried again, and whose word moves a connection."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import func, update

from brokers.errors import (
    AccessRefused,
    AppMisconfigured,
    BadAnswer,
    BrokerDown,
    BrokerError,
    LoginEnded,
    RateLimited,
    Unreachable,
)
from brokers.interface import NotConfigured
from models import links
from models.connection import Credential, Status
from models.link import Link
from models.sealing import keyring
from tests.fakes import FakeBroker
from tests.records import CREDENTIALS, a_connection, a_grant, a_snapshot, an_answer
from tests.worker.stored import connection_row, credential_row, events, runs, wait_left
from worker.outcomes import CannotSync, Outcome, SyncFailed
from worker.parts import Parts
from worker.sync import sync_connection

pytestmark = pytest.mark.servers

AT = ("GET /accounts", "what was wrong")
ENDING = timedelta(seconds=30)


@pytest.fixture
def connection_id(parts: Parts) -> uuid.UUID:
    return a_connection(parts.database)


def failed(parts: Parts, connection_id: uuid.UUID) -> SyncFailed:
    with pytest.raises(SyncFailed) as raised:
        sync_connection(parts, connection_id, "demand")
    return raised.value


@pytest.mark.parametrize(
    ("error", "kind", "wait"),
    [
        (Unreachable(*AT), "unreachable", 15),
        (BrokerDown(*AT), "broker_down", 15),
        (RateLimited(*AT, timedelta(seconds=77)), "rate_limited", 77),
        (RateLimited(*AT), "rate_limited", 15),
        (BadAnswer(*AT), "bad_answer", 15),
        (AppMisconfigured(*AT), "app_misconfigured", 15 * 60),
    ],
)
def test_a_fault_that_may_pass_keeps_the_status_and_backs_off(
    parts: Parts, broker: FakeBroker, connection_id: uuid.UUID, error: BrokerError, kind: str, wait: int
) -> None:
    broker.will("fetch", error)
    raised = failed(parts, connection_id)
    stored = connection_row(parts.database, connection_id)
    assert (raised.kind, raised.text) == (kind, "GET /accounts: what was wrong")
    assert (stored.status, stored.last_error_kind, stored.last_error_text) == (Status.ACTIVE, kind, raised.text)
    assert (stored.claim_id, stored.consecutive_failures, stored.unfinished_attempts) == (None, 1, 0)
    assert timedelta(seconds=wait - 5) < wait_left(parts.database, connection_id) <= timedelta(seconds=wait)
    (run,) = runs(parts.database, connection_id)
    assert (run.outcome, run.error_kind, run.error_text, run.accounts) == ("failed", kind, raised.text, [])
    assert events(parts.database, connection_id) == []


def test_failures_in_a_row_wait_longer_and_a_success_starts_again(
    parts: Parts, broker: FakeBroker, connection_id: uuid.UUID
) -> None:
    broker.will("fetch", Unreachable(*AT))
    for wait in (15, 30, 60):
        failed(parts, connection_id)
        assert timedelta(seconds=wait - 5) < wait_left(parts.database, connection_id) <= timedelta(seconds=wait)
    broker.will("fetch", an_answer(a_snapshot()))
    sync_connection(parts, connection_id, "demand")
    broker.will("fetch", Unreachable(*AT))
    failed(parts, connection_id)
    assert wait_left(parts.database, connection_id) <= timedelta(seconds=15)


@pytest.mark.parametrize("call", ["fetch", "refresh"])
def test_the_brokers_clear_word_asks_for_a_new_login(parts: Parts, broker: FakeBroker, call: str) -> None:
    connection_id = a_connection(parts.database, lasts=ENDING if call == "refresh" else None)
    broker.will(call, LoginEnded("POST /token", "the login has ended"))
    assert failed(parts, connection_id).kind == "login_ended"
    stored = connection_row(parts.database, connection_id)
    assert (stored.status, stored.next_sync_at, stored.claim_id) == (Status.REAUTH_REQUIRED, None, None)
    assert events(parts.database, connection_id) == ["reauth_required"]
    with pytest.raises(CannotSync):
        sync_connection(parts, connection_id, "demand")
    assert len(broker.calls) == 1, "nobody is asked again before a person has linked"


def test_a_refusal_while_the_same_user_is_linking_is_passing(
    parts: Parts, broker: FakeBroker, connection_id: uuid.UUID
) -> None:
    with parts.database.session() as session:
        links.make_link(session, "42", "fake")
        session.execute(update(Link).values(callback_at=func.now()))
    broker.will("fetch", LoginEnded("POST /token", "the login has ended"))
    assert failed(parts, connection_id).kind == "login_ended"
    stored = connection_row(parts.database, connection_id)
    assert (stored.status, stored.last_error_kind) == (Status.ACTIVE, "login_ended")
    assert wait_left(parts.database, connection_id) <= timedelta(seconds=15)
    assert events(parts.database, connection_id) == []
    with parts.database.session() as session:
        session.execute(update(Link).values(callback_at=None))
    failed(parts, connection_id)
    assert connection_row(parts.database, connection_id).status == Status.REAUTH_REQUIRED


def test_a_refused_access_token_is_refreshed_and_asked_with_once_more(
    parts: Parts, broker: FakeBroker, connection_id: uuid.UUID
) -> None:
    broker.will("fetch", AccessRefused("GET /accounts", "refused"), an_answer(a_snapshot()))
    broker.will("refresh", a_grant(2))
    assert sync_connection(parts, connection_id, "demand").outcome is Outcome.OK
    assert broker.calls == [("fetch", CREDENTIALS), ("refresh", CREDENTIALS), ("fetch", a_grant(2).credentials)]
    assert credential_row(parts.database, connection_id).document == a_grant(2).credentials


def test_an_access_token_refused_twice_is_the_apps_fault(
    parts: Parts, broker: FakeBroker, connection_id: uuid.UUID
) -> None:
    broker.will("fetch", AccessRefused("GET /accounts", "refused"))
    broker.will("refresh", a_grant(2))
    assert failed(parts, connection_id).kind == "app_misconfigured"
    assert (broker.called("fetch"), broker.called("refresh")) == (2, 1)
    assert connection_row(parts.database, connection_id).status == Status.ACTIVE
    assert timedelta(minutes=14) < wait_left(parts.database, connection_id) <= timedelta(minutes=15)


def test_a_login_that_another_process_refreshes_defers_the_sync(parts: Parts, broker: FakeBroker) -> None:
    connection_id = a_connection(parts.database, lasts=ENDING)
    with parts.database.session() as session:
        session.get_one(Credential, connection_id, with_for_update={"key_share": True})
        result = sync_connection(parts, connection_id, "demand")
    assert (result.outcome, broker.calls) == (Outcome.DEFERRED, [])
    stored = connection_row(parts.database, connection_id)
    assert (stored.claim_id, stored.consecutive_failures, stored.unfinished_attempts) == (None, 0, 0)
    assert timedelta(seconds=5) < wait_left(parts.database, connection_id) <= timedelta(seconds=30)


def test_credentials_that_no_key_opens_wait_for_an_operator_and_go_on_by_themselves(
    parts: Parts, broker: FakeBroker, monkeypatch: pytest.MonkeyPatch, encryption_key: str
) -> None:
    connection_id = a_connection(parts.database)
    broker.will("fetch", an_answer(a_snapshot()))
    monkeypatch.setenv("ENCRYPTION_KEY", Fernet.generate_key().decode())
    keyring.cache_clear()
    for _ in range(2):
        assert failed(parts, connection_id).kind == "credentials_unreadable"
    assert connection_row(parts.database, connection_id).status == Status.CREDENTIALS_UNREADABLE
    assert timedelta(minutes=14) < wait_left(parts.database, connection_id) <= timedelta(minutes=15)
    assert (events(parts.database, connection_id), broker.calls) == (["credentials_unreadable"], [])

    monkeypatch.setenv("ENCRYPTION_KEY", encryption_key)
    keyring.cache_clear()
    assert sync_connection(parts, connection_id, "demand").outcome is Outcome.OK
    stored = connection_row(parts.database, connection_id)
    assert (stored.status, stored.last_error_kind) == (Status.ACTIVE, None)


def test_a_broker_without_its_variables_waits_for_an_operator(parts: Parts, connection_id: uuid.UUID) -> None:
    parts.brokers.clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "worker.parts.build", lambda *_: (_ for _ in ()).throw(NotConfigured(("FAKE_ID",), "Set FAKE_ID."))
        )
        raised = failed(parts, connection_id)
    assert (raised.kind, raised.text) == ("app_misconfigured", "Set FAKE_ID.")
