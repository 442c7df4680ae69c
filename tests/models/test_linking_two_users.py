"""Two users and one login: never are both linked to it, and nobody is told of a login that may well not be theirs."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from models.connection import Connection, Status
from models.event import record_event
from models.refusing import refuse
from models.same_login import LoginBelongsToAnother
from models.session import Database
from tests.models.test_linking import (
    FIRST,
    SECOND,
    THIRD,
    a_listing,
    activated,
    connection_row,
    events,
    ids,
    kept,
    linked,
)

pytestmark = pytest.mark.servers


@pytest.mark.parametrize("named", [True, False])
def test_a_login_that_is_another_users_now_does_not_go_to_a_disconnected_connection_that_shares_more(
    database: Database, *, named: bool
) -> None:
    mine = linked(database, "login-1", FIRST, SECOND, THIRD)
    with database.session() as session:
        session.execute(update(Connection).values(status=Status.DISCONNECTED))
    theirs = linked(database, "login-1", FIRST, SECOND, user_id="theirs")
    fresh = kept(database, repairs=mine if named else None)
    with pytest.raises(LoginBelongsToAnother):
        activated(database, fresh, "login-1", FIRST, SECOND, THIRD)
    assert connection_row(database, mine).status == Status.DISCONNECTED
    assert connection_row(database, theirs).status == Status.ACTIVE


def test_of_two_of_ones_own_that_hold_the_login_the_one_that_is_linked_takes_it(database: Database) -> None:
    gone = linked(database, "login-1", FIRST, SECOND, THIRD)
    other = linked(database, "login-2", THIRD)
    with database.session() as session:
        login_fp = session.get_one(Connection, other).login_fp
        gone_now = update(Connection).where(Connection.id == gone)
        session.execute(gone_now.values(status=Status.DISCONNECTED, login_fp=login_fp))
    assert activated(database, kept(database), "login-2", FIRST, SECOND, THIRD).connection.id == other
    assert ids(database, Connection.id) == {gone, other}


def refused(database: Database, login_id: str, *numbers: str) -> None:
    """A login of another user's, tried by the user 42."""
    fresh = kept(database)
    with database.session() as session:
        refuse(session, fresh, login_id, a_listing(*numbers), "browser")


def test_who_tries_again_and_again_has_the_other_user_told_once_for_each_login_of_theirs(database: Database) -> None:
    theirs = linked(database, "login-1", FIRST, user_id="theirs")
    for _ in range(3):
        refused(database, "login-1", FIRST)
    assert [event.kind for event in events(database, theirs)] == ["linked", "login_ended"]
    activated(database, kept(database, "theirs"), "login-1", FIRST)
    for _ in range(3):
        refused(database, "login-1", FIRST)
    told = ["linked", "login_ended", "repaired", "login_ended"]
    assert [event.kind for event in events(database, theirs)] == told


def test_who_was_told_that_its_time_is_over_is_told_that_it_was_replaced(database: Database) -> None:
    theirs = linked(database, "login-1", FIRST, user_id="theirs")
    with database.session() as session:
        record_event(session, "login_ended", session.get_one(Connection, theirs), "worker", reason="its time is over")
    refused(database, "login-1", FIRST)
    assert events(database, theirs)[-1].details["reason"] == "replaced by a newer login"


def test_nobody_has_another_users_connection_asked_more_often_by_trying_again(database: Database) -> None:
    theirs = linked(database, "login-1", FIRST, user_id="theirs")
    refused(database, "login-1", FIRST)
    with database.session() as session:
        session.execute(update(Connection).values(next_sync_at=None))
    refused(database, "login-1", FIRST)
    assert connection_row(database, theirs).next_sync_at is None
