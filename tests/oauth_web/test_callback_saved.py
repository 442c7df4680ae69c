"""Once the tokens are committed, whatever fails keeps them, and no page says that nothing was linked."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from brokers.errors import AccessRefused, BadAnswer, BrokerDown
from brokers.records import Listing
from models import linking
from models.connection import Status
from models.session import Database
from oauth_web import completion, notices
from tests.oauth_web.given import REFRESH_TOKEN, Browser, Host, LoginBroker, grant, listing
from tests.oauth_web.stored import connections, the_link, tokens

pytestmark = pytest.mark.servers

ACCOUNTS = "GET /accounts"
FAILURES: list[tuple[Any, notices.Notice]] = [
    (BrokerDown(ACCOUNTS, "an HTML page"), notices.SAVED),
    (BadAnswer(ACCOUNTS, "an empty list"), notices.SAVED),
    (AccessRefused(ACCOUNTS, "the access token was refused"), notices.SAVED_APP_MISCONFIGURED),
    (RuntimeError("a fault of ours"), notices.SAVED),
]


@pytest.mark.parametrize(("error", "said"), FAILURES, ids=[type(error).__name__ for error, _ in FAILURES])
def test_a_listing_that_fails_keeps_the_tokens(
    database: Database, broker: LoginBroker, host: Host, browser: Browser, error: Exception, said: notices.Notice
) -> None:
    broker.will("list_accounts", error)
    answer = browser.link(host.new_link())
    assert answer.status_code == 202
    assert said.title in answer.text
    assert "Nothing was linked" not in answer.text
    (connection,) = connections(database)
    assert connection.status == Status.LINKING
    assert tokens(database, connection)["refresh_token"] == REFRESH_TOKEN
    link = the_link(database)
    assert link.used_at is not None
    assert link.callback_at is None


def test_a_database_that_stumbles_right_after_the_exchange_is_asked_again(
    database: Database, host: Host, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = [
        OperationalError("COMMIT", {}, Exception("the server is restarting")) for _ in completion.COMMIT_AGAIN_AFTER
    ]
    keep_grant = linking.keep_grant

    def stumbling(*given: Any) -> Any:
        if failures:
            raise failures.pop()
        return keep_grant(*given)

    monkeypatch.setattr(linking, "keep_grant", stumbling)
    monkeypatch.setattr(completion, "COMMIT_AGAIN_AFTER", (0.0,) * len(failures))
    assert browser.link(host.new_link()).status_code == 200
    (connection,) = connections(database)
    assert tokens(database, connection)["refresh_token"] == REFRESH_TOKEN


def test_the_worker_takes_over_within_a_minute(
    database: Database, broker: LoginBroker, host: Host, browser: Browser
) -> None:
    broker.will("list_accounts", BrokerDown(ACCOUNTS, "an HTML page"))
    browser.link(host.new_link())
    (connection,) = connections(database)
    assert connection.next_sync_at is not None
    assert connection.next_sync_at <= datetime.now(UTC) + timedelta(seconds=60)


def test_a_lock_that_is_not_given_keeps_the_tokens(
    database: Database, host: Host, browser: Browser, broker: LoginBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.session.LOCK_TIMEOUT", timedelta(milliseconds=100))
    browser.link(host.new_link())
    (first,) = connections(database)
    broker.will("exchange", grant("I1.newer", "r1.newer"))
    with database.engine.begin() as another:
        another.execute(text("SELECT FROM credentials FOR UPDATE"))
        answer = browser.link(host.new_link())
    assert answer.status_code == 202
    assert notices.SAVED.title in answer.text
    _, waiting = connections(database)
    assert waiting.status == Status.LINKING
    assert tokens(database, waiting)["refresh_token"] == "r1.newer"
    assert tokens(database, first)["refresh_token"] == REFRESH_TOKEN


def test_tokens_that_cannot_be_stored_are_not_said_to_be_saved(
    database: Database, host: Host, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.session.LOCK_TIMEOUT", timedelta(milliseconds=100))
    state = browser.go_to_broker(host.new_link())
    with database.engine.begin() as another:
        another.execute(text("LOCK TABLE connections IN EXCLUSIVE MODE"))
        answer = browser.come_back(state)
    assert answer.status_code == 503
    assert notices.DATABASE_AWAY.title in answer.text
    assert connections(database) == []


def test_one_login_that_is_linked_twice_at_once_becomes_one_connection(
    database: Database, host: Host, broker: LoginBroker, browser: Browser, another_browser: Browser
) -> None:
    both_listed = threading.Barrier(2, timeout=10)

    def wait_for_the_other() -> Listing:
        both_listed.wait()
        return listing()

    broker.will("list_accounts", wait_for_the_other)
    urls = [host.new_link(), host.new_link()]
    with ThreadPoolExecutor() as pool:
        answers = list(pool.map(Browser.link, (browser, another_browser), urls))
    assert sorted(answer.status_code for answer in answers) == [200, 200]
    assert [each.status for each in connections(database)] == [Status.ACTIVE]
