"""One short transaction: accounts, positions, versions, connection and run, or nothing of it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, update
from sqlalchemy.orm import Session

from brokers.records import ComeBack, ListedAccount
from models.account import Account
from models.connection import Connection, Status
from models.digests import Digests, confirm
from models.snapshot import Written, write_snapshot
from worker import claims
from worker.attempts import Attempt, clock, record
from worker.claims import Claim
from worker.failures import leave
from worker.matching import Matched
from worker.messages import Message, snapshot_message
from worker.outcomes import AccountOutcome, Outcome, SyncFailed, worst
from worker.parts import Parts

# Not through the session: for one row's update that costs several times as much.
_UPDATE = update(Connection).where(Connection.id == bindparam("succeeded"))


@dataclass(frozen=True)
class Stored:
    """What the transaction did, and what subscribers are to hear of it once it is committed."""

    outcome: Outcome
    accounts: tuple[AccountOutcome, ...]
    messages: tuple[Message, ...]
    rows: Digests | None = None
    """Of a whole login whose answer was found equal to them, and nothing else was in it."""


def store(parts: Parts, attempt: Attempt, matched: Matched, statement_timeout: timedelta) -> Stored:
    """Write what was matched. A run that lost its claim writes nothing but its own record: `superseded`."""
    claim = attempt.claim
    with parts.database.session(statement_timeout) as session:
        held = claims.held(session, claim)
        if held is None:
            return _superseded(session, attempt)
        connection, now = held
        for number_fp, (account_id, listed) in matched.new.items():
            session.add(_new_account(claim, number_fp, account_id, listed))
        for account_id, broker_account_id in matched.renamed.items():
            session.get_one(Account, account_id).broker_account_id = broker_account_id
        for account_id in matched.shared_again:
            session.get_one(Account, account_id).missing_since = None
        session.flush()
        written = write_snapshot(session, matched.accounts, matched.positions, attempt.fetched_at)
        outcomes = (*(_outcome(row["id"], written.versions) for row in matched.accounts), *matched.failed)
        outcome = worst(item.outcome for item in outcomes)
        error = next((item.error for item in matched.failed), None)
        if error is None:
            _succeeded(session, connection, attempt, now)
        else:
            leave(connection, attempt, now, SyncFailed.of("bad_answer", error), parts.random)
        changed = len(written.versions) + written.positions_changed
        record(session, attempt, now, outcome, outcomes, "bad_answer" if error else None, error, changed)
    rows = written.digests if attempt.whole_login and outcome is Outcome.UNCHANGED else None
    return Stored(outcome, outcomes, _messages(attempt, matched, written), rows)


def store_same(parts: Parts, attempt: Attempt, rows: Digests, statement_timeout: timedelta) -> Stored | None:
    """Note that the broker confirmed a whole login whose answer was found equal to these rows before.

    None, and nothing is written, when they are not what they were: then the answer has to be read.
    """
    with parts.database.session(statement_timeout) as session:
        held = claims.held(session, attempt.claim)
        if held is None:
            return _superseded(session, attempt)
        versions = confirm(session, rows, attempt.fetched_at)
        if versions is None:
            return None
        outcomes = tuple(_outcome(account_id, {}) for account_id in versions)
        _succeeded(session, held.connection, attempt, held.now)
        record(session, attempt, held.now, Outcome.UNCHANGED, outcomes)
    checks = tuple(Message(account_id, version, attempt.fetched_at) for account_id, version in versions.items())
    return Stored(Outcome.UNCHANGED, outcomes, checks)


def defer(parts: Parts, attempt: Attempt, wait: timedelta, come_back: ComeBack | None = None) -> None:
    """End the run without an answer and without a failure: the connection is due again after `wait`.

    One that asked for no data leaves no record: while a token endpoint hangs, there are many.
    """
    with parts.database.session() as session:
        held = claims.held(session, attempt.claim)
        if held is None:
            return
        connection, now = held
        if come_back is not None:
            connection.fetch_state = come_back.state
        connection.unfinished_attempts = 0
        claims.release(connection, now + wait)
        if not attempt.stopwatch.is_unused:
            record(session, attempt, now, Outcome.DEFERRED, ())


def _superseded(session: Session, attempt: Attempt) -> Stored:
    if session.get(Connection, attempt.claim.connection_id) is not None:
        record(session, attempt, clock(session), Outcome.SUPERSEDED, ())
    return Stored(Outcome.SUPERSEDED, (), ())


def _succeeded(session: Session, connection: Connection, attempt: Attempt, now: datetime) -> None:
    if connection.status != Status.ACTIVE:
        # Before its next time is worked out: hours bind active connections alone.
        connection.status = Status.ACTIVE
    due_at, news = now + connection.sync_interval, {}
    if attempt.whole_login:
        news = {
            "last_success_at": now,
            "checked_at": attempt.fetched_at,
            "consecutive_failures": 0,
            "last_error_kind": None,
            "last_error_text": None,
            "fetch_state_sealed": None,
        }
    else:
        # One account was asked for out of turn: that says nothing of the others, and they keep their cadence.
        due_at = min(attempt.claim.due_at or due_at, due_at)
    ended = {"unfinished_attempts": 0, **claims.released(connection, attempt.claim, due_at)}
    session.connection().execute(_UPDATE, {"succeeded": connection.id, **news, **ended})


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
