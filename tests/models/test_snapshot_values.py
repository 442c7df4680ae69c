"""What is written is what was read: numbers to the last digit, every column, and no half of it."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from sqlalchemy.exc import IntegrityError

import brokers.records
from brokers.records import AssetType, Balances
from models.account import Position
from models.session import Database
from models.snapshot import BALANCES, POSITION_VALUES, write_snapshot
from tests.models.snapshots import NOON, account_row, held, row_versions, rows_of, write
from tests.records import NUMBER, a_connection, a_position, a_snapshot, an_account

pytestmark = pytest.mark.servers


@pytest.fixture
def account_id(database: Database) -> uuid.UUID:
    return an_account(database, a_connection(database))


@pytest.mark.parametrize(
    "number",
    [
        "11.207714285714",
        "-618.00",
        "0",
        "-0.000000000000000001",
        "1E-18",
        "8.302E+3",
        "123456789012345678901234.567890",
        "0.123456789012345678901234567890",
        "-999999999999999999999999999999",
    ],
)
def test_a_number_keeps_every_digit(database: Database, account_id: uuid.UUID, number: str) -> None:
    exact = Decimal(number)
    row = a_position(quantity=number, avg_price=exact, market_value=exact)
    write(database, (account_id, a_snapshot(NUMBER, row, balances={"net_liq": exact})))
    stored = held(database, account_id)["F"]
    assert (stored.quantity, stored.avg_price, stored.market_value) == (exact, exact, exact)
    assert account_row(database, account_id).net_liq == exact


def test_every_column_is_filled_from_the_record(database: Database, account_id: uuid.UUID) -> None:
    balances = {name: Decimal(number) for number, name in enumerate(BALANCES, 1)}
    option = a_position(
        "F   270115C00012000",
        "-2",
        asset_type=AssetType.OPT,
        broker_asset_type="OPTION",
        cost_basis=Decimal("-160.5"),
        unrealized_pnl=Decimal("10.25"),
        day_pnl=Decimal("-1.75"),
        multiplier=Decimal(100),
        cusip="0F",
        description='Ford "Motor" – C’12 \\ ñ 日',
        underlying="F",
        expiry=date(2027, 1, 15),
        strike=Decimal("12.5"),
        put_call="CALL",
    )
    as_of = datetime(2026, 11, 20, 9, 30, 0, 1, timezone(timedelta(hours=-5)))
    write(database, (account_id, a_snapshot(NUMBER, option, balances=balances, as_of=as_of)))
    account = account_row(database, account_id)
    assert {name: getattr(account, name) for name in BALANCES} == balances
    assert (account.type, account.currency, account.as_of) == ("MARGIN", "USD", as_of)
    assert account.as_of is not None
    assert account.as_of.tzinfo is UTC
    (stored,) = held(database, account_id).values()
    assert {name: getattr(stored, name) for name in POSITION_VALUES} == {
        name: getattr(option, name) for name in POSITION_VALUES
    }


def test_the_columns_are_the_fields_of_the_records(database: Database) -> None:
    assert set(BALANCES) == set(Balances.__struct_fields__)
    columns = {column.name for column in Position.__table__.columns}
    assert columns - {"account_id"} == set(brokers.records.Position.__struct_fields__)


def test_an_unknown_asset_type_is_refused_with_the_whole_write(database: Database, account_id: uuid.UUID) -> None:
    write(database, (account_id, a_snapshot(NUMBER, a_position())))
    before = row_versions(database)
    with pytest.raises(IntegrityError, match="ck_positions_asset_type"):
        write(database, (account_id, a_snapshot(NUMBER, a_position("GE", asset_type="STONK"))))
    assert row_versions(database) == before


def test_a_reader_sees_the_old_snapshot_or_the_new_one(database: Database, account_id: uuid.UUID) -> None:
    def seen() -> tuple[Decimal | None, set[str]]:
        return account_row(database, account_id).cash, set(held(database, account_id))

    write(database, (account_id, a_snapshot(NUMBER, a_position("F", "1"), balances={"cash": Decimal(1)})))
    account, positions = rows_of(account_id, a_snapshot(NUMBER, a_position("GE"), balances={"cash": Decimal(2)}))
    with database.session() as session:
        write_snapshot(session, [account], positions, NOON)
        assert seen() == (Decimal(1), {"F"})
    assert seen() == (Decimal(2), {"GE"})


def test_an_error_after_the_write_takes_all_of_it_back(database: Database, account_id: uuid.UUID) -> None:
    account, positions = rows_of(account_id, a_snapshot(NUMBER, a_position()))
    before = row_versions(database)

    def write_and_fail() -> None:
        with database.session() as session:
            assert write_snapshot(session, [account], positions, NOON).versions == {account_id: 1}
            raise RuntimeError("the power went off")

    with pytest.raises(RuntimeError):
        write_and_fail()
    assert row_versions(database) == before
