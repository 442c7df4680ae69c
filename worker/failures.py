"""What a failed sync leaves behind: when it is tried again, what an operator reads, and only then a changed status."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError

import settings
from brokers.errors import BrokerError, RateLimited
from brokers.interface import NotConfigured
from models.connection import SCHEDULED, Connection, Status
from models.event import record_event
from models.sealing import CredentialsUnreadable
from worker import circuits, claims, outages
from worker.attempts import Attempt, record_failed
from worker.backoff import wait_after
from worker.ended_logins import end_login
from worker.logins import LoginRefused
from worker.outcomes import SyncFailed
from worker.parts import Parts

log = logging.getLogger(__name__)

KEY_FAULTS = (CredentialsUnreadable, settings.NotConfigured)
"""No key opens what is sealed, or ENCRYPTION_KEY holds none: nothing else is configured in the middle of a sync."""

EXPECTED = (BrokerError, NotConfigured, *KEY_FAULTS)
"""What a sync may run into without a fault of ours."""

OF_THE_LOGIN = frozenset({"rate_limited", "login_ended", "app_misconfigured", "credentials_unreadable"})
"""Faults that all accounts of a login share, whichever of them was asked for."""


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


def leave(
    connection: Connection,
    attempt: Attempt,
    now: datetime,
    failed: SyncFailed,
    random: Callable[[], float],
    retry_after: timedelta | None = None,
) -> None:
    """What a failure leaves in the connection's row, and when it is asked again. Ends the claim.

    One account that was asked for out of turn takes nothing from the others: the login keeps its time. Unless the fault
    is `OF_THE_LOGIN`, it is for who asked and for the run's record, and no fault of the connection.
    """
    # It came to an end, if a bad one: only runs that vanish are counted.
    connection.unfinished_attempts = 0
    due_at = None if attempt.whole_login else attempt.claim.due_at
    if due_at is not None and failed.kind not in OF_THE_LOGIN:
        claims.release(connection, due_at)
        return
    connection.consecutive_failures += 1
    connection.last_error_kind, connection.last_error_text = failed.kind, failed.text
    wait_until = now + wait_after(failed.kind, connection.consecutive_failures, retry_after, random)
    if connection.status not in SCHEDULED:
        claims.release(connection, None)
    elif due_at is not None and failed.kind != RateLimited.kind:
        claims.release(connection, min(due_at, wait_until))
    else:
        claims.release(connection, wait_until)


def _write(parts: Parts, attempt: Attempt, failed: SyncFailed, error: Exception) -> None:
    refused = circuits.refusal(parts, attempt.claim.broker, error)
    with parts.database.session() as session:
        held = claims.held(session, attempt.claim)
        if held is None:
            return
        connection, now = held
        if isinstance(error, LoginRefused):
            end_login(session, connection, error)
        # A login that is still to be listed stays `linking`: probed as often, and listed once a key opens it.
        if failed.kind == "credentials_unreadable" and connection.status == Status.ACTIVE:
            log.warning("credentials unreadable", extra={"connection": connection.id})
            connection.status = Status.CREDENTIALS_UNREADABLE
            record_event(session, "credentials_unreadable", connection, "worker")
        retry_after = error.retry_after if isinstance(error, RateLimited) else None
        if refused is not None:
            circuits.open_for(session, refused, now)
            retry_after = circuits.FIRST_PROBE
        leave(connection, attempt, now, failed, parts.random, retry_after)
        record_failed(session, attempt, now, failed.kind, failed.text)
        if refused is None:
            outages.after_failure(session, parts, attempt.claim, failed.kind, now)
