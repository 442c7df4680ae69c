"""`brokersync link --repair`."""

from __future__ import annotations

import uuid
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from models.connection import Status
from models.link import Link
from models.links import open_link
from models.session import Database
from tests.brokersync.command_line import run
from tests.records import a_connection

pytestmark = pytest.mark.servers


def links(database: Database) -> list[Link]:
    with database.session() as session:
        return list(session.scalars(select(Link)))


def test_user_and_broker_come_from_the_connection_named_by_the_beginning_of_its_id(stored: Database) -> None:
    connection_id = a_connection(stored, broker="schwab", user_id="7")
    made = run("link", "--repair", str(connection_id)[:8], "--json").document
    assert made.keys() == {"url", "expires_at", "connection_id"}
    assert made["connection_id"] == str(connection_id)
    with stored.session() as session:
        link = open_link(session, urlsplit(made["url"]).path.rpartition("/")[2], None)
        assert link
        assert (link.user_id, link.broker, link.connection_id) == ("7", "schwab", connection_id)


@pytest.mark.parametrize(
    ("status", "more"),
    [
        (Status.ACTIVE, ""),
        (Status.REAUTH_REQUIRED, ""),
        (Status.CREDENTIALS_UNREADABLE, ""),
        (Status.PAUSED, " It is paused and stays so: `brokersync resume {short}` starts it again."),
        (Status.DISCONNECTED, " It is disconnected, and goes on where it stopped."),
    ],
)
def test_a_person_is_told_what_it_repairs_and_what_that_does(stored: Database, status: Status, more: str) -> None:
    connection_id = a_connection(stored, broker="schwab", status=status)
    short = str(connection_id)[:8]
    said = f"It repairs connection {short}, the schwab login of user 42: ids and history stay."
    assert said + more.format(short=short) in run("link", "--repair", short).out.split("\n")


def test_user_and_broker_may_be_given_where_they_agree(stored: Database) -> None:
    connection_id = a_connection(stored, broker="schwab")
    assert run("link", "--repair", str(connection_id), "--user", "42", "--broker", "schwab").code == 0


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--user", "7"), "Invalid value for --user: Connection {id} is of user 42: leave --user away."),
        (("--broker", "schwab"), "Invalid value for --broker: Connection {id} is at fake: leave --broker away."),
    ],
)
def test_where_they_do_not_agree_no_link_is_made(stored: Database, given: tuple[str, str], said: str) -> None:
    connection_id = a_connection(stored)
    ran = run("link", "--repair", str(connection_id), *given)
    assert (ran.code, ran.out) == (2, "")
    assert said.format(id=connection_id) in ran.err
    assert links(stored) == []


def test_one_that_is_still_being_linked_has_nothing_to_repair(stored: Database) -> None:
    connection_id = a_connection(stored, broker="schwab", status=Status.LINKING)
    ran = run("link", "--repair", str(connection_id))
    assert (ran.code, ran.out) == (1, "")
    assert f"Connection {connection_id} is still being linked" in ran.err
    assert "disconnect it and ask for a link without it" in ran.err


def test_one_that_does_not_exist_says_where_they_are_listed(stored: Database) -> None:
    ran = run("link", "--repair", str(uuid.uuid4()))
    assert (ran.code, ran.out) == (1, "")
    assert "`brokersync connections` lists them" in ran.err


@pytest.mark.parametrize("given", [(), ("--user", "42"), ("--broker", "schwab")])
def test_without_it_user_and_broker_must_be_named(stored: Database, given: tuple[str, ...]) -> None:
    ran = run("link", *given)
    assert (ran.code, ran.out) == (2, "")
    assert "Name whom to link, with --user and --broker, or what to renew, with --repair." in ran.err


def test_a_broker_that_is_not_set_up_is_code_3_and_makes_no_link(
    stored: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection_id = a_connection(stored, broker="schwab")
    monkeypatch.delenv("SCHWAB_CLIENT_ID")
    ran = run("link", "--repair", str(connection_id))
    assert (ran.code, ran.out, ran.err) == (3, "", "Error: Set SCHWAB_CLIENT_ID to use Charles Schwab.\n")
    assert links(stored) == []
