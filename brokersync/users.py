"""Users of the host application, as far as they are linked here."""

from __future__ import annotations

from brokersync import cells, queries
from brokersync.near import did_you_mean
from models.session import Database

NAMED = 5


def stranger(database: Database, user_id: str | None) -> str | None:
    """What to say of a user who has no login here while others have; None for one who has, and where nobody has."""
    if user_id is None or queries.connections(database, user_id):
        return None
    users = list(dict.fromkeys(row["user_id"] for row in queries.connections(database)))
    if not users:
        return None
    listed = ", ".join(users[:NAMED]) + (" …" if len(users) > NAMED else "")
    said = f"User {user_id} has no login here.{did_you_mean(user_id, users)}"
    return cells.plain(f"{said} `brokersync connections` lists who has one: {listed}.").plain
