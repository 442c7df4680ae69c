"""A real worker, told to deliver: to Redis, a webhook and an address of NOTIFY_URLS."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
import redis

from models.session import Database
from tests.records import a_connection
from tests.worker.delivery.given import made_due, states, written
from tests.worker.live import heard
from tests.worker.receiver import receiver
from tests.worker.running import a_worker

pytestmark = [pytest.mark.servers, pytest.mark.processes]

SECRET = "S3CRET"


def test_a_worker_tells_everybody_and_its_log_holds_no_secret(
    database: Database, redis_url: str, redis_client: redis.Redis, encryption_key: str, tmp_path: Path
) -> None:
    connection_id = a_connection(database, broker="schwab")
    log = tmp_path / "worker.log"
    with receiver((503, {})) as people, receiver() as program:
        environ = {
            "NOTIFY_URLS": f"json://me:{SECRET}@127.0.0.1:{people.port}/{SECRET}",
            "WEBHOOK_URL": program.url,
            "WEBHOOK_SECRET": f"whsec_{base64.b64encode(SECRET.encode() * 5).decode()}",
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
