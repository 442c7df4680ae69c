from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from brokersync.sandbox_clock import let_pass
from models.account import Account, AccountCheck
from models.circuit import Circuit
from models.connection import Connection, Credential, Status
from models.event import DeliveryState, EventDelivery, record_event
from models.link import Link
from models.links import make_link
from models.session import Database
from tests.records import a_connection, an_account
from tests.worker.stored import connection_row, credential_row

pytestmark = pytest.mark.servers

SIX_DAYS = timedelta(days=6)
NOW = datetime(2026, 11, 20, 18, tzinfo=UTC)


def test_logins_answers_expiries_and_due_times_age_by_what_has_passed(database: Database) -> None:
    connection_id = a_connection(database, broker="schwab", checked_at=NOW, last_success_at=NOW)
    before, credential_before = connection_row(database, connection_id), credential_row(database, connection_id)
    with database.session() as session:
        assert let_pass(session, SIX_DAYS) == 1
    after = connection_row(database, connection_id)
    for name in ("login_at", "login_expires_at", "next_sync_at", "checked_at", "last_success_at"):
        assert getattr(after, name) == getattr(before, name) - SIX_DAYS, name
    credential = credential_row(database, connection_id)
    assert credential_before.access_expires_at
    assert credential.access_expires_at == credential_before.access_expires_at - SIX_DAYS


def test_what_an_account_was_confirmed_at_ages_with_its_connection(database: Database) -> None:
    accounts = [an_account(database, a_connection(database, broker=broker)) for broker in ("schwab", "fake")]
    with database.session() as session:
        session.add_all(AccountCheck(account_id=each, checked_at=NOW) for each in accounts)
    with database.session() as session:
        let_pass(session, SIX_DAYS)
    with database.session() as session:
        checked = [session.get_one(AccountCheck, each).checked_at for each in accounts]
    assert checked == [NOW - SIX_DAYS, NOW]


def test_what_has_no_end_and_is_not_due_stays_so(database: Database) -> None:
    connection_id = a_connection(database, broker="schwab", lasts=None, login_expires_at=None, next_sync_at=None)
    with database.session() as session:
        let_pass(session, SIX_DAYS)
    after = connection_row(database, connection_id)
    assert (after.login_expires_at, after.next_sync_at) == (None, None)
    assert credential_row(database, connection_id).access_expires_at is None


def test_another_brokers_connections_do_not_age(database: Database) -> None:
    connection_id = a_connection(database, broker="fake")
    before = connection_row(database, connection_id)
    with database.session() as session:
        assert let_pass(session, SIX_DAYS) == 0
    assert connection_row(database, connection_id).login_at == before.login_at
    assert credential_row(database, connection_id).access_expires_at is not None


def test_a_refresh_that_was_cut_short_is_longer_ago(database: Database) -> None:
    connection_id = a_connection(database, broker="schwab")
    with database.session() as session:
        credential = session.get_one(Credential, connection_id)
        credential.refresh_started_at = credential.cut_short_at = NOW
    with database.session() as session:
        let_pass(session, SIX_DAYS)
    after = credential_row(database, connection_id)
    assert after.refresh_started_at == after.cut_short_at == NOW - SIX_DAYS


@pytest.mark.parametrize("status", list(Status))
def test_connections_of_every_status_age(database: Database, status: Status) -> None:
    connection_id = a_connection(database, broker="schwab", status=status)
    before = connection_row(database, connection_id).login_at
    with database.session() as session:
        assert let_pass(session, SIX_DAYS) == 1
    assert connection_row(database, connection_id).login_at == before - SIX_DAYS


@pytest.mark.parametrize(
    ("broker", "state", "passed"),
    [
        ("schwab", DeliveryState.PENDING, SIX_DAYS),
        ("schwab", DeliveryState.GIVEN_UP, timedelta(0)),
        ("fake", DeliveryState.PENDING, timedelta(0)),
    ],
)
def test_what_is_still_to_be_delivered_is_tried_again_sooner(
    database: Database, broker: str, state: DeliveryState, passed: timedelta
) -> None:
    connection_id = a_connection(database, broker=broker)
    with database.session() as session:
        record_event(session, "linked", session.get_one(Connection, connection_id), "browser")
        session.flush()
        session.execute(update(EventDelivery).values(state=state, next_try_at=NOW))
        assert let_pass(session, SIX_DAYS) == (broker == "schwab")
    with database.session() as session:
        assert set(session.scalars(select(EventDelivery.next_try_at))) == {NOW - passed}


@pytest.mark.parametrize(("broker", "passed"), [("schwab", SIX_DAYS), ("fake", timedelta(0))])
def test_the_probe_of_an_open_circuit_comes_sooner(database: Database, broker: str, passed: timedelta) -> None:
    with database.session() as session:
        session.add(
            Circuit(
                broker=broker,
                app="fingerprint",
                error_kind="app_misconfigured",
                error_text="the app is refused",
                opened_at=NOW,
                probe_at=NOW + timedelta(minutes=8),
                probed_at=NOW,
            )
        )
    with database.session() as session:
        let_pass(session, SIX_DAYS)
    with database.session() as session:
        circuit = session.scalars(select(Circuit)).one()
    assert (circuit.opened_at, circuit.probe_at) == (NOW - passed, NOW + timedelta(minutes=8) - passed)
    assert circuit.probed_at == NOW - passed


@pytest.mark.parametrize(("broker", "passed"), [("schwab", SIX_DAYS), ("fake", timedelta(0))])
def test_links_grow_old_too(database: Database, broker: str, passed: timedelta) -> None:
    times = ("expires_at", "started_at", "callback_at", "used_at")
    with database.session() as session:
        make_link(session, "42", broker)
        session.flush()
        session.execute(update(Link).values(dict.fromkeys(times, NOW)))
    with database.session() as session:
        let_pass(session, SIX_DAYS)
    with database.session() as session:
        link = session.scalars(select(Link)).one()
    assert [getattr(link, name) for name in times] == [NOW - passed] * len(times)


@pytest.mark.parametrize(("broker", "passed"), [("schwab", SIX_DAYS), ("fake", timedelta(0))])
def test_an_account_is_not_shared_for_longer(database: Database, broker: str, passed: timedelta) -> None:
    an_account(database, a_connection(database, broker=broker))
    with database.session() as session:
        session.execute(update(Account).values(missing_since=NOW))
    with database.session() as session:
        let_pass(session, SIX_DAYS)
    with database.session() as session:
        assert session.scalars(select(Account.missing_since)).one() == NOW - passed
