"""Faults that strike the requests of one person only, by whose token or code they carry."""

from typing import Any

import pytest

from tests.sandbox.person import control, exchange, link, new_code, read, refresh, sandbox, state

LIST = "/accounts?fields=positions"


@pytest.mark.parametrize("where", ["accounts", "token"])
def test_a_fault_of_one_person_passes_everybody_else_by(where: str) -> None:
    client = sandbox()
    demo, bob = link(client, "demo"), link(client, "bob")
    control(client, "faults", fault="server_error", where=where, user="bob")

    def ask(tokens: dict[str, Any]) -> int:
        asked = refresh(client, tokens["refresh_token"]) if where == "token" else read(client, tokens, LIST)
        return asked.status_code

    assert [ask(demo), ask(bob), ask(bob)] == [200, 500, 200]


def test_a_fault_of_one_person_strikes_the_exchange_of_their_code() -> None:
    client = sandbox()
    control(client, "faults", fault="token_html", user="bob")
    assert exchange(client, new_code(client, "demo")).status_code == 200
    assert exchange(client, new_code(client, "bob")).status_code == 403


def test_a_fault_of_one_person_strikes_their_old_refresh_token_too() -> None:
    client = sandbox(rotate=True)
    tokens = link(client, "bob")
    refresh(client, tokens["refresh_token"])
    control(client, "faults", fault="server_error", where="token", user="bob")
    assert refresh(client, tokens["refresh_token"]).status_code == 500


def test_a_request_that_carries_nothing_issued_is_nobodys() -> None:
    client = sandbox()
    control(client, "faults", fault="server_error", user="bob")
    assert read(client, {"access_token": "bad"}, LIST).status_code == 401
    assert state(client)["faults"] == [{"fault": "server_error", "where": "accounts", "left": 1, "user": "bob"}]
