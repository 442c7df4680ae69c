"""Who may work on a connection now. The claim is a row in the database; no lock is held while a run is at work.

The dispatcher writes a claim for the message it is about to send. The run that the message starts swaps in its own, and
may commit only while it still holds it. PostgreSQL's clock decides.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session

from models.account import Account
from models.circuit import Circuit, Opened, bring_forward
from models.connection import SCHEDULED, Connection, Credential, Status
from models.event import record_event
from worker import limits, schedule
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
_CIRCUITS = (
    select(func.jsonb_agg(func.jsonb_build_array(Circuit.app, Circuit.error_kind)))
    .where(Circuit.broker == Connection.broker)
    .correlate(Connection)
    .scalar_subquery()
)
"""Of the connection's broker: in the same statement, for the table is empty on all days but the bad ones."""
_TO_TAKE = _LOCKED.add_columns(_CIRCUITS)
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
    failures: int
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


@dataclass(frozen=True)
class NotTaken:
    """Somebody else is at it (`busy`, on demand), the message came too late to matter (`superseded`), or the broker asked
    for a pause that is not over, or refuses the app (`deferred`).

    `why_not` is what to tell a person whose own request just paused the connection."""

    outcome: Outcome
    run_id: uuid.UUID | None
    why_not: str | None = None


def nobodys(broker: str, app: str) -> bool:
    """For who has no app."""
    return False


def take(
    session: Session,
    connection_id: uuid.UUID,
    trigger: str,
    message_id: uuid.UUID | None,
    is_ours: Callable[[str, str], bool] = nobodys,
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
    connection, now, circuits = locked
    scheduled = trigger == "schedule"
    if connection.status not in SCHEDULED:
        if scheduled:
            return NotTaken(Outcome.SUPERSEDED, None)
        raise CannotSync(_why_not(connection))
    if not scheduled and connection.last_error_kind == "rate_limited" and _waits(connection, now):
        # The broker said when; asking sooner gets the app's key banned.
        return NotTaken(Outcome.DEFERRED, None)
    if not _may_take(connection, scheduled, message_id, now):
        return _occupied(connection, scheduled, now)
    opened = {kind for app, kind in circuits or () if is_ours(connection.broker, app)}
    if Opened.REFUSED in opened:
        return _wait_for_app(session, connection, scheduled)
    if connection.unfinished_attempts >= limits.UNFINISHED_ATTEMPTS:
        return _pause(session, connection)
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
        failures=connection.consecutive_failures,
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


def _occupied(connection: Connection, scheduled: bool, now: datetime) -> NotTaken:
    if scheduled:
        return NotTaken(Outcome.SUPERSEDED, connection.claim_id)
    connection.next_sync_at = now
    return NotTaken(Outcome.BUSY, connection.claim_id)


def _wait_for_app(session: Session, connection: Connection, scheduled: bool) -> NotTaken:
    """Its access token may be good for a while yet. But a broker that refuses the app may refuse that as well, and what
    comes next is a refresh."""
    connection.claim_id = connection.claim_until = connection.claim_started_at = None
    if not scheduled:
        bring_forward(session, connection.broker)
    return NotTaken(Outcome.DEFERRED, None)


def _waits(connection: Connection, now: datetime) -> bool:
    return connection.next_sync_at is not None and connection.next_sync_at > now


def _pause(session: Session, connection: Connection) -> NotTaken:
    connection.status = Status.PAUSED
    connection.claim_id = connection.claim_until = connection.claim_started_at = None
    connection.last_error_kind = "internal"
    connection.last_error_text = "three attempts in a row did not come to an end"
    record_event(session, "given_up", connection, "worker", reason=connection.last_error_text)
    return NotTaken(Outcome.SUPERSEDED, None, _why_not(connection))


def _why_not(connection: Connection) -> str:
    repair = f"`brokersync link --repair {connection.id}`"
    reasons = {
        Status.PAUSED: "is paused: `brokersync resume` starts it again",
        Status.REAUTH_REQUIRED: f"needs a new login: {repair} makes the link for it",
        Status.DISCONNECTED: f"is disconnected: {repair} makes the link with which it goes on",
    }
    return f"Connection {connection.id} {reasons[Status(connection.status)]}."
