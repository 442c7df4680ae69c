"""Whose login it is: what is refused, what is told, and what only looks the same."""

from __future__ import annotations

import uuid

import pytest
from sqlalchemy import select, update

from models.account import Account
from models.connection import Connection, Status
from models.refusing import refuse
from models.same_login import LoginBelongsToAnother, WrongLogin
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


def refused(database: Database, connection_id: uuid.UUID, login_id: str | None, *numbers: str) -> None:
    """What the callback does after `activate` said no."""
    with database.session() as session:
        refuse(session, connection_id, login_id, a_listing(*numbers), "browser")


@pytest.mark.parametrize("login_id", ["login-1", None])
def test_a_login_of_another_user_is_not_linked_and_that_one_is_told(database: Database, login_id: str | None) -> None:
    theirs = linked(database, login_id, FIRST, user_id="theirs")
    fresh = kept(database, "42")
    waited(database)
    with pytest.raises(LoginBelongsToAnother):
        activated(database, fresh, login_id, FIRST)
    assert connection_row(database, fresh).status == Status.LINKING
    refused(database, fresh, login_id, FIRST)
    assert ids(database, Connection.id) == {theirs}
    stored = connection_row(database, theirs)
    assert (stored.status, stored.user_id) == (Status.ACTIVE, "theirs"), "only the broker's word moves it"
    told = events(database, theirs)[-1]
    assert (told.kind, told.details["reason"]) == ("login_ended", "replaced by a newer login")


def test_a_disconnected_connection_of_another_user_is_in_nobodys_way(database: Database) -> None:
    theirs = linked(database, "login-1", FIRST, user_id="theirs")
    with database.session() as session:
        session.execute(update(Connection).values(status=Status.DISCONNECTED))
    assert linked(database, "login-1", FIRST, user_id="42") != theirs
    assert connection_row(database, theirs).status == Status.DISCONNECTED


@pytest.mark.parametrize("user_id", ["42", "spouse"])
def test_a_joint_account_does_not_make_two_known_logins_one(database: Database, user_id: str) -> None:
    first = linked(database, "login-1", FIRST, SECOND)
    second = linked(database, "login-2", SECOND, THIRD, user_id=user_id)
    assert first != second
    assert set(accounts(database, first)) == {FIRST, SECOND}
    assert set(accounts(database, second)) == {SECOND, THIRD}


def test_a_connection_that_is_named_must_be_repaired_by_its_own_login(database: Database) -> None:
    connection_id = linked(database, "login-1", FIRST)
    fresh = kept(database, repairs=connection_id, token="refresh-2")
    with pytest.raises(WrongLogin):
        activated(database, fresh, "login-2", SECOND)
    refused(database, fresh, "login-2", SECOND)
    assert ids(database, Connection.id) == {connection_id}
    assert document(database, connection_id) == {"refresh_token": "refresh-1"}
    assert [event.kind for event in events(database, connection_id)] == ["linked"]


def test_a_login_that_is_linked_already_repairs_its_own_connection_and_not_the_named_one(database: Database) -> None:
    named = linked(database, "login-1", FIRST)
    other = linked(database, "login-2", SECOND)
    done = activated(database, kept(database, repairs=named, token="refresh-3"), "login-2", SECOND)
    assert (done.repaired, done.connection.id) == (True, other)
    assert document(database, other) == {"refresh_token": "refresh-3"}
    assert document(database, named) == {"refresh_token": "refresh-1"}


def test_a_connection_that_is_named_is_repaired_by_its_own_login(database: Database) -> None:
    connection_id = linked(database, "login-1", FIRST)
    done = activated(database, kept(database, repairs=connection_id, token="refresh-2"), "login-1", FIRST)
    assert (done.repaired, done.connection.id) == (True, connection_id)
    assert document(database, connection_id) == {"refresh_token": "refresh-2"}


def test_of_two_connections_that_share_an_account_the_named_one_is_repaired(database: Database) -> None:
    first = linked(database, "login-1", FIRST, SECOND)
    second = linked(database, "login-2", SECOND, THIRD)
    with database.session() as session:
        session.execute(update(Connection).values(login_fp=None))
    done = activated(database, kept(database, repairs=second), None, SECOND, THIRD)
    assert done.connection.id == second
    assert set(accounts(database, first)) == {FIRST, SECOND}
    assert accounts(database, first)[FIRST].missing_since is None


def test_a_named_connection_whose_accounts_were_never_listed_takes_the_login(database: Database) -> None:
    named = kept(database)
    with database.session() as session:
        session.execute(update(Connection).values(status=Status.REAUTH_REQUIRED))
    done = activated(database, kept(database, repairs=named), "login-1", FIRST)
    assert done.connection.id == named
    with database.session() as session:
        assert session.scalars(select(Account.connection_id)).all() == [named]


def test_a_named_connection_that_was_erased_meanwhile_is_a_new_login(database: Database) -> None:
    named = linked(database, "login-1", FIRST)
    fresh = kept(database, repairs=named)
    with database.session() as session:
        session.execute(Connection.__table__.delete().where(Connection.id == named))
    assert activated(database, fresh, "login-1", FIRST).repaired is False


def test_refusing_what_is_gone_already_does_no_harm(database: Database) -> None:
    fresh = kept(database)
    for _ in range(2):
        refused(database, fresh, "login-1", FIRST)
    assert ids(database, Connection.id) == set()
