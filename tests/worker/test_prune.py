"""What nobody looks up any more goes; nothing else."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from models.event import Event, EventDelivery
from models.link import Link
from models.run import SyncRun
from models.session import Database
from tests.records import a_connection
from worker.prune import KEEP_DELIVERIES, KEEP_LINKS, KEEP_RUNS, prune

pytestmark = pytest.mark.servers

MINUTE = timedelta(minutes=1)


def left(database: Database, what: Any) -> list[str]:
    with database.session() as session:
        return list(session.scalars(select(what)))


def test_runs_older_than_thirty_days_go(database: Database) -> None:
    connection_id = a_connection(database)
    with database.session() as session:
        for name, age in [("old", KEEP_RUNS + MINUTE), ("kept", KEEP_RUNS - MINUTE), ("new", MINUTE)]:
            session.add(
                SyncRun(
                    id=uuid.uuid4(),
                    connection_id=connection_id,
                    trigger=name,
                    started_at=func.now() - age,
                    finished_at=func.now(),
                    outcome="ok",
                    accounts=[],
                    broker_ms=0,
                    rows_changed=0,
                )
            )
    assert prune(database) == 1
    assert sorted(left(database, SyncRun.trigger)) == ["kept", "new"]


def test_links_go_a_day_after_they_ended(database: Database) -> None:
    with database.session() as session:
        for name, ended in [("old", KEEP_LINKS + MINUTE), ("kept", KEEP_LINKS - MINUTE), ("open", -MINUTE)]:
            session.add(
                Link(id=uuid.uuid4(), token_hash=name, user_id="42", broker="fake", expires_at=func.now() - ended)
            )
    assert prune(database) == 1
    assert sorted(left(database, Link.token_hash)) == ["kept", "open"]
    assert prune(database) == 0


def test_deliveries_that_came_to_an_end_go_after_thirty_days_and_events_stay(database: Database) -> None:
    with database.session() as session:
        for name, age in [("old", KEEP_DELIVERIES + MINUTE), ("kept", KEEP_DELIVERIES - MINUTE)]:
            targets = ("delivered", "given_up", "pending", "unwanted")
            session.add(
                Event(
                    id=uuid.uuid4(),
                    at=func.now() - age,
                    kind="linked",
                    broker=name,
                    actor="test",
                    details={},
                    deliveries=[EventDelivery(target=f"{name} {state}", state=state) for state in targets],
                )
            )
    assert prune(database) == 3
    kept = ["kept delivered", "kept given_up", "kept pending", "kept unwanted", "old pending"]
    assert sorted(left(database, EventDelivery.target)) == kept
    assert sorted(left(database, Event.broker)) == ["kept", "old"]
