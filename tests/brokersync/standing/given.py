"""Facts as they are mostly: a week-old installation whose login was made yesterday, and all is well."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from brokersync.standing.facts import Facts
from models.connection import Status

NOW = datetime(2026, 11, 26, 19, 0, tzinfo=UTC)
ID = uuid.UUID("0b6e2f41-0000-4000-8000-000000000001")
REPAIR = "brokersync link --repair 0b6e2f41"
RESUME = "brokersync resume 0b6e2f41"

# Clauses of the facts below.
RENEW = f"and the person renews it with the link that `{REPAIR}` makes"
FAR = "the login ends in 6 d (Wed 2 Dec 19:00 UTC)"
AGAIN = "it is asked again in 4 min"


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def ahead(**span: float) -> datetime:
    return NOW + timedelta(**span)


def facts(**values: Any) -> Facts:
    """Confirmed 20 s ago, asked again in 4 min; the login ends in 6 days, and people are told 48 hours before."""
    given: dict[str, Any] = {
        "now": NOW,
        "connection_id": ID,
        "user_id": "42",
        "broker": "schwab",
        "title": "Charles Schwab",
        "app_variables": ("SCHWAB_CLIENT_ID", "SCHWAB_CLIENT_SECRET"),
        "status": Status.ACTIVE,
        "login_at": ago(days=1),
        "login_expires_at": ahead(days=6),
        "near": timedelta(hours=48),
        "checked_at": ago(seconds=20),
        "next_sync_at": ahead(minutes=4),
        "updated_at": ago(minutes=30),
    }
    return Facts(**(given | values))
