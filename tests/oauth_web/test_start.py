from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest

from models.session import Database
from oauth_web import notices
from tests.oauth_web.given import PUBLIC_URL, Browser, Host, LoginBroker, cookies_of, sent_to_broker
from tests.oauth_web.stored import connections, nothing, pass_time, the_link

pytestmark = pytest.mark.servers


def test_the_page_says_what_is_read_for_how_long_and_that_it_cannot_trade(host: Host, browser: Browser) -> None:
    page = browser.open(host.new_link()).text
    assert "Link your Fake Broker login" in page
    assert "balances" in page
    assert "positions" in page
    assert "It is read-only" in page
    assert "cannot trade" in page
    assert "7 days from the moment you sign in" in page


def test_the_page_has_one_form_with_one_button_and_no_script(host: Host, browser: Browser) -> None:
    page = browser.open(host.new_link()).text
    assert len(re.findall("<form", page)) == len(re.findall("<button", page)) == 1
    assert "<input" not in page
    assert "<script" not in page


def test_a_repair_says_that_it_is_the_same_connection(database: Database, host: Host, browser: Browser) -> None:
    browser.link(host.new_link())
    (connection,) = connections(database)
    page = browser.open(host.new_link(connection_id=str(connection.id))).text
    assert "Repair your connection to Fake Broker" in page
    assert "the same connection" in page


def test_looking_uses_nothing_up(database: Database, host: Host, browser: Browser, another_browser: Browser) -> None:
    url = host.new_link()
    for method in ("GET", "HEAD", "GET", "OPTIONS"):
        answer = another_browser.open(url, method)
        assert answer.status_code == 200
        assert cookies_of(answer) == []
    link = the_link(database)
    assert link.browser_hash is link.state_hash is link.used_at is None
    assert browser.link(url).status_code == 200


def test_the_button_leads_to_the_broker_with_a_new_state_each_time(host: Host, browser: Browser) -> None:
    url = host.new_link()
    first, second = browser.press(url), browser.press(url)
    assert first.status_code == second.status_code == 303
    assert first.headers["Location"].startswith("https://fake.invalid/authorize?")
    states = {sent_to_broker(answer)["state"] for answer in (first, second)}
    challenges = {sent_to_broker(answer)["code_challenge"] for answer in (first, second)}
    assert len(states) == len(challenges) == 2
    assert all(len(state) >= 43 for state in states)


def test_a_second_start_voids_the_first_state(host: Host, browser: Browser, broker: LoginBroker) -> None:
    url = host.new_link()
    first, second = browser.go_to_broker(url), browser.go_to_broker(url)
    assert browser.come_back(first).status_code == 400
    assert browser.come_back(second).status_code == 200
    assert len(broker.exchanged) == 1


def test_a_started_link_belongs_to_that_browser(host: Host, browser: Browser, another_browser: Browser) -> None:
    url = host.new_link()
    browser.press(url)
    assert another_browser.open(url).status_code == 404
    assert another_browser.press(url).status_code == 404
    assert browser.open(url).status_code == 200


def test_no_page_tells_an_unknown_link_from_an_expired_used_or_foreign_one(
    database: Database, host: Host, browser: Browser, another_browser: Browser
) -> None:
    used, foreign, expired = (host.new_link() for _ in range(3))
    browser.link(used)
    another_browser.press(foreign)
    answers = [browser.open(each) for each in (used, foreign, "/oauth/start/unknown")]
    pass_time(database, "15 minutes 1 second")
    answers += [browser.open(expired), browser.press(expired)]
    assert {(answer.status_code, answer.data) for answer in answers} == {(404, answers[0].data)}
    assert notices.LINK_UNUSABLE.title in answers[0].text


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site", "Origin": PUBLIC_URL},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": f"{PUBLIC_URL}.evil.example"},
    ],
)
def test_a_form_of_another_site_starts_nothing(
    database: Database, host: Host, browser: Browser, headers: dict[str, str]
) -> None:
    answer = browser.press(host.new_link(), headers)
    assert answer.status_code == 403
    assert cookies_of(answer) == []
    assert the_link(database).state_hash is None
    assert nothing(database)


@pytest.mark.parametrize("headers", [{}, {"Origin": PUBLIC_URL}, {"Sec-Fetch-Site": "same-origin", "Origin": "null"}])
def test_a_form_of_our_own_starts_the_link(host: Host, browser: Browser, headers: dict[str, str]) -> None:
    assert browser.press(host.new_link(), headers).status_code == 303


def test_the_cookie_is_bound_to_host_tls_and_http(host: Host, browser: Browser) -> None:
    (cookie,) = cookies_of(browser.press(host.new_link()))
    name, value = cookie.split(";")[0].split("=")
    attributes = {part.strip() for part in cookie.split(";")[1:]}
    assert re.fullmatch(r"__Host-link-[0-9a-f]{12}", name)
    assert re.fullmatch(r"[\w-]{43}", value)
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax", "Max-Age=1500"} <= attributes
    assert not any(attribute.startswith("Domain") for attribute in attributes)


def test_two_tabs_do_not_disturb_each_other(host: Host, browser: Browser, broker: LoginBroker) -> None:
    first, second = browser.go_to_broker(host.new_link()), browser.go_to_broker(host.new_link("43"))
    assert browser.come_back(second).status_code == 200
    assert browser.come_back(first).status_code == 409  # it is the same login, which 43 has by now
    assert len(broker.exchanged) == 2


def test_a_browser_keeps_ten_pending_links_at_most(host: Host, browser: Browser) -> None:
    states = [browser.go_to_broker(host.new_link()) for _ in range(13)]
    held = [cookie for cookie in browser.client._cookies.values() if cookie.key.startswith("__Host-link-")]
    assert len(held) == 10
    assert browser.come_back(states[-1]).status_code == 200


def test_the_page_lets_its_form_lead_to_the_broker_and_back(host: Host, browser: Browser) -> None:
    policy = browser.open(host.new_link(return_url="https://host.example/app")).headers["Content-Security-Policy"]
    (targets,) = re.findall("form-action ([^;]*);", policy)
    assert targets.split() == ["'self'", "https:", "https://fake.invalid", "https://host.example"]


def test_the_page_holds_no_link(host: Host, browser: Browser) -> None:
    url = host.new_link()
    assert urlsplit(url).path.rpartition("/")[2] not in browser.open(url).text
