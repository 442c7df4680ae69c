from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest

from brokersync.pausing import NO_PAUSE, NO_RESUME, NotPossible, pause, resume
from models.connection import Connection, Credential, Status
from models.event import Event
from models.session import Database
from tests.records import a_connection, an_account
from tests.worker.no_circuits import dispatch_due_connections, take
from tests.worker.stored import connection_row, events, wait_left
from worker.not_taken import NotTaken
from worker.outcomes import Outcome

pytestmark = pytest.mark.servers

CAN_PAUSE = [each for each in Status if each not in NO_PAUSE]


def now_paused(database: Database, connection_id: uuid.UUID) -> None:
    with database.session() as session:
        pause(session, connection_id)


def now_resumed(database: Database, connection_id: uuid.UUID) -> Status:
    with database.session() as session:
        return resume(session, connection_id)


def test_what_can_be_paused_is_what_is_asked() -> None:
    assert CAN_PAUSE == [Status.LINKING, Status.ACTIVE, Status.CREDENTIALS_UNREADABLE]


@pytest.mark.parametrize("status", CAN_PAUSE)
def test_a_paused_connection_is_not_asked_and_the_trail_says_who_paused_it(database: Database, status: Status) -> None:
    connection_id = a_connection(database, status=status)
    now_paused(database, connection_id)
    row = connection_row(database, connection_id)
    assert (row.status, row.next_sync_at, row.claim_id) == (Status.PAUSED, None, None)
    assert dispatch_due_connections(database, lambda *_: None) == 0
    with database.session() as session:
        (event,) = session.query(Event).where(Event.connection_id == connection_id)
        assert (event.kind, event.actor) == ("paused", "command line")
        assert session.get(Credential, connection_id) is not None


def test_a_message_that_was_sent_before_the_pause_does_nothing(database: Database) -> None:
    connection_id = a_connection(database)
    sent: list[tuple[uuid.UUID, uuid.UUID]] = []
    dispatch_due_connections(database, lambda *message: sent.append(message))
    now_paused(database, connection_id)
    with database.session() as session:
        assert take(session, connection_id, "schedule", sent[0][1]) == NotTaken(Outcome.SUPERSEDED, None)


def test_a_resumed_connection_is_active_and_due_with_nothing_held_against_it(database: Database) -> None:
    connection_id = a_connection(
        database, status=Status.PAUSED, next_sync_at=None, unfinished_attempts=3, last_error_kind="internal"
    )
    an_account(database, connection_id)
    assert now_resumed(database, connection_id) is Status.ACTIVE
    row = connection_row(database, connection_id)
    assert (row.status, row.unfinished_attempts, row.last_error_kind) == ("active", 0, None)
    assert wait_left(database, connection_id).total_seconds() <= 0
    assert events(database, connection_id) == ["resumed"]


def test_one_whose_accounts_were_never_listed_is_to_be_listed_again(database: Database) -> None:
    connection_id = a_connection(database, status=Status.LINKING)
    now_paused(database, connection_id)
    assert now_resumed(database, connection_id) is Status.LINKING
    assert connection_row(database, connection_id).status == Status.LINKING
    assert dispatch_due_connections(database, lambda *_: None) == 1


@pytest.mark.parametrize(
    ("act", "status", "reason"),
    [(pause, *each) for each in NO_PAUSE.items()] + [(resume, *each) for each in NO_RESUME.items()],
)
def test_any_other_connection_is_left_alone_with_a_word_on_what_helps(
    database: Database, act: Callable[..., Status], status: Status, reason: str
) -> None:
    connection_id = a_connection(database, status=status, unfinished_attempts=2)
    short = str(connection_id)[:8]
    said = f"Connection {connection_id} {reason.format(repair=f'brokersync link --repair {short}', short=short)}"
    with pytest.raises(NotPossible, match=said), database.session() as session:
        act(session, connection_id)
    with database.session() as session:
        row = session.get_one(Connection, connection_id)
        assert (row.status, row.unfinished_attempts) == (status, 2)
    assert events(database, connection_id) == []
