"""The sync pipeline: take the claim → log in → fetch → match → store → publish. No Celery here.

Everything is fetched before anything is written, and no database session is open while the broker is asked (but for the
refresh, whose lock must span its answer).
"""

from __future__ import annotations

import logging
import re
import uuid
from functools import partial

import redis
from sqlalchemy.exc import SQLAlchemyError

from brokers.errors import BadAnswer
from brokers.records import ComeBack, SameAnswer
from models.connection import Status
from worker import claims, limits, outages, pending
from worker.attempts import Attempt
from worker.circuits import is_ours
from worker.claims import Claim, KnownAccount
from worker.failures import EXPECTED, describe, fail
from worker.fetching import fetch_all, fetch_one
from worker.limits import Deadline
from worker.listing import finish_link
from worker.logins import LoginBusy, NoCredentials
from worker.matching import match, match_one
from worker.not_taken import NotTaken
from worker.outcomes import CannotSync, Outcome, SyncFailed, SyncResult
from worker.parts import Parts
from worker.readings import Comparing
from worker.stopwatch import Stopwatch
from worker.storing import Stored, defer, store, store_same

log = logging.getLogger(__name__)

TRIGGER = re.compile(r"[a-z_]{1,32}")


def sync_connection(parts: Parts, connection_id: uuid.UUID, trigger: str, task_id: str | None = None) -> SyncResult:
    """Sync all accounts of a connection.

    `trigger` is `schedule` for the dispatcher's messages (then `task_id` is the claim it wrote) or a word for who asked.
    Raises `SyncFailed` when the sync, or any account of it, failed, and `CannotSync` for what nobody may sync now.
    """
    return _run(parts, connection_id, trigger, task_id, None)


def sync_account(
    parts: Parts, connection_id: uuid.UUID, account_id: uuid.UUID, task_id: str | None = None
) -> SyncResult:
    """Sync one account of a connection, under the same claim. Raises as `sync_connection` does."""
    return _run(parts, connection_id, "demand", task_id, account_id)


def _run(
    parts: Parts, connection_id: uuid.UUID, trigger: str, task_id: str | None, account_id: uuid.UUID | None
) -> SyncResult:
    if not isinstance(trigger, str) or not TRIGGER.fullmatch(trigger):
        raise CannotSync("The trigger must be a short word in lower case, such as demand.")
    deadline = Deadline(limits.SYNC_DEADLINE)
    try:
        with parts.database.session(deadline.left()) as session:
            claim = claims.take(session, connection_id, trigger, _message_id(task_id), partial(is_ours, parts))
            if isinstance(claim, Claim) and account_id is not None:
                _known(claim, account_id)
    except SQLAlchemyError as error:
        log.exception("claim not taken", extra={"connection": connection_id})
        raise describe(error) from None
    if isinstance(claim, NotTaken):
        if claim.why_not is not None and trigger != "schedule":
            raise CannotSync(claim.why_not)
        return SyncResult(connection_id, claim.outcome, claim.run_id)
    attempt = Attempt(claim, trigger, task_id, Stopwatch(), whole_login=account_id is None)
    try:
        if claim.status is Status.LINKING:
            listed = finish_link(parts, attempt, deadline)
            outages.after_success(parts, claim)
            return listed
        stored = _fetch_and_store(parts, attempt, account_id, deadline)
    except (LoginBusy, NoCredentials):
        defer(parts, attempt, limits.LOGIN_BUSY_WAIT + limits.LOGIN_BUSY_SPREAD * parts.random())
        return SyncResult(connection_id, Outcome.DEFERRED, None if attempt.stopwatch.is_unused else claim.run_id)
    except CannotSync:
        raise
    except EXPECTED as error:
        raise fail(parts, attempt, error) from None
    except Exception as error:
        # Whatever it is: the claim must be given back, and the task must fail with one of the closed kinds. The cause is
        # for the log only: chained, Celery would keep its text, which is not ours, with the result.
        log.exception("internal fault", extra={"connection": connection_id})
        raise fail(parts, attempt, error) from None
    outages.after_success(parts, claim)
    _publish(parts, stored)
    if stored.outcome is Outcome.FAILED:
        raise SyncFailed.of("bad_answer", next(account.error for account in stored.accounts if account.error))
    return SyncResult(connection_id, stored.outcome, claim.run_id, stored.accounts)


def _fetch_and_store(parts: Parts, attempt: Attempt, account_id: uuid.UUID | None, deadline: Deadline) -> Stored:
    claim = attempt.claim
    if account_id is None:
        return _whole_login(parts, attempt, deadline)
    number_fp, account = _known(claim, account_id)
    item = fetch_one(parts, attempt, deadline, number_fp, account)
    matched = match_one(item, account, number_fp, claim.broker, parts.fingerprints)
    return store(parts, attempt, matched, deadline.left())


def _whole_login(parts: Parts, attempt: Attempt, deadline: Deadline) -> Stored:
    claim = attempt.claim
    earlier = parts.readings.of(claim)
    comparing = Comparing(earlier)
    answer = fetch_all(parts, attempt, deadline, comparing.seen)
    if isinstance(answer, SameAnswer):
        same = None if earlier is None else store_same(parts, attempt, earlier.rows, deadline.left())
        if same is not None:
            return same
        # Somebody else changed the rows: they are made right again, by an answer that is read.
        comparing = Comparing(None)
        answer = fetch_all(parts, attempt, deadline, comparing.seen)
    if isinstance(answer, SameAnswer):
        raise BadAnswer("the accounts", "taken for an answer that was never read")
    if isinstance(answer, ComeBack):
        defer(parts, attempt, answer.wait, answer)
        return Stored(Outcome.DEFERRED, (), ())
    matched = match(answer.accounts, claim.accounts, claim.broker, parts.fingerprints)
    stored = store(parts, attempt, matched, deadline.left())
    parts.readings.keep(claim, comparing.answer, stored.rows)
    return stored


def _known(claim: Claim, account_id: uuid.UUID) -> tuple[str, KnownAccount]:
    for number_fp, known in claim.accounts.items():
        if known.id == account_id and known.missing_since is not None:
            raise CannotSync(
                f"Account {account_id} is not shared by the login of its connection, so it is not read:"
                f" `brokersync link --repair {claim.connection_id}` makes the link with which the person shares it again."
            )
        if known.id == account_id:
            return number_fp, known
    raise CannotSync(f"There is no account {account_id}.")


def _publish(parts: Parts, stored: Stored) -> None:
    """After the commit. What cannot be sent or noted now, `publish_pending` sends later: the sync itself is done."""
    try:
        standing = parts.publisher.publish(stored.messages)
        pending.note_published(parts.database, stored.messages, standing)
    except (redis.RedisError, SQLAlchemyError):
        log.warning("not published, left to publish_pending", extra={"accounts": len(stored.messages)})


def _message_id(task_id: str | None) -> uuid.UUID | None:
    try:
        return None if task_id is None else uuid.UUID(task_id)
    except ValueError:
        # A caller may give a task any id it likes; only the dispatcher's are claims.
        return None
