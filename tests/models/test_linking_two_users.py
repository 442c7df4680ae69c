"""Two users and one login: never are both linked to it, and nobody is told of a login that may well not be theirs."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from models.connection import Connection, Status
from models.same_login import LoginBelongsToAnother
from models.session import Database
from tests.models.test_linking import (
    FIRST,
    SECOND,
    THIRD,
    activated,
    connection_row,
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
