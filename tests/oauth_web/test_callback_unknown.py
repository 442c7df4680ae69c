"""Logins of which the broker does not tell whose they are."""

from __future__ import annotations

import pytest

from brokers.records import Listing
from models.connection import Status
from models.session import Database
from oauth_web import notices
from tests.oauth_web.given import NUMBERS, Browser, Host, LoginBroker, grant, listing
from tests.oauth_web.stored import account_ids, connections, tokens

pytestmark = pytest.mark.servers


@pytest.mark.parametrize("named", [True, False])
def test_a_login_of_which_nothing_tells_whose_it_is_is_saved_and_the_page_says_nothing_else(
    database: Database, host: Host, broker: LoginBroker, browser: Browser, *, named: bool
) -> None:
    browser.link(host.new_link())
    (before,), ids = connections(database), account_ids(database)
    broker.will("exchange", grant("I1.new", "r1.new"))
    broker.will("list_accounts", Listing((), None))
    answer = browser.link(host.new_link(connection_id=str(before.id) if named else None))
    assert answer.status_code == 202
    assert notices.SAVED_UNKNOWN.title in answer.text
    assert "Fake Broker did not tell us" in answer.text
    first, waiting = connections(database)
    assert (first.status, waiting.status) == (Status.ACTIVE, Status.LINKING)
    assert tokens(database, waiting)["refresh_token"] == "r1.new"
    assert account_ids(database) == ids


def test_a_named_repair_that_brings_an_account_back_needs_no_more_to_be_told(
    database: Database, host: Host, broker: LoginBroker, browser: Browser
) -> None:
    browser.link(host.new_link())
    (before,) = connections(database)
    broker.will("list_accounts", listing(NUMBERS[0], login_id=None))
    answer = browser.link(host.new_link(connection_id=str(before.id)))
    assert "the same connection as before" in answer.text
    assert [each.id for each in connections(database)] == [before.id]
