from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest
import sqlalchemy
from sqlalchemy.pool import NullPool

from brokersync.demo import given
from brokersync.demo.given import given_servers, leave, make_room
from models import migrate
from settings import NotConfigured

USER = "sandbox-demo"
CONNECTION = (
    "INSERT INTO connections (id, user_id, broker, status, login_at, sync_interval)"
    " VALUES (:id, :user, 'schwab', 'active', now(), interval '5 s')"
)
INSTALLATION = "INSERT INTO installation (id, fingerprint_key_sealed) VALUES (:id, 'sealed under a key')"


def execute(url: str, statement: str, **values: object) -> list[tuple[object, ...]]:
    with sqlalchemy.create_engine(url, poolclass=NullPool).begin() as connection:
        result = connection.execute(sqlalchemy.text(statement), values)
        return [tuple(row) for row in result] if result.returns_rows else []


def link(url: str, user: str) -> None:
    execute(url, CONNECTION, id=uuid.uuid4(), user=user)


@pytest.fixture(autouse=True)
def workers(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """What the workers of the broker have run; none is there unless the test says so."""
    tasks: dict[str, int] = {}

    @contextmanager
    def tasks_seen(broker_url: str) -> Iterator[object]:
        yield lambda: tasks

    monkeypatch.setattr(given, "tasks_seen", tasks_seen)
    return tasks


@pytest.fixture
def migrated(empty_database_url: str) -> str:
    migrate.upgrade(empty_database_url)
    return empty_database_url


@pytest.mark.parametrize("environ", [{}, {"DATABASE_URL": ""}, {"CELERY_BROKER_URL": "redis://a"}])
def test_without_addresses_the_demo_brings_its_own_servers(environ: Mapping[str, str]) -> None:
    assert given_servers(environ) == {}


def test_addresses_that_are_given_are_taken_all_together() -> None:
    environ = {"DATABASE_URL": "postgresql://a", "REDIS_URL": "redis://b", "LIVE_DATA_REDIS_URL": "redis://c", "A": "b"}
    assert given_servers(environ) == {name: environ[name] for name in environ if name != "A"}


@pytest.mark.parametrize("name", ["DATABASE_URL", "REDIS_URL"])
def test_half_of_the_servers_is_refused(name: str) -> None:
    with pytest.raises(NotConfigured, match="Set both DATABASE_URL and REDIS_URL"):
        given_servers({name: "x"})


@pytest.mark.servers
def test_an_empty_database_is_free(empty_database_url: str) -> None:
    make_room(empty_database_url, "redis://", USER, None)


@pytest.mark.servers
def test_a_database_of_another_program_is_refused_and_left_alone(empty_database_url: str) -> None:
    execute(empty_database_url, "CREATE TABLE connections (user_id text)")
    execute(empty_database_url, "INSERT INTO connections VALUES (:user)", user=USER)
    with pytest.raises(NotConfigured, match="tables of another program"):
        make_room(empty_database_url, "redis://", USER, None)
    assert execute(empty_database_url, "SELECT user_id FROM connections") == [(USER,)]


@pytest.mark.servers
def test_a_database_with_connections_of_others_is_refused_and_left_alone(migrated: str) -> None:
    link(migrated, "42")
    link(migrated, USER)
    with pytest.raises(NotConfigured, match=r"connections of other users \(1\)"):
        make_room(migrated, "redis://", USER, None)
    assert len(execute(migrated, "SELECT user_id FROM connections")) == 2


@pytest.mark.servers
@pytest.mark.parametrize(("key", "installations"), [(None, 0), ("given", 1)])
def test_what_an_earlier_demo_left_makes_room_but_a_key_that_is_given_keeps_the_installation(
    migrated: str, key: str | None, installations: int
) -> None:
    link(migrated, USER)
    execute(migrated, INSTALLATION, id=uuid.UUID(int=1))
    make_room(migrated, "redis://", USER, key)
    assert execute(migrated, "SELECT user_id FROM connections") == []
    assert len(execute(migrated, "SELECT id FROM installation")) == installations


@pytest.mark.servers
def test_a_redis_at_which_a_worker_works_is_refused(empty_database_url: str, workers: dict[str, int]) -> None:
    workers["dispatch_due_connections"] = 3
    with pytest.raises(NotConfigured, match="a worker is at work on that Redis"):
        make_room(empty_database_url, "redis://", USER, None)


@pytest.mark.servers
def test_what_the_demo_linked_is_left_disconnected_and_without_credentials(migrated: str) -> None:
    link(migrated, USER)
    credential = "INSERT INTO credentials (connection_id, document_sealed) SELECT id, 'sealed' FROM connections"
    execute(migrated, credential)
    link(migrated, "somebody")
    leave(migrated, USER)
    assert execute(migrated, "SELECT user_id, status FROM connections ORDER BY user_id") == [
        (USER, "disconnected"),
        ("somebody", "active"),
    ]
    assert execute(migrated, "SELECT 1 FROM credentials") == []


@pytest.mark.servers
def test_a_database_that_the_demo_never_reached_is_left_as_it_is(empty_database_url: str) -> None:
    leave(empty_database_url, USER)
    assert execute(empty_database_url, "SELECT 1 FROM pg_tables WHERE schemaname = 'public'") == []
