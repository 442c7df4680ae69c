"""What happened to a connection, in one line for a person: which, what, and what to do."""

from __future__ import annotations

from datetime import datetime, timedelta

from rich.text import Text

from brokersync import cells
from brokersync.live import Document

SAID = {
    "linked": "is linked",
    "repaired": "has a new login, and its ids and history as before",
    "login_ending": "its login ends {left}",
    "login_ended": "its login has ended",
    "reauth_required": "its login has ended, and {broker} is not asked any more",
    "credentials_unreadable": "no key in ENCRYPTION_KEY opens its login",
    "paused": "is paused",
    "given_up": "is paused by the worker",
    "resumed": "goes on",
    "disconnected": "is disconnected",
}
"""Every kind of event that subscribers are told of. Another one, of a newer version, goes by its name."""

TELLING = frozenset({"login_ended", "reauth_required", "given_up"})
"""Kinds whose reason says more than the sentence does."""

_HOUR = timedelta(hours=1)
_URGENT = frozenset({"login_ending", "login_ended", "reauth_required", "credentials_unreadable", "given_up"})


def told(event: Document) -> Text:
    """`0b1c03aa  its login ends in 48 h:`, and below it `brokersync link --repair 0b1c03aa`."""
    kind, connection_id = event["event"], str(event["connection_id"])
    known = SAID.get(kind)
    said = str(kind).replace("_", " ") if known is None else known.format(left=_left(event), broker=event["broker"])
    if kind in TELLING and event.get("reason"):
        said += f" ({event['reason']})"
    if kind == "repaired":
        said += _not_shared(event.get("missing"))
    words = cells.plain(said)
    if kind in _URGENT:
        words.stylize("yellow")
    if event.get("action"):
        action = str(event["action"]).replace(connection_id, connection_id[: cells.SHORT_ID])
        words.append(":\n" if action.startswith("brokersync ") else ": ").append_text(cells.plain(action))
    return Text.assemble(cells.short_id(connection_id), "  ", words)


def _not_shared(missing: object) -> str:
    """Of the accounts that the connection had; nothing where all came back."""
    if not isinstance(missing, int) or missing < 1:
        return ""
    return f"; {missing} account{' is' if missing == 1 else 's are'} not shared any more"


def _left(event: Document) -> str:
    """Counted from when it was told, in hours, as the notices are."""
    if event.get("login_expires_at") is None:
        return "soon"
    span = datetime.fromisoformat(event["login_expires_at"]) - datetime.fromisoformat(event["at"])
    return f"in {round(span / _HOUR)} h" if span >= _HOUR else f"in {cells.spelled(span, parts=1)}"
