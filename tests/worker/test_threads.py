"""What a pool of threads does not bring and we do: deadlines, a watchdog, a session for each. In a real worker process."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from sqlalchemy import text

import celeryconfig
from models.session import Database
from tests.brokers.schwab import payloads
from tests.records import a_connection
from tests.worker.running import Running, a_worker
from tests.worker.short import HTTP_TOTAL, NEVER_FOUND, WATCHDOG_LIMIT
from tests.worker.stored import connection_row, runs, until_waiting
from worker.watchdog import EXIT_STATUS

pytestmark = [pytest.mark.processes, pytest.mark.servers]

SLOTS = celeryconfig.worker_concurrency


class Broker(ThreadingHTTPServer):
    """Answers about the accounts once as many have asked as `together` waits for, or, while it `hangs`, never."""

    daemon_threads = True
    request_queue_size = 2 * SLOTS

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.together = threading.Barrier(1)
        self.hangs = False
        self.ended = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Broker

    def do_GET(self) -> None:
        if self.path.endswith("accountNumbers"):
            body = json.dumps(payloads.account_numbers())
        elif self.server.hangs:
            self.server.ended.wait()
            return
        else:
            self.server.together.wait(10)
            body = json.dumps(payloads.accounts())
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def broker() -> Iterator[Broker]:
    with Broker() as server:
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        serving.start()
        yield server
        server.ended.set()
        server.shutdown()
        serving.join()


Start = Callable[[str, str], AbstractContextManager[Running]]


@pytest.fixture
def start(database: Database, redis_url: str, encryption_key: str, tmp_path: Path) -> Start:
    """Starts a worker, by its app and the address of its broker."""

    def started(app: str, broker_url: str) -> AbstractContextManager[Running]:
        environ = {
            "SCHWAB_CLIENT_ID": "app-key",
            "SCHWAB_CLIENT_SECRET": "app-secret",
            "SCHWAB_REDIRECT_URI": "https://127.0.0.1:8182/oauth/callback",
            "SCHWAB_BASE_URL": broker_url,
            "NO_PROXY": "*",
        }
        return a_worker(app, database, redis_url, encryption_key, tmp_path / "worker.log", **environ)

    return started


def test_every_slot_syncs_at_once_and_finds_a_session(database: Database, broker: Broker, start: Start) -> None:
    connections = [str(a_connection(database, broker="schwab")) for _ in range(2 * SLOTS)]
    broker.together = threading.Barrier(SLOTS)
    with start("worker.app", broker.url) as worker:
        with database.session() as session:
            session.execute(text("LOCK TABLE sync_runs IN SHARE MODE"))
            asked = [worker.send("sync_connection", connection_id) for connection_id in connections]
            until_waiting(database, SLOTS)  # each with a session of its own, before the end of its transaction
        outcomes = {worker.answer(result)["outcome"] for result in asked}
        assert outcomes == {"ok"}, worker.log.read_text()
        assert worker.stop() == 0


def test_a_broker_that_hangs_costs_its_own_sync_and_nothing_else(
    database: Database, broker: Broker, start: Start
) -> None:
    connection_id = a_connection(database, broker="schwab")
    with start("tests.worker.hurried", broker.url) as worker:
        assert worker.call("sync_connection", str(connection_id))["outcome"] == "ok"
        broker.hangs = True
        began = time.monotonic()
        failed = worker.call("sync_connection", str(connection_id))
        assert timedelta(seconds=time.monotonic() - began) < HTTP_TOTAL + timedelta(seconds=3)
        assert str(failed).startswith("unreachable: ")
        assert connection_row(database, connection_id).claim_id is None
        broker.hangs = False
        assert worker.call("sync_connection", str(connection_id))["outcome"] == "unchanged"
        assert worker.stop() == 0


def test_a_sync_that_hangs_where_no_limit_reaches_ends_its_process(database: Database, start: Start) -> None:
    connection_id = a_connection(database, broker="schwab")
    with start("tests.worker.hurried", f"https://{NEVER_FOUND}") as worker:
        worker.send("sync_connection", str(connection_id))
        worker.wait_for(lambda: connection_row(database, connection_id).claim_started_at is not None)
        began = time.monotonic()
        assert worker.process.wait(20) == EXIT_STATUS
        assert timedelta(seconds=time.monotonic() - began) < WATCHDOG_LIMIT + timedelta(seconds=3)
        assert "task over its limit, ending the process" in worker.log.read_text()
    # The claim runs out by itself; until then nobody else is at it, and the attempt counts as one that vanished.
    left = connection_row(database, connection_id)
    assert left.claim_id is not None
    assert left.unfinished_attempts == 1
    assert runs(database, connection_id) == []
