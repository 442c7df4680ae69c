"""A real worker, told to deliver: to Redis, a webhook and an address of NOTIFY_URLS; and one that is killed at it."""

from __future__ import annotations

import base64
import json
import socket
from dataclasses import replace
from pathlib import Path

import pytest
import redis

from models.session import Database
from tests.records import a_connection
from tests.worker.delivery.given import deliveries, made_due, states, written
from tests.worker.live import heard
from tests.worker.receiver import receiver
from tests.worker.running import a_worker
from worker.delivery.deliver import deliver_events
from worker.parts import Parts

pytestmark = [pytest.mark.servers, pytest.mark.processes]

SECRET = "S3CRET"
WEBHOOK_SECRET = f"whsec_{base64.b64encode(SECRET.encode() * 5).decode()}"


def test_a_worker_tells_everybody_and_its_log_holds_no_secret(
    database: Database, redis_url: str, redis_client: redis.Redis, encryption_key: str, tmp_path: Path
) -> None:
    connection_id = a_connection(database, broker="schwab")
    log = tmp_path / "worker.log"
    with receiver((503, {})) as people, receiver() as program:
        environ = {
            "NOTIFY_URLS": f"json://me:{SECRET}@127.0.0.1:{people.port}/{SECRET}",
            "WEBHOOK_URL": program.url,
            "WEBHOOK_SECRET": WEBHOOK_SECRET,
            "WEBHOOK_PRIVATE": "yes",
        }
        with a_worker("worker.app", database, redis_url, encryption_key, log, **environ) as worker:
            written(database, connection_id, "login_ending")
            with heard(redis_client) as messages:
                worker.send("deliver_events")
                worker.wait_for(lambda: bool(people.received) and states(database)["webhook"] == "delivered")
                worker.wait_for(lambda: "event not delivered, tried again" in log.read_text())
            assert states(database) == {"people/1": "pending", "subscribers": "delivered", "webhook": "delivered"}
            made_due(database)
            worker.send("deliver_events")
            worker.wait_for(lambda: states(database)["people/1"] == "delivered")
            worker.stop()
    assert [json.loads(request.body)["title"] for request in people.received] == [
        "Login ending soon: Charles Schwab, user 42"
    ] * 2
    assert [request.body.decode() for request in program.received] == [text for _, text in messages]
    assert SECRET not in log.read_text()
    assert "target=people/1" in log.read_text()


def test_what_a_killed_worker_had_sent_and_not_noted_is_sent_again(
    parts: Parts, database: Database, redis_url: str, encryption_key: str, tmp_path: Path
) -> None:
    written(database, a_connection(database), "linked")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(20)
        environ = {
            "WEBHOOK_URL": f"http://127.0.0.1:{listener.getsockname()[1]}/",
            "WEBHOOK_SECRET": WEBHOOK_SECRET,
            "WEBHOOK_PRIVATE": "yes",
        }
        with a_worker("worker.app", database, redis_url, encryption_key, tmp_path / "worker.log", **environ) as worker:
            worker.send("deliver_events")
            request, _ = listener.accept()
            with request:
                first = request.recv(65536)
                worker.process.kill()
                worker.process.wait()
    (event_id,) = {each.event_id for each in deliveries(database)}
    assert f"webhook-id: {event_id}".encode() in first.lower()
    assert states(database) == {"subscribers": "delivered", "webhook": "pending"}
    with receiver() as program:
        parts.settings = replace(
            parts.settings, webhook_url=program.url, webhook_secret=WEBHOOK_SECRET, webhook_private=True
        )
        assert deliver_events(parts) == 0, "it is the dead one's until its time is over"
        made_due(database)
        assert deliver_events(parts) == 1
    assert [each.headers["webhook-id"] for each in program.received] == [str(event_id)]
