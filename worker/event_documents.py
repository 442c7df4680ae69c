"""Events as programs get them: one JSON document for the subscribers of Redis and for the webhook."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import msgspec

from models.event import Event

SCHEMA = 1

_encode = msgspec.json.Encoder(decimal_format="number").encode


def event_document(event: Event) -> bytes:
    """Compact JSON, UTF-8: the envelope, what to do where somebody has to act, then what else the event tells.

    Times are ISO 8601 in UTC with a Z. `login_expires_at` is as it stood when the event was written; null for a login that
    does not end. An event of an app has neither connection nor user: null too.
    """
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "event": event.kind,
        "event_id": event.id,
        "connection_id": event.connection_id,
        "user_id": event.user_id,
        "broker": event.broker or None,
        "at": event.at.astimezone(UTC),
        "login_expires_at": event.details.get("login_expires_at"),
    }
    what_to_do = action(event)
    if what_to_do is not None:
        document["action"] = what_to_do
    # Behind the envelope: no detail takes the place of a field that receivers rely on.
    return _encode(document | {name: value for name, value in event.details.items() if name not in document})


def action(event: Event) -> str | None:
    """What somebody has to do about it, None where nobody has to. A command, or a sentence of its own words."""
    if event.kind in {"login_ending", "login_ended", "reauth_required"}:
        return f"brokersync link --repair {event.connection_id}"
    if event.kind == "given_up":
        return f"brokersync resume {event.connection_id}"
    if event.kind == "credentials_unreadable":
        return "put the key under which this login was stored back into ENCRYPTION_KEY, behind the one that is there"
    said = event.details.get("action")
    return said if isinstance(said, str) else None
