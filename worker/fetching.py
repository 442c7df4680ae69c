"""Asking the broker: with a login that is fresh, once more when the access token was refused, and never in a session."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from brokers.errors import AccessRefused
from models.connection import Connection
from worker import tokens
from worker.claims import Claim
from worker.limits import Deadline
from worker.parts import Parts

Answer = TypeVar("Answer")
Ask = Callable[[Mapping[str, str]], Answer]


def ask_with_login(parts: Parts, claim: Claim, deadline: Deadline, ask: Ask[Answer]) -> Answer:
    """Call `ask` with credentials that are good.

    A refused access token is refreshed and tried once more: brokers end access tokens early. Refused again, it is not the
    token: the app lacks a product, or no account is shared with it, and `AccessRefused` goes up as it is.
    """
    broker = parts.broker(claim.broker)
    login = tokens.usable_login(parts.database, broker, claim.connection_id, deadline)
    try:
        return ask(login.credentials)
    except AccessRefused:
        login = tokens.refresh(parts.database, broker, claim.connection_id, login.version, deadline)
        return ask(login.credentials)


def fetch_state(parts: Parts, claim: Claim) -> Mapping[str, object] | None:
    """What the broker asked to be handed back, where it prepares a report first."""
    if not claim.has_fetch_state:
        return None
    with parts.database.session() as session:
        return session.get_one(Connection, claim.connection_id).fetch_state
