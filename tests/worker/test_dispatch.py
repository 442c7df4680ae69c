"""What is due is claimed, and only then sent."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import func, select

from models.connection import SCHEDULED, Connection, Status
from models.session import Database
from tests.records import a_connection
from tests.worker.no_circuits import dispatch_due_connections, take
from tests.worker.stored import connection_row, put
from worker import dispatch, limits
from worker.claims import Claim
from worker.not_taken import NotTaken

pytestmark = pytest.mark.servers

Sent = list[tuple[uuid.UUID, uuid.UUID]]


def due_ids(database: Database, sent: Sent | None = None) -> set[uuid.UUID]:
    sent = [] if sent is None else sent
    count = dispatch_due_connections(database, lambda *message: sent.append(message))
    assert count == len(sent)
    return {connection_id for connection_id, _ in sent}


def test_a_claim_is_committed_before_its_message_is_sent(database: Database) -> None:
    connection_id = a_connection(database)
    seen: list[uuid.UUID | None] = []
    sent: Sent = []

    def send(connection: uuid.UUID, claim: uuid.UUID) -> None:
        seen.append(connection_row(database, connection).claim_id)
        sent.append((connection, claim))

    dispatch_due_connections(database, send)
    ((sent_connection, claim_id),) = sent
    assert (sent_connection, seen) == (connection_id, [claim_id])
    stored = connection_row(database, connection_id)
    assert stored.claim_started_at is None
    assert stored.claim_until is not None
    with database.session() as session:
        left = session.scalars(select(Connection.claim_until - func.now())).one()
    assert limits.QUEUE_WAIT - timedelta(seconds=5) < left <= limits.QUEUE_WAIT


def test_being_dispatched_is_no_change_of_a_connection(database: Database) -> None:
    connection_id = a_connection(database)
    before = connection_row(database, connection_id).updated_at
    assert due_ids(database) == {connection_id}
    assert connection_row(database, connection_id).updated_at == before


def test_each_connection_gets_a_claim_of_its_own(database: Database) -> None:
    for _ in range(5):
        a_connection(database)
    sent: Sent = []
    due_ids(database, sent)
    assert len({claim for _, claim in sent}) == 5


def test_only_what_is_due_and_scheduled_is_dispatched(database: Database) -> None:
    due = {a_connection(database, status=status) for status in SCHEDULED}
    for status in set(Status) - set(SCHEDULED):
        a_connection(database, status=status)
    later = a_connection(database)
    put(database, later, next_sync_at=func.now() + timedelta(seconds=30))
    never = a_connection(database)
    put(database, never, next_sync_at=None)
    assert due_ids(database) == due


def test_what_was_dispatched_is_not_dispatched_again_until_its_message_is_lost(database: Database) -> None:
    connection_id = a_connection(database)
    assert due_ids(database) == {connection_id}
    assert due_ids(database) == set()
    put(database, connection_id, claim_until=func.now())
    assert due_ids(database) == {connection_id}


def test_one_tick_sends_no_more_than_a_batch_and_the_longest_due_first(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch, "BATCH", 3)
    ids = [a_connection(database) for _ in range(7)]
    for age, connection_id in enumerate(ids):
        put(database, connection_id, next_sync_at=func.now() - timedelta(minutes=age + 1))
    assert [due_ids(database) for _ in range(4)] == [set(ids[4:]), set(ids[1:4]), set(ids[:1]), set()]


def test_two_dispatchers_at_once_send_each_connection_once(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatch, "BATCH", 20)
    ids = {a_connection(database) for _ in range(60)}
    sent: Sent = []
    together = Barrier(2)

    def dispatcher() -> None:
        for _ in range(3):
            together.wait()
            dispatch_due_connections(database, lambda *message: sent.append(message))

    with ThreadPoolExecutor() as pool:
        for done in [pool.submit(dispatcher) for _ in range(2)]:
            done.result()
    assert len(sent) == 60
    assert {connection_id for connection_id, _ in sent} == ids


def test_a_connection_that_somebody_holds_is_passed_over_without_waiting(database: Database) -> None:
    held, free = a_connection(database), a_connection(database)
    with database.session() as session:
        session.get_one(Connection, held, with_for_update={"key_share": True})
        assert due_ids(database) == {free}
    assert due_ids(database) == {held}


def test_of_many_who_ask_at_once_one_gets_the_connection(database: Database) -> None:
    connection_id = a_connection(database)
    together = Barrier(6)

    def ask() -> Claim | NotTaken:
        together.wait()
        with database.session() as session:
            return take(session, connection_id, "demand", None)

    with ThreadPoolExecutor(6) as pool:
        answers = [done.result() for done in [pool.submit(ask) for _ in range(6)]]
    (claim,) = [answer for answer in answers if isinstance(answer, Claim)]
    assert {answer.run_id for answer in answers} == {claim.run_id}
    assert connection_row(database, connection_id).unfinished_attempts == 1
