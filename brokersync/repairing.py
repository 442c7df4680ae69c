"""How a person comes to a new login, in words that can be typed."""

from __future__ import annotations

import uuid

from brokersync.cells import SHORT_ID


def repair_command(connection_id: uuid.UUID) -> str:
    """What makes the link with which the person logs in again, to the same connection."""
    return f"brokersync link --repair {str(connection_id)[:SHORT_ID]}"
