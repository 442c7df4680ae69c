from __future__ import annotations

import pytest

from models.session import Database
from tests.brokersync.command_line import run
from tests.brokersync.rows import a_login
from tests.records import a_connection
from tests.worker.stored import connection_row

pytestmark = pytest.mark.servers


def test_a_paused_connection_goes_on(stored: Database) -> None:
    connection_id, _ = a_login(stored)
    ran = run("pause", str(connection_id)[:8])
    assert (ran.code, ran.out) == (
        0,
        f"Connection {connection_id} of user 42 is paused:"
        f" nothing is asked until `brokersync resume {str(connection_id)[:8]}`.\n",
    )
    assert connection_row(stored, connection_id).next_sync_at is None
    ran = run("resume", str(connection_id)[:8])
    assert (ran.code, ran.out) == (0, f"Connection {connection_id} of user 42 is active again and is due now.\n")
    assert connection_row(stored, connection_id).next_sync_at is not None


def test_it_is_called_by_its_label_too(stored: Database) -> None:
    connection_id = a_connection(stored, user_id="jane", label="Jane’s \x1b IRA")
    name = f"Connection {connection_id} (Jane’s · IRA) of user jane"
    assert run("pause", str(connection_id)).out.startswith(f"{name} is paused")
    assert run("resume", str(connection_id)).out.startswith(f"{name} is linking again")


def test_both_answer_with_a_document(stored: Database) -> None:
    connection_id = a_connection(stored, status="linking")
    paused = run("pause", str(connection_id), "--json").document
    assert paused == {"connection_id": str(connection_id), "status": "paused"}
    resumed = run("resume", str(connection_id), "--json").document
    assert resumed == {"connection_id": str(connection_id), "status": "linking"}


def test_what_is_paused_already_is_told_what_helps(stored: Database) -> None:
    connection_id = a_connection(stored, status="paused")
    ran = run("pause", str(connection_id))
    assert (ran.code, ran.out) == (1, "")
    said = f"is paused already: `brokersync resume {str(connection_id)[:8]}` starts it again."
    assert ran.err == f"Error: Connection {connection_id} {said}\n"


def test_what_is_not_paused_is_told_what_helps(stored: Database) -> None:
    connection_id = a_connection(stored, status="reauth_required")
    ran = run("resume", str(connection_id))
    assert (ran.code, ran.out) == (1, "")
    assert f"needs a new login: `brokersync link --repair {str(connection_id)[:8]}` makes" in ran.err
