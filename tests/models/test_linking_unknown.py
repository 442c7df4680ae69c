"""A login of which the broker did not tell whose it is: no login is lost for it, and no two are mixed."""

from __future__ import annotations

import pytest

from models.connection import Connection, Status
from models.refusing import refuse
from models.same_login import LoginBelongsToAnother, LoginUnknown, WrongLogin
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
    waited,
)
from tests.models.test_linking_again import becomes

pytestmark = pytest.mark.servers


@pytest.mark.parametrize("login_id", ["login-A", None])
def test_a_named_repair_with_an_account_of_its_connection_wins_over_another_user_who_shares_more(
    database: Database, login_id: str | None
) -> None:
    """Two people own an account together. One of their logins was linked when the broker did not tell whose it was."""
    named = linked(database, "login-A", FIRST)
    theirs = linked(database, "login-B", FIRST, SECOND, user_id="theirs")
    becomes(database, named, status=Status.REAUTH_REQUIRED, login_fp=None)
    if login_id is not None:
        becomes(database, theirs, login_fp=None)
    done = activated(database, kept(database, repairs=named, token="new"), login_id, FIRST, SECOND)
    assert (done.connection.id, done.repaired) == (named, True)
    assert document(database, named) == {"refresh_token": "new"}
    assert document(database, theirs) == {"refresh_token": "refresh-1"}


def test_where_accounts_would_refuse_the_login_it_is_kept_until_the_broker_tells(database: Database) -> None:
    theirs = linked(database, "login-B", FIRST, SECOND, user_id="theirs")
    fresh = kept(database)
    with pytest.raises(LoginUnknown):
        activated(database, fresh, None, FIRST)
    assert connection_row(database, fresh).status == Status.LINKING
    assert document(database, fresh) == {"refresh_token": "refresh-1"}
    done = activated(database, fresh, "login-A", FIRST)
    assert (done.connection.id, done.repaired) == (fresh, False)
    assert [event.kind for event in events(database, theirs)] == ["linked"]


def test_where_it_is_never_told_two_users_are_not_mixed_and_the_other_one_is_told_nothing(database: Database) -> None:
    theirs = linked(database, "login-B", FIRST, SECOND, user_id="theirs")
    fresh = kept(database)
    waited(database)
    with pytest.raises(LoginBelongsToAnother):
        activated(database, fresh, None, FIRST)
    with database.session() as session:
        refuse(session, fresh, None, a_listing(FIRST), "worker")
    assert ids(database, Connection.id) == {theirs}
    assert [event.kind for event in events(database, theirs)] == ["linked"], "nobody knows that it was replaced"


def test_a_disconnected_connection_that_shares_more_gives_way_to_another_users_that_works(database: Database) -> None:
    mine = linked(database, None, FIRST, SECOND)
    becomes(database, mine, status=Status.DISCONNECTED)
    theirs = linked(database, "login-1", FIRST, user_id="theirs")
    fresh = kept(database, repairs=mine)
    with pytest.raises(LoginUnknown):
        activated(database, fresh, None, FIRST, SECOND)
    with pytest.raises(LoginBelongsToAnother):
        activated(database, fresh, "login-1", FIRST, SECOND)
    assert connection_row(database, theirs).status == Status.ACTIVE
    assert activated(database, fresh, "login-2", FIRST, SECOND).connection.id == mine


@pytest.mark.parametrize("numbers", [[SECOND], []])
def test_a_named_repair_that_shares_no_account_waits_for_the_broker_to_tell(
    database: Database, numbers: list[str]
) -> None:
    named = linked(database, "login-A", FIRST)
    fresh = kept(database, repairs=named, token="new")
    with pytest.raises(LoginUnknown):
        activated(database, fresh, None, *numbers)
    assert document(database, fresh) == {"refresh_token": "new"}
    with pytest.raises(WrongLogin):
        activated(database, fresh, "login-B", *numbers)
    assert activated(database, fresh, "login-A", *numbers).connection.id == named
    assert document(database, named) == {"refresh_token": "new"}


@pytest.mark.parametrize("told", [True, False])
def test_where_nothing_proves_a_difference_other_accounts_are_a_connection_of_their_own(
    database: Database, *, told: bool
) -> None:
    """Of one of the two logins, the new or the named one, nobody knows whose it is."""
    named = linked(database, None if told else "login-A", FIRST)
    fresh = kept(database, repairs=named)
    if not told:
        waited(database)
    done = activated(database, fresh, "login-A" if told else None, SECOND)
    assert (done.connection.id, done.repaired) == (fresh, False)
    assert set(accounts(database, fresh)) == {SECOND}
    assert accounts(database, named)[FIRST].missing_since is None


def test_where_nothing_proves_a_difference_a_login_without_accounts_is_the_named_one(database: Database) -> None:
    named = linked(database, "login-A", FIRST)
    fresh = kept(database, repairs=named, token="new")
    waited(database)
    assert activated(database, fresh, None).connection.id == named
    assert document(database, named) == {"refresh_token": "new"}


def test_a_login_without_accounts_makes_no_second_connection_before_the_broker_tells(database: Database) -> None:
    known = linked(database, "login-A", FIRST)
    fresh = kept(database)
    with pytest.raises(LoginUnknown):
        activated(database, fresh, None)
    assert activated(database, fresh, "login-A").connection.id == known
    assert ids(database, Connection.id) == {known}


def test_another_login_does_not_go_to_a_named_connection_that_shares_nothing(database: Database) -> None:
    named = linked(database, "login-A")
    with pytest.raises(WrongLogin):
        activated(database, kept(database, repairs=named), "login-B", FIRST)


def test_a_first_login_with_accounts_is_linked_whether_its_id_is_told_or_not(database: Database) -> None:
    assert connection_row(database, linked(database, None, FIRST)).status == Status.ACTIVE
