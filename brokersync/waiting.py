"""Which connections wait for an open circuit: not those that were answered after it had opened."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Interval, and_, literal, or_

from models.circuit import Circuit
from models.connection import Connection
from worker.limits import SYNC_DEADLINE


def waits_for() -> ColumnElement[bool]:
    """Of a `Connection` and a `Circuit`: whether the one may wait for the other.

    Who was answered since is asked with other settings, and the circuit is of an app that was replaced, or of a worker that
    lacks one. A run that was under way when it opened may have ended after that.
    """
    succeeded = Connection.last_success_at
    may_have_begun_before = or_(
        succeeded.is_(None), succeeded <= Circuit.opened_at + literal(SYNC_DEADLINE, Interval())
    )
    return and_(Connection.broker == Circuit.broker, may_have_begun_before)
