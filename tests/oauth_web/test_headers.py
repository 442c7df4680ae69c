from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask

from tests.oauth_web.given import Browser, Host

pytestmark = pytest.mark.servers

ANYWHERE = [
    "/healthz",
    "/readyz",
    "/openapi.json",
    "/static/style.css",
    "/oauth/callback",
    "/oauth/start/x",
    "/nothing",
]


@pytest.mark.parametrize("path", ANYWHERE)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE", "OPTIONS"])
def test_every_answer_is_private_and_cannot_be_framed(browser: Browser, path: str, method: str) -> None:
    headers = browser.open(path, method).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "base-uri 'none'" in policy
    assert "script" not in policy
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers.getlist("Cache-Control") == ["no-store"]


def test_only_the_start_page_has_a_form_that_leads_anywhere(host: Host, browser: Browser) -> None:
    assert "form-action 'self'" in browser.open(url := host.new_link()).headers["Content-Security-Policy"]
    assert "form-action 'none'" in browser.link(url).headers["Content-Security-Policy"]


def test_browsers_are_told_to_stay_with_tls_where_there_is_tls(make_app: Callable[..., Flask]) -> None:
    over_tls = Browser(make_app(PUBLIC_URL="https://sync.example")).open("/healthz")
    without = Browser(make_app(PUBLIC_URL="http://127.0.0.1:8182")).open("/healthz")
    assert over_tls.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert "Strict-Transport-Security" not in without.headers


@pytest.mark.parametrize("host", ["127.0.0.1:8182", "localhost:8182", "LOCALHOST", "app.localhost", "[::1]:8182"])
def test_no_browser_is_told_to_reach_other_programs_of_this_machine_by_tls(
    make_app: Callable[..., Flask], host: str
) -> None:
    answer = Browser(make_app(PUBLIC_URL=f"https://{host}")).open("/healthz")
    assert "Strict-Transport-Security" not in answer.headers


def test_a_page_loads_its_style_sheet_and_nothing_else(host: Host, browser: Browser) -> None:
    page = browser.open(host.new_link()).text
    loaded = re.findall(r"(?:src|href)=\"([^\"]*)\"", page)
    assert loaded == ["/static/style.css"]
    sheet = browser.open(loaded[0])
    assert sheet.mimetype == "text/css"
    assert not re.search(r"url\(|@import", sheet.text)


def test_the_style_sheet_is_found_behind_a_path(make_app: Callable[..., Flask]) -> None:
    app = make_app(PUBLIC_URL="https://host.example/sync")
    assert 'href="/sync/static/style.css"' in Browser(app).open("/nothing").text
