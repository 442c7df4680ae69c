"""The commands that set an installation up: init-db, new-key, brokers, web."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import create_engine, text

from brokersync.commands import web
from tests.brokersync.command_line import Ran, run


@pytest.mark.servers
def test_init_db_makes_the_tables_and_says_so_once(
    bare: Path, empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", empty_database_url)
    made = run("init-db", "--json").document
    assert made["from"] is None
    assert run("init-db").out == f"The tables are those of this version already (revision {made['to']}).\n"


@pytest.mark.servers
def test_init_db_tells_a_person_what_it_made(
    bare: Path, empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", empty_database_url)
    assert re.fullmatch(r"The tables are made \(revision \d{4}\)\.\n", run("init-db").out)


@pytest.mark.servers
def test_init_db_leaves_the_tables_of_a_newer_version_alone(
    bare: Path, empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", empty_database_url)
    assert run("init-db").code == 0
    engine = create_engine(empty_database_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    ran = run("init-db", "--json")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("Error: The tables are of revision 9999, which this version does not know")


def test_new_key_prints_a_key_and_nothing_else(bare: Path) -> None:
    key = run("new-key").out
    assert key.count("\n") == 1
    Fernet(key.strip())
    assert key.strip() != run("new-key").out.strip()
    Fernet(run("new-key", "--json").document["key"])


def test_brokers_names_what_is_missing_and_what_it_means(bare: Path) -> None:
    said = " ".join(run("brokers").out.split())
    assert "no: set SCHWAB_CLIENT_ID, SCHWAB_CLIENT_SECRET, SCHWAB_REDIRECT_URI" in said
    assert "SCHWAB_CLIENT_SECRET: the app's secret" in said
    assert "7 d from the login" in said
    assert "disconnect leaves the permission to the person" in said


def test_a_broker_that_is_set_up_says_so_without_its_secret(installed: None) -> None:
    assert "set up yes" in " ".join(run("brokers").out.split())
    (schwab,) = run("brokers", "--json").document["brokers"]
    assert (schwab["name"], schwab["configured"], schwab["missing"]) == ("schwab", True, [])
    assert schwab["login_lifetime_seconds"] == 7 * 24 * 3600
    assert schwab["revocable"] is False
    assert "app-secret" not in run("brokers", "--json").out


def configured_for_web(monkeypatch: pytest.MonkeyPatch, key: str, **more: str) -> list[Any]:
    """A shell in which people could link; what is handed to the server."""
    for name, value in {"DATABASE_URL": "postgresql:///x", "ENCRYPTION_KEY": key, **more}.items():
        monkeypatch.setenv(name, value)
    served: list[Any] = []
    monkeypatch.setattr(web, "serve", lambda *asked: served.append(asked))
    return served


def test_web_serves_where_it_is_told(installed: None, encryption_key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    served = configured_for_web(monkeypatch, encryption_key, LINK_SERVICE_KEY="a-key")
    assert [run("web"), run("web", "--tls", "--port", "9000")] == [Ran(0, "", "", None)] * 2
    assert served == [("127.0.0.1", 8182, False), ("127.0.0.1", 9000, True)]


def test_web_says_all_that_is_missing_and_does_not_start(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "serve", lambda *_: pytest.fail("it started"))
    ran = run("web")
    assert (ran.code, ran.out) == (3, "")
    names = ("DATABASE_URL", "ENCRYPTION_KEY", "SCHWAB_CLIENT_ID")
    assert [name in line for name, line in zip(names, ran.err.splitlines(), strict=True)] == [True] * 3


def test_web_without_a_service_key_says_who_can_make_links(
    installed: None, encryption_key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = configured_for_web(monkeypatch, encryption_key)
    ran = run("web")
    assert (ran.code, ran.out, len(served)) == (0, "", 1)
    assert ran.err.startswith("LINK_SERVICE_KEY is not set")


@pytest.mark.parametrize("port", ["0", "-1", "65536", "99999"])
def test_web_takes_no_port_that_there_is_not(bare: Path, port: str) -> None:
    assert run("web", "--port", port).code == 2


@pytest.mark.parametrize("line", [("init-db",), ("accounts",), ("link", "--user", "42", "--broker", "schwab")])
def test_a_value_of_a_file_with_windows_line_ends_is_named_with_what_helps(
    line: tuple[str, ...], installed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:ersecret@127.0.0.1:1/x\r")
    ran = run(*line)
    assert (ran.code, ran.out) == (3, "")
    assert ran.err == (
        "Error: DATABASE_URL ends with a carriage return: the file has Windows line ends. "
        "What helps: sed -i 's/\\r$//' .env (and load it again).\n"
    )
