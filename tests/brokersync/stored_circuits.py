"""Open circuits: apps that a broker refuses, or that it does not answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from models.circuit import Circuit
from models.session import Database


def open_circuit(database: Database, **values: Any) -> None:
    now = datetime.now(UTC)
    given: dict[str, Any] = {
        "broker": "schwab",
        "app": "a-fingerprint",
        "error_kind": "app_misconfigured",
        "error_text": "POST /oauth/token: the app was refused",
        "opened_at": now - timedelta(hours=3),
        "probe_at": now + timedelta(minutes=7, seconds=30),
    }
    with database.session() as session:
        session.add(Circuit(**(given | values)))
