from __future__ import annotations

import pytest

from brokersync.demo.commands import repair_command
from brokersync.demo.happenings import Happenings
from brokersync.supervisor import State
from tests.brokersync.demo.snapshots import run, snapshot

RUNNING = {"web": State(alive=True, restarts=0), "worker": State(alive=True, restarts=0)}


def event(kind: str, event_id: str = "e1", **fields: object) -> dict[str, object]:
    """A connection event of the demo's own connection, as subscribers get it."""
    return {
        "schema": 1,
        "event": kind,
        "event_id": event_id,
        "connection_id": str(snapshot().connection["connection_id"]),
        "user_id": "demo",
        "broker": "schwab",
        "at": "2026-11-20T18:00:00Z",
        "login_expires_at": "2026-11-21T17:00:00Z",
        **fields,
    }


def happenings() -> Happenings:
    return Happenings(snapshot().connection, RUNNING)


def test_a_part_that_died_is_told_once_when_it_runs_again() -> None:
    seen = happenings()
    down = {**RUNNING, "worker": State(alive=False, restarts=0)}
    again = {**RUNNING, "worker": State(alive=True, restarts=1)}
    down_again = {**RUNNING, "worker": State(alive=False, restarts=1)}
    told = [[note.plain for note in seen.restarted(states)] for states in (RUNNING, down, down_again, again, again)]
    assert told == [[], [], [], ["worker had ended and runs again"], []]


def test_a_login_that_ended_comes_with_the_command_that_repairs_it() -> None:
    seen = happenings()
    ended = snapshot(status="reauth_required").connection
    (note,) = seen.status(ended)
    assert "reauth required" in note.plain
    assert note.plain.endswith("log in again with\n" + repair_command(ended["connection_id"]))
    assert note.plain.endswith(f"brokersync link --repair {str(ended['connection_id'])[:8]}")
    assert list(seen.status(ended)) == []
    assert [note.plain for note in seen.status(snapshot().connection)] == ["the connection is active"]


def test_a_failed_sync_is_told_in_the_words_of_its_run() -> None:
    (note,) = happenings().failed([run(outcome="failed", error_text="GET /accounts: an HTML page")])
    assert note.plain == "sync failed, old rows stay: GET /accounts: an HTML page"


def test_a_server_that_does_not_answer_is_told_when_it_begins_and_when_it_ends() -> None:
    seen = happenings()
    said = [*seen.answering("Redis"), *seen.silent("Redis"), *seen.silent("Redis"), *seen.answering("Redis")]
    assert [note.plain for note in said] == ["Redis does not answer", "Redis answers again"]


def test_a_login_that_nears_its_end_is_told_once_however_often_the_event_comes() -> None:
    seen = happenings()
    (note,) = [note for _ in range(2) for note in seen.event(event("login_ending"))]
    assert note.plain.endswith("its login ends in 23 h")
    assert len(list(seen.event(event("login_ending", "e2")))) == 1


def test_the_command_of_an_event_is_as_it_has_to_be_typed_here() -> None:
    connection_id = snapshot().connection["connection_id"]
    told = event("login_ending", action=f"brokersync link --repair {connection_id}")
    (note,) = happenings().event(told)
    assert note.plain.endswith("its login ends in 23 h:\n" + repair_command(connection_id))


@pytest.mark.parametrize("kind", ["linked", "reauth_required", "paused"])
def test_what_the_status_says_is_not_told_twice_but_for_a_login_that_somebody_links_meanwhile(kind: str) -> None:
    seen = happenings()
    assert list(seen.event(event(kind))) == []
    assert len(list(seen.event(event(kind, "e2", connection_id="0b6e2f41-0000-0000-0000-000000000000")))) == 1
