"""The sandbox's controls, against a real sandbox."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from models.session import Database
from sandbox.server import RunningSandbox
from tests.brokersync.command_line import run
from tests.records import a_connection
from tests.sandbox.person import OPTIONS
from tests.worker.stored import connection_row


@pytest.fixture
def sandbox(bare: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningSandbox]:
    """A sandbox to which SCHWAB_BASE_URL points; its clock stands."""
    running = RunningSandbox(OPTIONS)
    running.start()
    monkeypatch.setenv("SCHWAB_BASE_URL", running.address)
    yield running
    running.stop()


@pytest.mark.sockets
def test_its_clock_is_turned_with_or_without_a_plus(sandbox: RunningSandbox) -> None:
    assert run("sandbox", "clock", "+6d", "--json").document == {
        "now": "2026-03-08T15:00:00Z",
        "advanced_seconds": 6 * 86400,
        "connections": None,
    }
    assert run("sandbox", "clock", "1d12h").out == "It is 2026-03-10 03:00 UTC there now.\n"


@pytest.mark.servers
def test_the_connections_linked_to_it_age_by_as_much(sandbox: RunningSandbox, stored: Database) -> None:
    connection_id = a_connection(stored, broker="schwab")
    before = connection_row(stored, connection_id)
    assert run("sandbox", "clock", "+6d").out == (
        "It is 2026-03-08 15:00 UTC there now, and 1 connection aged with it. Their times\n"
        "were moved back; the clock here runs on, and `accounts` and `explain` show dates\n"
        "by it.\n"
    )
    after = connection_row(stored, connection_id)
    assert before.login_expires_at
    assert after.login_expires_at == before.login_expires_at - timedelta(days=6)


@pytest.mark.servers
def test_where_the_sandbox_refuses_no_connection_ages(
    sandbox: RunningSandbox, stored: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection_id = a_connection(stored, broker="schwab")
    before = connection_row(stored, connection_id)
    monkeypatch.setenv("SCHWAB_BASE_URL", "http://127.0.0.1:1")
    assert run("sandbox", "clock", "+6d").code == 1
    assert connection_row(stored, connection_id).login_at == before.login_at


@pytest.mark.sockets
@pytest.mark.parametrize("span", ["6", "six days", "-6d", "99999999d"])
def test_what_is_no_span_turns_nothing(sandbox: RunningSandbox, span: str) -> None:
    ran = run("sandbox", "clock", span)
    assert (ran.code, "a + may stand before it" in " ".join(ran.err.split())) == (2, not span.startswith("-"))
    assert sandbox.app.world.clock.turned == timedelta(0)


@pytest.mark.sockets
def test_faults_are_made_listed_and_taken_back(sandbox: RunningSandbox) -> None:
    made = run("sandbox", "faults", "rate_limited", "--times", "3", "--where", "token", "--retry-after", "9", "--json")
    assert made.document == {"faults": [{"fault": "rate_limited", "where": "token", "left": 3, "user": None}]}
    assert sandbox.app.world.faults.waiting[0].retry_after == 9
    assert "rate_limited  token  everybody              3" in run("sandbox", "faults").out
    assert run("sandbox", "faults", "--clear").out == "No fault is waiting.\n"


@pytest.mark.sockets
def test_a_fault_that_does_not_exist_is_answered_with_those_that_do(sandbox: RunningSandbox) -> None:
    ran = run("sandbox", "faults", "nonsense")
    assert (ran.code, ran.out) == (2, "")
    assert "html_ok" in ran.err


@pytest.mark.sockets
@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("server_error", "--retry-after", "9"), "--retry-after changes nothing about server_error"),
        (("wrong_app", "--where", "accounts"), "wrong_app cannot be had at 'accounts', but at: token, any."),
        (("--times", "3"), "--times belongs to a fault"),
        (("--clear", "--retry-after", "3"), "--retry-after belongs to a fault"),
        (("--user", "bob"), "--user belongs to a fault"),
        (("server_error", "--slowest", "9"), "--slowest changes nothing about server_error"),
    ],
)
def test_an_option_that_would_change_nothing_is_refused(
    sandbox: RunningSandbox, options: tuple[str, ...], said: str
) -> None:
    ran = run("sandbox", "faults", *options)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert sandbox.app.world.faults.waiting == []


@pytest.mark.sockets
def test_a_fault_of_one_person_is_made_and_shown_as_theirs(sandbox: RunningSandbox) -> None:
    said = run("sandbox", "faults", "slow", "--where", "token", "--user", "bob", "--slowest", "9").out
    assert "slow   token  bob              1" in said
    assert (sandbox.app.world.faults.waiting[0].user, sandbox.app.world.faults.waiting[0].slowest) == ("bob", 9)


@pytest.mark.sockets
def test_a_fault_of_a_person_who_does_not_live_there_is_answered_with_those_who_do(sandbox: RunningSandbox) -> None:
    ran = run("sandbox", "faults", "login_ended", "--user", "nobody")
    assert (ran.code, "There is no 'nobody' there. There are: demo, alice, bob, carol." in ran.err) == (2, True)
    assert sandbox.app.world.faults.waiting == []


@pytest.mark.sockets
def test_a_fault_is_either_made_or_taken_back(sandbox: RunningSandbox) -> None:
    assert run("sandbox", "faults", "html_ok", "--clear").code == 2
    assert sandbox.app.world.faults.waiting == []


@pytest.mark.sockets
@pytest.mark.parametrize("line", [("--debug", "state"), ("state", "--debug")])
def test_debug_stands_before_or_behind_the_name(sandbox: RunningSandbox, line: tuple[str, str]) -> None:
    assert run("sandbox", *line).code == 0


@pytest.mark.parametrize(
    ("line", "usage"),
    [
        (("--help",), "Usage: brokersync sandbox [OPTIONS] COMMAND"),
        (("--port", "1", "--help"), "Usage: brokersync sandbox start [OPTIONS]"),
        (("clock", "--help"), "Usage: brokersync sandbox clock [OPTIONS]"),
    ],
)
def test_without_a_name_its_options_are_those_of_start(bare: object, line: tuple[str, ...], usage: str) -> None:
    assert run("sandbox", *line).out.startswith(usage)


@pytest.mark.sockets
def test_the_market_moves_as_often_as_told(sandbox: RunningSandbox) -> None:
    assert run("sandbox", "market", "--tick", "3", "--json").document["tick"] == 3
    assert "The market has made 4 moves." in run("sandbox", "market").out


@pytest.mark.sockets
def test_a_trade_is_made_and_the_account_shown(sandbox: RunningSandbox) -> None:
    after = run("sandbox", "trade", "sell", "F", "100.5", "--user", "demo", "--price", "10", "--json").document
    assert {row["symbol"]: row["quantity"] for row in after["positions"]}["F"] == "599.5"
    assert Decimal(after["cash"]) == Decimal("15493.10")
    assert " 499.5 " in run("sandbox", "trade", "sell", "F", "100", "--account", after["number"]).out


@pytest.mark.sockets
def test_a_trade_that_cannot_be_made_says_why(sandbox: RunningSandbox) -> None:
    ran = run("sandbox", "trade", "sell", "F", "100000", "--user", "demo")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("Error: The sandbox refuses: the account holds 700 F;")


def test_a_trade_needs_one_account(bare: object) -> None:
    assert run("sandbox", "trade", "sell", "F", "1").code == 2
    assert run("sandbox", "trade", "sell", "F", "1", "--user", "demo", "--account", "1").code == 2


@pytest.mark.sockets
def test_its_state_is_shown_whole(sandbox: RunningSandbox) -> None:
    state = run("sandbox", "state", "--json").document
    said = run("sandbox", "state").out
    for user in state["users"]:
        for account in user["accounts"]:
            assert f"{user['user']} " in said
            assert account["number"] in said
    assert "Nobody has logged in yet." in said
    assert "No fault is waiting." in said


@pytest.mark.parametrize("address", [None, "https://api.schwabapi.com", "https://API.schwabapi.com/"])
def test_schwabs_own_address_has_no_controls(
    bare: object, monkeypatch: pytest.MonkeyPatch, address: str | None
) -> None:
    if address:
        monkeypatch.setenv("SCHWAB_BASE_URL", address)
    for command in (["state"], ["clock", "+6d"], ["faults"], ["market"], ["trade", "buy", "F", "1", "--user", "demo"]):
        ran = run("sandbox", *command)
        assert (ran.code, ran.out) == (3, "")
        assert ("is Schwab's own address" if address else "No demo runs here") in ran.err


def test_an_address_with_a_login_is_refused_and_not_shown(bare: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCHWAB_BASE_URL", "http://me:ersecret@127.0.0.1:1")
    ran = run("sandbox", "state")
    assert (ran.code, ran.out, "ersecret" in ran.err) == (3, "", False)
    assert ran.err.startswith("Error: SCHWAB_BASE_URL holds a login")


@pytest.mark.parametrize("line", [("state",), ("start",)])
def test_an_address_with_a_line_end_that_nobody_sees_is_named(
    line: tuple[str, ...], bare: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SCHWAB_BASE_URL", "SCHWAB_CLIENT_ID"):
        monkeypatch.setenv(name, "http://127.0.0.1:1\r")
    ran = run("sandbox", *line)
    assert (ran.code, ran.out) == (3, "")
    assert "ends with a carriage return: the file has Windows line ends" in ran.err


@pytest.mark.sockets
def test_where_nothing_answers_it_says_how_a_sandbox_is_started(bare: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCHWAB_BASE_URL", "http://127.0.0.1:1")
    ran = run("sandbox", "state")
    assert ran.code == 1
    assert ran.err.startswith("Error: No sandbox answers at http://127.0.0.1:1: `brokersync sandbox` starts one")


@pytest.mark.sockets
def test_what_answers_otherwise_is_not_taken_for_a_sandbox(bare: object, monkeypatch: pytest.MonkeyPatch) -> None:
    with HTTPServer(("127.0.0.1", 0), _AnotherServer) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        monkeypatch.setenv("SCHWAB_BASE_URL", f"http://127.0.0.1:{server.server_port}")
        ran = run("sandbox", "state")
    assert (ran.code, "is not the sandbox" in ran.err) == (1, True)


class _AnotherServer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<html>")

    def log_message(self, *arguments: object) -> None:
        """Nothing: a test's output is the test's."""
