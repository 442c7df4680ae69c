"""The whole examination, and the command that shows it."""

from __future__ import annotations

from datetime import timedelta
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


NOT_CALLABLE = ["api.schwabapi.com", "http://[bad", "https://h:99999", "https://", "ftp://127.0.0.1"]


@pytest.mark.parametrize("base_url", NOT_CALLABLE)
def test_a_base_url_that_cannot_be_called_is_a_fault_and_schwabs_own_rules_still_hold(base_url: str) -> None:
    environ = {"SCHWAB_REDIRECT_URI": "http://localhost:8182/oauth/callback", "SCHWAB_BASE_URL": base_url}
    (found,) = brokers.base_urls(SCHWAB_DECLARATION, environ)
    assert (found.level, found.check) == (Level.FAULT, "SCHWAB_BASE_URL")
    told = brokers.callbacks(SCHWAB_DECLARATION, environ, "http://localhost:8182")
    assert [each.level for each in told] == [Level.FAULT, Level.FAULT]
    assert brokers.clock(SCHWAB_DECLARATION, environ) == []


def test_a_base_url_that_can_be_called_is_not_mentioned() -> None:
    for base_url in ("", "https://api.schwabapi.com", "http://127.0.0.1:8190"):
        assert brokers.base_urls(SCHWAB_DECLARATION, {"SCHWAB_BASE_URL": base_url}) == []


@pytest.mark.parametrize(
    ("seconds", "environ", "warns"),
    [
        (14, SCHWAB, True),
        (15, SCHWAB, False),
        (14, {}, False),
        (14, SCHWAB | {"SCHWAB_BASE_URL": "http://127.0.0.1:8190"}, False),
    ],
)
def test_an_interval_shorter_than_a_real_broker_wants_is_a_warning(
    seconds: int, environ: dict[str, str], *, warns: bool
) -> None:
    found = brokers.cadence(SCHWAB_DECLARATION, environ, timedelta(seconds=seconds))
    assert [each.level for each in found] == [Level.WARNING] * warns
    assert not warns or "14 s is shorter than the fastest sensible cadence of Charles Schwab, 15 s" in found[0].said


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
    faults = [each["check"] for each in ran.document["findings"] if each["level"] == "fault"]
    assert sorted(faults) == sorted([*bad, "ENCRYPTION_KEY", "Charles Schwab"])
    assert (ran.code, "ersecret" in ran.out) == (1, False)


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
        ("FLOWER_BASIC_AUTH", "warning"),
        ("Clock", "note"),
    }
    assert all(each["remedy"] for each in ran.document["findings"] if each["level"] != "note")
    assert (ran.code, ran.document["well"], ran.err) == (1, False, "")
    assert run("doctor").out.endswith("4 faults and 2 warnings: the line under each says what helps.\n")


@pytest.mark.sockets
def test_settings_that_cannot_be_read_are_a_fault_too(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCHWAB_BASE_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("DATABASE_URL", "mysql://127.0.0.1/x")
    ran = run("doctor")
    assert ran.code == 1
    assert "DATABASE_URL must start with postgresql://" in ran.out


@pytest.mark.servers
def test_warnings_and_notes_alone_are_no_failure(stored: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCHWAB_BASE_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("PUBLIC_URL", "https://127.0.0.1:8182")
    monkeypatch.setenv("FLOWER_BASIC_AUTH", "me:word")
    ran = run("doctor")
    assert ran.code == 0
    assert ran.out.endswith("\n1 warning: the line under each says what helps.\n")


@pytest.mark.servers
def test_where_nothing_is_wrong_it_says_so(stored: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCHWAB_BASE_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("PUBLIC_URL", "https://127.0.0.1:8182")
    monkeypatch.setenv("FLOWER_BASIC_AUTH", "me:word")
    monkeypatch.setenv("LINK_SERVICE_KEY", "x" * 32)
    ran = run("doctor")
    assert (ran.code, ran.out.splitlines()[-1]) == (0, "Nothing is wrong.")
