"""Disconnecting everything that a user has linked."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import redis
from sqlalchemy import delete, select
from sqlalchemy.exc import SQLAlchemyError

from brokersync import queries
from brokersync.explanations import explained
from brokersync.queries import Row
from models.connection import Status
from models.link import Link
from models.session import Database
from worker.disconnect import disconnect
from worker.outcomes import CannotSync
from worker.parts import Parts


class NoSuchUser(Exception):
    """Nothing is known of that user. The message says where to look."""


@dataclass(frozen=True)
class Left:
    """What became of one connection; `error` says why it is still there.

    `why_not_revoked`: why a login that is gone here was not withdrawn at its broker; None where it was.
    """

    connection_id: uuid.UUID
    broker: str
    error: str | None = None
    why_not_revoked: str | None = None

    @property
    def revoked(self) -> bool:
        return self.error is None and self.why_not_revoked is None


def to_leave(database: Database, user_id: str, *, erase: bool) -> list[Row]:
    """The connections that are still to be disconnected, or with `erase` erased. Raises `NoSuchUser`."""
    rows = queries.connections(database, user_id)
    if not rows and not (erase and _has_links(database, user_id)):
        raise NoSuchUser(f"User {user_id!r} has linked nothing here: `brokersync connections` lists who has.")
    return [row for row in rows if erase or row["status"] != Status.DISCONNECTED]


def leave(parts: Parts, user_id: str, *, erase: bool) -> list[Left]:
    """Disconnect all that the user has, one after the other: one that fails does not keep the next.

    With `erase` their links go first, whatever comes of the rest: a person who has one open adds nothing new meanwhile.
    """
    if erase:
        with parts.database.session() as session:
            session.execute(delete(Link).where(Link.user_id == user_id))
    # Again, now that nothing can come after it.
    rows = queries.connections(parts.database, user_id)
    return [_one(parts, row, erase=erase) for row in rows if erase or row["status"] != Status.DISCONNECTED]


def _one(parts: Parts, row: Row, *, erase: bool) -> Left:
    try:
        answer = disconnect(parts, row["connection_id"], erase)
    except (CannotSync, SQLAlchemyError, redis.RedisError) as error:
        return Left(row["connection_id"], row["broker"], explained(error).message)
    return Left(row["connection_id"], row["broker"], why_not_revoked=answer["why_not_revoked"])


def _has_links(database: Database, user_id: str) -> bool:
    with database.session() as session:
        return session.scalars(select(Link.id).where(Link.user_id == user_id).limit(1)).first() is not None
