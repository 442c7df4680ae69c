"""A listing that comes late: what a person did since the login was made stands."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import update

from brokersync.pausing import pause, resume
from brokersync.sandbox_clock import let_pass
from models.connection import Connection, Credential, Status
from models.event import record_event
from models.linking import Dropped
from models.refusing import refuse
from models.same_login import LoginBelongsToAnother
from models.session import Database
from tests.models.test_linking import (
    FIRST,
    SECOND,
    a_listing,
    accounts,
    activated,
    connection_row,
    document,
    events,
    ids,
    kept,
    linked,
)

pytestmark = pytest.mark.servers


def paused(database: Database, connection_id: uuid.UUID) -> None:
    with database.session() as session:
        pause(session, connection_id)


def resumed(database: Database, connection_id: uuid.UUID) -> None:
    with database.session() as session:
        resume(session, connection_id)


def test_an_older_login_is_dropped_and_the_newer_one_stays_as_it_is(database: Database) -> None:
    older, newer = kept(database, token="older"), kept(database, token="newer")
    activated(database, newer, "login-1", FIRST)
    before = connection_row(database, newer)
    done = activated(database, older, "login-1", FIRST, SECOND)
    assert (done.connection.id, done.repaired, done.dropped) == (newer, True, Dropped.NEWER_LOGIN)
    assert ids(database, Connection.id) == ids(database, Credential.connection_id) == {newer}
    assert document(database, newer) == {"refresh_token": "newer"}
    stored = connection_row(database, newer)
    assert (stored.login_at, stored.login_expires_at) == (before.login_at, before.login_expires_at)
    assert (stored.status, stored.next_sync_at) == (Status.ACTIVE, before.next_sync_at)
    assert set(accounts(database, newer)) == {FIRST}, "the newer login says which accounts are shared"
    told = events(database, newer)[-1]
    assert (told.kind, told.details) == ("login_dropped", {"reason": "superseded by a newer login"})


def test_an_older_login_that_was_paused_and_resumed_is_dropped_too(database: Database) -> None:
    older = kept(database, token="older")
    paused(database, older)
    newer = linked(database, "login-1", FIRST)
    resumed(database, older)
    assert activated(database, older, "login-1", FIRST).dropped is Dropped.NEWER_LOGIN
    assert document(database, newer) == {"refresh_token": "refresh-1"}


@pytest.mark.parametrize("status", [Status.REAUTH_REQUIRED, Status.CREDENTIALS_UNREADABLE])
def test_an_older_login_that_works_replaces_a_newer_one_that_does_not(database: Database, status: Status) -> None:
    older = kept(database, token="older")
    newer = linked(database, "login-1", FIRST)
    with database.session() as session:
        session.execute(update(Connection).where(Connection.id == newer).values(status=status))
    assert activated(database, older, "login-1", FIRST).dropped is None
    assert document(database, newer) == {"refresh_token": "older"}
    assert connection_row(database, newer).status == Status.ACTIVE


def disconnected(database: Database, connection_id: uuid.UUID) -> None:
    with database.session() as session:
        connection = session.get_one(Connection, connection_id)
        connection.status, connection.next_sync_at = Status.DISCONNECTED, None
        session.delete(session.get_one(Credential, connection_id))
        record_event(session, "disconnected", connection, "demand", erased=0)


def test_what_was_disconnected_since_the_login_was_made_is_not_linked_again_by_it(database: Database) -> None:
    target = linked(database, "login-1", FIRST)
    waiting = kept(database, token="refresh-2")
    disconnected(database, target)
    done = activated(database, waiting, "login-1", FIRST)
    assert (done.connection.id, done.dropped) == (target, Dropped.DISCONNECTED)
    assert ids(database, Connection.id) == {target}
    assert ids(database, Credential.connection_id) == set()
    assert connection_row(database, target).status == Status.DISCONNECTED
    told = events(database, target)[-1]
    assert (told.kind, told.details) == ("login_dropped", {"reason": "disconnected since the login was made"})


def test_what_was_disconnected_before_the_login_was_made_goes_on_with_it(database: Database) -> None:
    target = linked(database, "login-1", FIRST)
    disconnected(database, target)
    done = activated(database, kept(database, token="refresh-2"), "login-1", FIRST)
    assert (done.connection.id, done.repaired, done.dropped) == (target, True, None)
    assert connection_row(database, target).status == Status.ACTIVE


def test_the_sandbox_s_turned_clock_does_not_put_a_disconnection_after_the_login(database: Database) -> None:
    """It moves the times of logins, and no event: those are append only."""
    target = activated(database, kept(database, broker="schwab"), "login-1", FIRST).connection.id
    disconnected(database, target)
    waiting = kept(database, token="refresh-2", broker="schwab")
    with database.session() as session:
        assert let_pass(session, timedelta(hours=6)) == 2
    done = activated(database, waiting, "login-1", FIRST)
    assert (done.connection.id, done.dropped) == (target, None)
    assert document(database, target) == {"refresh_token": "refresh-2"}


def test_what_was_disconnected_and_linked_again_since_may_be_repaired_by_the_older_login(database: Database) -> None:
    target = linked(database, "login-1", FIRST)
    waiting = kept(database, token="older")
    disconnected(database, target)
    activated(database, kept(database, token="newer"), "login-1", FIRST)
    with database.session() as session:
        session.execute(update(Connection).where(Connection.id == target).values(status=Status.REAUTH_REQUIRED))
    assert activated(database, waiting, "login-1", FIRST).dropped is None
    assert document(database, target) == {"refresh_token": "older"}


def test_another_user_whose_login_is_the_newer_one_is_told_nothing(database: Database) -> None:
    older = kept(database)
    theirs = linked(database, "login-1", FIRST, user_id="theirs")
    with pytest.raises(LoginBelongsToAnother):
        activated(database, older, "login-1", FIRST)
    with database.session() as session:
        refuse(session, older, "login-1", a_listing(FIRST), "worker")
    assert [event.kind for event in events(database, theirs)] == ["linked"]
    assert ids(database, Connection.id) == {theirs}


def test_a_connection_that_was_paused_while_its_accounts_were_listed_stays_paused(database: Database) -> None:
    fresh = kept(database)
    paused(database, fresh)
    assert activated(database, fresh, "login-1", FIRST).connection.status == Status.PAUSED
    stored = connection_row(database, fresh)
    assert (stored.status, stored.next_sync_at) == (Status.PAUSED, None)
    assert set(accounts(database, fresh)) == {FIRST}
    resumed(database, fresh)
    assert connection_row(database, fresh).status == Status.ACTIVE, "its accounts are listed: nothing was lost"


@pytest.mark.parametrize("which", ["target", "fresh"])
def test_a_pause_since_the_login_holds_and_the_tokens_are_kept(database: Database, which: str) -> None:
    target = linked(database, "login-1", FIRST)
    fresh = kept(database, token="refresh-2")
    paused(database, {"target": target, "fresh": fresh}[which])
    assert activated(database, fresh, "login-1", FIRST).connection.id == target
    stored = connection_row(database, target)
    assert (stored.status, stored.next_sync_at) == (Status.PAUSED, None)
    assert document(database, target) == {"refresh_token": "refresh-2"}
    assert ids(database, Connection.id) == {target}


def test_a_pause_before_the_login_holds_too_since_only_resuming_ends_one(database: Database) -> None:
    target = linked(database, "login-1", FIRST)
    paused(database, target)
    done = activated(database, kept(database, token="refresh-2"), "login-1", FIRST)
    assert (done.repaired, done.connection.status) == (True, Status.PAUSED)
    assert document(database, target) == {"refresh_token": "refresh-2"}
    resumed(database, target)
    assert connection_row(database, target).status == Status.ACTIVE


def test_a_pause_that_was_taken_back_holds_nothing(database: Database) -> None:
    target, fresh = linked(database, "login-1", FIRST), kept(database)
    paused(database, target)
    resumed(database, target)
    activated(database, fresh, "login-1", FIRST)
    assert connection_row(database, target).status == Status.ACTIVE


def test_what_is_paused_keeps_what_it_was_paused_for(database: Database) -> None:
    target, fresh = linked(database, "login-1", FIRST), kept(database)
    paused(database, target)
    with database.session() as session:
        session.execute(update(Connection).where(Connection.id == target).values(last_error_kind="internal"))
    activated(database, fresh, "login-1", FIRST)
    assert connection_row(database, target).last_error_kind == "internal"


@pytest.mark.parametrize("kind", ["paused", "given_up"])
def test_a_pause_holds_though_the_login_ended_in_it(database: Database, kind: str) -> None:
    target = linked(database, "login-1", FIRST)
    ended_while(database, target, kind)
    done = activated(database, kept(database, token="refresh-2"), "login-1", FIRST)
    assert (done.repaired, done.connection.status) == (True, Status.PAUSED)
    assert connection_row(database, target).next_sync_at is None
    resumed(database, target)
    assert connection_row(database, target).status == Status.ACTIVE


@pytest.mark.parametrize("kind", ["resumed", "disconnected"])
def test_a_login_that_ended_after_the_pause_was_over_is_active_again(database: Database, kind: str) -> None:
    target = linked(database, "login-1", FIRST)
    ended_while(database, target, "paused", kind)
    assert activated(database, kept(database), "login-1", FIRST).connection.status == Status.ACTIVE


def ended_while(database: Database, connection_id: uuid.UUID, *happened: str) -> None:
    """As a refresh of an idle login finds it."""
    with database.session() as session:
        connection = session.get_one(Connection, connection_id)
        for kind in (*happened, "reauth_required"):
            record_event(session, kind, connection, "somebody")
            session.flush()
        connection.status = Status.REAUTH_REQUIRED
