"""A login whose accounts could not be listed in the browser."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select

from brokers.errors import BrokerDown, LoginEnded
from brokers.records import ListedAccount, Listing
from brokersync.pausing import pause
from models import linking
from models.account import Account
from models.connection import Connection, Credential, Status
from models.links import LISTING_LIMIT
from models.sealing import keyring
from models.sharing import ListedRow
from tests.fakes import FakeBroker
from tests.records import ANOTHER_NUMBER, NUMBER, a_connection, an_account
from tests.worker.stored import connection_row, credential_row, events, runs, wait_left
from worker.outcomes import CannotSync, Outcome, SyncFailed
from worker.parts import Parts
from worker.sync import sync_connection

pytestmark = pytest.mark.servers

LISTING = Listing((ListedAccount(NUMBER, "hash-1", "Joint"), ListedAccount(ANOTHER_NUMBER, "hash-2")), "login-1")


@pytest.fixture
def linking_id(parts: Parts) -> uuid.UUID:
    """A connection whose tokens are kept, and whose accounts are still to be listed."""
    return a_connection(parts.database, status=Status.LINKING)


def accounts(parts: Parts, connection_id: uuid.UUID) -> Sequence[Account]:
    with parts.database.session() as session:
        return session.scalars(
            select(Account).where(Account.connection_id == connection_id).order_by(Account.broker_account_id)
        ).all()


def connections(parts: Parts) -> list[uuid.UUID]:
    with parts.database.session() as session:
        return list(session.scalars(select(Connection.id)))


def test_the_worker_lists_the_accounts_and_makes_the_login_active_and_due(
    parts: Parts, broker: FakeBroker, linking_id: uuid.UUID
) -> None:
    broker.will("list_accounts", LISTING)
    assert sync_connection(parts, linking_id, "demand").outcome is Outcome.OK
    stored = connection_row(parts.database, linking_id)
    assert (stored.status, stored.claim_id, stored.unfinished_attempts) == (Status.ACTIVE, None, 0)
    assert wait_left(parts.database, linking_id) <= timedelta(0)
    assert [(row.number, row.nickname, row.version) for row in accounts(parts, linking_id)] == [
        (NUMBER, "Joint", 0),
        (ANOTHER_NUMBER, None, 0),
    ]
    assert events(parts.database, linking_id) == ["linked"]
    assert [run.outcome for run in runs(parts.database, linking_id)] == ["ok"]


def test_a_login_that_is_known_repairs_its_connection(parts: Parts, broker: FakeBroker, linking_id: uuid.UUID) -> None:
    known = a_connection(parts.database, status=Status.REAUTH_REQUIRED)
    account_id = an_account(parts.database, known)
    broker.will("list_accounts", LISTING)
    result = sync_connection(parts, linking_id, "demand")
    assert (result.outcome, result.connection_id) == (Outcome.OK, known)
    assert connections(parts) == [known]
    assert connection_row(parts.database, known).status == Status.ACTIVE
    assert account_id in [row.id for row in accounts(parts, known)]
    assert len(runs(parts.database, known)) == 1


def test_a_login_of_somebody_else_is_forgotten_and_that_connection_is_told(
    parts: Parts, broker: FakeBroker, linking_id: uuid.UUID
) -> None:
    theirs = a_connection(parts.database, user_id="another", login_at=datetime.now(UTC) - timedelta(days=1))
    an_account(parts.database, theirs)
    broker.will("list_accounts", LISTING)
    with pytest.raises(CannotSync, match="another user of this installation"):
        sync_connection(parts, linking_id, "demand")
    assert connections(parts) == [theirs]
    assert events(parts.database, theirs) == ["login_ended"]
    assert connection_row(parts.database, theirs).status == Status.ACTIVE


def test_a_listing_that_fails_keeps_the_tokens_and_is_tried_again(
    parts: Parts, broker: FakeBroker, linking_id: uuid.UUID
) -> None:
    broker.will("list_accounts", BrokerDown("GET /accounts", "a page"), LISTING)
    with pytest.raises(SyncFailed, match="broker_down"):
        sync_connection(parts, linking_id, "demand")
    assert connection_row(parts.database, linking_id).status == Status.LINKING
    assert timedelta(0) < wait_left(parts.database, linking_id) <= timedelta(seconds=15)
    assert credential_row(parts.database, linking_id).document["refresh_token"] == "refresh-1"
    assert sync_connection(parts, linking_id, "demand").outcome is Outcome.OK


def test_a_login_of_which_the_broker_does_not_tell_whose_it_is_is_listed_again_before_anything_is_decided(
    parts: Parts, broker: FakeBroker
) -> None:
    named = a_connection(parts.database, login_fp="of another login", status=Status.REAUTH_REQUIRED)
    an_account(parts.database, named)
    waiting = a_connection(parts.database, status=Status.LINKING, repairs_connection_id=named)
    other = (ListedAccount(ANOTHER_NUMBER, "hash-2"),)
    broker.will("list_accounts", Listing(other, None), Listing(other, "login-1"))
    assert sync_connection(parts, waiting, "demand").outcome is Outcome.DEFERRED
    stored = connection_row(parts.database, waiting)
    assert (stored.status, stored.claim_id, stored.unfinished_attempts) == (Status.LINKING, None, 0)
    assert timedelta(0) < wait_left(parts.database, waiting) <= timedelta(minutes=1)
    assert [run.outcome for run in runs(parts.database, waiting)] == ["deferred"]
    with pytest.raises(CannotSync, match="another login"):
        sync_connection(parts, waiting, "demand")
    assert connections(parts) == [named]


def test_it_does_not_wait_for_ever_for_the_broker_to_tell(parts: Parts, broker: FakeBroker) -> None:
    named = a_connection(parts.database, login_fp="of another login")
    an_account(parts.database, named)
    long_ago = datetime.now(UTC) - LISTING_LIMIT
    waiting = a_connection(parts.database, status=Status.LINKING, repairs_connection_id=named, login_at=long_ago)
    broker.will("list_accounts", Listing((ListedAccount(ANOTHER_NUMBER, "hash-2"),), None))
    assert sync_connection(parts, waiting, "demand").connection_id == waiting
    assert connection_row(parts.database, waiting).status == Status.ACTIVE


def test_a_login_that_ended_while_it_was_being_linked_needs_a_new_one(
    parts: Parts, broker: FakeBroker, linking_id: uuid.UUID
) -> None:
    broker.will("list_accounts", LoginEnded("POST /token", "ended"))
    with pytest.raises(SyncFailed, match="login_ended"):
        sync_connection(parts, linking_id, "demand")
    assert connection_row(parts.database, linking_id).status == Status.REAUTH_REQUIRED


def test_what_the_browser_finished_meanwhile_is_left_as_it_is(
    parts: Parts, broker: FakeBroker, linking_id: uuid.UUID
) -> None:
    def browser_first() -> Listing:
        with parts.database.session() as session:
            rows = [ListedRow(row.number, row.masked, row.broker_account_id, None) for row in LISTING.accounts]
            linking.activate(session, linking_id, "login-1", rows, "browser")
        return LISTING

    broker.will("list_accounts", browser_first)
    assert sync_connection(parts, linking_id, "demand").outcome is Outcome.SUPERSEDED
    assert events(parts.database, linking_id) == ["linked"]
    assert [row.nickname for row in accounts(parts, linking_id)] == [None, None]


def test_what_the_browser_moved_to_another_connection_meanwhile_is_no_fault(
    parts: Parts, broker: FakeBroker, linking_id: uuid.UUID
) -> None:
    known = a_connection(parts.database, login_at=datetime.now(UTC) - timedelta(days=1))
    an_account(parts.database, known)

    def browser_first() -> Listing:
        with parts.database.session() as session:
            rows = [ListedRow(row.number, row.masked, row.broker_account_id, None) for row in LISTING.accounts]
            linking.activate(session, linking_id, "login-1", rows, "browser")
        return LISTING

    broker.will("list_accounts", browser_first)
    assert sync_connection(parts, linking_id, "demand").outcome is Outcome.SUPERSEDED
    assert events(parts.database, known) == ["repaired"]


def test_a_newer_login_that_was_linked_meanwhile_stays(parts: Parts, broker: FakeBroker, linking_id: uuid.UUID) -> None:
    newer = a_connection(parts.database)
    an_account(parts.database, newer)
    with parts.database.session() as session:
        session.get_one(Credential, newer).document = {"access_token": "newer", "refresh_token": "newer"}
    broker.will("list_accounts", LISTING)
    result = sync_connection(parts, linking_id, "demand")
    assert (result.outcome, result.connection_id) == (Outcome.SUPERSEDED, newer)
    assert connections(parts) == [newer]
    assert credential_row(parts.database, newer).document["refresh_token"] == "newer"
    assert [run.outcome for run in runs(parts.database, newer)] == ["superseded"]


def test_a_login_that_waits_for_the_worker_does_not_end_a_pause_made_since(parts: Parts, broker: FakeBroker) -> None:
    known = a_connection(parts.database)
    an_account(parts.database, known)
    waiting = a_connection(parts.database, status=Status.LINKING)
    with parts.database.session() as session:
        pause(session, known)
    broker.will("list_accounts", LISTING)
    assert sync_connection(parts, waiting, "demand").connection_id == known
    assert connection_row(parts.database, known).status == Status.PAUSED


def test_a_login_that_no_key_opens_stays_linking_so_that_a_repair_is_still_one(
    parts: Parts, broker: FakeBroker, linking_id: uuid.UUID, monkeypatch: pytest.MonkeyPatch, encryption_key: str
) -> None:
    known = a_connection(parts.database, status=Status.REAUTH_REQUIRED)
    an_account(parts.database, known)
    broker.will("list_accounts", LISTING)
    monkeypatch.setenv("ENCRYPTION_KEY", Fernet.generate_key().decode())
    keyring.cache_clear()
    with pytest.raises(SyncFailed, match="credentials_unreadable"):
        sync_connection(parts, linking_id, "demand")
    assert connection_row(parts.database, linking_id).status == Status.LINKING
    monkeypatch.setenv("ENCRYPTION_KEY", encryption_key)
    keyring.cache_clear()
    assert sync_connection(parts, linking_id, "demand").connection_id == known
