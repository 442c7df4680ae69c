"""A link that was made to repair one connection, and a person who signed in with the login of another one of theirs."""

from __future__ import annotations

import uuid
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import delete, update

from models.connection import Connection, Status
from models.session import Database
from oauth_web import notices
from tests.oauth_web.given import Browser, Host, LoginBroker, grant, listing
from tests.oauth_web.stored import connections, tokens

pytestmark = pytest.mark.servers

FIRST, SECOND = "70001111", "70002222"


@pytest.fixture
def ended(database: Database, host: Host, broker: LoginBroker, browser: Browser) -> uuid.UUID:
    """A connection whose login has ended. Its user has another one, which works."""
    broker.will("list_accounts", listing(FIRST, login_id="login-1"), listing(SECOND, login_id="login-2"))
    browser.link(host.new_link())
    (first,) = connections(database)
    browser.link(host.new_link())
    with database.session() as session:
        ends = update(Connection).where(Connection.id == first.id)
        session.execute(ends.values(status=Status.REAUTH_REQUIRED, next_sync_at=None))
    broker.will("exchange", grant("I1.new", "r1.new"))
    return first.id


def test_the_page_says_that_another_one_was_renewed_and_that_this_one_still_waits(
    database: Database, host: Host, broker: LoginBroker, browser: Browser, ended: uuid.UUID
) -> None:
    broker.will("list_accounts", listing(SECOND, login_id="login-2"))
    answer = browser.link(host.new_link(connection_id=str(ended)))
    assert answer.status_code == 200
    assert notices.ANOTHER_RENEWED.title in answer.text
    assert "same connection as before" not in answer.text
    first, second = connections(database)
    assert (first.status, second.status) == (Status.REAUTH_REQUIRED, Status.ACTIVE)
    assert tokens(database, second)["refresh_token"] == "r1.new"


def test_the_page_says_where_the_login_became_a_connection_of_its_own(
    database: Database, host: Host, broker: LoginBroker, browser: Browser, ended: uuid.UUID
) -> None:
    with database.session() as session:
        session.execute(update(Connection).where(Connection.id == ended).values(login_fp=None))
    broker.will("list_accounts", listing("70003333", login_id="login-3"))
    answer = browser.link(host.new_link(connection_id=str(ended)))
    assert answer.status_code == 200
    assert notices.ANOTHER_LINKED.title in answer.text
    assert [each.status for each in connections(database)] == [Status.REAUTH_REQUIRED, Status.ACTIVE, Status.ACTIVE]


def test_the_host_application_is_told_by_a_status_of_its_own(
    database: Database, host: Host, broker: LoginBroker, browser: Browser, ended: uuid.UUID
) -> None:
    broker.will("list_accounts", listing(SECOND, login_id="login-2"))
    link = host.new_link(connection_id=str(ended), return_url="https://host.example/app")
    told = parse_qs(urlsplit(browser.link(link).headers["Location"]).query)
    assert told == {"connection_id": [str(connections(database)[1].id)], "status": ["another"]}


def test_where_the_one_to_be_repaired_was_erased_meanwhile_none_waits(
    database: Database, host: Host, broker: LoginBroker, browser: Browser, ended: uuid.UUID
) -> None:
    broker.will("list_accounts", listing(SECOND, login_id="login-2"))
    link = host.new_link(connection_id=str(ended))
    with database.session() as session:
        session.execute(delete(Connection).where(Connection.id == ended))
    assert "same connection as before" in browser.link(link).text
