from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest
from celery import Celery

from brokersync import asking
from brokersync.asking import Asked
from brokersync.commands import sync
from brokersync.sync_progress import SyncProgress
from models.session import Database
from tests.brokersync.command_line import run
from tests.brokersync.fake_celery import FakeCelery
from tests.brokersync.rows import a_login
from tests.brokersync.stored_circuits import open_circuit
from tests.records import a_connection
from worker.outcomes import CannotSync

pytestmark = pytest.mark.servers

Workers = Callable[..., FakeCelery]


@pytest.fixture
def workers(stored: Database, monkeypatch: pytest.MonkeyPatch) -> Workers:
    """Workers that answer what a test says."""

    def answering(told: object = None, workers: int = 1) -> FakeCelery:
        celery = FakeCelery(told, workers)
        monkeypatch.setattr(sync, "app", celery)
        return celery

    return answering


def answer(connection_id: uuid.UUID, account_id: uuid.UUID, outcome: str = "ok") -> dict[str, object]:
    account = {"account_id": str(account_id), "outcome": outcome, "version": 3, "error": None}
    return {"connection_id": str(connection_id), "run_id": None, "outcome": outcome, "accounts": [account]}


def test_the_document_is_that_of_the_contract(stored: Database, workers: Workers) -> None:
    connection_id, account_id = a_login(stored)
    workers(answer(connection_id, account_id))
    ran = run("sync", "--all", "--wait", "--json")
    (told,) = ran.document["runs"]
    assert (told["connection_id"], told["outcome"]) == (str(connection_id), "ok")
    assert told["accounts"] == [{"account_id": str(account_id), "outcome": "ok", "version": 3, "error": None}]
    assert (ran.code, ran.err) == (0, "")


def test_a_person_is_told_what_an_outcome_means(stored: Database, workers: Workers) -> None:
    connection_id, account_id = a_login(stored)
    workers(answer(connection_id, account_id, "unchanged"))
    assert "unchanged  1 unchanged  the broker confirmed what was there" in run("sync", "--all", "--wait").out


def test_a_sync_that_failed_is_code_1_and_says_why(stored: Database, workers: Workers) -> None:
    a_login(stored)
    workers(CannotSync("It is paused."))
    ran = run("sync", "--all", "--wait")
    assert ran.code == 1
    assert "It is paused." in ran.out


def test_all_leaves_out_what_cannot_be_synced(stored: Database, workers: Workers) -> None:
    celery = workers()
    active = a_connection(stored)
    for status in ("paused", "reauth_required", "disconnected"):
        a_connection(stored, status=status)
    told = run("sync", "--all", "--json").document["runs"]
    assert [(each["connection_id"], each["outcome"]) for each in told] == [(str(active), "sent")]
    assert celery.sent == [("sync_connection", (str(active),))]


def test_one_account_may_be_forced(stored: Database, workers: Workers) -> None:
    celery = workers()
    _, account_id = a_login(stored)
    assert run("sync", "--account", str(account_id)[:8], "--force").code == 0
    assert celery.sent == [("sync_account", (str(account_id), True))]


@pytest.mark.parametrize(
    "arguments",
    [(), ("--all", "--connection", "0b6e2f41"), ("--all", "--force"), ("--connection", "0b6e2f41", "--force")],
)
def test_what_to_sync_must_be_named_once(stored: Database, workers: Workers, arguments: tuple[str, ...]) -> None:
    celery = workers()
    assert run("sync", *arguments).code == 2
    assert celery.sent == []


def test_without_a_worker_it_says_so_and_sends_nothing(stored: Database, workers: Workers) -> None:
    a_login(stored)
    celery = workers(workers=0)
    ran = run("sync", "--all", "--wait")
    assert (ran.code, ran.out) == (1, "")
    assert "`honcho start`" in ran.err
    assert celery.sent == []


def test_ctrl_c_ends_the_waiting_with_what_has_come_and_says_that_the_rest_goes_on(
    stored: Database, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    hanging, (quick, account_id) = a_connection(stored, user_id="1"), a_login(stored, user_id="2")
    workers(lambda asked: FakeCelery.NEVER if asked == str(hanging) else answer(quick, account_id))

    def ctrl_c(progress: SyncProgress) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(SyncProgress, "passing", ctrl_c)
    ran = run("sync", "--all", "--wait", "--json")
    assert ran.code == 130
    told = {each["connection_id"]: each["outcome"] for each in ran.document["runs"]}
    assert told == {str(hanging): "sent", str(quick): "ok"}
    assert ran.err == (
        "1 of 2 had answered. What was asked goes on: `brokersync connections` shows what becomes of it.\n"
    )


@pytest.mark.parametrize("wait", [(), ("--wait",)])
def test_ctrl_c_while_messages_are_sent_says_what_was_asked(
    stored: Database, workers: Workers, monkeypatch: pytest.MonkeyPatch, wait: tuple[str, ...]
) -> None:
    for _ in range(2):
        a_connection(stored)
    workers()
    ask_connection = asking.ask_connection
    asked: list[uuid.UUID] = []

    def ctrl_c(app: Celery, connection_id: uuid.UUID) -> Asked:
        if asked:
            raise KeyboardInterrupt
        asked.append(connection_id)
        return ask_connection(app, connection_id)

    monkeypatch.setattr(asking, "ask_connection", ctrl_c)
    ran = run("sync", "--all", "--json", *wait)
    assert ran.code == 130
    assert [each["connection_id"] for each in ran.document["runs"]] == [str(each) for each in asked]
    assert ran.document["runs"][0]["outcome"] == "sent"
    assert ran.err == ("1 of 2 had been asked, and that goes on: `brokersync connections` shows what becomes of it.\n")


@pytest.mark.parametrize("statuses", [(), ("disconnected",)])
def test_where_nobody_is_linked_there_is_nothing_to_sync_and_that_is_no_failure(
    statuses: tuple[str, ...], stored: Database, workers: Workers
) -> None:
    for status in statuses:
        a_connection(stored, status=status)
    workers(workers=0)
    ran = run("sync", "--all", "--wait")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == "No login is linked here, so there is nothing to sync: `brokersync link` makes a link.\n"


def test_where_every_connection_is_ended_or_paused_it_fails_and_says_which_needs_whom(
    stored: Database, workers: Workers
) -> None:
    celery = workers()
    paused = a_connection(stored, status="paused", user_id="1")
    ended = a_connection(stored, status="reauth_required", user_id="2", broker="schwab")
    ran = run("sync", "--all", "--wait", "--json")
    assert (ran.code, ran.out, celery.sent) == (1, "", [])
    assert ran.err == (
        f"Error: Nothing was asked. Connection {paused} of user 1 is paused: "
        f"`brokersync resume {str(paused)[:8]}` starts it again.\n"
        f"Connection {ended} of user 2 has no login any more: its user has to log in again, with "
        f"`brokersync link --repair {str(ended)[:8]}`.\n"
    )


def test_of_many_stopped_connections_some_are_named_and_the_others_counted(stored: Database, workers: Workers) -> None:
    for _ in range(7):
        a_connection(stored, status="paused")
    workers()
    said = run("sync", "--all").err.splitlines()
    assert (len(said), said[-1]) == (6, "And 2 more: `brokersync connections` lists them.")


@pytest.mark.parametrize(
    ("status", "helps"),
    [
        ("paused", "`brokersync resume"),
        ("reauth_required", "`brokersync link --repair"),
        ("disconnected", "`brokersync link --repair"),
    ],
)
@pytest.mark.parametrize("by", ["--connection", "--account"])
def test_a_connection_that_is_not_asked_is_told_beforehand_with_what_helps(
    by: str, status: str, helps: str, stored: Database, workers: Workers
) -> None:
    celery = workers()
    connection_id, account_id = a_login(stored, status=status)
    ran = run("sync", by, str(connection_id if by == "--connection" else account_id))
    assert (ran.code, ran.out, celery.sent) == (1, "", [])
    assert ran.err.startswith(f"Error: Nothing was asked. Connection {connection_id} of user 42 ")
    assert helps in ran.err


@pytest.mark.parametrize(
    ("kind", "why"), [("app_misconfigured", "the broker refuses the app"), ("broker_down", "the broker answers nobody")]
)
def test_what_could_not_be_asked_at_all_is_code_1_and_says_why(
    kind: str, why: str, stored: Database, workers: Workers
) -> None:
    connection_id, account_id = a_login(stored)
    workers(answer(connection_id, account_id, "deferred"))
    open_circuit(stored, error_kind=kind)
    ran = run("sync", "--all", "--wait", "--json")
    (told,) = ran.document["runs"]
    assert (ran.code, told["outcome"]) == (1, "deferred")
    assert told["error"].startswith(why)


def test_what_is_deferred_for_a_moment_is_no_failure(stored: Database, workers: Workers) -> None:
    connection_id, account_id = a_login(stored)
    workers(answer(connection_id, account_id, "deferred"))
    open_circuit(stored, broker="another")
    ran = run("sync", "--all", "--wait")
    assert (ran.code, "the broker or the login is not ready" in ran.out) == (0, True)


def test_what_is_not_waited_for_is_no_failure_whatever_its_broker_does(stored: Database, workers: Workers) -> None:
    a_login(stored)
    workers()
    open_circuit(stored)
    assert run("sync", "--all").code == 0
