from __future__ import annotations

import uuid
from typing import Any

import pytest

from brokersync import asking
from models.session import Database
from tests.brokersync.fake_celery import FakeCelery
from tests.records import a_connection
from worker.outcomes import CannotSync, SyncFailed

CONNECTION, ACCOUNT = uuid.uuid4(), uuid.uuid4()
ANSWER = {"connection_id": str(CONNECTION), "outcome": "ok", "accounts": [{"account_id": str(ACCOUNT)}]}


NO_DATABASE: Any = None


def answered(told: object) -> asking.Run:
    (run,) = asking.answers(NO_DATABASE, [asking.ask_connection(FakeCelery(told), CONNECTION)])
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
    (run,) = asking.answers(NO_DATABASE, [asking.ask_account(celery, CONNECTION, ACCOUNT, force=False)])
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


@pytest.mark.servers
def test_a_failed_sync_says_why_and_which_accounts_were_read_well(database: Database) -> None:
    connection_id = a_connection(database)
    celery = FakeCelery(SyncFailed.of("bad_answer", "GET /accounts: an HTML page"))
    asked = asking.ask_connection(celery, connection_id)
    accounts = [{"account_id": str(ACCOUNT), "outcome": "ok", "version": 2, "error": None}]
    celery.recorded(database, connection_id, asked.result.id, accounts)
    (run,) = asking.answers(database, [asked])
    assert (run.failed, run.error) == (True, "bad_answer: GET /accounts: an HTML page")
    assert run.accounts == accounts
