"""Events that somebody has not been told of: what waits for another try, and what was given up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from models.session import Database

MOST = 20
"""Of each state so many are shown, the newest first; the others are counted."""

_COUNTS = "SELECT state, count(*) FROM event_deliveries WHERE state IN ('pending', 'given_up') GROUP BY state"
_UNWANTED = """
    SELECT count(*) FROM event_deliveries d JOIN events e ON e.id = d.event_id
    WHERE d.state = 'unwanted' AND e.at > now() - interval '1 day'
"""
_ROWS = """
    SELECT e.id AS event_id, e.kind AS event, e.at, e.connection_id, e.user_id, e.broker,
        d.target, d.state, d.attempts, d.next_try_at, d.next_try_at - now() AS next_try_in, now() - e.at AS age, d.last_error
    FROM event_deliveries d JOIN events e ON e.id = d.event_id
    WHERE d.state = :state ORDER BY e.at DESC, e.id, d.target LIMIT :most
"""


@dataclass(frozen=True)
class Undelivered:
    """How many there are, and the newest of them by name of column. `next_try_in` and `age` are spans.

    `unwanted`: how many of the last day nobody was set up for, or were settled before people heard of them.
    """

    waiting: int
    given_up: int
    unwanted: int
    rows: list[Mapping[str, Any]]


def undelivered(database: Database) -> Undelivered:
    """What waits, and what was given up within the last month: what is older is not kept."""
    with database.session() as session:
        counts = {row["state"]: row["count"] for row in session.execute(text(_COUNTS)).mappings()}
        unwanted = session.scalars(text(_UNWANTED)).one()
        rows: list[Mapping[str, Any]] = [
            dict(row)
            for state in ("pending", "given_up")
            for row in session.execute(text(_ROWS), {"state": state, "most": MOST}).mappings()
        ]
    return Undelivered(counts.get("pending", 0), counts.get("given_up", 0), unwanted, rows)
