"""Whether PostgreSQL has room for the connections that worker and web app may open."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from brokersync.doctor.findings import Finding, ok, warning
from oauth_web.parts import THREADS

CHECK = "Room"
SPARE = 4
"""Of a worker beyond its slots: two that its pool has more, and two that it may open beyond that."""
WEB = THREADS + 2


@dataclass(frozen=True)
class Room:
    """How many connections PostgreSQL has for us, those that are open now included."""

    left: int


@dataclass(frozen=True)
class Slots:
    """How many syncs run at once, in all workers together."""

    workers: int
    together: int


_ROOM = text(
    "SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int"
    " - coalesce(current_setting('reserved_connections', true)::int, 0)"
    " - (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
    "    AND (usename, datname) IS DISTINCT FROM (current_user, current_database())) AS left_for_us,"
    " (SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user) AS of_role,"
    " (SELECT datconnlimit FROM pg_database WHERE datname = current_database()) AS of_database"
)


def is_pooled(session: Session) -> bool:
    """Whether somebody stands between: a pooler tells the client another process number than the server's own."""
    driver = session.connection().connection.driver_connection
    told = driver.info.backend_pid if driver else None
    return bool(told != session.scalars(text("SELECT pg_backend_pid()")).one())


def room(session: Session) -> Room:
    left, of_role, of_database = session.execute(_ROOM).one()
    return Room(min(limit for limit in (left, of_role, of_database) if limit >= 0))


def judged(room: Room, slots: Slots) -> Finding:
    needed = slots.together + SPARE * slots.workers + WEB
    who = "one worker" if slots.workers == 1 else f"{slots.workers} workers"
    if room.left >= needed:
        return ok(
            CHECK, f"PostgreSQL has room for {room.left} connections; {who} and the web app open {needed} at most."
        )
    said = f"PostgreSQL has room for {room.left} connections; {who} and the web app may open {needed}, and then tasks fail."
    return warning(CHECK, said, f"ALTER SYSTEM SET max_connections = {_raised(needed)} (and restart PostgreSQL)")


def _raised(needed: int) -> int:
    """A round number with room for others."""
    return -(-(needed + 30) // 50) * 50
