from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from sandbox.world import World
from tests.sandbox.person import accounts_of, control, link, refresh, sandbox, state


def test_the_state_shows_clock_seed_people_logins_and_no_token() -> None:
    client = sandbox()
    tokens = link(client, "alice")
    refresh(client, tokens["refresh_token"])
    control(client, "clock", advance="1d")
    response = client.get("/_sandbox/state")
    shown = response.get_json()
    assert shown["clock"]["now"] == "2026-03-03T15:00:00Z"
    assert shown["clock"]["advanced_seconds"] == 86_400
    assert (shown["seed"], shown["tick"]) == (7, 0)
    assert [each["user"] for each in shown["users"]] == ["demo", "alice", "bob", "carol"]
    (login,) = shown["logins"]
    assert (login["user"], login["lives"]) == ("alice", True)
    assert (login["token_calls"], login["refreshes"], login["reuses"]) == (2, 1, 0)
    assert (login["began_at"], login["ends_at"]) == ("2026-03-02T15:00:00Z", "2026-03-09T15:00:00Z")
    assert not any(token in response.text for token in tokens.values() if isinstance(token, str) and len(token) > 9)


def test_a_login_that_was_replaced_says_so() -> None:
    client = sandbox()
    link(client)
    link(client)
    assert [login["ended_by"] for login in state(client)["logins"]] == ["a newer login", None]


def test_turning_the_clock_lets_the_market_move() -> None:
    client = sandbox(tick_every=timedelta(seconds=5))
    before = accounts_of(client)
    turned = control(client, "clock", advance="1m").get_json()
    assert turned == {"now": "2026-03-02T15:01:00Z", "advanced_seconds": 60}
    assert state(client)["tick"] == 12
    assert accounts_of(client) != before


def test_market_ticks_can_be_asked_for() -> None:
    client = sandbox()
    moved = control(client, "market", tick=3).get_json()
    assert moved["tick"] == state(client)["tick"] == 3
    (apple,) = [row for row in accounts_of(client)[0]["positions"] if row["symbol"] == "AAPL"]
    assert moved["prices"]["AAPL"] == apple["price"]


def test_an_empty_market_call_is_one_tick() -> None:
    assert control(sandbox(), "market").get_json()["tick"] == 1


def test_a_trade_answers_with_the_account_after_it() -> None:
    client = sandbox()
    before = accounts_of(client)[0]
    after = control(client, "trade", user="demo", action="sell", symbol="AAPL", quantity="120").get_json()
    assert after == accounts_of(client)[0]
    assert "AAPL" not in {row["symbol"] for row in after["positions"]}
    assert Decimal(after["liquidation_value"]) == Decimal(before["liquidation_value"])


def test_a_trade_takes_a_user_or_an_account_by_number_or_hash() -> None:
    client = sandbox()
    ira = accounts_of(client)[1]
    for name in (ira["number"], ira["hash"]):
        traded = control(client, "trade", account=name, action="buy", symbol="VTI", quantity=1).get_json()
        assert traded["number"] == ira["number"]


def test_each_action_is_carried_out() -> None:
    client = sandbox()
    put = "F     270115P00011000"
    control(client, "trade", user="demo", action="buy", symbol="MSFT", quantity=3)
    control(client, "trade", user="demo", action="short", symbol="PLTR", quantity=5)
    control(client, "trade", user="demo", action="sell", symbol="SCHD", quantity="0.5854")
    control(client, "trade", user="demo", action="close", symbol="INTC")
    after = control(client, "trade", user="demo", action="assign", symbol=put, quantity=2).get_json()
    held = {row["symbol"]: row["quantity"] for row in after["positions"]}
    assert held["MSFT"] == "3"
    assert held["PLTR"] == "-5"
    assert held["SCHD"] == "61.0000"
    assert "INTC" not in held
    assert held[put] == "-3"
    assert held["F"] == "900"


TRADE = {"user": "demo", "action": "buy", "symbol": "F", "quantity": 1}


@pytest.mark.parametrize(
    ("path", "asked", "allowed"),
    [
        ("clock", {}, "a number and a unit"),
        ("clock", {"advance": "6"}, "a number and a unit"),
        ("clock", {"advance": "9999d"}, "at most 3650d"),
        ("clock", {"advance": "1d", "back": True}, "allowed: advance"),
        ("faults", {}, "fault must be a text"),
        ("faults", {"fault": "nope"}, "unauthorized, rate_limited"),
        ("faults", {"fault": "drip", "where": "moon"}, "accounts, account, accountNumbers, userPreference, token, any"),
        ("faults", {"fault": "wrong_app", "where": "accounts"}, "token, any"),
        ("faults", {"fault": "drip", "times": 0}, "from 1 to"),
        ("faults", {"fault": "drip", "times": True}, "from 1 to"),
        ("faults", {"fault": "drip", "count": 2}, "allowed: fault, times, where, retry_after, slowest, user"),
        ("faults", {"fault": "drip", "user": "nobody"}, "demo, alice, bob, carol"),
        ("faults", {"fault": "slow", "slowest": 301}, "from 1 to 300"),
        ("market", {"tick": "2"}, "from 1 to 10000"),
        ("market", {"tick": -1}, "from 1 to 10000"),
        ("trade", {}, "buy, sell, close, short, assign"),
        ("trade", TRADE | {"action": "steal"}, "buy, sell, close, short, assign"),
        ("trade", TRADE | {"user": "nobody"}, "demo, alice, bob, carol"),
        ("trade", TRADE | {"account": "12345678"}, "either a user"),
        ("trade", {"account": "0", "action": "buy", "symbol": "F"}, "no such account"),
        ("trade", TRADE | {"symbol": "TSLA"}, "'AAPL'"),
        ("trade", TRADE | {"quantity": 0}, "above 0"),
        ("trade", TRADE | {"quantity": "1e400"}, "above 0"),
        ("trade", TRADE | {"quantity": "NaN"}, "above 0"),
        ("trade", TRADE | {"quantity": True}, "above 0"),
        ("trade", TRADE | {"quantity": "1.00001"}, "at most 4 decimal places"),
        ("trade", TRADE | {"price": -1}, "above 0"),
        ("trade", {"user": "demo", "action": "buy", "symbol": "F"}, "quantity is needed"),
        ("trade", TRADE | {"action": "assign", "price": 3}, "at the strike"),
    ],
)
def test_what_is_not_understood_is_answered_with_what_is_allowed(
    path: str, asked: dict[str, Any], allowed: str
) -> None:
    client = sandbox()
    before = state(client)
    response = control(client, path, **asked)
    assert response.status_code == 400
    assert allowed in response.get_json()["error"]
    after = state(client)
    assert {**after, "requests": None} == {**before, "requests": None}


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("{", "application/json"),
        ("[1]", "application/json"),
        ("{}", "text/plain"),
        ("[" * 100_000, "application/json"),
        ('{"advance": 1e9999999999999999999}', "application/json"),
        ('{"advance": ' + "9" * 5000 + "}", "application/json"),
    ],
)
def test_a_body_that_is_not_a_json_object_is_refused(body: str, content_type: str) -> None:
    response = sandbox().post("/_sandbox/clock", data=body, content_type=content_type)
    assert response.status_code == 400
    assert "JSON" in response.get_json()["error"]


def test_an_unknown_control_route_is_told_in_json() -> None:
    response = sandbox().get("/_sandbox/nope")
    assert response.status_code == 404
    assert "docs/sandbox.md" in response.get_json()["error"]


def test_a_clock_at_its_end_is_refused_and_the_sandbox_goes_on_answering() -> None:
    client = sandbox(now=datetime(8999, 12, 31, tzinfo=UTC))
    refused = control(client, "clock", advance="2d")
    assert (refused.status_code, "the year 9000" in refused.get_json()["error"]) == (400, True)
    assert state(client)["clock"]["now"] == "8999-12-31T00:00:00Z"
    assert control(client, "clock", advance="1d").get_json()["now"] == "9000-01-01T00:00:00Z"


def test_a_failure_of_the_sandbox_itself_is_one_answer_and_no_second_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_world: World) -> None:
        raise OverflowError

    client = sandbox()
    monkeypatch.setattr(World, "catch_up", broken)
    answer = client.get("/_sandbox/state")
    assert answer.status_code == 500
    assert answer.get_json()["error"].startswith("Internal Server Error")
    assert answer.headers["Schwab-Client-CorrelId"]  # `finish` saw it too
