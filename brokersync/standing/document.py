"""How a connection stands, for programs."""

from __future__ import annotations

import re

from brokersync.cells import SHORT_ID
from brokersync.documents import Document
from brokersync.standing.facts import Facts
from brokersync.standing.sentence import standing


def standing_document(facts: Facts) -> Document:
    """`at` is when that happens which happens next; null for nothing, and for what has no time. `notice`: the last of
    which people are told, and how far it came.
    """
    told = standing(facts)
    last = max(facts.happened.items(), key=lambda item: item[1].at, default=None)
    notice = facts.notice
    return {
        "connection_id": str(facts.connection_id),
        "user_id": facts.user_id,
        "broker": facts.broker,
        "status": facts.status.value,
        "state": told.state,
        "error_kind": facts.error_kind,
        "happens_next": told.next.said,
        "at": told.next.at,
        "who_acts": told.who.value,
        "command": None if told.command is None else _for_programs(facts, told.command),
        "login_expires_at": facts.login_expires_at,
        "checked_at": facts.checked_at,
        "last_event": None if last is None else {"event": last[0], "at": last[1].at, "reason": last[1].reason},
        "notice": None
        if notice is None
        else {
            "event": notice.kind,
            "at": notice.at,
            "delivery": notice.state.value,
            "attempts": notice.attempts,
            "next_try_at": notice.next_try_at,
        },
        "sentence": _for_programs(facts, told.sentence),
    }


def _for_programs(facts: Facts, words: str) -> str:
    """With the whole id in commands: its first characters may be those of another one, when the command is run."""
    whole = str(facts.connection_id)
    return re.sub(rf"\b{whole[:SHORT_ID]}\b(?!-)", whole, words)
