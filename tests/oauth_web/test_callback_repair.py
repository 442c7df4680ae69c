"""A login that is linked again: the page says whether the same accounts came back."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import delete, update

from brokers.records import Listing
from brokersync.pausing import pause
from models.account import Account
from models.connection import Connection, Status
from models.event import record_event
from models.link import Link
from models.session import Database
from oauth_web import notices
from tests.oauth_web.given import Browser, Host, LoginBroker, grant, listing
from tests.oauth_web.stored import account_ids, connections, nothing

pytestmark = pytest.mark.servers

FIRST, SECOND, THIRD, FOURTH = "70001234", "70005678", "70009012", "70003456"


def repaired(broker: LoginBroker, host: Host, browser: Browser, *numbers: str) -> str:
    """The page of a second login that shares these accounts."""
    broker.will("list_accounts", listing(*numbers) if numbers else Listing((), "login-1"))
    answer = browser.link(host.new_link())
    assert answer.status_code == 200, answer.text
    return answer.text


def section(page: str, title: str) -> str:
    """What stands under one heading."""
    return page.partition(f"<h2>{title}</h2>")[2].partition("<h2>")[0]


def words(page: str) -> str:
    return " ".join(re.sub("<[^>]*>", "", page).split())


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        ([FIRST], [FIRST], "The same account came back."),
        ([FIRST, SECOND, THIRD], [FIRST, SECOND, THIRD], "The same 3 accounts came back."),
        ([FIRST], [FIRST, SECOND], "The same account came back. 1 account was added."),
        ([FIRST, SECOND, THIRD], [FIRST, SECOND], "2 of the 3 accounts came back."),
        ([FIRST, SECOND], [SECOND, THIRD, FOURTH], "1 of the 2 accounts came back. 2 accounts were added."),
        ([FIRST, SECOND], [THIRD], "None of the 2 accounts came back. 1 account was added."),
        ([FIRST], [], "Its account did not come back."),
    ],
)
def test_the_page_says_whether_the_same_accounts_came_back(
    host: Host, broker: LoginBroker, browser: Browser, before: list[str], now: list[str], said: str
) -> None:
    broker.will("list_accounts", listing(*before))
    browser.link(host.new_link())
    page = repaired(broker, host, browser, *now)
    assert f"<strong>{said}</strong>" in page
    assert "the same connection as before" in page
    assert not any(number in page for number in (*before, *now))


def test_the_page_marks_what_was_added_and_what_is_not_shared_and_says_how_to_share_it_again(
    database: Database, host: Host, broker: LoginBroker, browser: Browser
) -> None:
    first = browser.link(host.new_link()).text
    ids = account_ids(database)
    page = repaired(broker, host, browser, SECOND, THIRD)
    shared, missing = section(page, "Accounts you share"), section(page, "Not shared this time")
    assert re.findall(r"…\d+", shared) == ["…678", "…012"]
    assert re.findall(r"…(\d+)|(added)", shared)[-1] == ("", "added")
    assert shared.count("added") == 1
    assert re.findall(r"…\d+", missing) == ["…234"]
    assert "not read any more" in missing
    assert "tick them on the pages of Fake Broker" in section(page, "What to do next")
    assert '<main class="wait">' in page
    assert {number: account_ids(database)[number] for number in ids} == ids, "kept, with their ids"
    assert "added" not in first
    assert "Not shared" not in first
    assert '<main class="good">' in first


def test_where_no_account_is_shared_the_page_does_not_say_that_anything_is_read(
    host: Host, broker: LoginBroker, browser: Browser
) -> None:
    first = browser.link(host.new_link()).text
    assert "read from now on, without you" in first
    broker.will("list_accounts", Listing((), "login-2"))
    page = browser.link(host.new_link()).text
    assert "read from now on" not in page
    assert "You share no account with it yet, so nothing is read." in page
    assert "ask for a new link and choose them at Fake Broker" in section(page, "What to do next")
    assert "Nothing. You can close this page." not in page
    assert '<main class="wait">' in page


def test_an_account_that_is_shared_again_is_added(host: Host, broker: LoginBroker, browser: Browser) -> None:
    browser.link(host.new_link())
    repaired(broker, host, browser, FIRST)
    page = repaired(broker, host, browser, FIRST, SECOND)
    assert "The same account came back. 1 account was added." in page
    assert "not shared" not in page


def test_a_paused_connection_stays_paused_and_both_pages_say_so(
    database: Database, host: Host, broker: LoginBroker, browser: Browser
) -> None:
    browser.link(host.new_link())
    (connection,) = connections(database)
    with database.session() as session:
        pause(session, connection.id)
    url = host.new_link(connection_id=str(connection.id))
    assert "It is paused: after you sign in, nothing is read" in browser.open(url).text
    page = browser.link(url).text
    assert "It is paused: nothing is read" in page
    assert connections(database)[0].status == Status.PAUSED


def test_the_start_page_says_what_it_repairs(
    database: Database, host: Host, broker: LoginBroker, browser: Browser
) -> None:
    broker.will("list_accounts", listing(FIRST, SECOND, THIRD))
    browser.link(host.new_link())
    (connection,) = connections(database)
    url = host.new_link(connection_id=str(connection.id))
    page = browser.open(url).text
    assert "It shares …234, …678 and …012." in words(page)
    assert "disconnected" not in page
    assert "paused" not in page
    with database.session() as session:
        session.execute(update(Connection).values(label="IRA <b>", status=Status.DISCONNECTED))
        session.execute(delete(Account).where(Account.masked != "…234"))
    page = browser.open(url).text
    assert "It is called IRA &lt;b&gt;. It shares …234." in words(page)
    assert "It was disconnected. Signing in starts it again." in page


def test_a_login_whose_connection_was_disconnected_meanwhile_is_dropped_and_the_page_says_so(
    database: Database, host: Host, broker: LoginBroker, browser: Browser
) -> None:
    browser.link(host.new_link())
    (connection,) = connections(database)

    def disconnected() -> Listing:
        with database.session() as session:
            stored = session.get_one(Connection, connection.id)
            stored.status, stored.next_sync_at = Status.DISCONNECTED, None
            record_event(session, "disconnected", stored, "demand", erased=0)
        return listing()

    broker.will("list_accounts", disconnected)
    answer = browser.link(host.new_link(return_url="https://host.example/app"))
    assert answer.status_code == 409
    assert notices.FORGOTTEN.title in answer.text
    assert [(each.id, each.status) for each in connections(database)] == [(connection.id, Status.DISCONNECTED)]


def test_a_link_that_was_withdrawn_during_its_callback_keeps_no_login(
    database: Database, host: Host, broker: LoginBroker, browser: Browser
) -> None:
    def withdrawn() -> object:
        with database.session() as session:
            session.execute(delete(Link))
        return grant()

    broker.will("exchange", withdrawn)
    answer = browser.link(host.new_link())
    assert answer.status_code == 409
    assert notices.FORGOTTEN.title in answer.text
    assert nothing(database)
