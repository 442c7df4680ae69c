from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

from brokersync.documents import account_document, connection_document, position_document, printed
from tests.brokersync.rows import account_row, connection_row, option_row


def test_amounts_are_strings_with_every_digit() -> None:
    document = json.loads(
        printed(position_document(option_row(avg_price=Decimal("11.207714285714"), day_pnl=Decimal("1E+3"))))
    )
    assert document["avg_price"] == "11.207714285714"
    assert document["quantity"] == "-5"
    assert document["day_pnl"] == "1000"


def test_what_the_broker_does_not_give_is_null() -> None:
    assert json.loads(printed(account_document(account_row(net_liq=None))))["net_liq"] is None


def test_times_are_utc_and_dates_are_dates() -> None:
    assert connection_document(connection_row())["login_expires_at"] == "2026-03-08T15:00:00Z"
    assert position_document(option_row())["expiry"] == "2027-01-15"


def test_the_id_of_a_row_is_its_id() -> None:
    assert connection_document(connection_row())["id"] == "0b6e2f41-0000-4000-8000-000000000001"
    document = account_document(account_row())
    assert document["id"] == "6f1c03aa-0000-4000-8000-000000000002"
    assert document["connection_id"] == "0b6e2f41-0000-4000-8000-000000000001"


def test_a_proof_is_its_word() -> None:
    proved = account_document(account_row(proof={"status": "PROVED", "delta": 0, "terms": []}))
    assert (proved["proof"], account_document(account_row())["proof"]) == ("PROVED", None)


def test_spans_are_left_to_the_readers_own_clock() -> None:
    assert not {"age", "login_ends_in", "next_sync_in"} & connection_document(connection_row(age=timedelta(0))).keys()
