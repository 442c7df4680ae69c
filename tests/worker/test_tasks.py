"""The tasks by their names: as Celery knows them, and as another program calls them."""

from __future__ import annotations

import base64
import inspect
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import redis
from celery import Celery
from celery.exceptions import TimeoutError as NoAnswer
from kombu import Connection
from sqlalchemy import func

import celeryconfig
import worker.tasks
from models.connection import Status
from models.session import Database
from tests.models.snapshots import write
from tests.records import NUMBER, a_connection, a_position, a_snapshot, an_account
from tests.worker.stored import connection_row, put, runs
from worker.app import app
from worker.limits import QUEUE_WAIT

DOCUMENTED = {
    "sync_account": ("account_id", "force"),
    "sync_connection": ("connection_id", "trigger"),
    "account_summary": ("account_id", "user_id"),
    "disconnect": ("connection_id", "erase"),
    "dispatch_due_connections": (),
    "publish_pending": (),
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


@dataclass
class Running:
    """A worker process, and a client that has none of our code."""

    process: subprocess.Popen[bytes]
    log: Path
    client: Celery

    def call(self, name: str, *arguments: Any) -> Any:
        """The result of a task, or the exception that Celery makes of its failure."""
        result = self.client.send_task(name, arguments, queue="brokersync")
        try:
            return result.get(timeout=20, propagate=False)
        except NoAnswer:
            pytest.fail(f"{name} did not answer:\n{self.log.read_text()}")
        finally:
            result.forget()

    def wait_for(self, condition: Callable[[], bool]) -> None:
        end = time.monotonic() + 20
        while not condition():
            assert time.monotonic() < end, self.log.read_text()
            time.sleep(0.05)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)


@pytest.fixture
def running(database: Database, redis_url: str, encryption_key: str, tmp_path: Path) -> Iterator[Running]:
    environ = {
        name: value for name, value in os.environ.items() if not name.startswith(("SCHWAB_", "CELERY_", "LIVE_"))
    }
    environ |= {
        "DATABASE_URL": database.engine.url.render_as_string(hide_password=False),
        "REDIS_URL": redis_url,
        "ENCRYPTION_KEY": encryption_key,
    }
    log = tmp_path / "worker.log"
    command = [sys.executable, "-m", "celery", "-A", "worker.app", "worker", "--loglevel=INFO"]
    command += ["--without-gossip", "--without-mingle"]
    client = Celery(broker=redis_url, backend=redis_url)
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environ, stdout=output, stderr=output, cwd=Path(__file__).parents[2])
    try:
        yield Running(process, log, client)
    finally:
        process.kill()
        process.wait()
        client.close()


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

    assert running.stop() == 0
    log = running.log.read_text()
    assert "Task account_summary" in log
    assert [secret for secret in ("98,765.43", NUMBER, "access-1", "refresh-1") if secret in log] == []


@pytest.mark.processes
@pytest.mark.servers
def test_what_is_due_is_dispatched_and_run_under_the_claim_that_was_written(
    database: Database, running: Running
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
    running.wait_for(lambda: "Task publish_pending" in running.log.read_text())
    assert running.stop() == 0
