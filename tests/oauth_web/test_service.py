from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from models.connection import Connection, Status
from models.links import OPEN_LINKS
from models.sealing import keyring
from models.session import Database
from oauth_web.app import create_app
from settings import Settings
from tests.oauth_web.given import PUBLIC_URL, SERVICE_KEY, Browser, Host
from tests.oauth_web.stored import connections, the_link

pytestmark = pytest.mark.servers


def test_a_link_is_a_one_time_address_at_the_public_url(database: Database, host: Host) -> None:
    answer = host.ask(connection_id=None, return_url=None)
    assert answer.status_code == 201
    assert set(answer.json) == {"url", "expires_at"}
    assert re.fullmatch(rf"{PUBLIC_URL}/oauth/start/[\w-]{{43}}", answer.json["url"])
    expires_at = datetime.strptime(answer.json["expires_at"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert timedelta(minutes=14) < expires_at - datetime.now(UTC) <= timedelta(minutes=15)
    assert answer.json["url"].rpartition("/")[2] not in str(vars(the_link(database)))


def test_a_forged_host_header_changes_no_address(app: Flask) -> None:
    headers = {"Authorization": f"Bearer {SERVICE_KEY}", "Host": "evil.example", "X-Forwarded-Host": "evil.example"}
    answer = Host(app).ask(headers=headers)
    assert answer.json["url"].startswith(f"{PUBLIC_URL}/")


@pytest.mark.parametrize(
    "authorization", ["", SERVICE_KEY, f"Basic {SERVICE_KEY}", "Bearer", "Bearer wrong", f"Bearer {SERVICE_KEY}x"]
)
def test_without_the_service_key_there_is_no_link(host: Host, authorization: str) -> None:
    answer = host.ask(headers={"Authorization": authorization})
    assert (answer.status_code, answer.json["error"]) == (401, "not_authorized")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_an_app_without_a_service_key_gives_no_links(make_app: Callable[..., Flask]) -> None:
    answer = Host(make_app(LINK_SERVICE_KEY="")).ask(headers={"Authorization": "Bearer "})
    assert (answer.status_code, answer.json["error"]) == (503, "service_key_not_set")
    assert "LINK_SERVICE_KEY" in answer.json["message"]


@pytest.mark.parametrize(
    "body",
    [
        [],
        {},
        {"user_id": "42"},
        {"user_id": 42, "broker": "fake"},
        {"user_id": "", "broker": "fake"},
        {"user_id": "  ", "broker": "fake"},
        {"user_id": "4\x002", "broker": "fake"},
        {"user_id": "4\n2", "broker": "fake"},
        {"user_id": "4" * 201, "broker": "fake"},
        {"user_id": "42", "broker": "fake", "connection_id": "7"},
        {"user_id": "42", "broker": "fake", "returnUrl": "https://host.example/app"},
    ],
)
def test_a_body_that_is_no_link_request_is_refused_with_the_reason(host: Host, body: Any) -> None:
    answer = host.ask(body)
    assert (answer.status_code, answer.json["error"]) == (400, "bad_request")
    assert answer.json["message"]


@pytest.mark.parametrize("data", [b"", b"{", b"\xff\xfe", b'{"user_id": "\\ud800", "broker": "fake"}', b"[" * 9000])
def test_a_body_that_is_no_json_is_refused(app: Flask, data: bytes) -> None:
    headers = {"Authorization": f"Bearer {SERVICE_KEY}"}
    answer = app.test_client().post("/links", data=data, headers=headers)
    assert (answer.status_code, answer.json["error"]) == (400, "bad_request")


def test_an_unknown_broker_is_answered_with_the_known_ones(host: Host) -> None:
    answer = host.ask(broker="nobank")
    assert (answer.status_code, answer.json["error"]) == (400, "unknown_broker")
    assert "fake" in answer.json["message"]


def test_a_broker_that_is_not_configured_names_the_variables(database: Database, database_url: str) -> None:
    environ = {"DATABASE_URL": database_url, "LINK_SERVICE_KEY": SERVICE_KEY, "SCHWAB_CLIENT_SECRET": "s"}
    answer = Host(create_app(Settings.from_environ(environ), environ)).ask(broker="schwab")
    assert (answer.status_code, answer.json["error"]) == (503, "broker_not_configured")
    assert "Set SCHWAB_CLIENT_ID and SCHWAB_REDIRECT_URI" in answer.json["message"]


@pytest.mark.parametrize(
    "url", ["https://evil.example/app", "https://host.example.evil.example/app", "//host.example/app", "javascript:1"]
)
def test_a_return_url_that_is_not_on_the_list_is_refused(host: Host, url: str) -> None:
    answer = host.ask(return_url=url)
    assert (answer.status_code, answer.json["error"]) == (400, "return_url_not_allowed")


def test_somebody_elses_connection_cannot_be_repaired(database: Database, host: Host, browser: Browser) -> None:
    browser.link(host.new_link("owner"))
    (connection,) = connections(database)
    for connection_id in (connection.id, uuid.uuid4()):
        answer = host.ask(user_id="thief", connection_id=str(connection_id))
        assert (answer.status_code, answer.json["error"]) == (409, "link_refused")


def test_a_connection_that_is_still_being_linked_is_answered_with_what_to_do(
    database: Database, host: Host, browser: Browser
) -> None:
    browser.link(host.new_link())
    (connection,) = connections(database)
    with database.session() as session:
        session.execute(update(Connection).values(status=Status.LINKING))
    answer = host.ask(connection_id=str(connection.id))
    assert (answer.status_code, answer.json["error"]) == (409, "link_refused")
    assert "Wait until its status is active, or disconnect it" in answer.json["message"]


@pytest.mark.parametrize("status", [each for each in Status if each is not Status.LINKING])
def test_a_connection_in_any_other_state_can_be_repaired(
    database: Database, host: Host, browser: Browser, status: Status
) -> None:
    browser.link(host.new_link())
    (connection,) = connections(database)
    with database.session() as session:
        session.execute(update(Connection).values(status=status))
    assert host.ask(connection_id=str(connection.id)).status_code == 201


def test_one_user_cannot_pile_up_links(host: Host) -> None:
    for _ in range(OPEN_LINKS):
        host.new_link("busy")
    answer = host.ask(user_id="busy")
    assert (answer.status_code, answer.json["error"]) == (429, "too_many_links")
    assert host.ask(user_id="another").status_code == 201


def test_no_link_is_made_that_could_not_be_stored(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ENCRYPTION_KEY")
    keyring.cache_clear()
    answer = host.ask()
    assert (answer.status_code, answer.json["error"]) == (503, "not_configured")
    assert "brokersync new-key" in answer.json["message"]
