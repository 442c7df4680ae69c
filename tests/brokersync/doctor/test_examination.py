"""The whole examination, and the command that shows it."""

from __future__ import annotations

from pathlib import Path

import pytest

from brokers import registry
from brokersync.doctor import brokers
from brokersync.doctor.findings import Level
from models.session import Database
from tests.brokersync.command_line import run
from tests.brokersync.conftest import SCHWAB

SCHWAB_DECLARATION = registry.declaration("schwab")


def test_a_brokers_missing_variables_are_named_with_what_they_mean() -> None:
    found = brokers.variables(SCHWAB_DECLARATION, SCHWAB | {"SCHWAB_CLIENT_SECRET": ""})
    assert (found.level, found.said) == (Level.FAULT, "Not set: SCHWAB_CLIENT_SECRET.")
    assert "SCHWAB_CLIENT_SECRET: the app's secret" in str(found.remedy)


def test_a_broker_that_is_set_up_is_good() -> None:
    assert brokers.variables(SCHWAB_DECLARATION, SCHWAB).level is Level.OK


@pytest.mark.parametrize(
    ("base_url", "level"),
    [("", Level.FAULT), ("https://api.schwabapi.com/", Level.FAULT), ("http://127.0.0.1:8190", Level.OK)],
)
def test_schwabs_own_rules_hold_only_where_schwab_is_asked(base_url: str, level: Level) -> None:
    environ = {"SCHWAB_REDIRECT_URI": "http://127.0.0.1:8182/oauth/callback", "SCHWAB_BASE_URL": base_url}
    (found,) = brokers.callbacks(SCHWAB_DECLARATION, environ, "http://127.0.0.1:8182")
    assert found.level is level


@pytest.mark.sockets
def test_with_nothing_set_every_fault_is_told_with_its_remedy(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCHWAB_BASE_URL", "http://127.0.0.1:1")
    ran = run("doctor", "--json")
    told = {(each["check"], each["level"]) for each in ran.document["findings"]}
    assert told == {
        ("ENCRYPTION_KEY", "fault"),
        ("LINK_SERVICE_KEY", "warning"),
        ("Charles Schwab", "fault"),
        ("DATABASE_URL", "fault"),
        ("REDIS_URL", "fault"),
        ("Clock", "note"),
    }
    assert all(each["remedy"] for each in ran.document["findings"] if each["level"] != "note")
    assert (ran.code, ran.document["well"], ran.err) == (1, False, "")
    assert run("doctor").out.endswith("4 faults and 1 warning: the line under each says what helps.\n")


def test_settings_that_cannot_be_read_are_a_fault_too(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "mysql://127.0.0.1/x")
    ran = run("doctor")
    assert ran.code == 1
    assert "DATABASE_URL must start with postgresql://" in ran.out


@pytest.mark.servers
def test_warnings_and_notes_alone_are_no_failure(stored: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCHWAB_BASE_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("PUBLIC_URL", "https://127.0.0.1:8182")
    ran = run("doctor")
    assert ran.code == 0
    assert ran.out.endswith("\n1 warning: the line under each says what helps.\n")


@pytest.mark.servers
def test_where_nothing_is_wrong_it_says_so(stored: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCHWAB_BASE_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("PUBLIC_URL", "https://127.0.0.1:8182")
    monkeypatch.setenv("LINK_SERVICE_KEY", "x" * 32)
    ran = run("doctor")
    assert (ran.code, ran.out.splitlines()[-1]) == (0, "Nothing is wrong.")
