"""Sending what subscribers have not had: after a crash between commit and publish, or when Redis lost everything."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from sqlalchemy import func, select, update

from models.account import Account, AccountCheck, Position
from models.connection import Connection
from models.session import Database
from worker.messages import Message, snapshot_message
from worker.parts import Parts

_BATCH = 200


def publish_pending(parts: Parts) -> int:
    """Publish the accounts that are behind, and all of them when Redis has lost its epoch; how many that were."""
    filled = parts.publisher.is_filled()
    mark = None if filled else parts.publisher.begin_filling()
    sent = 0
    for messages in _batches(parts.database, only_behind=filled):
        parts.publisher.publish(messages)
        mark_published(parts.database, {message.account_id: message.version for message in messages})
        sent += len(messages)
    if mark is not None:
        parts.publisher.end_filling(mark)
    return sent


def mark_published(database: Database, versions: Mapping[uuid.UUID, int]) -> None:
    """Remember which versions subscribers were sent.

    An account that somebody writes right now is left out: waiting for several rows in turn could end in a deadlock with
    the write of a sync. What was not noted is sent again, which does no harm.
    """
    if not versions:
        return
    free = (
        select(Account.id).where(Account.id.in_(versions)).with_for_update(key_share=True, skip_locked=True).cte("free")
    )
    sent = func.unnest(list(versions), list(versions.values())).table_valued("id", "version").render_derived()
    with database.session() as session:
        session.execute(
            update(Account)
            .where(Account.id == free.c.id, Account.id == sent.c.id, Account.published_version < sent.c.version)
            .values(published_version=sent.c.version)
            .execution_options(synchronize_session=False)
        )


def _batches(database: Database, *, only_behind: bool) -> Iterator[list[Message]]:
    """Walks the accounts by id. Account and positions come from one statement, so they belong to one version."""
    after = uuid.UUID(int=0)
    while True:
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
        if not rows:
            return
        yield [_message(list(of_one)) for _, of_one in groupby(rows, key=lambda row: row["account_id"])]
        after = rows[-1]["account_id"]


def _message(rows: list[dict[str, Any]]) -> Message:
    positions = [
        {name.removeprefix("position_"): value for name, value in row.items() if name.startswith("position_")}
        for row in rows
        if row["position_instrument_key"] is not None
    ]
    return snapshot_message(rows[0], positions, rows[0]["checked_at"])
