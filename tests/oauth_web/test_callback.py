"""The way straight through, and what it leaves behind."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from brokers.records import Listing
from models.connection import Status
from models.session import Database
from oauth_web import completion
from oauth_web.cookies import code_challenge
from tests.oauth_web.given import (
    ACCESS_TOKEN,
    CODE,
    NUMBERS,
    REFRESH_TOKEN,
    Browser,
    Host,
    LoginBroker,
    cookies_of,
    grant,
    listing,
    sent_to_broker,
)
from tests.oauth_web.stored import account_ids, connections, events, the_link, tokens

pytestmark = pytest.mark.servers


def test_a_login_is_linked_with_its_accounts_and_due_at_once(database: Database, host: Host, browser: Browser) -> None:
    answer = browser.link(host.new_link())
    assert answer.status_code == 200, answer.text
    (connection,) = connections(database)
    assert (connection.user_id, connection.broker, connection.status) == ("42", "fake", Status.ACTIVE)
    assert connection.next_sync_at is not None
    assert connection.next_sync_at <= datetime.now(UTC)
    assert set(account_ids(database)) == set(NUMBERS)
    assert tokens(database, connection) == {"access_token": ACCESS_TOKEN, "refresh_token": REFRESH_TOKEN}
    assert events(database) == [("linked", connection.id, "browser link")]


def test_the_page_shows_masked_accounts_and_when_the_login_ends(host: Host, browser: Browser) -> None:
    page = browser.link(host.new_link()).text
    assert "…234" in page
    assert "…678" in page
    assert not any(number in page for number in NUMBERS)
    assert "Nest &lt;egg&gt; 1234" in page
    ends = datetime.now(UTC) + timedelta(days=7)
    assert f"{ends.day} {ends:%B %Y}" in page
    assert "in 7 days" in page
    assert "You can close this page" in page


def test_tokens_are_committed_before_the_accounts_are_asked_for(
    database: Database, broker: LoginBroker, host: Host, browser: Browser
) -> None:
    seen: list[tuple[str, dict[str, str]]] = []

    def look() -> Listing:
        (connection,) = connections(database)
        seen.append((connection.status, tokens(database, connection)))
        return listing()

    broker.will("list_accounts", look)
    assert browser.link(host.new_link()).status_code == 200
    assert seen == [(Status.LINKING, {"access_token": ACCESS_TOKEN, "refresh_token": REFRESH_TOKEN})]


def test_no_session_is_held_while_the_broker_is_asked(host: Host, browser: Browser, broker: LoginBroker) -> None:
    pool = host.app.extensions["oauth_web"].database.engine.pool
    held: list[int] = []
    broker.will("exchange", lambda: held.append(pool.checkedout()) or grant())
    broker.will("list_accounts", lambda: held.append(pool.checkedout()) or listing())
    browser.link(host.new_link())
    assert held == [0, 0]


def test_the_broker_is_given_its_deadlines(host: Host, browser: Browser, broker: LoginBroker) -> None:
    browser.link(host.new_link())
    assert broker.deadlines == [completion.EXCHANGE_WITHIN, completion.LIST_WITHIN]


def test_the_verifier_is_the_one_that_was_challenged(host: Host, browser: Browser, broker: LoginBroker) -> None:
    answer = browser.press(host.new_link())
    challenge = sent_to_broker(answer)["code_challenge"]
    browser.come_back(sent_to_broker(answer)["state"])
    ((code, verifier),) = broker.exchanged
    assert code == CODE
    assert verifier is not None
    assert code_challenge(verifier) == challenge


def test_a_code_is_decoded_exactly_once(host: Host, browser: Browser, broker: LoginBroker) -> None:
    state = browser.go_to_broker(host.new_link())
    browser.open(f"/oauth/callback?code=C0.a%2540b%40&session=ignored&state={state}")
    assert broker.exchanged[0][0] == "C0.a%40b@"


def test_linking_the_same_login_again_keeps_all_ids(
    database: Database, broker: LoginBroker, host: Host, browser: Browser
) -> None:
    browser.link(host.new_link())
    (before,), ids = connections(database), account_ids(database)
    broker.will("exchange", grant("I1.newer", "r1.newer"))
    page = browser.link(host.new_link()).text
    (after,) = connections(database)
    assert after.id == before.id
    assert account_ids(database) == ids
    assert after.login_at > before.login_at
    assert tokens(database, after)["refresh_token"] == "r1.newer"
    assert "linked again" in page
    assert "same connection" in page


def test_a_named_connection_is_repaired(database: Database, host: Host, browser: Browser) -> None:
    browser.link(host.new_link())
    (before,) = connections(database)
    url = host.new_link(connection_id=str(before.id), return_url="https://host.example/app?tab=1")
    answer = browser.link(url)
    assert answer.status_code == 303
    expected = f"https://host.example/app?tab=1&connection_id={before.id}&status=repaired"
    assert answer.headers["Location"] == expected
    assert [each.id for each in connections(database)] == [before.id]


def test_the_browser_returns_to_the_host_application(database: Database, host: Host, browser: Browser) -> None:
    answer = browser.link(host.new_link(return_url="https://host.example/app/done"))
    (connection,) = connections(database)
    assert answer.status_code == 303
    expected = f"https://host.example/app/done?connection_id={connection.id}&status=linked"
    assert answer.headers["Location"] == expected


def test_a_return_url_that_left_the_list_is_not_followed(host: Host, make_app: Callable[..., Flask]) -> None:
    url = host.new_link(return_url="https://host.example/app/done")
    answer = Browser(make_app(RETURN_URLS="")).link(url)
    assert answer.status_code == 200
    assert "is linked" in answer.text


def test_a_success_uses_the_link_and_the_cookie_up(database: Database, host: Host, browser: Browser) -> None:
    answer = browser.link(url := host.new_link())
    (cookie,) = cookies_of(answer)
    assert cookie.startswith("__Host-link-")
    assert "Max-Age=0" in cookie
    assert browser.open(url).status_code == 404
    assert browser.press(url).status_code == 404
    link = the_link(database)
    assert link.used_at is not None
    assert link.callback_at is None


def test_a_login_that_shares_no_account_says_so(broker: LoginBroker, host: Host, browser: Browser) -> None:
    broker.will("list_accounts", Listing((), "login-1"))
    assert "choose them at Fake Broker" in browser.link(host.new_link()).text
