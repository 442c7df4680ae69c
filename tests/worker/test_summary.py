"""The summary as a dashboard shows it."""

from __future__ import annotations

import uuid
from decimal import Decimal

import pytest
from sqlalchemy import func, update

from models.account import Account
from models.connection import Status
from models.session import Database
from tests.models.snapshots import write
from tests.records import ANOTHER_NUMBER, a_connection, a_snapshot, an_account
from tests.worker.stored import put
from worker.money import money, percentage
from worker.summary import NoSuchAccount, account_summary


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("12345.67", "USD", "$12,345.67"),
        ("1234567890123456789012.999", "USD", "$1,234,567,890,123,456,789,013.00"),
        ("0", "USD", "$0.00"),
        ("-0.5", "USD", "-$0.50"),
        ("-0.004", "USD", "$0.00"),
        ("0.125", "USD", "$0.12"),
        ("0.135", "USD", "$0.14"),
        ("1E+3", "USD", "$1,000.00"),
        ("12345.67", "EUR", "12,345.67 EUR"),
        ("-12345.67", "EUR", "-12,345.67 EUR"),
        ("-0.001", "EUR", "0.00 EUR"),
        ("5", None, "5.00"),
    ],
)
def test_an_amount_is_written_to_the_cent_in_its_currency(amount: str, currency: str | None, text: str) -> None:
    assert money(Decimal(amount), currency) == text


@pytest.mark.parametrize(("value", "text"), [("98.76", "98.76%"), ("100", "100.00%"), ("-0.001", "0.00%")])
def test_a_percentage_has_two_places(value: str, text: str) -> None:
    assert percentage(Decimal(value)) == text


def test_what_the_broker_does_not_give_is_a_dash_and_not_zero() -> None:
    assert (money(None, "USD"), percentage(None)) == ("—", "—")


@pytest.mark.servers
class TestAccountSummary:
    def test_it_has_the_documented_lines(self, database: Database) -> None:
        account_id = an_account(database, a_connection(database))
        balances = {
            "net_liq": "19046.56",
            "stock_buying_power": "88853.04",
            "option_buying_power": "44420.89",
            "day_trading_buying_power": "177461",
            "available_funds": "44420.89",
            "long_market_value": "14219.96",
        }
        write(database, (account_id, a_snapshot(balances={name: Decimal(text) for name, text in balances.items()})))
        assert account_summary(database, account_id, None) == {
            "account_id": str(account_id),
            "account": "…452",
            "net_liquidating_value": "$19,046.56",
            "stock_buying_power": "$88,853.04",
            "option_buying_power": "$44,420.89",
            "day_trading_buying_power": "$177,461.00",
            "available_funds_for_trading": "$44,420.89",
            "long_stock_value": "$14,219.96",
            "equity_percentage": "—",
        }

    def test_a_user_gets_the_first_account_that_still_is_one(self, database: Database) -> None:
        gone, here = a_connection(database), a_connection(database)
        for number, (connection_id, net_liq) in enumerate([(gone, "1"), (here, "2"), (here, "3"), (here, "4")]):
            account_id = an_account(database, connection_id, f"{ANOTHER_NUMBER}{number}")
            write(database, (account_id, a_snapshot(balances={"net_liq": Decimal(net_liq)})))
            if net_liq == "2":
                with database.session() as session:
                    session.execute(update(Account).where(Account.id == account_id).values(missing_since=func.now()))
        assert account_summary(database, None, "42")["net_liquidating_value"] == "$1.00"
        put(database, gone, status=Status.DISCONNECTED)
        assert account_summary(database, None, "42")["net_liquidating_value"] == "$3.00"

    def test_an_account_of_somebody_else_is_not_found(self, database: Database) -> None:
        account_id = an_account(database, a_connection(database, user_id="other"))
        assert account_summary(database, account_id, "other")
        with pytest.raises(NoSuchAccount, match="There is no account"):
            account_summary(database, account_id, "42")

    def test_who_is_asked_for_must_be_said_and_be_there(self, database: Database) -> None:
        an_account(database, a_connection(database, user_id="other"))
        with pytest.raises(NoSuchAccount, match="Name the account or the user"):
            account_summary(database, None, None)
        with pytest.raises(NoSuchAccount, match="User 42 has no account"):
            account_summary(database, None, "42")
        with pytest.raises(NoSuchAccount, match="There is no account"):
            account_summary(database, uuid.uuid4(), None)
