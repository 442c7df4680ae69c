"""A login is repaired while a run is at work with the old one: what the run meets does not touch the new login."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from brokers.errors import BrokerDown, LoginEnded
from brokers.records import Grant, Snapshot
from models import linking
from models.account import Account, Position
from models.connection import Connection, Status
from models.session import Database
from models.sharing import ListedRow
from tests.fakes import FakeBroker
from tests.models.snapshots import account_row
from tests.records import (
    ANOTHER_NUMBER,
    NUMBER,
    a_connection,
    a_grant,
    a_position,
    a_snapshot,
    an_account,
    an_answer,
)
from tests.worker.stored import connection_row, credential_row, events, put_credential, runs
from worker.outcomes import CannotSync, Outcome, SyncFailed
from worker.parts import Parts
from worker.sync import sync_account, sync_connection

pytestmark = pytest.mark.servers


def repair(database: Database, connection_id: uuid.UUID, *numbers: str) -> None:
    """The same user links the same login again, with other tokens, sharing these accounts."""
    fresh = a_connection(database, status=Status.LINKING)
    put_credential(database, fresh, refreshed_at=func.now())
    with database.session() as session:
        session.get_one(Connection, fresh).repairs_connection_id = connection_id
        credential = credential_row(database, fresh)
        session.merge(credential).document = {"access_token": "access-new", "refresh_token": "refresh-new"}
    rows = [ListedRow(number, f"…{number[-3:]}", f"hash-{number}", None) for number in numbers]
    with database.session() as session:
        linking.activate(session, fresh, None, rows, "browser link")


@pytest.fixture
def connection_id(parts: Parts) -> uuid.UUID:
    connection_id = a_connection(parts.database, login_at=datetime.now(UTC) - timedelta(days=6))
    an_account(parts.database, connection_id)
    return connection_id


def is_as_new(parts: Parts, connection_id: uuid.UUID) -> bool:
    """Whether the repaired login stands, is due, and nothing of the old run's end is on it."""
    stored = connection_row(parts.database, connection_id)
    assert credential_row(parts.database, connection_id).document["refresh_token"] == "refresh-new"
    assert events(parts.database, connection_id) == ["repaired"]
    with parts.database.session() as session:
        due = session.scalars(select(Connection.next_sync_at <= func.now()).where(Connection.id == connection_id)).one()
    return (stored.status, stored.consecutive_failures, stored.last_error_kind, due) == (Status.ACTIVE, 0, None, True)


@pytest.mark.parametrize("error", [LoginEnded("POST /token", "ended"), BrokerDown("GET /accounts", "503")])
def test_a_run_whose_old_login_fails_changes_nothing_of_the_new_one(
    parts: Parts, broker: FakeBroker, connection_id: uuid.UUID, error: Exception
) -> None:
    def meanwhile() -> Snapshot:
        repair(parts.database, connection_id, NUMBER)
        raise error

    broker.will("fetch", meanwhile, error)
    broker.will("refresh", error)
    with pytest.raises(SyncFailed):
        sync_connection(parts, connection_id, "demand")
    assert is_as_new(parts, connection_id)


def test_what_a_run_read_with_the_old_login_is_not_stored(
    parts: Parts, broker: FakeBroker, connection_id: uuid.UUID
) -> None:
    def meanwhile() -> Snapshot:
        repair(parts.database, connection_id, NUMBER)
        return an_answer(a_snapshot())

    broker.will("fetch", meanwhile)
    assert sync_connection(parts, connection_id, "demand").outcome is Outcome.SUPERSEDED
    assert is_as_new(parts, connection_id)
    assert [run.outcome for run in runs(parts.database, connection_id)] == ["superseded"]


@pytest.mark.parametrize("answer", [lambda: LoginEnded("POST /token", "ended"), a_grant])
def test_a_refresh_that_the_repair_waits_for_neither_ends_the_new_login_nor_overwrites_it(
    parts: Parts, broker: FakeBroker, connection_id: uuid.UUID, answer: Callable[[], object]
) -> None:
    put_credential(parts.database, connection_id, access_expires_at=func.now() - timedelta(minutes=1))
    before = credential_row(parts.database, connection_id).token_version

    def meanwhile() -> Grant:
        given = answer()
        if isinstance(given, Exception):
            raise given
        assert isinstance(given, Grant)
        return given

    def then_repaired() -> Snapshot:
        repair(parts.database, connection_id, NUMBER)
        return an_answer(a_snapshot())

    broker.will("refresh", meanwhile)
    broker.will("fetch", then_repaired)
    if answer is a_grant:
        assert sync_connection(parts, connection_id, "demand").outcome is Outcome.SUPERSEDED
        assert credential_row(parts.database, connection_id).token_version == before + 2
        assert is_as_new(parts, connection_id)
    else:
        with pytest.raises(SyncFailed):
            sync_connection(parts, connection_id, "demand")
        repair(parts.database, connection_id, NUMBER)
        assert connection_row(parts.database, connection_id).status == Status.ACTIVE


@pytest.fixture
def left_out(parts: Parts, broker: FakeBroker, connection_id: uuid.UUID) -> uuid.UUID:
    """An account with a position that was synced, and which the repair did not share again."""
    account_id = an_account(parts.database, connection_id, ANOTHER_NUMBER)
    broker.will("fetch", an_answer(a_snapshot(), a_snapshot(ANOTHER_NUMBER, a_position())))
    sync_connection(parts, connection_id, "demand")
    repair(parts.database, connection_id, NUMBER)
    return account_id


def test_a_sync_leaves_an_account_that_is_not_shared_as_it_was(
    parts: Parts, broker: FakeBroker, connection_id: uuid.UUID, left_out: uuid.UUID
) -> None:
    before = account_row(parts.database, left_out)
    assert before.missing_since is not None
    broker.will("fetch", an_answer(a_snapshot()))
    assert sync_connection(parts, connection_id, "demand").outcome is Outcome.UNCHANGED
    after = account_row(parts.database, left_out)
    assert (after.net_liq, after.cash, after.version, after.missing_since) == (
        before.net_liq,
        before.cash,
        before.version,
        before.missing_since,
    )
    with parts.database.session() as session:
        assert len(session.scalars(select(Position).where(Position.account_id == left_out)).all()) == 1
    assert connection_row(parts.database, connection_id).last_error_kind is None


def test_an_account_that_is_not_shared_is_not_asked_for_and_who_asks_is_told(
    parts: Parts, broker: FakeBroker, connection_id: uuid.UUID, left_out: uuid.UUID
) -> None:
    broker.calls.clear()
    with pytest.raises(CannotSync, match=rf"not shared .* `brokersync link --repair {connection_id}`"):
        sync_account(parts, connection_id, left_out)
    assert broker.calls == []
    assert connection_row(parts.database, connection_id).claim_id is None


@pytest.mark.parametrize("how", ["linked again", "the broker lists it"])
def test_an_account_that_is_shared_again_is_unmarked(
    parts: Parts, broker: FakeBroker, connection_id: uuid.UUID, left_out: uuid.UUID, how: str
) -> None:
    if how == "linked again":
        repair(parts.database, connection_id, NUMBER, ANOTHER_NUMBER)
    broker.will("fetch", an_answer(a_snapshot(), a_snapshot(ANOTHER_NUMBER, a_position())))
    sync_connection(parts, connection_id, "demand")
    with parts.database.session() as session:
        shared = select(Account.missing_since).where(Account.id == left_out)
        assert session.scalars(shared).one() is None
