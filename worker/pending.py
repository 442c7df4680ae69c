"""Sending what subscribers have not had: after a crash between commit and publish, or when Redis lost data."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import select

from models.account import Account, AccountCheck, Position
from models.connection import Connection
from models.session import Database
from worker import limits
from worker.filling import Turn
from worker.limits import Deadline
from worker.messages import Message, snapshot_message
from worker.parts import Parts

log = logging.getLogger(__name__)

_BATCH = 200
_NOT_THERE = 0

# Written out: putting this together from parts again for each sync took longer than running it.
_MARK = """
WITH sent AS (
    SELECT * FROM unnest(CAST(%(ids)s AS uuid[]), CAST(%(versions)s AS bigint[])) AS s(id, version)
), free AS (
    SELECT id FROM accounts WHERE id IN (SELECT id FROM sent) FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE accounts AS a SET published_version = sent.version
FROM sent JOIN free USING (id)
WHERE a.id = sent.id AND (
    a.published_version < sent.version
    OR (sent.version = 0 AND a.published_version > 0)
)
"""


def publish_pending(parts: Parts) -> int:
    """Publish the accounts that are behind, and all of them when Redis has lost its epoch; how many are there now.

    One at a time across all processes: 0 while another is at it. What does not fit into `limits.PUBLISH_DEADLINE` is
    left to the next run, which goes on where this one got.
    """
    with parts.publisher.filling.turn() as turn:
        return 0 if turn is None else _publish(parts, turn)


def note_published(database: Database, messages: Sequence[Message], standing: Mapping[uuid.UUID, int]) -> int:
    """Write down what came of a publish, whose answer is `standing`; how many accounts Redis has as they were sent.

    Where Redis has an older version than the message confirms (it came back with older data), the account counts as
    never published, so that `publish_pending` sends it. A newer one stays: the latest wins.
    """
    there = [message for message in messages if standing[message.account_id] >= message.version]
    behind = [message.account_id for message in messages if standing[message.account_id] < message.version]
    sent = {message.account_id: message.version for message in there if message.balances is not None}
    mark_published(database, sent | dict.fromkeys(behind, _NOT_THERE))
    newer = [message.account_id for message in there if standing[message.account_id] > message.version]
    _warn_of_unknown(database, {account_id: standing[account_id] for account_id in newer})
    return len(there)


def mark_published(database: Database, versions: Mapping[uuid.UUID, int]) -> None:
    """Remember which versions subscribers were sent; 0 for an account that Redis turned out not to have.

    An account that somebody writes right now is left out: waiting for several rows in turn could end in a deadlock with
    the write of a sync. What was not noted is sent again, which does no harm.
    """
    if not versions:
        return
    ids = [str(account_id) for account_id in versions]
    database.at_once(_MARK, {"ids": ids, "versions": list(versions.values())})


def _publish(parts: Parts, turn: Turn) -> int:
    deadline = Deadline(limits.PUBLISH_DEADLINE)
    filling, after, there = parts.publisher.filling, turn.after, 0
    while messages := _batch(parts.database, after, only_behind=turn.filled):
        standing = parts.publisher.publish(messages)
        there += note_published(parts.database, messages, standing)
        after = messages[-1].account_id
        if not filling.reached(turn, after) or not deadline.left():
            return there
    filling.finish(turn)
    return there


def _warn_of_unknown(database: Database, newer: Mapping[uuid.UUID, int]) -> None:
    """A newer version on Redis is another run's, mostly. One that the database does not know comes from before a restore."""
    if not newer:
        return
    with database.session() as session:
        stored = session.execute(select(Account.id, Account.version).where(Account.id.in_(newer))).all()
    unknown = [account_id for account_id, version in stored if version < newer[account_id]]
    if unknown:
        log.warning("live data newer than the database, left as they are", extra={"accounts": len(unknown)})


def _batch(database: Database, after: uuid.UUID, *, only_behind: bool) -> list[Message]:
    """The next accounts by id. Account and positions come from one statement, so they belong to one version."""
    wanted = select(Account.id).where(Account.id > after, Account.version > 0).order_by(Account.id).limit(_BATCH)
    if only_behind:
        wanted = wanted.where(Account.published_version < Account.version)
    rows_wanted = (
        select(
            Account.__table__,
            Account.id.label("account_id"),
            Connection.user_id,
            Connection.broker,
            AccountCheck.checked_at,
            *[column.label(f"position_{column.name}") for column in Position.__table__.columns],
        )
        .join(Connection, Connection.id == Account.connection_id)
        .join(AccountCheck, AccountCheck.account_id == Account.id)
        .outerjoin(Position, Position.account_id == Account.id)
        .where(Account.id.in_(wanted))
        .order_by(Account.id)
    )
    with database.session() as session:
        rows = [dict(row) for row in session.execute(rows_wanted).mappings()]
    return [_message(list(of_one)) for _, of_one in groupby(rows, key=lambda row: row["account_id"])]


def _message(rows: list[dict[str, Any]]) -> Message:
    positions = [
        {name.removeprefix("position_"): value for name, value in row.items() if name.startswith("position_")}
        for row in rows
        if row["position_instrument_key"] is not None
    ]
    return snapshot_message(rows[0], positions, rows[0]["checked_at"])
