"""People who have signed in and have not yet said which accounts the app may read."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.clock import Clock

CONSENT_LIFETIME = timedelta(minutes=10)


@dataclass(frozen=True)
class Consent:
    """One open consent page: whose it is and where its answer goes."""

    user: str
    redirect_uri: str
    state: str | None
    ends_at: datetime


class Consents:
    """A ticket stands in the page's form and works once."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._open: dict[str, Consent] = {}

    def open(self, user: str, redirect_uri: str, state: str | None) -> str:
        ticket = secrets.token_urlsafe(16)
        self._open[ticket] = Consent(user, redirect_uri, state, self._clock.now() + CONSENT_LIFETIME)
        return ticket

    def take(self, ticket: str) -> Consent | None:
        consent = self._open.pop(ticket, None)
        return consent if consent and self._clock.now() < consent.ends_at else None
