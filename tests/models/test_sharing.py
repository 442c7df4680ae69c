"""Which accounts a repair brings back."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

import pytest
from sqlalchemy import delete

from models.account import Account
from models.session import Database
from models.sharing import Shared, shared_accounts
from tests.models.test_linking import FIRST, SECOND, THIRD, activated, events, kept, linked

pytestmark = pytest.mark.servers


def numbers(shared: Shared) -> tuple[list[str], list[str], list[str]]:
    def of(accounts: Iterable[Account]) -> list[str]:
        return [account.number for account in accounts]

    return of(shared.returned), of(shared.added), of(shared.missing)


def counts(database: Database, connection_id: uuid.UUID) -> dict[str, object]:
    details = events(database, connection_id)[-1].details
    return {name: details[name] for name in ("accounts", "added", "missing")}


def test_a_repair_tells_which_came_back_which_are_added_and_which_are_missing(database: Database) -> None:
    connection_id = linked(database, "login-1", FIRST, SECOND)
    same = activated(database, kept(database), "login-1", FIRST, SECOND)
    assert numbers(same.shared) == ([FIRST, SECOND], [], [])
    assert counts(database, connection_id) == {"accounts": 2, "added": 0, "missing": 0}
    changed = activated(database, kept(database), "login-1", THIRD, SECOND)
    assert numbers(changed.shared) == ([SECOND], [THIRD], [FIRST])
    assert counts(database, connection_id) == {"accounts": 2, "added": 1, "missing": 1}


def test_what_is_shared_again_is_added_and_what_stays_away_is_missing_once(database: Database) -> None:
    connection_id = linked(database, "login-1", FIRST, SECOND, THIRD)
    activated(database, kept(database), "login-1", FIRST)
    again = activated(database, kept(database), "login-1", FIRST, SECOND)
    assert numbers(again.shared) == ([FIRST], [SECOND], [])
    with database.session() as session:
        assert [row.number for row in shared_accounts(session, connection_id)] == [FIRST, SECOND]


def test_a_first_login_adds_all(database: Database) -> None:
    done = activated(database, kept(database), "login-1", FIRST, SECOND)
    assert numbers(done.shared) == ([], [FIRST, SECOND], [])


def test_a_login_that_was_dropped_changes_no_account(database: Database) -> None:
    older = kept(database)
    linked(database, "login-1", FIRST)
    assert numbers(activated(database, older, "login-1", SECOND).shared) == ([], [], [])


def test_an_account_that_was_erased_is_new(database: Database) -> None:
    linked(database, "login-1", FIRST)
    with database.session() as session:
        session.execute(delete(Account))
    assert numbers(activated(database, kept(database), "login-1", FIRST).shared) == ([], [FIRST], [])
