"""Faults that need no wire: what is answered, to whom, and for how long. Those of the connection are in test_server."""

import json
from decimal import Decimal
from typing import Any

import pytest

from sandbox.faults import KINDS
from tests.sandbox.person import accounts_of, control, exchange, link, new_code, read, refresh, sandbox, state

LIST = "/accounts?fields=positions"


def test_every_fault_of_the_contract_is_there() -> None:
    assert set(KINDS) == {
        "unauthorized",
        "rate_limited",
        "rate_limited_silent",
        "server_error",
        "html_error",
        "html_ok",
        "text_404",
        "drip",
        "slow",
        "stall",
        "reset",
        "truncated",
        "not_json",
        "empty_object",
        "empty_list",
        "missing_positions",
        "missing_account",
        "nan",
        "new_hash",
        "login_ended",
        "login_ended_2026",
        "wrong_app",
        "token_html",
        "no_refresh_token",
    }


@pytest.mark.parametrize(
    ("fault", "status", "content_type", "part"),
    [
        ("unauthorized", 401, "application/json", "Client not authorized"),
        ("rate_limited", 429, "application/json", "Too Many Requests"),
        ("rate_limited_silent", 429, "application/json", "Too Many Requests"),
        ("server_error", 500, "application/json", '"message":"Internal Server Error"'),
        ("html_error", 403, "text/html", "Access Denied"),
        ("html_ok", 200, "text/html; charset=utf-8", "<html>"),
        ("text_404", 404, "text/plain", "404 Not Found: Requested route"),
        ("not_json", 200, "application/json", "upstream request timeout"),
        ("empty_object", 200, "application/json", "{}"),
        ("empty_list", 200, "application/json", "[]"),
    ],
)
def test_a_fault_answers_once_instead_of_the_api(fault: str, status: int, content_type: str, part: str) -> None:
    client = sandbox()
    tokens = link(client)
    good = read(client, tokens, LIST).data
    assert control(client, "faults", fault=fault).status_code == 201
    struck = read(client, tokens, LIST)
    assert (struck.status_code, struck.content_type) == (status, content_type)
    assert part in struck.text
    assert read(client, tokens, LIST).data == good
    assert state(client)["faults"] == []


def test_only_the_loud_rate_limit_says_when_to_come_back() -> None:
    client = sandbox()
    tokens = link(client)
    control(client, "faults", fault="rate_limited", retry_after=17)
    control(client, "faults", fault="rate_limited_silent")
    assert read(client, tokens, LIST).headers["Retry-After"] == "17"
    assert "Retry-After" not in read(client, tokens, LIST).headers


def test_the_edge_blocks_in_two_ways_by_turns() -> None:
    client = sandbox()
    tokens = link(client)
    control(client, "faults", fault="html_error", times=3)
    assert [read(client, tokens, LIST).status_code for _ in range(4)] == [403, 503, 403, 200]


def test_a_fault_strikes_as_often_as_asked_and_only_where_asked() -> None:
    client = sandbox()
    tokens = link(client)
    control(client, "faults", fault="server_error", times=2, where="accountNumbers")
    assert read(client, tokens, LIST).status_code == 200
    assert state(client)["faults"] == [{"fault": "server_error", "where": "accountNumbers", "left": 2, "user": None}]
    statuses = [read(client, tokens, "/accounts/accountNumbers").status_code for _ in range(3)]
    assert statuses == [500, 500, 200]


@pytest.mark.parametrize("where", ["accountNumbers", "accounts", "account", "userPreference", "token"])
def test_anywhere_means_each_of_the_five_endpoints(where: str) -> None:
    client = sandbox()
    tokens = link(client)
    control(client, "faults", fault="server_error", where="any")
    account = accounts_of(client)[0]["hash"]
    paths = {"accountNumbers": "/accounts/accountNumbers", "account": f"/accounts/{account}"}
    if where == "token":
        struck = refresh(client, tokens["refresh_token"])
    else:
        struck = read(client, tokens, paths.get(where, f"/{where}"))
    assert struck.status_code == 500


def test_faults_do_not_strike_the_pages_or_the_control_routes() -> None:
    client = sandbox()
    control(client, "faults", fault="server_error", where="any")
    new_code(client)
    assert state(client)["faults"][0]["left"] == 1


def test_faults_wait_in_line_and_can_be_cleared() -> None:
    client = sandbox()
    tokens = link(client)
    for fault in ("text_404", "server_error", "html_ok"):
        control(client, "faults", fault=fault)
    assert [read(client, tokens, LIST).status_code for _ in range(2)] == [404, 500]
    assert client.delete("/_sandbox/faults").get_json() == {"faults": []}
    assert read(client, tokens, LIST).content_type == "application/json"


def test_missing_positions_leaves_the_totals_that_contradict_it() -> None:
    client = sandbox()
    tokens = link(client)
    control(client, "faults", fault="missing_positions")
    margin, _, _ = (each["securitiesAccount"] for each in read(client, tokens, LIST).get_json())
    assert "positions" not in margin
    assert margin["currentBalances"]["longMarketValue"] > 0


def test_missing_positions_strikes_one_account_too() -> None:
    client = sandbox()
    tokens = link(client)
    account = accounts_of(client)[0]["hash"]
    control(client, "faults", fault="missing_positions", where="account")
    document = read(client, tokens, f"/accounts/{account}?fields=positions").get_json()
    assert "positions" not in document["securitiesAccount"]


def test_a_missing_account_is_still_listed_by_number() -> None:
    client = sandbox()
    tokens = link(client)
    control(client, "faults", fault="missing_account")
    given = {each["securitiesAccount"]["accountNumber"] for each in read(client, tokens, LIST).get_json()}
    listed = {each["accountNumber"] for each in read(client, tokens, "/accounts/accountNumbers").get_json()}
    assert len(listed - given) == 1


def test_an_account_with_a_new_hash_is_found_by_that_one_only() -> None:
    client = sandbox()
    tokens = link(client)
    old = accounts_of(client)[0]
    control(client, "faults", fault="new_hash")
    for _ in range(2):
        refused = read(client, tokens, f"/accounts/{old['hash']}")
        assert (refused.status_code, refused.get_json()) == (400, {"message": "Invalid account number"})
    assert state(client)["faults"] == []
    hashes = {
        each["accountNumber"]: each["hashValue"] for each in read(client, tokens, "/accounts/accountNumbers").get_json()
    }
    new = hashes[old["number"]]
    assert new not in {old["hash"], hashes[accounts_of(client)[1]["number"]]}
    found = read(client, tokens, f"/accounts/{new}").get_json()
    assert found["securitiesAccount"]["accountNumber"] == old["number"]


def test_not_a_number_is_a_bare_nan_and_then_too_large() -> None:
    client = sandbox()
    tokens = link(client)
    good = read(client, tokens, LIST).text
    control(client, "faults", fault="nan", times=2)
    first, second = read(client, tokens, LIST).text, read(client, tokens, LIST).text
    assert '"marketValue":NaN' in first
    assert '"marketValue":1e400' in second
    assert json.loads(second, parse_float=Decimal)[0]["securitiesAccount"]["positions"][0]["marketValue"] > 10**399
    assert read(client, tokens, LIST).text == good


def test_not_a_number_stands_in_the_total_where_positions_were_not_asked_for() -> None:
    client = sandbox()
    tokens = link(client)
    control(client, "faults", fault="nan")
    assert '"liquidationValue":NaN' in read(client, tokens, "/accounts").text


def test_a_spoiler_waits_for_a_good_answer() -> None:
    client = sandbox()
    tokens = link(client)
    control(client, "faults", fault="missing_account")
    assert read(client, {"access_token": "bad"}, LIST).status_code == 401
    assert state(client)["faults"][0]["left"] == 1
    assert len(read(client, tokens, LIST).get_json()) == 2


@pytest.mark.parametrize(
    ("fault", "words"),
    [("login_ended", "refresh_token_authentication_error"), ("login_ended_2026", "invalid, expired or revoked")],
)
def test_a_login_that_ended_stays_ended_in_the_same_words(fault: str, words: str) -> None:
    client = sandbox()
    tokens = link(client)
    control(client, "faults", fault=fault)
    for _ in range(2):
        refused = refresh(client, tokens["refresh_token"])
        assert refused.status_code == 400
        assert refused.get_json()["error"] == "unsupported_token_type"
        assert words in refused.get_json()["error_description"]
    assert read(client, tokens, LIST).status_code == 401
    assert state(client)["logins"][0]["ended_by"] == "a fault"


def test_an_ended_login_waits_for_a_refresh_and_lets_a_new_login_through() -> None:
    client = sandbox()
    control(client, "faults", fault="login_ended", where="any")
    tokens = link(client)
    assert read(client, tokens, LIST).status_code == 200
    assert refresh(client, tokens["refresh_token"]).status_code == 400


def test_a_wrong_app_is_a_passing_word_about_the_app_not_the_login() -> None:
    client = sandbox()
    tokens = link(client)
    control(client, "faults", fault="wrong_app")
    refused = refresh(client, tokens["refresh_token"])
    assert (refused.status_code, refused.get_json()["error"]) == (401, "invalid_client")
    assert refresh(client, tokens["refresh_token"]).status_code == 200


def test_a_blocked_token_endpoint_answers_in_html() -> None:
    client = sandbox()
    tokens = link(client)
    control(client, "faults", fault="token_html")
    blocked = refresh(client, tokens["refresh_token"])
    assert (blocked.status_code, blocked.content_type) == (403, "text/html")
    assert "/v1/oauth/token" in blocked.text


def test_an_answer_without_a_refresh_token_leaves_the_login_alive() -> None:
    client = sandbox()
    control(client, "faults", fault="no_refresh_token", times=2)
    first: dict[str, Any] = exchange(client, new_code(client)).get_json()
    assert "access_token" in first
    assert "refresh_token" not in first
    assert read(client, first, LIST).status_code == 200
