"""Who may work on a connection, message by message."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func

from models.connection import Connection, Status
from models.session import Database
from tests.records import CREDENTIALS, NUMBER, a_connection, an_account
from tests.worker import no_circuits
from tests.worker.no_circuits import dispatch_due_connections
from tests.worker.stored import (
    connection_row,
    events,
    let_claim_run_out,
    put,
    until_waiting,
    wait_left,
)
from worker import claims, limits
from worker.claims import Claim
from worker.not_taken import NotTaken
from worker.outcomes import CannotSync, Outcome

pytestmark = pytest.mark.servers


@pytest.fixture
def connection_id(database: Database) -> uuid.UUID:
    return a_connection(database)


def take(
    database: Database, connection_id: uuid.UUID, trigger: str = "demand", message: uuid.UUID | None = None
) -> Claim | NotTaken:
    with database.session() as session:
        return no_circuits.take(session, connection_id, trigger, message)


def taken(
    database: Database, connection_id: uuid.UUID, trigger: str = "demand", message: uuid.UUID | None = None
) -> Claim:
    claim = take(database, connection_id, trigger, message)
    assert isinstance(claim, Claim)
    return claim


def dispatched(database: Database) -> uuid.UUID:
    """Let the dispatcher claim the one connection that is due; the claim it wrote."""
    sent: list[uuid.UUID] = []
    dispatch_due_connections(database, lambda _connection, claim: sent.append(claim))
    (message,) = sent
    return message


def release(database: Database, claim: Claim, wait: timedelta = timedelta(minutes=5)) -> None:
    with database.session() as session:
        held = claims.held(session, claim)
        assert held is not None
        for column, value in claims.released(held.connection, claim, claim.taken_at + wait).items():
            setattr(held.connection, column, value)


def test_a_message_takes_the_claim_that_was_written_for_it(database: Database, connection_id: uuid.UUID) -> None:
    claim = taken(database, connection_id, "schedule", dispatched(database))
    stored = connection_row(database, connection_id)
    assert stored.claim_id == claim.run_id
    assert stored.claim_until == claim.until == claim.taken_at + limits.CLAIM
    assert stored.claim_started_at == claim.taken_at


def test_a_claim_tells_the_run_what_it_needs(database: Database, connection_id: uuid.UUID) -> None:
    account_id = an_account(database, connection_id)
    claim = taken(database, connection_id)
    (known,) = claim.accounts.values()
    assert (known.id, known.broker_account_id, known.missing_since) == (account_id, f"hash-{NUMBER}", None)
    assert claim.credential is not None
    assert (claim.credential.document, claim.credential.token_version) == (CREDENTIALS, 1)
    assert (claim.user_id, claim.broker, claim.status) == ("42", "fake", Status.ACTIVE)
    assert claim.has_fetch_state is False


def test_a_message_delivered_again_beside_its_run_does_nothing(database: Database, connection_id: uuid.UUID) -> None:
    message = dispatched(database)
    first = taken(database, connection_id, "schedule", message)
    assert take(database, connection_id, "schedule", message) == NotTaken(Outcome.SUPERSEDED, first.run_id)
    assert connection_row(database, connection_id).claim_id == first.run_id


def test_a_message_delivered_again_after_its_run_does_nothing(database: Database, connection_id: uuid.UUID) -> None:
    message = dispatched(database)
    release(database, taken(database, connection_id, "schedule", message))
    assert take(database, connection_id, "schedule", message) == NotTaken(Outcome.SUPERSEDED, None)


def test_a_message_whose_claim_went_to_a_newer_message_does_nothing(
    database: Database, connection_id: uuid.UUID
) -> None:
    late = dispatched(database)
    let_claim_run_out(database, connection_id)
    newer = dispatched(database)
    assert take(database, connection_id, "schedule", late) == NotTaken(Outcome.SUPERSEDED, newer)
    taken(database, connection_id, "schedule", newer)


def test_a_message_that_comes_late_still_does_what_is_due(database: Database, connection_id: uuid.UUID) -> None:
    message = dispatched(database)
    let_claim_run_out(database, connection_id)
    taken(database, connection_id, "schedule", message)


def test_whoever_asks_takes_over_a_claim_that_was_not_started(database: Database, connection_id: uuid.UUID) -> None:
    message = dispatched(database)
    claim = taken(database, connection_id)
    assert take(database, connection_id, "schedule", message) == NotTaken(Outcome.SUPERSEDED, claim.run_id)


def test_whoever_asks_while_a_run_is_at_work_is_told_which(database: Database, connection_id: uuid.UUID) -> None:
    first = taken(database, connection_id)
    assert take(database, connection_id) == NotTaken(Outcome.BUSY, first.run_id)


def test_a_busy_connection_is_due_as_soon_as_its_run_ends(database: Database, connection_id: uuid.UUID) -> None:
    first = taken(database, connection_id)
    take(database, connection_id)
    assert dispatch_due_connections(database, lambda *_: None) == 0
    release(database, first)
    assert wait_left(database, connection_id) <= timedelta(0)
    assert dispatch_due_connections(database, lambda *_: None) == 1


def test_a_released_connection_is_due_when_its_run_said(database: Database, connection_id: uuid.UUID) -> None:
    release(database, taken(database, connection_id))
    stored = connection_row(database, connection_id)
    assert (stored.claim_id, stored.claim_until, stored.claim_started_at) == (None, None, None)
    assert timedelta(minutes=4, seconds=50) < wait_left(database, connection_id) <= timedelta(minutes=5)


def test_who_waited_for_the_row_sees_what_the_other_left(database: Database, connection_id: uuid.UUID) -> None:
    """A run ends, with an account that was new to it, while the next one is waiting for the connection's row."""
    first = taken(database, connection_id)
    with ThreadPoolExecutor(1) as pool:
        with database.session() as session:
            held = claims.held(session, first)
            assert held is not None
            waiting = pool.submit(taken, database, connection_id)
            until_waiting(database)
            claims.release(held.connection, held.now)
            account_id = an_account(database, connection_id)
        second = waiting.result(timeout=10)
    assert [known.id for known in second.accounts.values()] == [account_id]
    assert second.taken_at >= held.now


def test_a_run_whose_claim_ran_out_holds_it_no_more(database: Database, connection_id: uuid.UUID) -> None:
    claim = taken(database, connection_id)
    put(database, connection_id, claim_until=func.now())
    with database.session() as session:
        assert claims.held(session, claim) is None


def test_a_run_whose_claim_was_taken_by_another_holds_it_no_more(database: Database, connection_id: uuid.UUID) -> None:
    first = taken(database, connection_id)
    let_claim_run_out(database, connection_id)
    second = taken(database, connection_id)
    with database.session() as session:
        assert claims.held(session, first) is None
        held = claims.held(session, second)
        assert held is not None
        assert isinstance(held.connection, Connection)


def test_the_claim_of_a_process_that_died_is_dispatched_again(database: Database, connection_id: uuid.UUID) -> None:
    dead = taken(database, connection_id, "schedule", dispatched(database))
    assert dispatch_due_connections(database, lambda *_: None) == 0
    put(database, connection_id, claim_until=func.now() - timedelta(seconds=1))
    assert dispatch_due_connections(database, lambda *_: None) == 0, "due again only when the claim's time is over"
    let_claim_run_out(database, connection_id)
    assert dispatched(database) != dead.run_id


def test_three_runs_that_vanish_pause_the_connection(database: Database, connection_id: uuid.UUID) -> None:
    for _ in range(limits.UNFINISHED_ATTEMPTS):
        taken(database, connection_id, "schedule", dispatched(database))
        let_claim_run_out(database, connection_id)
    answer = take(database, connection_id, "schedule", dispatched(database))
    assert isinstance(answer, NotTaken)
    assert (answer.outcome, answer.run_id) == (Outcome.SUPERSEDED, None)
    stored = connection_row(database, connection_id)
    assert (stored.status, stored.claim_id, stored.last_error_kind) == (Status.PAUSED, None, "internal")
    assert events(database, connection_id) == ["given_up"]
    assert dispatch_due_connections(database, lambda *_: None) == 0


def test_a_connection_that_does_not_exist_cannot_be_synced(database: Database) -> None:
    with pytest.raises(CannotSync, match="There is no connection"):
        take(database, uuid.uuid4())


@pytest.mark.parametrize(
    ("status", "remedy"),
    [
        (Status.PAUSED, "brokersync resume"),
        (Status.REAUTH_REQUIRED, "brokersync link --repair"),
        (Status.DISCONNECTED, "brokersync link --repair"),
    ],
)
def test_who_asks_for_what_nobody_may_sync_is_told_the_remedy(database: Database, status: Status, remedy: str) -> None:
    connection_id = a_connection(database, status=status)
    with pytest.raises(CannotSync, match=remedy):
        take(database, connection_id)
    assert connection_row(database, connection_id).claim_id is None


def test_a_message_for_what_was_paused_meanwhile_does_nothing(database: Database, connection_id: uuid.UUID) -> None:
    message = dispatched(database)
    put(database, connection_id, status=Status.PAUSED)
    assert take(database, connection_id, "schedule", message) == NotTaken(Outcome.SUPERSEDED, None)
