"""Whether PostgreSQL has room for the connections that worker and web app may open."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from brokersync.doctor.findings import Finding, ok, warning
from oauth_web.parts import THREADS

CHECK = "Connections"
SPARE = 4
"""Of a worker beyond its slots: two that its pool has more, and two that it may open beyond that."""
WEB = THREADS + 2

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


def room(session: Session, slots: int) -> list[Finding]:
    """`slots` are those of one worker."""
    left, of_role, of_database = session.execute(_ROOM).one()
    return judged(min(limit for limit in (left, of_role, of_database) if limit >= 0), slots)


def judged(left: int, slots: int) -> list[Finding]:
    """`left` connections may be open for us: those that are open now included."""
    needed = slots + SPARE + WEB
    if left >= needed:
        return [ok(CHECK, f"There is room for {left}; one worker and the web app open {needed} at most.")]
    said = f"There is room for {left}; one worker and the web app may open {needed}, and then tasks fail."
    return [warning(CHECK, said, f"ALTER SYSTEM SET max_connections = {_raised(needed)} (and restart PostgreSQL)")]


def _raised(needed: int) -> int:
    """A round number with room for others."""
    return -(-(needed + 30) // 50) * 50
