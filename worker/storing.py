"""One short transaction: accounts, positions, versions, connection and run, or nothing of it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from brokers.records import ComeBack, ListedAccount
from models.account import Account
from models.connection import Connection, Status
from models.run import SyncRun
from models.snapshot import Written, write_snapshot
from worker import claims
from worker.backoff import wait_after
from worker.claims import Claim
from worker.matching import Matched
from worker.messages import Message, snapshot_message
from worker.outcomes import AccountOutcome, Outcome, worst
from worker.parts import Parts
from worker.stopwatch import Stopwatch

# Not through the session: nothing else of it is to be written, and its bookkeeping costs more than the insert.
_INSERT_RUN = insert(SyncRun)


@dataclass(frozen=True)
class Attempt:
    """A run at work: its claim, who asked for it, and the time its calls take."""

    claim: Claim
    trigger: str
    task_id: str | None
    stopwatch: Stopwatch
    whole_login: bool = True

    @property
    def fetched_at(self) -> datetime:
        """When the answer was asked for, by the database's clock. A moment early rather than late: data are this old."""
        return self.claim.taken_at + self.stopwatch.began_after


@dataclass(frozen=True)
class Stored:
    """What the transaction did, and what subscribers are to hear of it once it is committed."""

    outcome: Outcome
    accounts: tuple[AccountOutcome, ...]
    messages: tuple[Message, ...]


def store(parts: Parts, attempt: Attempt, matched: Matched, statement_timeout: timedelta) -> Stored:
    """Write what was matched. A run that lost its claim writes nothing but its own record: `superseded`."""
    claim = attempt.claim
    with parts.database.session(statement_timeout) as session:
        held = claims.held(session, claim)
        if held is None:
            if session.get(Connection, claim.connection_id) is not None:
                _record(session, attempt, _now(session), Outcome.SUPERSEDED, ())
            return Stored(Outcome.SUPERSEDED, (), ())
        connection, now = held
        for number_fp, (account_id, listed) in matched.new.items():
            session.add(_new_account(claim, number_fp, account_id, listed))
        for account_id, broker_account_id in matched.renamed.items():
            session.get_one(Account, account_id).broker_account_id = broker_account_id
        session.flush()
        written = write_snapshot(session, matched.accounts, matched.positions, attempt.fetched_at)
        outcomes = (*(_outcome(row["id"], written.versions) for row in matched.accounts), *matched.failed)
        outcome = worst(item.outcome for item in outcomes)
        error = next((item.error for item in matched.failed), None)
        if error is None:
            _succeeded(connection, attempt, now)
        else:
            connection.last_error_kind, connection.last_error_text = "bad_answer", error
            connection.consecutive_failures += 1
            wait = wait_after("bad_answer", connection.consecutive_failures, None, parts.random)
            claims.release(connection, claim, now + wait)
        connection.unfinished_attempts = 0
        changed = len(written.versions) + written.positions_changed
        _record(session, attempt, now, outcome, outcomes, "bad_answer" if error else None, error, changed)
    return Stored(outcome, outcomes, _messages(attempt, matched, written))


def defer(parts: Parts, attempt: Attempt, wait: timedelta, come_back: ComeBack | None = None) -> None:
    """End the run without an answer and without a failure: the connection is due again after `wait`."""
    with parts.database.session() as session:
        held = claims.held(session, attempt.claim)
        if held is None:
            return
        connection, now = held
        if come_back is not None:
            connection.fetch_state = come_back.state
        connection.unfinished_attempts = 0
        claims.release(connection, attempt.claim, now + wait)
        _record(session, attempt, now, Outcome.DEFERRED, ())


def record_failed(session: Session, attempt: Attempt, now: datetime, kind: str, text: str) -> None:
    """The record of a run whose call failed as a whole."""
    _record(session, attempt, now, Outcome.FAILED, (), kind, text)


def record_listed(session: Session, attempt: Attempt, connection_id: uuid.UUID) -> None:
    """The record of a run that listed a new login's accounts; `connection_id` is where that login ended up."""
    session.flush()
    _record(session, attempt, _now(session), Outcome.OK, (), connection_id=connection_id)


def _succeeded(connection: Connection, attempt: Attempt, now: datetime) -> None:
    connection.status = Status.ACTIVE
    if not attempt.whole_login:
        # One account was asked for out of turn: that says nothing of the others, and they keep their cadence.
        due_at = attempt.claim.due_at or now + connection.sync_interval
        claims.release(connection, attempt.claim, min(due_at, now + connection.sync_interval))
        return
    connection.last_success_at = now
    connection.checked_at = attempt.fetched_at
    connection.consecutive_failures = 0
    connection.last_error_kind = connection.last_error_text = None
    connection.fetch_state = None
    claims.release(connection, attempt.claim, now + connection.sync_interval)


def _new_account(claim: Claim, number_fp: str, account_id: uuid.UUID, listed: ListedAccount) -> Account:
    account = Account(
        id=account_id,
        connection_id=claim.connection_id,
        number_fp=number_fp,
        masked=listed.masked,
        broker_account_id=listed.broker_account_id,
    )
    account.number = listed.number
    return account


def _outcome(account_id: uuid.UUID, versions: Mapping[uuid.UUID, int]) -> AccountOutcome:
    version = versions.get(account_id)
    return AccountOutcome(account_id, Outcome.UNCHANGED if version is None else Outcome.OK, version)


def _messages(attempt: Attempt, matched: Matched, written: Written) -> tuple[Message, ...]:
    claim = attempt.claim
    held: dict[uuid.UUID, list[dict[str, Any]]] = {}
    for row in matched.positions:
        held.setdefault(row["account_id"], []).append(row)
    messages = []
    for row in matched.accounts:
        version = written.current[row["id"]]
        if row["id"] not in written.versions:
            messages.append(Message(row["id"], version, attempt.fetched_at))
            continue
        account = {
            **row,
            "account_id": row["id"],
            "connection_id": claim.connection_id,
            "user_id": claim.user_id,
            "broker": claim.broker,
            "version": version,
            "fetched_at": attempt.fetched_at,
            "proof": None,
        }
        messages.append(snapshot_message(account, held.get(row["id"], []), attempt.fetched_at))
    return tuple(messages)


def _record(
    session: Session,
    attempt: Attempt,
    now: datetime,
    outcome: Outcome,
    accounts: tuple[AccountOutcome, ...],
    error_kind: str | None = None,
    error_text: str | None = None,
    rows_changed: int = 0,
    connection_id: uuid.UUID | None = None,
) -> None:
    session.connection().execute(
        _INSERT_RUN,
        {
            "id": attempt.claim.run_id,
            "connection_id": connection_id or attempt.claim.connection_id,
            "trigger": attempt.trigger,
            "task_id": attempt.task_id,
            "started_at": attempt.claim.taken_at,
            "finished_at": now,
            "outcome": outcome.value,
            "accounts": [account.as_json() for account in accounts],
            "error_kind": error_kind,
            "error_text": error_text,
            "broker_ms": int(attempt.stopwatch.total / timedelta(milliseconds=1)),
            "rows_changed": rows_changed,
        },
    )


def _now(session: Session) -> datetime:
    now: datetime = session.scalars(select(func.clock_timestamp())).one()
    return now
