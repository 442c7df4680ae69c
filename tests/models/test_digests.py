"""Whoever changes a row that a fetch writes, in whatever column, changes the digest of its account."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import BigInteger, Date, Numeric, text

from brokers.records import AccountSnapshot
from models.account import Account, AccountCheck, Position
from models.base import UTCDateTime
from models.digests import Digests, confirm
from models.session import Database
from models.snapshot import ACCOUNT_VALUES, POSITION_VALUES
from tests.models.snapshots import NOON, row_versions, write
from tests.records import ANOTHER_NUMBER, NUMBER, a_connection, a_position, a_snapshot, an_account

pytestmark = pytest.mark.servers

LATER = NOON + timedelta(minutes=5)


@pytest.fixture
def account_id(database: Database) -> uuid.UUID:
    return an_account(database, a_connection(database))


def digests(database: Database, *fetched: tuple[uuid.UUID, AccountSnapshot]) -> Digests:
    """Of the rows of these accounts, once they are found equal to what was fetched."""
    assert write(database, *fetched).digests is None, "new rows are equal to nothing yet"
    found = write(database, *fetched).digests
    assert found is not None
    return found


def confirmed(database: Database, given: Digests) -> dict[uuid.UUID, int] | None:
    with database.session() as session:
        return confirm(session, given, LATER)


def checked(database: Database, account_id: uuid.UUID) -> object:
    with database.session() as session:
        return session.get_one(AccountCheck, account_id).checked_at


def change(database: Database, statement: str) -> None:
    with database.session() as session:
        session.execute(text(statement))


def another_value(model: type[Account | Position], name: str) -> str:
    """An SQL expression that is neither what the rows below hold nor null."""
    column = model.__table__.columns[name]
    if name == "asset_type":
        return "'OTHER'"
    if name == "put_call":
        return "'PUT'"
    if isinstance(column.type, Numeric | BigInteger):
        return "123.456"
    return "current_date" if isinstance(column.type, Date | UTCDateTime) else "'other'"


@pytest.mark.parametrize("name", ACCOUNT_VALUES)
def test_each_column_of_an_account_counts(database: Database, account_id: uuid.UUID, name: str) -> None:
    before = digests(database, (account_id, a_snapshot()))
    change(database, f"UPDATE accounts SET {name} = {another_value(Account, name)}")
    assert confirmed(database, before) is None


@pytest.mark.parametrize("name", ["instrument_key", *POSITION_VALUES])
def test_each_column_of_a_position_counts(database: Database, account_id: uuid.UUID, name: str) -> None:
    before = digests(database, (account_id, a_snapshot(NUMBER, a_position("F"), a_position("GE"))))
    change(database, f"UPDATE positions SET {name} = {another_value(Position, name)} WHERE instrument_key = 'GE'")
    assert confirmed(database, before) is None


def test_null_and_empty_are_two_things(database: Database, account_id: uuid.UUID) -> None:
    before = digests(database, (account_id, a_snapshot(NUMBER, a_position(cusip=None, description=""))))
    change(database, "UPDATE positions SET cusip = '', description = NULL")
    assert confirmed(database, before) is None


def test_a_position_that_is_gone_counts_and_one_of_another_account_does_not(
    database: Database, account_id: uuid.UUID
) -> None:
    other = an_account(database, a_connection(database), ANOTHER_NUMBER)
    before = digests(database, (account_id, a_snapshot(NUMBER, a_position("F"))))
    write(database, (other, a_snapshot(ANOTHER_NUMBER, a_position("GE"))))
    assert confirmed(database, before) == {account_id: 1}
    change(database, "DELETE FROM positions WHERE instrument_key = 'F'")
    assert confirmed(database, before) is None


def test_one_account_that_changed_leaves_the_digests_of_all_untold(database: Database, account_id: uuid.UUID) -> None:
    other = an_account(database, a_connection(database), ANOTHER_NUMBER)
    digests(database, (account_id, a_snapshot()), (other, a_snapshot(ANOTHER_NUMBER)))
    changed = a_snapshot(ANOTHER_NUMBER, a_position())
    assert write(database, (account_id, a_snapshot()), (other, changed)).digests is None


def test_what_is_confirmed_is_checked_and_not_written(database: Database, account_id: uuid.UUID) -> None:
    before = digests(database, (account_id, a_snapshot(NUMBER, a_position())))
    rows = row_versions(database)
    assert confirmed(database, before) == {account_id: 1}
    assert checked(database, account_id) == LATER
    assert row_versions(database) == rows


def test_a_confirmation_that_comes_late_makes_no_check_older(database: Database, account_id: uuid.UUID) -> None:
    before = digests(database, (account_id, a_snapshot()))
    write(database, (account_id, a_snapshot()), at=LATER + timedelta(minutes=1))
    assert confirmed(database, before) == {account_id: 1}
    assert checked(database, account_id) == LATER + timedelta(minutes=1)


def test_one_account_that_differs_leaves_all_of_them_unchecked(database: Database, account_id: uuid.UUID) -> None:
    other = an_account(database, a_connection(database), ANOTHER_NUMBER)
    before = digests(database, (account_id, a_snapshot()), (other, a_snapshot(ANOTHER_NUMBER)))
    change(database, f"UPDATE accounts SET cash = 1 WHERE id = '{other}'")
    assert confirmed(database, before) is None
    assert (checked(database, account_id), checked(database, other)) == (NOON, NOON)


def test_an_account_that_is_gone_is_not_confirmed(database: Database, account_id: uuid.UUID) -> None:
    before = digests(database, (account_id, a_snapshot()))
    change(database, "DELETE FROM accounts")
    assert confirmed(database, before) is None
