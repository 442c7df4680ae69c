"""The whole examination, and the command that shows it."""

from __future__ import annotations

import socket
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from brokersync.doctor import brokers, examination
from brokersync.doctor.findings import APP_REFUSED, Finding, Level
from models.session import Database
from tests.brokersync.command_line import Ran, run
from tests.brokersync.stored_circuits import open_circuit

ESSENTIAL = ("DATABASE_URL", "REDIS_URL", "ENCRYPTION_KEY")
NOBODY = "http://127.0.0.1:1"


def told(ran: Ran) -> list[dict[str, Any]]:
    findings: list[dict[str, Any]] = ran.document["findings"]
    assert all(each["remedy"] for each in findings if each["level"] in {"warning", "fault"})
    return findings


def checks(ran: Ran, level: str) -> list[str]:
    return [each["check"] for each in told(ran) if each["level"] == level]


@pytest.mark.sockets
def test_every_variable_that_is_refused_has_its_own_fault_and_the_others_are_looked_at(
    bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = {
        "PUBLIC_URL": "http://127.0.0.1:99999",
        "DATABASE_URL": "postgresql://u:pa@ersecret@127.0.0.1:abc/db",
        "REDIS_URL": "redis://:1234/ersecret@127.0.0.1",
        "LIVE_DATA_REDIS_URL": "redis://[bad",
        "SYNC_INTERVAL": "9" * 20,
        "SCHWAB_BASE_URL": "http://[bad",
    }
    for name, value in bad.items():
        monkeypatch.setenv(name, value)
    ran = run("doctor", "--json")
    assert sorted(checks(ran, "fault")) == sorted([*bad, "ENCRYPTION_KEY", "Charles Schwab"])
    assert (ran.code, "ersecret" in ran.out) == (1, False)


@pytest.mark.sockets
@pytest.mark.parametrize("end", ["\r", " "])
def test_values_that_a_file_spoiled_are_faults_each_told_once_whatever_they_are_for(
    end: str, bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = {
        "DATABASE_URL": "postgresql://u:ersecret@127.0.0.1:1/x",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "LINK_SERVICE_KEY": "0123456789abcdef",
        "PUBLIC_URL": NOBODY,
        "SYNC_INTERVAL": "300",
        "SCHWAB_CLIENT_ID": "app-key",
        "SCHWAB_CLIENT_SECRET": "ersecret",
        "SCHWAB_REDIRECT_URI": f"{NOBODY}/oauth/callback",
        "SCHWAB_BASE_URL": NOBODY,
    }
    for name, value in values.items():
        monkeypatch.setenv(name, f"{value}{end}")
    monkeypatch.setenv("ENCRYPTION_KEY", Fernet.generate_key().decode())
    ran = run("doctor", "--json")
    assert sorted(checks(ran, "fault")) == sorted(values)
    assert (ran.code, ran.err, "ersecret" in ran.out) == (1, "", False)


@pytest.mark.sockets
def test_with_nothing_set_every_fault_is_told_and_the_exit_code_says_not_configured(
    bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUBLIC_URL", NOBODY)
    ran = run("doctor", "--json")
    assert checks(ran, "fault") == ["ENCRYPTION_KEY", "Charles Schwab", "DATABASE_URL", "REDIS_URL"]
    assert (ran.code, ran.document["well"], ran.err) == (3, False, "")
    assert run("doctor").code == 3


@pytest.mark.sockets
@pytest.mark.parametrize("name", ESSENTIAL)
def test_with_one_essential_variable_set_what_is_missing_is_a_fault(
    name: str, bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = {"DATABASE_URL": "postgresql://127.0.0.1:1/x", "REDIS_URL": "redis://127.0.0.1:1/0"}
    monkeypatch.setenv(name, values.get(name) or Fernet.generate_key().decode())
    monkeypatch.setenv("PUBLIC_URL", NOBODY)
    assert run("doctor", "--json").code == 1


@pytest.fixture
def in_order(stored: Database, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Database:
    """A set-up where nothing is wrong but that the run's Redis saves nothing to disk."""
    for name, value in {
        "SCHWAB_BASE_URL": NOBODY,
        "PUBLIC_URL": "http://127.0.0.1:1",
        "WEB_PORT": "1",
        "SCHWAB_REDIRECT_URI": "http://127.0.0.1:1/oauth/callback",
        "FLOWER_BASIC_AUTH": "me:word",
        "LINK_SERVICE_KEY": "x" * 32,
    }.items():
        monkeypatch.setenv(name, value)
    return stored


@pytest.mark.servers
def test_warnings_and_notes_alone_are_no_failure(in_order: Database) -> None:
    ran = run("doctor")
    assert ran.code == 0
    assert ran.out.endswith("\n1 warning: the line under each says what helps.\n")


@pytest.mark.servers
def test_an_app_that_is_refused_is_told_once_by_what_knows_who_waits(
    in_order: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = Finding(Level.FAULT, "Charles Schwab", "The app was refused.", "Mend it.", APP_REFUSED)
    monkeypatch.setattr(brokers, "app", lambda *_: [refused])
    ran = run("doctor", "--json")
    assert [each["said"] for each in told(ran) if each["level"] == "fault"] == ["The app was refused."]
    open_circuit(in_order)
    (fault,) = [each for each in told(run("doctor", "--json")) if each["level"] == "fault"]
    assert fault["said"].startswith("It has refused the app for 3 h")


@pytest.mark.servers
def test_where_nothing_is_wrong_it_says_so(in_order: Database, redis_client: Any) -> None:
    redis_client.config_set("save", "3600 1")
    try:
        ran = run("doctor")
    finally:
        redis_client.config_set("save", "")
    assert (ran.code, ran.out.splitlines()[-1]) == (0, "Nothing is wrong.")


@pytest.mark.servers
def test_what_is_fine_is_one_line_and_a_check_with_a_fault_is_not_in_it(
    in_order: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = run("doctor").out
    fine = out.partition("✓  Fine")[2]
    assert out.count("✓") == 1
    assert "PostgreSQL" in fine
    assert "Redis" not in fine
    assert len([line for line in run("doctor", "--all").out.splitlines() if line.startswith("✓")]) > 5


@pytest.mark.servers
def test_faults_stand_in_the_order_in_which_one_would_mend_them(
    in_order: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENCRYPTION_KEY", "nonsense")
    monkeypatch.setenv("SCHWAB_REDIRECT_URI", "http://127.0.0.1:1/oauth/callback/")
    monkeypatch.setenv("DATABASE_URL", "postgresql://127.0.0.1:1/x")
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    assert checks(run("doctor", "--json"), "fault") == ["ENCRYPTION_KEY", "SCHWAB_REDIRECT_URI", "PostgreSQL", "Redis"]


@pytest.mark.sockets
def test_servers_that_all_take_the_connection_and_say_nothing_cost_some_seconds_together(
    installed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ExitStack() as silent:
        ports = [silent.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1] for _ in range(4)]
        monkeypatch.setenv("DATABASE_URL", f"postgresql://me:ersecret@127.0.0.1:{ports[0]}/x")
        monkeypatch.setenv("REDIS_URL", f"redis://:ersecret@127.0.0.1:{ports[1]}/0")
        monkeypatch.setenv("SCHWAB_BASE_URL", f"http://127.0.0.1:{ports[2]}")
        monkeypatch.setenv("PUBLIC_URL", f"http://127.0.0.1:{ports[3]}")
        began = time.monotonic()
        ran = run("doctor", "--json")
    assert time.monotonic() - began < examination.SECONDS + 2
    assert {"PostgreSQL", "Redis"} <= set(checks(ran, "fault"))
    assert "Web app" in checks(ran, "warning")
    assert "Charles Schwab" in checks(ran, "note")


@pytest.mark.sockets
def test_a_check_that_hangs_past_everything_is_a_fault_of_its_own(
    installed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examination, "SECONDS", 0.1)
    monkeypatch.setattr(examination.web, "examine", lambda url: time.sleep(1) or [])
    monkeypatch.setenv("SCHWAB_BASE_URL", NOBODY)
    assert "Web app" in checks(run("doctor", "--json"), "fault")


SECRETS = {
    "DATABASE_URL": "postgresql://me:ersecret1@{database}/x",
    "REDIS_URL": "redis://me:ersecret2@{redis}/0",
    "ENCRYPTION_KEY": "ersecret3,'ersecret4'",
    "LINK_SERVICE_KEY": "ersecret5",
    "SCHWAB_CLIENT_ID": "ersecret6",
    "SCHWAB_CLIENT_SECRET": "'ersecret7'",
    "FLOWER_BASIC_AUTH": "ersecret8",
    "RETURN_URLS": "ersecret9",
    "SCHWAB_APP_SECRET": "ersecret10",
}


@pytest.mark.sockets
@pytest.mark.parametrize("place", ["127.0.0.1:1", "127.0.0.1:abc", "er@secret"])
def test_no_secret_is_in_anything_it_prints(place: str, installed: None, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value.format(database=place, redis=place))
    monkeypatch.setenv("SCHWAB_BASE_URL", NOBODY)
    Path(".env").write_text("".join(f"export {name}={value} x\r\n" for name, value in SECRETS.items()))
    for arguments in ([], ["--all"], ["--json"]):
        ran = run("doctor", *arguments)
        assert ran.code == 1
        assert "ersecret" not in ran.out + ran.err
