"""Callbacks that are refused: a state that is not this browser's to use, a login that is not this user's to link."""

from __future__ import annotations

import pytest

from brokers.errors import (
    BrokerDown,
)
from models.session import Database
from oauth_web import notices
from tests.oauth_web.given import CODE, Browser, Host, LoginBroker, cookies_of, grant, listing, sent_to_broker
from tests.oauth_web.stored import account_ids, connections, events, nothing, pass_time, the_link, tokens

pytestmark = pytest.mark.servers

TOKEN = "POST /oauth/token"


def test_a_state_works_only_once(database: Database, broker: LoginBroker, host: Host, browser: Browser) -> None:
    state = browser.go_to_broker(host.new_link())
    browser.come_back(state)
    before = connections(database)[0].login_at
    answer = browser.come_back(state)
    assert answer.status_code == 400
    assert notices.RETURN_UNKNOWN.title in answer.text
    assert len(broker.exchanged) == 1
    assert [each.login_at for each in connections(database)] == [before]


def test_a_state_is_used_up_by_an_error_too(database: Database, host: Host, browser: Browser) -> None:
    state = browser.go_to_broker(host.new_link())
    browser.open(f"/oauth/callback?error=access_denied&state={state}")
    assert browser.come_back(state).status_code == 400
    assert nothing(database)


def test_another_browsers_state_does_nothing(
    database: Database, broker: LoginBroker, host: Host, browser: Browser, another_browser: Browser
) -> None:
    state = browser.go_to_broker(host.new_link())
    assert another_browser.come_back(state).status_code == 400
    assert broker.exchanged == []
    assert nothing(database)


def test_a_forged_cookie_does_not_make_a_browser_the_right_one(
    database: Database, broker: LoginBroker, host: Host, browser: Browser, another_browser: Browser
) -> None:
    started = browser.press(host.new_link())
    name = cookies_of(started)[0].partition("=")[0]
    another_browser.client.set_cookie(name, "A" * 43, domain="127.0.0.1", secure=True)
    assert another_browser.come_back(sent_to_broker(started)["state"]).status_code == 400
    assert broker.exchanged == []
    assert nothing(database)


def test_a_swapped_state_does_nothing(
    broker: LoginBroker, host: Host, browser: Browser, another_browser: Browser
) -> None:
    mine, theirs = browser.go_to_broker(host.new_link()), another_browser.go_to_broker(host.new_link("43"))
    assert browser.come_back(theirs).status_code == another_browser.come_back(mine).status_code == 400
    assert broker.exchanged == []


@pytest.mark.parametrize(
    "query", ["", "code=a", "state=", "state=unknown&code=a", f"state={'a' * 5000}&code=a", "state=%00%ff&code=a"]
)
def test_a_return_without_a_state_of_ours_is_refused(broker: LoginBroker, browser: Browser, query: str) -> None:
    answer = browser.open(f"/oauth/callback?{query}")
    assert answer.status_code == 400
    assert notices.RETURN_UNKNOWN.title in answer.text
    assert broker.exchanged == []


def test_every_state_that_cannot_be_taken_gets_the_same_page(
    database: Database, host: Host, browser: Browser, another_browser: Browser
) -> None:
    used = browser.go_to_broker(host.new_link())
    browser.come_back(used)
    foreign = another_browser.go_to_broker(host.new_link())
    pages = [browser.come_back(state).data for state in (used, foreign, "unknown")]
    late = browser.go_to_broker(host.new_link())
    pass_time(database, "10 minutes 1 second")
    pages.append(browser.come_back(late).data)
    assert len(set(pages)) == 1


def test_a_state_lives_ten_minutes_from_the_button(database: Database, host: Host, browser: Browser) -> None:
    url = host.new_link()
    pass_time(database, "14 minutes")
    state = browser.go_to_broker(url)
    pass_time(database, "9 minutes 50 seconds")
    assert browser.come_back(state).status_code == 200


def test_a_link_is_refused_while_it_is_in_a_callback(broker: LoginBroker, host: Host, browser: Browser) -> None:
    url = host.new_link()
    during: list[int] = []
    broker.will("exchange", lambda: during.append(browser.press(url).status_code) or grant())
    assert browser.link(url).status_code == 200
    assert during == [404]


def test_a_callback_that_crashed_lets_go_of_the_link(
    database: Database, broker: LoginBroker, host: Host, browser: Browser
) -> None:
    broker.will("exchange", RuntimeError("a fault of ours"), grant())
    url = host.new_link()
    answer = browser.link(url)
    assert answer.status_code == 500
    assert notices.CRASHED.title in answer.text
    assert the_link(database).callback_at is None
    assert browser.link(url).status_code == 200


def test_a_killed_callback_gives_the_link_back_after_two_minutes(
    database: Database, broker: LoginBroker, host: Host, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker.will("exchange", BrokerDown(TOKEN, "away"))
    monkeypatch.setattr("oauth_web.callback._end", lambda *_: None)
    browser.link(url := host.new_link())
    assert browser.open(url).status_code == 404
    pass_time(database, "2 minutes 1 second")
    assert browser.open(url).status_code == 200


def test_another_users_login_is_refused_and_told(
    database: Database, broker: LoginBroker, host: Host, browser: Browser, another_browser: Browser
) -> None:
    browser.link(host.new_link("owner"))
    (theirs,), ids = connections(database), account_ids(database)
    broker.will("exchange", grant("I1.taken", "r1.taken"))
    answer = another_browser.link(host.new_link("somebody-else"))
    assert answer.status_code == 409
    assert notices.BELONGS_TO_ANOTHER.title in answer.text
    assert "owner" not in answer.text
    assert [each.id for each in connections(database)] == [theirs.id]
    assert account_ids(database) == ids
    assert tokens(database, theirs)["refresh_token"] != "r1.taken"
    assert ("login_ended", theirs.id, "browser link") in events(database)
    assert "Max-Age=0" in cookies_of(answer)[0]


def test_a_repair_with_another_login_changes_nothing(
    database: Database, broker: LoginBroker, host: Host, browser: Browser
) -> None:
    browser.link(host.new_link())
    (before,), ids = connections(database), account_ids(database)
    kept = tokens(database, before)
    broker.will("exchange", grant("I1.other", "r1.other"))
    broker.will("list_accounts", listing("99990001", login_id="login-2"))
    answer = browser.link(host.new_link(connection_id=str(before.id)))
    assert answer.status_code == 409
    assert notices.WRONG_LOGIN.title in answer.text
    assert [each.id for each in connections(database)] == [before.id]
    assert account_ids(database) == ids
    assert tokens(database, before) == kept


def test_who_only_looks_at_a_callback_uses_nothing_up(host: Host, browser: Browser) -> None:
    state = browser.go_to_broker(host.new_link())
    assert browser.open(f"/oauth/callback?code={CODE}&state={state}", "HEAD").status_code == 405
    assert browser.come_back(state).status_code == 200
