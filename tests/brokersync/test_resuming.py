from __future__ import annotations

import pytest

from brokersync.resuming import INSTEAD, CannotResume, resume
from models.connection import Status
from models.session import Database
from tests.records import a_connection, an_account
from tests.worker.stored import connection_row, events, wait_left

pytestmark = pytest.mark.servers


def test_a_paused_connection_is_active_and_due_with_nothing_held_against_it(database: Database) -> None:
    connection_id = a_connection(
        database, status=Status.PAUSED, next_sync_at=None, unfinished_attempts=3, last_error_kind="internal"
    )
    an_account(database, connection_id)
    with database.session() as session:
        resume(session, connection_id)
    row = connection_row(database, connection_id)
    assert (row.status, row.unfinished_attempts, row.last_error_kind) == ("active", 0, None)
    assert wait_left(database, connection_id).total_seconds() <= 0
    assert events(database, connection_id) == ["resumed"]


def test_one_whose_accounts_were_never_listed_is_to_be_listed_again(database: Database) -> None:
    connection_id = a_connection(database, status=Status.PAUSED, next_sync_at=None, unfinished_attempts=3)
    with database.session() as session:
        resume(session, connection_id)
    assert connection_row(database, connection_id).status == Status.LINKING


@pytest.mark.parametrize("status", [each for each in Status if each is not Status.PAUSED])
def test_any_other_connection_is_left_alone_with_a_word_on_what_helps(database: Database, status: Status) -> None:
    connection_id = a_connection(database, status=status, unfinished_attempts=2)
    with (
        pytest.raises(CannotResume, match=f"Connection {connection_id} {INSTEAD[status]}"),
        database.session() as session,
    ):
        resume(session, connection_id)
    assert connection_row(database, connection_id).unfinished_attempts == 2
    assert events(database, connection_id) == []
