from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask, request

from oauth_web import notices
from oauth_web.limits import MOST_BYTES
from tests.oauth_web.given import PUBLIC_URL, Browser, Host, cookies_of, sent_to_broker

pytestmark = pytest.mark.servers


def flood(browser: Browser, path: str, times: int) -> list[int]:
    return [browser.open(path.format(number)).status_code for number in range(times)]


def test_callback_and_start_have_buckets_of_their_own(host: Host, browser: Browser) -> None:
    url = host.new_link()
    assert set(flood(browser, "/oauth/callback?state={}", 60)) == {400}
    refused = browser.open("/oauth/callback?state=x")
    assert refused.status_code == 429
    assert notices.TOO_OFTEN.title in refused.text
    assert 0 < int(refused.headers["Retry-After"]) <= 61
    assert browser.open(url).status_code == 200
    assert host.ask().status_code == 201
    assert set(flood(browser, "/oauth/start/{}", 59)) == {404}
    assert browser.open("/oauth/start/x").status_code == 429
    assert browser.press("/oauth/start/x").status_code == 429


def test_who_is_awaited_gets_in_whatever_strangers_do(
    host: Host, browser: Browser, another_browser: Browser, app: Flask
) -> None:
    started = browser.press(host.new_link())
    state = sent_to_broker(started)["state"]
    strangers_state = another_browser.go_to_broker(host.new_link("43"))
    assert flood(Browser(app), "/oauth/callback?state={}", 61)[-1] == 429
    # Neither a state alone nor a cookie of another link is enough.
    assert Browser(app).come_back(state).status_code == 429
    assert browser.come_back(strangers_state).status_code == 429
    (name,) = (cookie.partition("=")[0] for cookie in cookies_of(started))
    forger = Browser(app)
    forger.client.set_cookie(name, "forged", domain="127.0.0.1", secure=True)
    assert forger.come_back(state).status_code == 429
    assert browser.come_back(state).status_code == 200
    assert browser.come_back(state).status_code == 429


def test_behind_a_proxy_each_sender_is_counted_apart(make_app: Callable[..., Flask]) -> None:
    browser = Browser(make_app(TRUSTED_PROXIES="1"))

    def ask(sender: str) -> int:
        return browser.open("/oauth/callback?state=x", headers={"X-Forwarded-For": sender}).status_code

    assert [ask(f"198.51.100.{number}, 203.0.113.7") for number in range(61)][-1] == 429
    assert ask("203.0.113.8") == 400


def test_without_a_proxy_nobody_names_another_sender(browser: Browser) -> None:
    asked = [
        browser.open("/oauth/callback?state=x", headers={"X-Forwarded-For": f"203.0.113.{number}"})
        for number in range(61)
    ]
    assert asked[-1].status_code == 429


def test_a_proxy_names_the_sender_and_not_us(make_app: Callable[..., Flask]) -> None:
    app = make_app(TRUSTED_PROXIES="1")
    seen: list[str] = []
    app.before_request(lambda: seen.append(request.host_url))
    Browser(app).open("/healthz", headers={"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http"})
    assert seen == [f"{PUBLIC_URL}/"]


def test_one_link_has_a_bucket_of_its_own(host: Host, browser: Browser) -> None:
    assert set(flood(browser, host.new_link(), 20)) == {200}
    assert browser.open("/oauth/start/another").status_code == 404


def test_a_flooded_link_is_refused(host: Host, browser: Browser) -> None:
    url = host.new_link()
    assert flood(browser, url, 21)[-1] == 429
    assert browser.open(host.new_link()).status_code == 200


def test_guessing_the_service_key_is_limited(host: Host) -> None:
    answers = [host.ask(headers={"Authorization": "Bearer guess"}) for _ in range(121)]
    assert {answer.status_code for answer in answers[:120]} == {401}
    assert (answers[120].status_code, answers[120].json["error"]) == (429, "rate_limited")


def test_health_is_never_limited(browser: Browser) -> None:
    assert set(flood(browser, "/healthz", 200)) == {200}


@pytest.mark.parametrize("path", ["/links", "/oauth/start/x", "/nothing"])
def test_a_body_that_is_too_large_is_not_read(browser: Browser, path: str) -> None:
    answer = browser.open(path, "POST", data=b"x" * (MOST_BYTES + 1))
    assert answer.status_code == 413
    assert notices.TOO_LARGE.title in answer.text or answer.json["error"] == "too_large"
