from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import text

from models.sealing import keyring
from models.session import Database
from oauth_web.app import create_app
from settings import Settings
from tests.oauth_web.given import Browser, Host

pytestmark = pytest.mark.servers

FULL = {
    "SCHWAB_CLIENT_ID": "i",
    "SCHWAB_CLIENT_SECRET": "s",
    "SCHWAB_REDIRECT_URI": "https://127.0.0.1:8182/oauth/callback",
}


def readiness(app: Flask) -> tuple[int, list[str]]:
    answer = Browser(app).open("/readyz")
    return answer.status_code, answer.json.get("reasons", [])


def test_a_complete_app_is_ready_before_and_after_its_first_link(app: Flask) -> None:
    assert readiness(app) == (200, [])
    Host(app).new_link()
    assert readiness(app) == (200, [])


def test_a_probe_makes_nothing(app: Flask, database: Database) -> None:
    readiness(app)
    with database.session() as session:
        assert session.scalar(text("SELECT count(*) FROM installation")) == 0


def test_an_app_with_nothing_set_lives_and_says_what_is_missing() -> None:
    app = create_app(Settings.from_environ({}), {})
    assert Browser(app).open("/healthz").json == {"status": "ok"}
    status, reasons = readiness(app)
    assert status == 503
    assert "DATABASE_URL" in reasons[0]
    assert "SCHWAB_CLIENT_ID" in reasons[1]


def test_one_configured_broker_is_enough(database: Database, database_url: str) -> None:
    environ = {"DATABASE_URL": database_url, **FULL}
    app = create_app(Settings.from_environ(environ), environ)
    assert readiness(app) == (200, [])
    app.extensions["oauth_web"].database.close()


def test_an_unreachable_database_is_a_reason(make_app: Callable[..., Flask]) -> None:
    status, (reason,) = readiness(make_app(DATABASE_URL="postgresql://nobody:word@127.0.0.1:1/none"))
    assert status == 503
    assert "does not answer" in reason
    assert "word" not in reason


def test_a_database_without_tables_is_a_reason(make_app: Callable[..., Flask], empty_database_url: str) -> None:
    app = make_app(DATABASE_URL=empty_database_url)
    status, (reason,) = readiness(app)
    assert status == 503
    assert "brokersync init-db" in reason
    app.extensions["oauth_web"].database.close()


@pytest.mark.parametrize("key", ["", "not-a-key", "9L2wq1cN1y0m8F1o2a3pQ4kzX5l7uJmV0tYbR6sEiHg="])
def test_a_missing_wrong_or_other_key_is_a_reason(app: Flask, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    Host(app).new_link()
    monkeypatch.setenv("ENCRYPTION_KEY", key)
    keyring.cache_clear()
    status, (reason,) = readiness(app)
    assert status == 503
    assert "ENCRYPTION_KEY" in reason
