"""The documents that other programs read, letter by letter."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import msgspec

from brokers.records import AssetType, Balances
from tests.records import a_position
from worker.messages import check_document, snapshot_message

ACCOUNT_ID, CONNECTION_ID = uuid.UUID(int=6), uuid.UUID(int=11)
FETCHED_AT = datetime(2026, 11, 20, 18, 0, 1, 520000, UTC)


def account(**values: Any) -> dict[str, Any]:
    return {
        **msgspec.structs.asdict(Balances()),
        "account_id": ACCOUNT_ID,
        "connection_id": CONNECTION_ID,
        "user_id": "42",
        "broker": "schwab",
        "version": 17,
        "as_of": None,
        "fetched_at": FETCHED_AT,
        "currency": "USD",
        "proof": None,
    } | values


def documents(positions: list[Any], **values: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Balances and positions, with numbers as the text that stands in the document."""
    message = snapshot_message(account(**values), [msgspec.structs.asdict(row) for row in positions], FETCHED_AT)
    assert message.balances is not None
    assert message.positions is not None
    read = [json.loads(document, parse_float=str, parse_int=str) for document in (message.balances, message.positions)]
    return read[0], read[1]


ENVELOPE = {
    "schema": "1",
    "account_id": "00000000-0000-0000-0000-000000000006",
    "connection_id": "00000000-0000-0000-0000-00000000000b",
    "user_id": "42",
    "broker": "schwab",
    "version": "17",
    "as_of": None,
    "fetched_at": "2026-11-20T18:00:01.520000Z",
    "currency": "USD",
}


def test_balances_are_the_envelope_the_exact_numbers_and_the_proof() -> None:
    balances, _ = documents(
        [], cash=Decimal("4488.10"), net_liq=Decimal("19046.56"), short_market_value=Decimal("-618.0")
    )
    assert balances == ENVELOPE | dict.fromkeys(Balances.__struct_fields__) | {
        "kind": "balances",
        "cash": "4488.10",
        "net_liq": "19046.56",
        "short_market_value": "-618.0",
        "proof": None,
    }


def test_positions_are_the_same_envelope_and_the_whole_account() -> None:
    option = a_position(
        "F   270115P00012000",
        "-2",
        asset_type=AssetType.OPT,
        multiplier=Decimal(100),
        underlying="F",
        expiry=date(2027, 1, 15),
        strike=Decimal("12.5"),
        put_call="PUT",
    )
    _, document = documents([option, a_position()], proof={"status": "PROVED"})
    rows = document.pop("positions")
    assert document == ENVELOPE | {"kind": "positions", "proof": {"status": "PROVED"}}
    stock, put = rows
    assert stock == {
        "symbol": "F",
        "asset_type": "EQ",
        "qty": "700",
        "avg_price": "11.207714285714",
        "mark_price": "11.86",
        "market_value": "8302.0",
        "cost_basis": None,
        "unrealized_pnl": None,
        "day_pnl": None,
        "multiplier": "1",
        "currency": "USD",
        "cusip": None,
        "description": None,
        "underlying": None,
        "expiry": None,
        "strike": None,
        "put_call": None,
        "instrument_key": "F",
    }
    assert (put["qty"], put["expiry"], put["strike"], put["put_call"]) == ("-2", "2027-01-15", "12.5", "PUT")


def test_an_account_that_holds_nothing_says_so() -> None:
    assert documents([])[1]["positions"] == []


def test_a_number_keeps_every_digit() -> None:
    balances, _ = documents([], cash=Decimal("123456789012345678901234.567890"), equity=Decimal("1E-18"))
    assert balances["cash"] == "123456789012345678901234.567890"
    assert Decimal(balances["equity"]) == Decimal("1E-18")


def test_times_are_utc_wherever_they_were_read() -> None:
    tokyo = timezone(timedelta(hours=9))
    balances, _ = documents([], fetched_at=FETCHED_AT.astimezone(tokyo), as_of=FETCHED_AT.astimezone(tokyo))
    assert balances["fetched_at"] == balances["as_of"] == "2026-11-20T18:00:01.520000Z"
    assert check_document(FETCHED_AT.astimezone(tokyo)) == check_document(FETCHED_AT)


def test_the_later_check_is_the_greater_text() -> None:
    full_second = FETCHED_AT.replace(microsecond=0)
    assert check_document(full_second) == b'"2026-11-20T18:00:01.000000Z"'
    assert check_document(full_second) < check_document(FETCHED_AT) < check_document(full_second + timedelta(seconds=1))


def test_rows_that_share_a_symbol_stand_in_one_order() -> None:
    rows = [a_position("SAME", instrument_key=key) for key in ("b", "a")]
    assert documents(rows) == documents(rows[::-1])
