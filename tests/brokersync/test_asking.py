from __future__ import annotations

import threading
import uuid
from datetime import timedelta
from typing import Any

import pytest
import redis
from celery.exceptions import TaskRevokedError

from brokersync import asking
from models.session import Database
from tests.brokersync.fake_celery import FakeCelery
from tests.records import a_connection
from worker.outcomes import CannotSync, SyncFailed

CONNECTION, ACCOUNT = uuid.uuid4(), uuid.uuid4()
ANSWER = {"connection_id": str(CONNECTION), "outcome": "ok", "accounts": [{"account_id": str(ACCOUNT)}]}


NO_DATABASE: Any = None


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "LONGEST_WAIT", timedelta(seconds=0.2))
    monkeypatch.setattr(asking, "LOOK_SECONDS", 0.01)


def nothing() -> None:
    pass


def answered(told: object) -> asking.Run:
    celery = FakeCelery(told)
    (run,) = asking.answers(NO_DATABASE, celery, [asking.ask_connection(celery, CONNECTION)], nothing)
    return run


def test_a_connection_is_asked_by_the_tasks_name_and_id_and_the_message_ends() -> None:
    celery = FakeCelery()
    asking.ask_connection(celery, CONNECTION)
    asking.ask_account(celery, CONNECTION, ACCOUNT, force=True)
    assert celery.sent == [("sync_connection", (str(CONNECTION),)), ("sync_account", (str(ACCOUNT), True))]
    assert celery.expires == [60.0, 60.0]


def test_without_a_worker_nothing_is_asked() -> None:
    with pytest.raises(asking.NoWorker, match="`honcho start`"):
        asking.require_worker(FakeCelery(workers=0))


def test_what_the_worker_returns_is_told() -> None:
    run = answered(ANSWER)
    assert (run.outcome, run.accounts, run.failed, run.error) == ("ok", [{"account_id": str(ACCOUNT)}], False, None)


def test_one_account_is_told_like_the_account_of_a_connection() -> None:
    told = {"account_id": str(ACCOUNT), "outcome": "unchanged", "version": 3, "checked_at": "…", "run_id": None}
    celery = FakeCelery(told)
    (run,) = asking.answers(
        NO_DATABASE, celery, [asking.ask_account(celery, CONNECTION, ACCOUNT, force=False)], nothing
    )
    assert run.outcome == "unchanged"
    assert run.accounts == [{"account_id": str(ACCOUNT), "outcome": "unchanged", "version": 3, "error": None}]


def test_what_cannot_be_synced_says_why() -> None:
    run = answered(CannotSync("Connection 1 is paused."))
    assert (run.failed, run.error) == (True, "Connection 1 is paused.")


def test_a_task_that_died_in_another_way_does_not_show_its_text() -> None:
    run = answered(RuntimeError("a token"))
    assert run.failed
    assert "token" not in str(run.as_json())


def test_what_does_not_come_in_time_has_failed() -> None:
    run = answered(FakeCelery.NEVER)
    assert (run.failed, run.error) == (True, "no answer in time; `brokersync connections` shows what became of it")


def test_a_message_that_no_slot_took_in_time_says_so() -> None:
    assert answered(TaskRevokedError("expired")).error == (
        "no slot of the worker was free in time; it is asked again by itself"
    )


def test_one_that_hangs_does_not_hide_what_came_of_the_others() -> None:
    hanging, quick = uuid.uuid4(), uuid.uuid4()
    celery = FakeCelery(lambda connection_id: FakeCelery.NEVER if connection_id == str(hanging) else ANSWER)
    ticks: list[int] = []
    asked = [asking.ask_connection(celery, each) for each in (hanging, quick)]
    runs = asking.answers(NO_DATABASE, celery, asked, lambda: ticks.append(1))
    first = next(runs)
    assert (first.connection_id, first.outcome, ticks) == (quick, "ok", [])
    (last,) = runs
    assert (last.connection_id, last.outcome) == (hanging, "failed")
    assert len(ticks) > 1


def test_a_thousand_are_awaited_by_one_command_a_look_and_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    celery = FakeCelery(ANSWER)
    asked = [asking.ask_connection(celery, uuid.uuid4()) for _ in range(1000)]
    looks: list[int] = []
    mget = celery.backend.mget
    monkeypatch.setattr(celery.backend, "mget", lambda keys: looks.append(len(keys)) or mget(keys))
    threads = threading.active_count()
    assert len([run for run in asking.answers(NO_DATABASE, celery, asked, nothing) if run.outcome == "ok"]) == 1000
    assert (looks, threading.active_count()) == ([1000], threads)


def test_a_redis_that_is_away_for_a_moment_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    celery = FakeCelery(ANSWER)
    asked = asking.ask_connection(celery, CONNECTION)
    mget, faults = celery.backend.mget, [redis.ConnectionError("gone")]

    def flaky(keys: list[str]) -> object:
        if faults:
            raise faults.pop()
        return mget(keys)

    monkeypatch.setattr(celery.backend, "mget", flaky)
    (run,) = asking.answers(NO_DATABASE, celery, [asked], nothing)
    assert run.outcome == "ok"


@pytest.mark.servers
def test_a_failed_sync_says_why_and_which_accounts_were_read_well(database: Database) -> None:
    connection_id = a_connection(database)
    celery = FakeCelery(SyncFailed.of("bad_answer", "GET /accounts: an HTML page"))
    asked = asking.ask_connection(celery, connection_id)
    accounts = [{"account_id": str(ACCOUNT), "outcome": "ok", "version": 2, "error": None}]
    celery.recorded(database, connection_id, asked.task_id, accounts)
    (run,) = asking.answers(database, celery, [asked], nothing)
    assert (run.failed, run.error) == (True, "bad_answer: GET /accounts: an HTML page")
    assert run.accounts == accounts
