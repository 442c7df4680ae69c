"""What was begun before a connection was disconnected does not link it again."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from models import linking
from models.connection import Connection, Credential, Status
from models.event import Event, EventDelivery
from models.link import Link
from models.links import make_link, open_link
from models.session import Database
from models.sharing import ListedRow
from tests.records import CREDENTIALS, NUMBER, a_connection, an_account
from tests.worker.stored import connection_row, events, until_waiting
from worker.disconnect import disconnect
from worker.parts import Parts

pytestmark = pytest.mark.servers


def a_link(database: Database, connection_id: uuid.UUID | None, *, used: bool = False) -> str:
    with database.session() as session:
        token = make_link(session, "42", "fake", connection_id).token
        session.flush()
        link = session.scalars(select(Link).order_by(Link.created_at.desc()).limit(1)).one()
        link.used_at = link.created_at if used else None
    return token


def is_open(database: Database, token: str) -> bool:
    with database.session() as session:
        return open_link(session, token, None) is not None


@pytest.mark.parametrize("erase", [False, True])
def test_an_open_link_that_repairs_it_is_withdrawn_and_others_stay(parts: Parts, *, erase: bool) -> None:
    connection_id, other = a_connection(parts.database), a_connection(parts.database)
    repairing, of_another, of_none = (a_link(parts.database, each) for each in (connection_id, other, None))
    a_link(parts.database, connection_id, used=True)
    disconnect(parts, connection_id, erase)
    assert [is_open(parts.database, each) for each in (repairing, of_another, of_none)] == [False, True, True]
    with parts.database.session() as session:
        used = session.scalars(select(Link.id).where(Link.connection_id == connection_id)).all()
    assert len(used) == (0 if erase else 1), "erasing leaves nothing of it"


def test_a_link_that_is_asked_for_afterwards_repairs_it(parts: Parts) -> None:
    connection_id = a_connection(parts.database)
    disconnect(parts, connection_id, erase=False)
    assert is_open(parts.database, a_link(parts.database, connection_id))


@pytest.mark.parametrize("erase", [False, True])
def test_a_login_that_was_made_to_repair_it_and_waits_to_be_listed_is_dropped(parts: Parts, *, erase: bool) -> None:
    connection_id = a_connection(parts.database)
    waiting = a_connection(parts.database, status=Status.LINKING, repairs_connection_id=connection_id)
    another = a_connection(parts.database, status=Status.LINKING)
    disconnect(parts, connection_id, erase)
    with parts.database.session() as session:
        left = set(session.scalars(select(Connection.id)))
        assert set(session.scalars(select(Credential.connection_id))) == {another}
    assert left == ({another} if erase else {another, connection_id})
    assert waiting not in left
    assert events(parts.database, connection_id) == ["login_dropped", "disconnected"]


@pytest.mark.parametrize("erase", [False, True])
def test_a_login_that_is_being_activated_is_waited_for_and_then_forgotten(parts: Parts, *, erase: bool) -> None:
    connection_id = a_connection(parts.database, login_at=datetime.now(UTC) - timedelta(days=1))
    an_account(parts.database, connection_id)
    waiting = a_connection(parts.database, status=Status.LINKING, repairs_connection_id=connection_id)
    listed = [ListedRow(NUMBER, "…452", f"hash-{NUMBER}", None)]
    with ThreadPoolExecutor(1) as pool:
        with parts.database.session() as session:
            linking.activate(session, waiting, None, listed, "browser link")
            disconnecting = pool.submit(disconnect, parts, connection_id, erase)
            until_waiting(parts.database)
        assert disconnecting.result()["status"] == "disconnected"
    with parts.database.session() as session:
        assert session.scalars(select(Credential)).all() == []
        assert list(session.scalars(select(Connection.status))) == ([] if erase else [Status.DISCONNECTED])
    assert events(parts.database, connection_id) == ["repaired", "disconnected"]


@pytest.mark.parametrize("erase", [False, True])
def test_a_link_whose_login_is_being_kept_is_waited_for_and_that_login_dropped(parts: Parts, *, erase: bool) -> None:
    connection_id = a_connection(parts.database)
    a_link(parts.database, connection_id)
    with ThreadPoolExecutor(1) as pool:
        with parts.database.session() as session:
            link = session.scalars(select(Link)).one()
            linking.keep_grant(session, link, CREDENTIALS, None, None, timedelta(minutes=5))
            disconnecting = pool.submit(disconnect, parts, connection_id, erase)
            until_waiting(parts.database)
        disconnecting.result()
    with parts.database.session() as session:
        assert session.scalars(select(Credential)).all() == []
    assert events(parts.database, connection_id) == ["login_dropped", "disconnected"]


@pytest.mark.parametrize("erase", [False, True])
def test_programs_are_told_also_of_what_is_erased(parts: Parts, *, erase: bool) -> None:
    connection_id = a_connection(parts.database)
    an_account(parts.database, connection_id)
    disconnect(parts, connection_id, erase)
    with parts.database.session() as session:
        event = session.scalars(select(Event)).one()
        told = session.scalars(select(EventDelivery).where(EventDelivery.event_id == event.id)).all()
    assert (event.kind, event.connection_id, event.user_id, event.broker) == (
        "disconnected",
        connection_id,
        "42",
        "fake",
    )
    assert event.details["erased"] == int(erase)
    assert {(each.target, each.state) for each in told} == {("subscribers", "pending"), ("webhook", "pending")}


def test_what_is_disconnected_already_stays_so(parts: Parts) -> None:
    connection_id = a_connection(parts.database, status=Status.DISCONNECTED)
    disconnect(parts, connection_id, erase=False)
    assert connection_row(parts.database, connection_id).status == Status.DISCONNECTED
    assert events(parts.database, connection_id) == []
