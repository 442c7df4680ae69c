"""Callbacks that bring no tokens: the broker said no, or its answer is not one. The link can be used again."""

from __future__ import annotations

import re

import pytest

from brokers.errors import (
    AppMisconfigured,
    BadAnswer,
    BrokerDown,
    BrokerError,
    LoginEnded,
    RateLimited,
    Unreachable,
)
from models.session import Database
from oauth_web import notices
from tests.oauth_web.given import Browser, Host, LoginBroker, cookies_of, grant
from tests.oauth_web.stored import nothing, pass_time

pytestmark = pytest.mark.servers

TOKEN = "POST /oauth/token"


@pytest.mark.parametrize(
    ("error", "said"),
    [("access_denied", notices.DENIED), ("server_error", notices.BROKER_REFUSED), ("<b>x", notices.BROKER_REFUSED)],
)
def test_an_error_of_the_broker_is_told_in_our_words(
    database: Database, host: Host, browser: Browser, error: str, said: notices.Notice
) -> None:
    state = browser.go_to_broker(host.new_link())
    query = {"error": error, "error_description": "<script>their words</script>", "state": state}
    answer = browser.open("/oauth/callback", query_string=query)
    assert answer.status_code == said.status
    assert said.title.format(broker="Fake Broker") in answer.text
    assert "works until" in answer.text
    assert not re.search(r"their words|<b>x|script", answer.text)
    assert nothing(database)


def test_who_denied_may_change_their_mind(host: Host, browser: Browser) -> None:
    url = host.new_link()
    state = browser.go_to_broker(url)
    browser.open(f"/oauth/callback?error=access_denied&state={state}")
    assert browser.link(url).status_code == 200


@pytest.mark.parametrize("query", ["", "&code=", "&code=a&code=b", f"&code={'a' * 5000}"])
def test_a_return_without_one_good_code_is_not_exchanged(
    broker: LoginBroker, host: Host, browser: Browser, query: str
) -> None:
    state = browser.go_to_broker(host.new_link())
    assert browser.open(f"/oauth/callback?state={state}{query}").status_code == 502
    assert broker.exchanged == []


FAILURES = [
    (LoginEnded(TOKEN, "the code was refused"), notices.CODE_REFUSED),
    (BadAnswer(TOKEN, "no refresh token"), notices.ANSWER_UNUSABLE),
    (AppMisconfigured(TOKEN, "the app was refused"), notices.APP_MISCONFIGURED),
    (Unreachable(TOKEN, "time-out"), notices.BROKER_AWAY),
    (BrokerDown(TOKEN, "an HTML page"), notices.BROKER_AWAY),
    (RateLimited(TOKEN, "too many requests"), notices.BROKER_AWAY),
]


@pytest.mark.parametrize(("error", "said"), FAILURES, ids=[error.kind for error, _ in FAILURES])
def test_a_code_that_brings_no_tokens_stores_nothing(
    database: Database,
    broker: LoginBroker,
    host: Host,
    browser: Browser,
    caplog: pytest.LogCaptureFixture,
    error: BrokerError,
    said: notices.Notice,
) -> None:
    broker.will("exchange", error, grant())
    answer = browser.link(url := host.new_link())
    assert answer.status_code == said.status
    assert said.title.format(broker="Fake Broker") in answer.text
    assert "Nothing was linked" in answer.text
    assert nothing(database)
    assert error.kind in caplog.text
    # The link is not used up, and the browser still holds its half.
    assert cookies_of(answer) == []
    assert browser.link(url).status_code == 200


def test_a_page_promises_no_second_try_with_an_expired_link(
    database: Database, broker: LoginBroker, host: Host, browser: Browser
) -> None:
    url = host.new_link()
    pass_time(database, "14 minutes")
    state = browser.go_to_broker(url)
    pass_time(database, "2 minutes")
    broker.will("exchange", BrokerDown(TOKEN, "away"))
    answer = browser.come_back(state)
    assert "cannot be used any more" in answer.text
    assert browser.open(url).status_code == 404
