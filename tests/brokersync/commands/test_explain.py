from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from models.connection import Connection, Status
from models.event import record_event
from models.session import Database
from tests.brokersync.command_line import run
from tests.records import a_connection

pytestmark = pytest.mark.servers


def test_one_sentence_says_how_a_connection_stands(stored: Database) -> None:
    now = datetime.now(UTC)
    connection_id = a_connection(
        stored,
        broker="schwab",
        checked_at=now - timedelta(seconds=20),
        next_sync_at=now + timedelta(minutes=4, seconds=30),
        login_expires_at=now + timedelta(hours=23, minutes=30),
        login_at=now - timedelta(days=6),
    )
    ran = run("explain", str(connection_id)[:8])
    assert ran.code == 0
    said = " ".join(ran.out.split())
    assert said.startswith(
        "All is well: confirmed 20 s ago; it is asked again in 4 min; the login ends in 23 h 29 min ("
    )
    assert said.endswith(
        f"UTC), and the person renews it with the link that `brokersync link --repair {str(connection_id)[:8]}` makes."
    )


def test_its_lines_are_as_wide_as_the_terminal_and_its_command_is_whole(
    stored: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection_id = a_connection(stored, status=Status.REAUTH_REQUIRED)
    command = f"`brokersync link --repair {str(connection_id)[:8]}`"
    for width in (44, 80, 120):
        monkeypatch.setenv("COLUMNS", str(width))
        out = run("explain", str(connection_id)).out
        assert max(map(len, out.splitlines())) <= width
        assert any(command in line for line in out.splitlines())


def test_the_document_holds_the_same_for_programs(stored: Database) -> None:
    connection_id = a_connection(stored, broker="schwab", status=Status.REAUTH_REQUIRED, last_error_kind="login_ended")
    with stored.session() as session:
        connection = session.get_one(Connection, connection_id)
        record_event(session, "reauth_required", connection, "worker", reason="ended by the broker")
    document = run("explain", str(connection_id), "--json").document
    last = document.pop("last_event")
    notice = document.pop("notice")
    sentence = document.pop("sentence")
    assert sentence.startswith("Charles Schwab ended this login 0 s ago")
    assert f"`brokersync link --repair {connection_id}`" in sentence
    assert (last["event"], last["reason"]) == ("reauth_required", "ended by the broker")
    assert (notice["event"], notice["delivery"], notice["attempts"]) == ("reauth_required", "unwanted", 0)
    assert document.pop("login_expires_at").endswith("Z")
    assert document == {
        "connection_id": str(connection_id),
        "user_id": "42",
        "broker": "schwab",
        "status": "reauth_required",
        "state": "login ended",
        "error_kind": "login_ended",
        "happens_next": "nothing is asked",
        "at": None,
        "who_acts": "the person",
        "command": f"brokersync link --repair {connection_id}",
        "checked_at": None,
    }


def test_when_something_comes_next_the_document_has_its_time(stored: Database) -> None:
    due = datetime.now(UTC) + timedelta(minutes=3)
    document = run("explain", str(a_connection(stored, next_sync_at=due)), "--json").document
    assert document["at"] == due.isoformat().replace("+00:00", "Z")
    assert (document["last_event"], document["notice"]) == (None, None)


def test_a_connection_that_is_not_there_is_a_failure_that_says_where_to_look(stored: Database) -> None:
    ran = run("explain", "ffffffff")
    assert (ran.code, ran.out) == (1, "")
    assert "`brokersync connections` lists them" in ran.err
