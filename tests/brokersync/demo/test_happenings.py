from __future__ import annotations

from brokersync.demo.happenings import Happenings
from brokersync.supervisor import State
from tests.brokersync.demo.snapshots import run, snapshot

RUNNING = {"web": State(alive=True, restarts=0), "worker": State(alive=True, restarts=0)}


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
