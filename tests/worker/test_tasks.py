"""The tasks by their names: as Celery knows them, and as another program calls them."""

from __future__ import annotations

import base64
import inspect
import json
import uuid
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import redis
from kombu import Connection
from sqlalchemy import func

import celeryconfig
import worker.tasks
from models.connection import Status
from models.session import Database
from tests.models.snapshots import write
from tests.records import NUMBER, a_connection, a_position, a_snapshot, an_account
from tests.worker.running import Running, a_worker
from tests.worker.stored import connection_row, put, runs
from worker.app import app
from worker.filling import EPOCH
from worker.limits import QUEUE_WAIT

DOCUMENTED = {
    "sync_account": ("account_id", "force"),
    "sync_connection": ("connection_id", "trigger"),
    "account_summary": ("account_id", "user_id"),
    "disconnect": ("connection_id", "erase"),
    "dispatch_due_connections": (),
    "probe_apps": (),
    "publish_pending": (),
    "deliver_events": (),
    "watch_logins": (),
    "refresh_idle_logins": (),
    "prune": (),
}


def test_the_tasks_have_the_documented_names_and_arguments() -> None:
    ours = {name: task for name, task in app.tasks.items() if not name.startswith("celery.")}
    assert {name: tuple(inspect.signature(task.run).parameters) for name, task in ours.items()} == DOCUMENTED


def test_only_tasks_that_somebody_waits_for_keep_a_result() -> None:
    kept = {name for name in DOCUMENTED if not app.tasks[name].ignore_result}
    assert kept == {"sync_account", "sync_connection", "account_summary", "disconnect"}


def test_beat_knows_its_tasks_and_lets_none_pile_up() -> None:
    for entry in celeryconfig.beat_schedule.values():
        assert entry["task"] in DOCUMENTED
        assert 0 < entry["options"]["expires"] <= 600


@pytest.mark.servers
def test_a_message_that_is_dispatched_carries_its_claim_and_ends_with_it(
    monkeypatch: pytest.MonkeyPatch, redis_url: str, redis_client: redis.Redis
) -> None:
    connection_id, claim_id = uuid.uuid4(), uuid.uuid4()
    with Connection(redis_url) as connection, connection.Producer() as producer:
        monkeypatch.setattr(app, "producer_or_acquire", lambda _=None: nullcontext(producer))
        before = datetime.now(UTC)
        worker.tasks._send(connection_id, claim_id)
    (text,) = redis_client.lrange(celeryconfig.task_default_queue, 0, -1)
    message = json.loads(text)
    arguments, *_ = json.loads(base64.b64decode(message["body"]))
    assert arguments == [str(connection_id), "schedule"]
    headers = message["headers"]
    assert (headers["task"], headers["id"], headers["ignore_result"]) == ("sync_connection", str(claim_id), True)
    lasts = datetime.fromisoformat(headers["expires"]) - before
    assert QUEUE_WAIT <= lasts < QUEUE_WAIT + timedelta(seconds=5)


def test_every_task_is_under_the_watchdog(monkeypatch: pytest.MonkeyPatch) -> None:
    watched: list[str] = []

    def watching(name: str) -> object:
        watched.append(name)
        raise NotImplementedError

    monkeypatch.setattr(worker.tasks.watchdog, "watching", watching)
    for name, arguments in DOCUMENTED.items():
        with pytest.raises(NotImplementedError):
            app.tasks[name](*[str(uuid.uuid4())] if arguments else [])
    assert watched == list(DOCUMENTED)


@pytest.fixture
def running(database: Database, redis_url: str, encryption_key: str, tmp_path: Path) -> Iterator[Running]:
    with a_worker("worker.app", database, redis_url, encryption_key, tmp_path / "worker.log") as worker:
        yield worker


@pytest.mark.processes
@pytest.mark.servers
def test_another_program_calls_by_name_and_reads_the_answer(database: Database, running: Running) -> None:
    connection_id = a_connection(database, broker="schwab")
    account_id = an_account(database, connection_id)
    with database.session() as session:
        now = session.scalars(func.clock_timestamp()).one()
    write(database, (account_id, a_snapshot(NUMBER, a_position(), balances={"net_liq": Decimal("98765.43")})), at=now)

    fresh = running.call("sync_account", str(account_id))
    assert (fresh["outcome"], fresh["version"], fresh["run_id"]) == ("unchanged", 1, None)
    assert running.call("account_summary", None, "42")["net_liquidating_value"] == "$98,765.43"
    failed = running.call("sync_account", str(account_id), True)
    expected = (
        "app_misconfigured: Set SCHWAB_CLIENT_ID, SCHWAB_CLIENT_SECRET and SCHWAB_REDIRECT_URI to use Charles Schwab."
    )
    assert (type(failed).__name__, str(failed)) == ("SyncFailed", expected)
    assert connection_row(database, connection_id).last_error_kind == "app_misconfigured"
    assert running.call("disconnect", str(connection_id))["status"] == "disconnected"
    unknown = running.call("sync_connection", str(uuid.uuid4()))
    assert type(unknown).__name__ == "CannotSync"
    assert str(unknown).startswith("There is no connection")
    nonsense = running.call("sync_account", "nonsense")
    assert (type(nonsense).__name__, str(nonsense).partition(",")[0]) == ("CannotSync", "account_id must be a UUID")

    assert running.stop() == 0
    log = running.log.read_text()
    assert log.count("raised expected: CannotSync(") == 2
    assert "worker.outcomes.CannotSync" not in log  # as a traceback ends
    assert "Task account_summary" in log
    assert [secret for secret in ("98,765.43", NUMBER, "access-1", "refresh-1") if secret in log] == []


@pytest.mark.processes
@pytest.mark.servers
def test_what_is_due_is_dispatched_and_run_under_the_claim_that_was_written(
    database: Database, running: Running, redis_client: redis.Redis
) -> None:
    connection_id = a_connection(database, broker="schwab")
    paused = a_connection(database, broker="schwab", status=Status.PAUSED)
    running.client.send_task("dispatch_due_connections", queue="brokersync", ignore_result=True)
    running.wait_for(lambda: bool(runs(database, connection_id)))
    (run,) = runs(database, connection_id)
    assert (run.trigger, run.outcome, run.error_kind) == ("schedule", "failed", "app_misconfigured")
    assert f"Task sync_connection[{run.task_id}]" in running.log.read_text()
    assert runs(database, paused) == []
    put(database, connection_id, next_sync_at=func.now() + timedelta(hours=1))
    running.client.send_task("publish_pending", queue="brokersync", ignore_result=True)
    running.wait_for(lambda: bool(redis_client.exists(EPOCH)))
    assert running.stop() == 0
    # A run that had nothing to send is no news.
    assert "Task publish_pending" not in running.log.read_text()
