"""What was done to a login while its accounts were being listed stands, and the page says so."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, update

from brokers.records import Listing
from brokersync.pausing import pause
from models.connection import Connection, Credential, Status
from models.session import Database
from oauth_web import notices
from tests.oauth_web.given import Browser, Host, LoginBroker, grant, listing
from tests.oauth_web.stored import connections, tokens

pytestmark = pytest.mark.servers


def overtaken(broker: LoginBroker, host: Host, another_browser: Browser) -> None:
    """While the first listing is under way, the person links once more in another browser."""

    def link_again() -> Listing:
        broker.will("exchange", grant("I1.newer", "r1.newer"))
        broker.will("list_accounts", listing())
        another_browser.link(host.new_link())
        return listing()

    broker.will("list_accounts", link_again)


def test_who_is_overtaken_by_a_newer_login_of_theirs_is_told(
    database: Database, host: Host, broker: LoginBroker, browser: Browser, another_browser: Browser
) -> None:
    overtaken(broker, host, another_browser)
    answer = browser.link(host.new_link())
    assert answer.status_code == 200
    assert notices.NEWER_LOGIN.title.format(broker="Fake Broker") in answer.text
    (connection,) = connections(database)
    assert tokens(database, connection)["refresh_token"] == "r1.newer"


def test_an_application_is_given_the_connection_that_has_the_newer_login(
    database: Database, host: Host, broker: LoginBroker, browser: Browser, another_browser: Browser
) -> None:
    overtaken(broker, host, another_browser)
    answer = browser.link(host.new_link(return_url="https://host.example/app"))
    (connection,) = connections(database)
    assert answer.headers["Location"] == f"https://host.example/app?connection_id={connection.id}&status=repaired"


def test_the_page_of_a_login_that_was_paused_meanwhile_does_not_say_that_it_is_read(
    database: Database, host: Host, broker: LoginBroker, browser: Browser
) -> None:
    def paused() -> Listing:
        with database.session() as session:
            (connection,) = connections(database)
            pause(session, connection.id)
        return listing()

    broker.will("list_accounts", paused)
    page = browser.link(host.new_link()).text
    assert "paused" in page
    assert "read from now on" not in page
    (connection,) = connections(database)
    assert (connection.status, connection.next_sync_at) == (Status.PAUSED, None)


@pytest.mark.parametrize("erased", [False, True])
def test_a_login_that_was_disconnected_meanwhile_stays_so(
    database: Database, host: Host, broker: LoginBroker, browser: Browser, *, erased: bool
) -> None:
    def disconnected() -> Listing:
        with database.session() as session:
            session.execute(delete(Connection if erased else Credential))
            if not erased:
                session.execute(update(Connection).values(status=Status.DISCONNECTED, next_sync_at=None))
        return listing()

    broker.will("list_accounts", disconnected)
    answer = browser.link(host.new_link())
    assert answer.status_code == 409
    assert notices.FORGOTTEN.title in answer.text
    assert [each.status for each in connections(database)] == ([] if erased else [Status.DISCONNECTED])
