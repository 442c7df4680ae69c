"""What a failed sync leaves behind: when it is tried again, what an operator reads, and only then a changed status."""

from __future__ import annotations

import logging
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

import settings
from brokers.errors import BrokerError, LoginEnded, RateLimited
from brokers.interface import NotConfigured
from models.connection import Connection, Status
from models.event import record_event
from models.links import is_linking
from models.sealing import CredentialsUnreadable
from worker import claims
from worker.attempts import Attempt, record_failed
from worker.backoff import wait_after
from worker.outcomes import SyncFailed
from worker.parts import Parts

log = logging.getLogger(__name__)

KEY_FAULTS = (CredentialsUnreadable, settings.NotConfigured)
"""No key opens what is sealed, or ENCRYPTION_KEY holds none: nothing else is configured in the middle of a sync."""

EXPECTED = (BrokerError, NotConfigured, *KEY_FAULTS)
"""What a sync may run into without a fault of ours."""


def describe(error: Exception) -> SyncFailed:
    """The closed kind and our own words for any error. The text of an unexpected one is not ours, so it is left out."""
    if isinstance(error, BrokerError):
        return SyncFailed.of(error.kind, str(error))
    if isinstance(error, KEY_FAULTS):
        return SyncFailed.of("credentials_unreadable", str(error))
    if isinstance(error, NotConfigured):
        return SyncFailed.of("app_misconfigured", str(error))
    return SyncFailed.of("internal", f"{type(error).__name__} in the sync; the worker's log has the traceback")


def fail(parts: Parts, attempt: Attempt, error: Exception) -> SyncFailed:
    """Write the failure down and return what the task is to raise.

    Nothing is written when the run has lost its claim. When the database cannot be reached either, the claim runs out and
    the connection is due again.
    """
    failed = describe(error)
    try:
        _write(parts, attempt, failed, error)
    except SQLAlchemyError:
        log.warning("failure not recorded, the claim will run out", extra={"connection": attempt.claim.connection_id})
    return failed


def _write(parts: Parts, attempt: Attempt, failed: SyncFailed, error: Exception) -> None:
    retry_after = error.retry_after if isinstance(error, RateLimited) else None
    with parts.database.session() as session:
        held = claims.held(session, attempt.claim)
        if held is None:
            return
        connection, now = held
        connection.consecutive_failures += 1
        connection.last_error_kind, connection.last_error_text = failed.kind, failed.text
        wait: timedelta | None = wait_after(failed.kind, connection.consecutive_failures, retry_after, parts.random)
        # It came to an end, if a bad one: only runs that vanish are counted.
        connection.unfinished_attempts = 0
        if isinstance(error, LoginEnded) and not _may_be_replaced(session, connection):
            wait = None
            _move(connection, Status.REAUTH_REQUIRED)
            record_event(session, "reauth_required", connection, "worker", reason="ended by the broker")
        # A login that is still to be listed stays `linking`: probed as often, and listed once a key opens it.
        if failed.kind == "credentials_unreadable" and connection.status == Status.ACTIVE:
            _move(connection, Status.CREDENTIALS_UNREADABLE)
            record_event(session, "credentials_unreadable", connection, "worker")
        if wait is None:
            claims.release(connection, attempt.claim, now)
            connection.next_sync_at = None
        else:
            claims.release(connection, attempt.claim, now + wait)
        record_failed(session, attempt, now, failed.kind, failed.text)


def _may_be_replaced(session: Session, connection: Connection) -> bool:
    """Whether the refusal may come from a newer login of the same person, which is being linked right now."""
    return connection.status != Status.LINKING and is_linking(session, connection.user_id, connection.broker)


def _move(connection: Connection, status: Status) -> None:
    log.warning("connection moves", extra={"connection": connection.id, "status": status.value})
    connection.status = status
