from __future__ import annotations

import pytest

from models.session import Database
from tests.brokersync.command_line import run
from tests.records import a_connection
from tests.worker.stored import connection_row

pytestmark = pytest.mark.servers


def test_a_paused_connection_goes_on(stored: Database) -> None:
    connection_id = a_connection(stored, status="paused", next_sync_at=None)
    assert run("resume", str(connection_id)[:8], "--json").document == {
        "connection_id": str(connection_id),
        "status": "active",
    }
    assert connection_row(stored, connection_id).next_sync_at is not None


def test_what_is_not_paused_is_told_what_helps(stored: Database) -> None:
    connection_id = a_connection(stored, status="reauth_required")
    ran = run("resume", str(connection_id))
    assert (ran.code, ran.out) == (1, "")
    assert "needs a new login: `brokersync link --connection`" in ran.err
