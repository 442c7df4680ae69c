from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from models.links import open_link
from models.session import Database
from tests.brokersync.command_line import run

pytestmark = pytest.mark.servers

LINK = ("link", "--user", "42", "--broker", "schwab")


def token(url: str) -> str:
    address, _, token = url.rpartition("/")
    assert address == "http://127.0.0.1:8182/oauth/start"
    return token


def test_the_link_opens_and_ends_in_a_quarter_of_an_hour(stored: Database) -> None:
    made = run(*LINK, "--json").document
    assert made.keys() == {"url", "expires_at"}
    left = datetime.fromisoformat(made["expires_at"]) - datetime.now(UTC)
    assert timedelta(minutes=14) < left <= timedelta(minutes=15, seconds=5)
    with stored.session() as session:
        link = open_link(session, token(made["url"]), None)
        assert link
        assert (link.user_id, link.broker, link.connection_id, link.return_url) == ("42", "schwab", None, None)


def test_a_person_is_told_what_to_do_with_it_and_that_nobody_serves_it_yet(
    stored: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUBLIC_URL", "http://127.0.0.1:1")
    url, _, rest = run(*LINK).out.partition("\n")
    assert url.startswith("http://127.0.0.1:1/oauth/start/")
    assert "Open it in a browser within 15 min; it works once." in rest
    assert "Nobody serves http://127.0.0.1:1" in rest
    assert "brokersync web" in rest


def test_where_the_web_app_answers_nobody_is_told_to_start_it(
    stored: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with HTTPServer(("127.0.0.1", 0), _Healthy) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        monkeypatch.setenv("PUBLIC_URL", f"http://127.0.0.1:{server.server_port}")
        assert run(*LINK).out.endswith("Open it in a browser within 15 min; it works once.\n")


class _Healthy(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"status": "ok"}')

    def log_message(self, *arguments: object) -> None:
        """Nothing: a test's output is the test's."""


def test_the_browser_returns_only_where_it_is_allowed_to(stored: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETURN_URLS", "https://app.example/back")
    assert run(*LINK, "--return-url", "https://app.example/back/here").code == 0
    for elsewhere in ("https://app.example/backwards", "https://app.example.evil/back", "javascript:alert(1)"):
        ran = run(*LINK, "--return-url", elsewhere)
        assert (ran.code, ran.out) == (2, "")
        assert "RETURN_URLS" in ran.err


def test_a_broker_that_is_not_set_up_is_code_3_and_makes_no_link(
    stored: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SCHWAB_CLIENT_ID")
    ran = run(*LINK)
    assert (ran.code, ran.out, ran.err) == (3, "", "Error: Set SCHWAB_CLIENT_ID to use Charles Schwab.\n")


def test_a_broker_that_does_not_exist_is_used_wrongly(stored: Database) -> None:
    ran = run("link", "--user", "42", "--broker", "nope")
    assert ran.code == 2
    assert "There are: schwab" in ran.err


def test_without_a_key_to_keep_tokens_with_nobody_is_sent_to_log_in(
    stored: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ENCRYPTION_KEY")
    ran = run(*LINK)
    assert (ran.code, ran.out) == (3, "")
    assert "`brokersync new-key`" in ran.err


@pytest.mark.parametrize("user", ["", "4\x1b[2J", "4" * 5000])
def test_a_user_that_the_web_app_would_refuse_is_refused(stored: Database, user: str) -> None:
    ran = run("link", "--user", user, "--broker", "schwab")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("Error: The user must be named in 1 to 200 characters")
