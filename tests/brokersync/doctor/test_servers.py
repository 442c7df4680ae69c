"""PostgreSQL, Redis and the worker as the doctor sees them."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet

from brokersync.doctor import postgresql, redis_server, workers
from brokersync.doctor.findings import Finding, Level
from models.installation import fingerprints
from models.migrate import Schema
from models.sealing import keyring
from models.session import Database
from tests.plugins.servers import Addresses

NOWHERE = "postgresql+psycopg2://me:secret@127.0.0.1:1/x"


def levels(findings: list[Finding]) -> list[tuple[str, Level]]:
    return [(each.check, each.level) for each in findings]


@pytest.mark.servers
def test_a_database_in_order_is_good(database: Database, database_url: str) -> None:
    with database.session() as session:
        fingerprints(session)
    assert levels(postgresql.examine(database_url)) == [
        ("PostgreSQL", Level.OK),
        ("Tables", Level.OK),
        ("Clock", Level.OK),
        ("ENCRYPTION_KEY", Level.OK),
    ]


@pytest.mark.servers
def test_another_key_than_the_one_that_sealed_is_a_fault(
    database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.session() as session:
        fingerprints(session)
    monkeypatch.setenv("ENCRYPTION_KEY", Fernet.generate_key().decode())
    keyring.cache_clear()
    found = postgresql.examine(database_url)[-1]
    assert (found.check, found.level) == ("ENCRYPTION_KEY", Level.FAULT)
    assert "Add the key that was used before" in str(found.remedy)


@pytest.mark.servers
def test_an_empty_database_needs_its_tables(empty_database_url: str) -> None:
    found = postgresql.examine(empty_database_url)
    assert ("Tables", Level.FAULT) in levels(found)
    assert any("`brokersync init-db` makes them" in str(each.remedy) for each in found)


def test_old_tables_need_an_upgrade() -> None:
    found = postgresql.tables(Schema(present="0001", wanted="0002"))
    assert (found.level, "upgrades them" in str(found.remedy)) == (Level.FAULT, True)


def test_a_database_that_is_away_is_a_fault_without_its_password() -> None:
    (found,) = postgresql.examine(NOWHERE)
    assert found.level is Level.FAULT
    assert "secret" not in str(found)


def test_a_database_that_is_not_named_is_a_fault() -> None:
    assert levels(postgresql.examine(None)) == [("DATABASE_URL", Level.FAULT)]


@pytest.mark.servers
def test_a_redis_that_keeps_everything_is_good(servers: Addresses) -> None:
    assert levels(redis_server.examine(servers.redis_url, servers.redis_url)) == [("Redis", Level.OK)]


@pytest.mark.sockets
def test_a_redis_that_is_away_is_a_fault_each_where_there_are_two() -> None:
    found = redis_server.examine("redis://127.0.0.1:1/0", "redis://:secret@127.0.0.1:1/1")
    assert levels(found) == [("Redis (Celery)", Level.FAULT), ("Redis (live data)", Level.FAULT)]
    assert "secret" not in str(found)


def test_a_redis_that_is_not_named_or_no_address_is_a_fault() -> None:
    assert levels(redis_server.examine(None, None)) == [("REDIS_URL", Level.FAULT)]
    assert levels(redis_server.examine("nonsense", "nonsense")) == [("Redis", Level.FAULT)]


@pytest.mark.parametrize(
    ("policy", "limit", "level"),
    [
        ("noeviction", 0, Level.OK),
        ("noeviction", 1000, Level.OK),
        ("allkeys-lru", 0, Level.WARNING),
        ("allkeys-lru", 1000, Level.FAULT),
        ("volatile-ttl", 1000, Level.FAULT),
    ],
)
def test_a_redis_that_throws_away_is_told(policy: str, limit: int, level: Level) -> None:
    assert redis_server.eviction("Redis", {"maxmemory_policy": policy, "maxmemory": limit}).level is level


@pytest.mark.servers
def test_a_worker_that_is_not_there_is_only_noted(redis_url: str) -> None:
    found = workers.examine(redis_url)
    assert (found.level, "`honcho start`" in str(found.remedy)) == (Level.NOTE, True)


def test_a_worker_that_answers_is_good() -> None:
    assert workers.answering(1).level is Level.OK
