from __future__ import annotations

import logging
import traceback
from urllib.parse import quote

import pytest
from flask import Flask
from werkzeug.test import create_environ

from brokers.errors import BrokerDown
from oauth_web.logs import ROUTE_IN_ENVIRON
from tests.oauth_web.given import (
    ACCESS_TOKEN,
    CODE,
    NUMBERS,
    REFRESH_TOKEN,
    SERVICE_KEY,
    Browser,
    Host,
    LoginBroker,
    cookies_of,
    grant,
    sent_to_broker,
)

pytestmark = pytest.mark.servers


def everything(caplog: pytest.LogCaptureFixture) -> str:
    """All that a log file would hold, tracebacks included."""
    texts = []
    for record in caplog.records:
        texts += [record.getMessage(), repr(record.__dict__)]
        if record.exc_info:
            texts += traceback.format_exception(*record.exc_info)
    return "\n".join(texts)


def test_no_secret_is_logged_whatever_happens(
    broker: LoginBroker, host: Host, browser: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secrets = {ACCESS_TOKEN, REFRESH_TOKEN, CODE, SERVICE_KEY, *NUMBERS}
    for outcome in (grant(), BrokerDown("POST /oauth/token", "away"), RuntimeError("a fault of ours")):
        broker.will("exchange", outcome)
        url = host.new_link()
        browser.open(url)
        started = browser.press(url)
        secrets |= {url.rpartition("/")[2], sent_to_broker(started)["state"]}
        secrets.add(cookies_of(started)[0].partition("=")[2].partition(";")[0])
        browser.come_back(sent_to_broker(started)["state"])
    log = everything(caplog)
    assert "a request crashed: GET /oauth/callback" in log
    assert len(secrets) == 6 + 3 * 3
    assert [secret for secret in secrets if secret in log or quote(secret) in log] == []


def test_a_crash_on_the_start_page_is_logged_by_route(
    host: Host, browser: Browser, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = host.new_link()
    monkeypatch.setattr("models.links.open_link", lambda *_: 1 / 0)
    assert browser.open(url).status_code == 500
    assert "a request crashed: GET /oauth/start/<token>" in caplog.text
    assert url.rpartition("/")[2] not in everything(caplog)


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/oauth/start/a-token", "/oauth/start/<token>"),
        ("/oauth/callback?code=c&state=s", "/oauth/callback"),
        ("/a-token-at-the-wrong-place", "(no route)"),
    ],
)
def test_the_access_log_is_given_the_route(app: Flask, path: str, route: str) -> None:
    environ = create_environ(path)
    app(environ, lambda *_: None).close()
    assert environ[ROUTE_IN_ENVIRON] == route
