"""Who may work on a connection now. The claim is a row in the database; no lock is held while a run is at work.

The dispatcher writes a claim for the message it is about to send. The run that the message starts swaps in its own, and
may commit only while it still holds it. PostgreSQL's clock decides.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, exists, func, select, update
from sqlalchemy.orm import Session

from models.account import Account
from models.circuit import Circuit, Opened
from models.connection import SCHEDULED, Connection, Credential, Status
from worker import limits, not_taken, schedule
from worker.not_taken import NotTaken
from worker.outcomes import CannotSync, Outcome

# Put together once: for each sync anew, that takes longer than running them.
#
# Who had to wait for the row may get the time at which the wait began, some seconds early at most (`LOCK_TIMEOUT`): a
# claim then looks alive a little longer, ends a little sooner, and data look a little older. All of that is safe.
_LOCKED = (
    select(Connection, func.clock_timestamp())
    .where(Connection.id == bindparam("connection_id"))
    .with_for_update(key_share=True)
)
# In the same statement, and about all brokers: on all days but the bad ones there is none. (Those of the connection's own
# broker took as long to plan as all the rest of it.)
_TO_TAKE = _LOCKED.add_columns(exists().select_from(Circuit))
_HELD = _LOCKED.where(Connection.claim_id == bindparam("run_id"), Connection.claim_until > func.clock_timestamp())
_TAKE = (
    update(Connection)
    .where(Connection.id == bindparam("taken"))
    .values(
        claim_id=bindparam("run_id"),
        claim_started_at=bindparam("now"),
        claim_until=bindparam("until"),
        next_sync_at=bindparam("until"),
        unfinished_attempts=Connection.unfinished_attempts + 1,
    )
)
_KNOWN = (
    select(Credential, Account.number_fp, Account.id, Account.broker_account_id, Account.missing_since)
    .select_from(Connection)
    .outerjoin(Credential, Credential.connection_id == Connection.id)
    .outerjoin(Account, Account.connection_id == Connection.id)
    .where(Connection.id == bindparam("connection_id"))
)
"""The credential with each account; both may be missing."""


@dataclass(frozen=True)
class KnownAccount:
    """An account we have already: where its rows are, and since when the person shares it no longer."""

    id: uuid.UUID
    broker_account_id: str
    missing_since: datetime | None


@dataclass(frozen=True)
class Claim:
    """A run's hold on a connection, with what it needs to know of it.

    `taken_at` is the database's time, `due_at` when the connection was to be synced had nobody asked.
    """

    run_id: uuid.UUID
    connection_id: uuid.UUID
    user_id: str
    broker: str
    status: Status
    taken_at: datetime
    until: datetime
    due_at: datetime | None
    has_fetch_state: bool
    login_at: datetime
    login_expires_at: datetime | None
    credential: Credential | None
    """As it stood when the claim was taken; None for a connection that was disconnected just now."""
    accounts: dict[str, KnownAccount]
    """By the fingerprint of their number."""
    let_through: bool = False
    """Whether its broker answered nobody lately: then this run is the first that may find it answering again."""


class Held(NamedTuple):
    """The connection of a claim that is still held, locked, and the database's time."""

    connection: Connection
    now: datetime


def take(
    session: Session,
    connection_id: uuid.UUID,
    trigger: str,
    message_id: uuid.UUID | None,
    is_ours: Callable[[str, str], bool],
) -> Claim | NotTaken:
    """Claim the connection for a new run. Raises `CannotSync` for what nobody may sync.

    `trigger` is `schedule` for the dispatcher's messages, whose id is the claim it wrote; anything else is on demand, and
    may take over a claim whose message has not started yet. `is_ours(broker, app)` says whether a circuit is one of this
    installation's app: while the broker refuses that, nothing is taken. An on-demand call that finds a run at work makes the
    connection due again as soon as that run has succeeded.
    """
    locked = session.execute(_TO_TAKE, {"connection_id": connection_id}).one_or_none()
    if locked is None:
        raise CannotSync(f"There is no connection {connection_id}.")
    connection, now, any_circuits = locked
    scheduled = trigger == "schedule"
    if connection.status not in SCHEDULED:
        if scheduled:
            return NotTaken(Outcome.SUPERSEDED, None)
        raise CannotSync(not_taken.why_not(connection))
    if not scheduled and connection.last_error_kind == "rate_limited" and _waits(connection, now):
        # The broker said when; asking sooner gets the app's key banned.
        return NotTaken(Outcome.DEFERRED, None)
    if not _may_take(connection, scheduled, message_id, now):
        return not_taken.occupied(connection, scheduled, now)
    opened = _opened(session, connection.broker, is_ours) if any_circuits else frozenset()
    if Opened.REFUSED in opened:
        return not_taken.wait_for_app(session, connection, scheduled)
    if connection.unfinished_attempts >= limits.UNFINISHED_ATTEMPTS:
        return not_taken.pause(session, connection)
    run_id = uuid.uuid4()
    session.connection().execute(
        _TAKE, {"taken": connection_id, "run_id": run_id, "now": now, "until": now + limits.CLAIM}
    )
    # Only now: what was read before the lock may be older than the row.
    known = session.execute(_KNOWN, {"connection_id": connection_id}).all()
    return Claim(
        run_id=run_id,
        connection_id=connection_id,
        user_id=connection.user_id,
        broker=connection.broker,
        status=Status(connection.status),
        taken_at=now,
        until=now + limits.CLAIM,
        due_at=connection.next_sync_at,
        has_fetch_state=connection.fetch_state_sealed is not None,
        login_at=connection.login_at,
        login_expires_at=connection.login_expires_at,
        credential=known[0].Credential,
        accounts={
            row.number_fp: KnownAccount(row.id, row.broker_account_id, row.missing_since)
            for row in known
            if row.id is not None
        },
        let_through=Opened.SILENT in opened,
    )


def held(session: Session, claim: Claim) -> Held | None:
    """The connection, if the run still holds its claim; None when it lost it and must commit nothing."""
    row = session.execute(_HELD, {"connection_id": claim.connection_id, "run_id": claim.run_id}).one_or_none()
    return None if row is None else Held(*row)


def release(connection: Connection, next_sync_at: datetime | None) -> None:
    """End the claim of a run that did not succeed. Whoever asked while it was at work waits as well: a wish
    is no reason to ask a broker again that failed or said when to come back."""
    connection.next_sync_at = None if next_sync_at is None else schedule.in_hours(connection, next_sync_at)
    connection.claim_id = connection.claim_until = connection.claim_started_at = None


def released(connection: Connection, claim: Claim, next_sync_at: datetime) -> dict[str, datetime | None]:
    """The columns that end the claim of a run that succeeded. Whoever made the connection due while it was at work keeps
    that time."""
    due_at = connection.next_sync_at
    if due_at is None or due_at >= claim.until:
        due_at = schedule.in_hours(connection, next_sync_at)
    return {"next_sync_at": due_at, "claim_id": None, "claim_until": None, "claim_started_at": None}


def _may_take(connection: Connection, scheduled: bool, message_id: uuid.UUID | None, now: datetime) -> bool:
    lives = connection.claim_id is not None and connection.claim_until is not None and connection.claim_until > now
    if not scheduled:
        return not lives or connection.claim_started_at is None
    if lives:
        # A run that has started holds a claim of its own, which is no message's.
        return connection.claim_id == message_id
    # A redelivered message may find everything done: then there is nothing to do.
    return connection.next_sync_at is not None and connection.next_sync_at <= now


def _opened(session: Session, broker: str, is_ours: Callable[[str, str], bool]) -> Collection[str]:
    """What has opened the circuits of this installation's app at a broker."""
    circuits = session.execute(select(Circuit.app, Circuit.error_kind).where(Circuit.broker == broker))
    return {kind for app, kind in circuits if is_ours(broker, app)}


def _waits(connection: Connection, now: datetime) -> bool:
    return connection.next_sync_at is not None and connection.next_sync_at > now
