"""How a person comes to a new login, in words that can be typed."""

from __future__ import annotations

import shlex
import uuid

from brokersync.cells import SHORT_ID


def relink_command(user_id: str, broker: str, connection_id: uuid.UUID) -> str:
    """What makes the link with which the person logs in again, to the same connection."""
    to = ("--user", user_id, "--broker", broker, "--connection", str(connection_id)[:SHORT_ID])
    return f"brokersync link {shlex.join(to)}"


def new_link_command(user_id: str, broker: str) -> str:
    """What makes the link with which the person logs in, whatever they had before."""
    return f"brokersync link {shlex.join(('--user', user_id, '--broker', broker))}"
