from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import text

from models.installation import fingerprints
from models.sealing import keyring
from models.session import Database
from oauth_web import notices
from tests.oauth_web.given import Browser, Host, LoginBroker

pytestmark = pytest.mark.servers


@pytest.mark.parametrize(
    ("path", "method", "said"),
    [
        ("/nothing", "GET", notices.NO_SUCH_PAGE),
        ("/oauth/start/", "GET", notices.NO_SUCH_PAGE),
        ("/links/", "GET", notices.NO_SUCH_PAGE),
        ("/oauth//callback", "GET", notices.NO_SUCH_PAGE),
        ("/oauth/callback", "POST", notices.WRONG_METHOD),
        ("/oauth/start/x", "DELETE", notices.WRONG_METHOD),
    ],
)
def test_a_person_gets_a_page(browser: Browser, path: str, method: str, said: notices.Notice) -> None:
    answer = browser.open(path, method)
    assert answer.status_code == said.status
    assert said.title in answer.text
    assert answer.mimetype == "text/html"
    assert "Location" not in answer.headers


def test_a_program_gets_json(browser: Browser) -> None:
    answer = browser.open("/links")
    assert (answer.status_code, answer.json["error"]) == (405, "method_not_allowed")
    assert "POST" in answer.headers["Allow"]


def test_a_database_that_does_not_answer_is_told_to_both(make_app: Callable[..., Flask]) -> None:
    app = make_app(DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")
    answer = Host(app).ask()
    assert (answer.status_code, answer.json["error"]) == (503, "database_unavailable")
    page = Browser(app).open("/oauth/start/x")
    assert page.status_code == 503
    assert notices.DATABASE_AWAY.title in page.text


def test_nobody_is_sent_to_a_broker_when_no_key_opens_what_is_stored(
    database: Database, host: Host, browser: Browser, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    url = host.new_link()
    monkeypatch.setenv("ENCRYPTION_KEY", "9L2wq1cN1y0m8F1o2a3pQ4kzX5l7uJmV0tYbR6sEiHg=")
    keyring.cache_clear()
    answer = browser.press(url)
    assert answer.status_code == 503
    assert notices.NOT_CONFIGURED.title in answer.text
    assert "no key of ENCRYPTION_KEY opens it" in caplog.text


def test_no_code_is_exchanged_whose_tokens_could_not_be_sealed(
    database: Database,
    broker: LoginBroker,
    host: Host,
    browser: Browser,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    state = browser.go_to_broker(host.new_link())
    monkeypatch.delenv("ENCRYPTION_KEY")
    keyring.cache_clear()
    assert browser.come_back(state).status_code == 503
    assert broker.exchanged == []


def test_a_crash_at_a_program_address_is_json(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.links.make_link", lambda *_: 1 / 0)
    answer = host.ask()
    assert (answer.status_code, answer.json["error"]) == (500, "internal")
    assert "division" not in answer.text


def test_the_words_of_the_database_stay_out_of_pages_and_logs(
    database: Database, host: Host, browser: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    url = host.new_link()
    with database.session() as session:
        fingerprints(session)
        session.execute(text("ALTER TABLE links RENAME TO lost"))
    try:
        answer = browser.open(url)
    finally:
        with database.session() as session:
            session.execute(text("ALTER TABLE lost RENAME TO links"))
    assert answer.status_code == 503
    assert "ProgrammingError" in caplog.text
    assert "SELECT" not in caplog.text + answer.text
