from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from rich.console import Console

from brokersync.demo import commands
from brokersync.demo.commands import next_commands
from brokersync.demo.environment import demo_environ
from brokersync.demo.output import Output
from brokersync.demo.screen import show_data, show_the_way_on
from brokersync.demo.snapshot import Snapshot
from tests.brokersync.demo.snapshots import snapshot

SERVERS = {
    "DATABASE_URL": "postgresql://brokersync:db-word@/brokersync",
    "REDIS_URL": "redis://:redis-word@127.0.0.1/0",
}
ENVIRON = demo_environ(SERVERS, None, seed=1)
FILE = Path("/opt/somebody", *["a folder whose name is rather long"] * 3, ".brokersync", "demo.env")


def shown(width: int = 80, of: Snapshot | None = None) -> str:
    console = Console(width=width)
    with console.capture() as captured:
        show_data(Output(console), of or snapshot(), 1.94)
        show_the_way_on(Output(console), (of or snapshot()).connection, ENVIRON, FILE)
    return captured.get()


@pytest.mark.parametrize("width", [80, 120])
def test_no_line_but_the_one_to_copy_is_wider_than_the_terminal(width: int) -> None:
    wide = [line for line in shown(width).splitlines() if len(line) > width]
    assert wide == ["set -a; . '" + str(FILE) + "'; set +a"]


@pytest.mark.parametrize("width", [30, 60, 80])
def test_a_command_that_is_to_be_copied_is_never_broken(width: int) -> None:
    lines = shown(width).splitlines()
    for command, outcome in next_commands(snapshot().connection["connection_id"]):
        (line,) = [place for place, line in enumerate(lines) if line.startswith(command)]
        assert outcome in "\n".join(lines[line : line + 2])


def test_at_80_columns_what_comes_of_a_command_of_this_folder_stands_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "program", lambda *_: ".venv/bin/brokersync")
    lines = shown(80).splitlines()
    for command, outcome in next_commands(snapshot().connection["connection_id"]):
        assert any(line.startswith(command) and line.endswith(f"  {outcome}") for line in lines)


def test_no_line_ends_with_blanks() -> None:
    assert all(line == line.rstrip() for line in shown().splitlines())


def test_it_says_who_is_linked_when_the_login_ends_and_how_old_the_data_are() -> None:
    text = shown()
    assert "sandbox-demo at Charles Schwab (sandbox), active" in text
    assert "in 6 d 23 h (Fri 27 Nov 17:59 UTC)" in text
    assert "confirmed by the broker 2 s ago" in text
    assert "1.9 s from Allow to rows and messages" in text


def test_it_shows_every_account_its_total_and_every_position() -> None:
    text = shown()
    for part in ("$84,123.93 together", "…733", "$61,746.56", "AAPL 18 Jun 27 240 C", "-$1,447.20", "412.337"):
        assert part in text


def test_accounts_of_two_currencies_or_without_a_value_are_not_added_up() -> None:
    first, second = snapshot().accounts
    for other in ({**second, "currency": "EUR"}, {**second, "net_liq": None}):
        assert "together" not in shown(of=dataclasses.replace(snapshot(), accounts=[first, other]))


def test_it_shows_addresses_and_flowers_login_and_no_other_secret() -> None:
    text = shown(500)
    name, word = ENVIRON["FLOWER_BASIC_AUTH"].split(":")
    assert f"http://127.0.0.1:{ENVIRON['FLOWER_PORT']}  user {name}, password {word}" in text
    assert ENVIRON["PUBLIC_URL"] in text
    assert ENVIRON["SCHWAB_BASE_URL"] in text
    secrets = [ENVIRON[name] for name in ("ENCRYPTION_KEY", "LINK_SERVICE_KEY", "SCHWAB_CLIENT_SECRET")]
    assert not [secret for secret in [*secrets, "db-word", "redis-word"] if secret in text]
