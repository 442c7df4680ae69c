"""Writing what a fetch brought."""

from __future__ import annotations

import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select, text

from brokers.records import AccountSnapshot
from models.account import AccountCheck
from models.session import Database
from models.snapshot import write_snapshot
from tests.models.snapshots import NOON, account_row, held, row_versions, rows_of, statements, write
from tests.records import ANOTHER_NUMBER, NUMBER, a_connection, a_position, a_snapshot, an_account

pytestmark = pytest.mark.servers


@pytest.fixture
def account_id(database: Database) -> uuid.UUID:
    return an_account(database, a_connection(database))


def checked_at(database: Database, account_id: uuid.UUID) -> object:
    with database.session() as session:
        return session.scalars(select(AccountCheck.checked_at).where(AccountCheck.account_id == account_id)).one()


def test_new_prices_find_room_where_the_old_ones_are_and_touch_no_index(
    database: Database, account_id: uuid.UUID
) -> None:
    def at_price(price: int) -> AccountSnapshot:
        return a_snapshot(NUMBER, *[a_position(f"S{number}", mark_price=Decimal(price)) for number in range(200)])

    write(database, (account_id, at_price(1)))
    for price in (2, 3, 4):
        with database.session() as session:
            account, positions = rows_of(account_id, at_price(price))
            write_snapshot(session, [account], positions, NOON)
            counted = "pg_stat_get_xact_tuples_{}updated('positions'::regclass)"
            updated, in_place = session.execute(text(f"SELECT {counted.format('')}, {counted.format('hot_')}")).one()
        # This server process may still hold counts of earlier transactions: no sharp figure.
        assert in_place >= 0.8 * updated > 100


@pytest.mark.parametrize("count", [10, 100, 1000])
def test_it_is_one_statement_however_many_positions_there_are(
    database: Database, account_id: uuid.UUID, count: int
) -> None:
    positions = [a_position(f"S{number}") for number in range(count)]
    with statements(database) as sent:
        written = write(database, (account_id, a_snapshot(NUMBER, *positions)))
    assert len(sent) == 1
    assert written.positions_changed == len(held(database, account_id)) == count


def test_the_first_answer_makes_version_one(database: Database, account_id: uuid.UUID) -> None:
    assert write(database, (account_id, a_snapshot())).versions == {account_id: 1}
    account = account_row(database, account_id)
    assert (account.version, account.fetched_at, account.cash) == (1, NOON, Decimal("4488.10"))


def test_an_empty_first_answer_without_any_balance_makes_version_one(database: Database, account_id: uuid.UUID) -> None:
    bare = a_snapshot(type=None, currency=None, balances={"cash": None, "net_liq": None})
    assert write(database, (account_id, bare)).versions == {account_id: 1}


def test_the_same_answer_twice_writes_no_row(database: Database, account_id: uuid.UUID) -> None:
    answer = a_snapshot(NUMBER, a_position("F"), a_position("GE"))
    write(database, (account_id, answer))
    before = row_versions(database)
    written = write(database, (account_id, answer), at=NOON + timedelta(minutes=5))
    assert (written.versions, written.positions_changed) == ({}, 0)
    assert row_versions(database) == before
    assert account_row(database, account_id).fetched_at == NOON


def test_the_version_of_each_account_named_is_told_changed_or_not(database: Database, account_id: uuid.UUID) -> None:
    other = an_account(database, a_connection(database), ANOTHER_NUMBER)
    assert write(database, (account_id, a_snapshot()), (other, a_snapshot())).current == {account_id: 1, other: 1}
    changed = a_snapshot(NUMBER, a_position())
    assert write(database, (account_id, changed), (other, a_snapshot())).current == {account_id: 2, other: 1}
    assert write(database, (account_id, changed)).current == {account_id: 2}


def test_a_number_written_with_other_zeros_is_the_same_number(database: Database, account_id: uuid.UUID) -> None:
    write(database, (account_id, a_snapshot(NUMBER, a_position(quantity="700"))))
    before = row_versions(database)
    write(database, (account_id, a_snapshot(NUMBER, a_position(quantity="7.00E+2"))))
    assert row_versions(database) == before


def test_one_changed_position_raises_the_version_once_and_leaves_the_other_rows(
    database: Database, account_id: uuid.UUID
) -> None:
    write(database, (account_id, a_snapshot(NUMBER, a_position("F"), a_position("GE"))))
    before = {row.key: row for row in row_versions(database)}
    written = write(database, (account_id, a_snapshot(NUMBER, a_position("F", "650"), a_position("GE"))))
    assert (written.versions, written.positions_changed) == ({account_id: 2}, 1)
    after = {row.key: row for row in row_versions(database)}
    assert after[f"{account_id}GE"] == before[f"{account_id}GE"]
    assert held(database, account_id)["F"].quantity == 650


def test_a_changed_balance_alone_raises_the_version_once(database: Database, account_id: uuid.UUID) -> None:
    write(database, (account_id, a_snapshot(NUMBER, a_position())))
    changed = a_snapshot(NUMBER, a_position(), balances={"cash": Decimal("4488.11")})
    written = write(database, (account_id, changed))
    assert (written.versions, written.positions_changed) == ({account_id: 2}, 0)


def test_a_balance_that_is_no_longer_given_becomes_null(database: Database, account_id: uuid.UUID) -> None:
    write(database, (account_id, a_snapshot(balances={"equity": Decimal(1)})))
    write(database, (account_id, a_snapshot()))
    assert account_row(database, account_id).equity is None


def test_a_sold_position_is_deleted_and_raises_the_version_once(database: Database, account_id: uuid.UUID) -> None:
    write(database, (account_id, a_snapshot(NUMBER, a_position("F"), a_position("GE"))))
    written = write(database, (account_id, a_snapshot(NUMBER, a_position("GE"))))
    assert (written.versions, written.positions_changed) == ({account_id: 2}, 1)
    assert set(held(database, account_id)) == {"GE"}


def test_an_empty_list_deletes_all_positions(database: Database, account_id: uuid.UUID) -> None:
    write(database, (account_id, a_snapshot(NUMBER, a_position("F"), a_position("GE"))))
    assert write(database, (account_id, a_snapshot())).positions_changed == 2
    assert held(database, account_id) == {}


def test_an_account_that_is_not_named_stays_as_it_is(database: Database, account_id: uuid.UUID) -> None:
    other = an_account(database, a_connection(database), ANOTHER_NUMBER)
    write(database, (account_id, a_snapshot(NUMBER, a_position())), (other, a_snapshot(NUMBER, a_position())))
    before = [row for row in row_versions(database) if str(other) in row.key]
    write(database, (account_id, a_snapshot()), at=NOON + timedelta(minutes=5))
    assert [row for row in row_versions(database) if str(other) in row.key] == before
    assert checked_at(database, other) == NOON


def test_two_accounts_may_hold_the_same_instrument(database: Database, account_id: uuid.UUID) -> None:
    other = an_account(database, a_connection(database), ANOTHER_NUMBER)
    first, second = a_snapshot(NUMBER, a_position("F", "700")), a_snapshot(NUMBER, a_position("F", "-3"))
    assert write(database, (account_id, first), (other, second)).versions == {account_id: 1, other: 1}
    written = write(database, (account_id, first), (other, a_snapshot()))
    assert (written.versions, written.positions_changed) == ({other: 2}, 1)
    assert held(database, account_id)["F"].quantity == 700
    assert held(database, other) == {}


def test_no_account_at_all_is_no_write(database: Database, account_id: uuid.UUID) -> None:
    before = row_versions(database)
    assert write(database).versions == {}
    assert row_versions(database) == before


def test_the_check_moves_forward_only(database: Database, account_id: uuid.UUID) -> None:
    write(database, (account_id, a_snapshot()), at=NOON)
    write(database, (account_id, a_snapshot()), at=NOON + timedelta(minutes=5))
    assert checked_at(database, account_id) == NOON + timedelta(minutes=5)
    write(database, (account_id, a_snapshot()), at=NOON)
    assert checked_at(database, account_id) == NOON + timedelta(minutes=5)
