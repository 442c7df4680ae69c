"""A login that is linked again: which connection it repairs, in which state, and what is left of the old login."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text, update

from models.connection import Connection, Credential, Status
from models.refusing import refuse
from models.same_login import LoginBelongsToAnother
from models.session import Database
from tests.models.test_linking import (
    FIRST,
    SECOND,
    THIRD,
    a_listing,
    accounts,
    activated,
    connection_row,
    document,
    events,
    ids,
    kept,
    linked,
    waited,
)

pytestmark = pytest.mark.servers


def becomes(database: Database, connection_id: uuid.UUID, **values: object) -> None:
    with database.session() as session:
        session.execute(update(Connection).where(Connection.id == connection_id).values(**values))


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("login_id", ["login-1", None])
@pytest.mark.parametrize(
    "status", [Status.ACTIVE, Status.REAUTH_REQUIRED, Status.CREDENTIALS_UNREADABLE, Status.DISCONNECTED]
)
def test_in_whatever_state_it_is_the_same_login_repairs_its_connection(
    database: Database, status: Status, login_id: str | None, *, named: bool
) -> None:
    connection_id = linked(database, login_id, FIRST, SECOND)
    before = {number: row.id for number, row in accounts(database, connection_id).items()}
    becomes(database, connection_id, status=status, next_sync_at=None)
    fresh = kept(database, repairs=connection_id if named else None, token="refresh-2")
    done = activated(database, fresh, login_id, FIRST, SECOND)
    assert (done.connection.id, done.repaired, done.dropped) == (connection_id, True, None)
    assert ids(database, Connection.id) == {connection_id}
    assert {number: row.id for number, row in accounts(database, connection_id).items()} == before
    assert connection_row(database, connection_id).status == Status.ACTIVE
    assert document(database, connection_id) == {"refresh_token": "refresh-2"}
    with database.session() as session:
        assert session.scalars(select(Connection.next_sync_at <= func.now())).one()


def test_nothing_of_the_old_login_is_left(database: Database) -> None:
    connection_id = linked(database, "login-1", FIRST)
    becomes(
        database,
        connection_id,
        status=Status.REAUTH_REQUIRED,
        login_notice=timedelta(hours=2),
        consecutive_failures=4,
        unfinished_attempts=1,
        last_error_kind="login_ended",
        last_error_text="ended",
    )
    with database.session() as session:
        session.execute(
            update(Credential).values(
                refresh_attempt_id=uuid.uuid4(),
                refresh_started_at=func.now(),
                refreshed_at=func.now() - timedelta(days=7),
                cut_short_at=func.now(),
                cut_short_by="crash",
            )
        )
    activated(database, kept(database), "login-1", FIRST)
    stored = connection_row(database, connection_id)
    assert (stored.login_notice, stored.consecutive_failures, stored.unfinished_attempts) == (None, 0, 0)
    assert (stored.last_error_kind, stored.last_error_text) == (None, None)
    with database.session() as session:
        held = session.get_one(Credential, connection_id)
    assert (held.refresh_attempt_id, held.refresh_started_at, held.cut_short_at, held.cut_short_by) == (None,) * 4
    assert held.refreshed_at == stored.login_at


def test_what_no_key_opens_any_more_is_put_right_by_a_new_login(database: Database) -> None:
    connection_id = linked(database, "login-1", FIRST)
    with database.session() as session:
        for column in ("connections.fetch_state_sealed", "accounts.number_sealed", "credentials.document_sealed"):
            table, _, name = column.partition(".")
            session.execute(text(f"UPDATE {table} SET {name} = 'sealed under a key that is lost'"))
    becomes(database, connection_id, status=Status.CREDENTIALS_UNREADABLE)
    activated(database, kept(database, token="refresh-2"), "login-1", FIRST)
    assert set(accounts(database, connection_id)) == {FIRST}
    assert connection_row(database, connection_id).fetch_state is None
    assert document(database, connection_id) == {"refresh_token": "refresh-2"}


def test_of_two_that_overlap_the_one_that_shares_more_accounts_is_the_same_login(database: Database) -> None:
    linked(database, "login-1", FIRST, SECOND)
    second = linked(database, "login-2", SECOND, THIRD)
    with database.session() as session:
        session.execute(update(Connection).values(login_fp=None))
    assert activated(database, kept(database), None, SECOND, THIRD).connection.id == second


def test_the_broker_s_id_of_the_login_comes_before_any_account(database: Database) -> None:
    first = linked(database, "login-1", FIRST, SECOND)
    becomes(database, first, login_fp=None)
    second = linked(database, "login-2", THIRD)
    done = activated(database, kept(database, repairs=first), "login-2", FIRST, SECOND)
    assert done.connection.id == second


def test_where_the_broker_does_not_tell_the_login_the_one_that_shares_more_decides_between_two_users(
    database: Database,
) -> None:
    mine = linked(database, "login-1", FIRST, SECOND)
    spouses = linked(database, "login-2", SECOND, THIRD, user_id="spouse")
    assert activated(database, kept(database), None, FIRST, SECOND).connection.id == mine
    fresh = kept(database)
    waited(database)
    with pytest.raises(LoginBelongsToAnother):
        activated(database, fresh, None, SECOND, THIRD)
    assert activated(database, kept(database, "spouse"), None, SECOND, THIRD).connection.id == spouses


def test_what_was_disconnected_here_and_linked_by_another_user_since_is_theirs(database: Database) -> None:
    mine = linked(database, "login-1", FIRST)
    becomes(database, mine, status=Status.DISCONNECTED)
    linked(database, "login-1", FIRST, user_id="theirs")
    fresh = kept(database)
    waited(database)
    for login_id in ("login-1", None):
        with pytest.raises(LoginBelongsToAnother):
            activated(database, fresh, login_id, FIRST)


@pytest.mark.parametrize(
    ("status", "told", "asked"),
    [
        (Status.ACTIVE, True, True),
        (Status.CREDENTIALS_UNREADABLE, True, True),
        (Status.PAUSED, True, False),
        (Status.REAUTH_REQUIRED, False, False),
    ],
)
def test_another_user_is_told_of_a_login_that_may_have_ended_and_asked_only_where_the_schedule_asks(
    database: Database, status: Status, *, told: bool, asked: bool
) -> None:
    theirs = linked(database, "login-1", FIRST, user_id="theirs")
    becomes(database, theirs, status=status, next_sync_at=None)
    fresh = kept(database)
    with database.session() as session:
        refuse(session, fresh, "login-1", a_listing(FIRST), "browser link")
    assert [event.kind for event in events(database, theirs)] == ["linked", *(["login_ended"] if told else [])]
    assert (connection_row(database, theirs).next_sync_at is not None) == asked


def test_what_another_user_is_told_says_nothing_of_who_has_the_newer_login(database: Database) -> None:
    theirs = linked(database, "login-1", FIRST, user_id="theirs")
    fresh = kept(database, "a-secret-user")
    with database.session() as session:
        refuse(session, fresh, "login-1", a_listing(FIRST), "browser link")
    event = events(database, theirs)[-1]
    assert (event.kind, event.connection_id, event.user_id, event.actor) == (
        "login_ended",
        theirs,
        "theirs",
        "browser link",
    )
    assert event.details.keys() == {"reason", "login_expires_at"}
    assert event.details["reason"] == "replaced by a newer login"
    stored = connection_row(database, theirs)
    assert stored.login_expires_at is not None
    assert event.details["login_expires_at"].startswith(f"{stored.login_expires_at:%Y-%m-%dT%H:%M}")
    assert all(str(fresh) not in str(value) for value in event.details.values())
