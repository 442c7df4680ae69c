from __future__ import annotations

from brokersync.demo.document import document
from tests.brokersync.demo.snapshots import CONNECTION, IRA, MARGIN, account, snapshot


def test_the_document_has_the_names_and_forms_that_programs_rely_on() -> None:
    told = document(snapshot(), [(f"live_data:positions:{MARGIN}", 2)])
    assert list(told) == ["connection", "accounts", "positions", "messages", "runs"]
    assert told["connection"] == {
        "id": str(CONNECTION),
        "broker": "schwab",
        "status": "active",
        "login_expires_at": "2026-11-27T17:59:58Z",
        "checked_at": "2026-11-20T18:00:00Z",
    }
    assert told["accounts"][1] == {
        "id": str(IRA),
        "masked": "…021",
        "type": "CASH",
        "net_liq": "22377.3710",
        "cash": "2310.77",
        "version": 2,
        "proof": None,
    }
    assert told["positions"][1] == {
        "account_id": str(MARGIN),
        "symbol": "AAPL  270618C00240000",
        "asset_type": "OPT",
        "quantity": "2",
        "market_value": "3270",
    }
    assert told["messages"] == [{"channel": f"live_data:positions:{MARGIN}", "version": 2}]
    assert told["runs"] == [{"trigger": "schedule", "outcome": "ok", "ms": 41}]


def test_messages_about_accounts_of_others_are_not_in_it() -> None:
    others = "live_data:balances:00000000-0000-0000-0000-000000000000"
    assert document(snapshot(), [(others, 1)])["messages"] == []


def test_what_the_broker_does_not_give_is_null_and_a_proof_is_its_word() -> None:
    one = snapshot()
    one.accounts[0] = account(MARGIN, "…733", "Trading", "MARGIN", net_liq=None, cash=None, proof={"status": "PROVED"})
    told = document(one, [])["accounts"][0]
    assert (told["net_liq"], told["cash"], told["proof"]) == (None, None, "PROVED")
