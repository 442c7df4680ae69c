"""A connection that ends while it lies in the pool, or in the middle of a session."""

from __future__ import annotations

import time
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.orm import Session

from models import session as sessions
from models.session import Database

pytestmark = pytest.mark.servers


@pytest.fixture
def idle(database: Database) -> Iterator[Database]:
    """An engine of its own, on the same database."""
    idle = Database(database.engine.url.render_as_string(hide_password=False))
    yield idle
    idle.close()


def backend(session: Session) -> int:
    """The server process that this session talks to."""
    pid: int = session.scalars(text("SELECT pg_backend_pid()")).one()
    return pid


def end(database: Database, *backends: int) -> None:
    with database.session() as session:
        session.execute(
            text("SELECT pg_terminate_backend(pid, 5000) FROM unnest(:ended) AS pid"), {"ended": list(backends)}
        )


def two_in_the_pool(idle: Database) -> set[int]:
    with idle.session() as one, idle.session() as other:
        return {backend(one), backend(other)}


@pytest.mark.parametrize("set_back", [0, 30], ids=["the clock goes on", "the clock is set back"])
def test_a_connection_that_a_restart_ended_in_the_pool_fails_nobody(
    database: Database, idle: Database, monkeypatch: pytest.MonkeyPatch, set_back: int
) -> None:
    ended = two_in_the_pool(idle)
    monkeypatch.setattr("sqlalchemy.pool.base.time", SimpleNamespace(time=lambda: time.time() - set_back))
    end(database, *ended)
    for _ in ended:
        with idle.session() as session:
            assert backend(session) not in ended
            assert session.scalars(text("SHOW statement_timeout")).one() == "25s"


def test_who_finds_an_ended_connection_disturbs_no_session_of_another(database: Database, idle: Database) -> None:
    ended = two_in_the_pool(idle)
    with idle.session() as at_work:
        kept = backend(at_work)
        end(database, *ended - {kept})
        with idle.session() as session:
            assert backend(session) not in ended
        assert backend(at_work) == kept


def test_an_error_that_ended_no_connection_is_not_tried_again(idle: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    event.listen(idle.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    monkeypatch.setattr(sessions, "_LIMITS", "SELECT 1 / 0")
    with pytest.raises(DataError), idle.session():
        pass
    assert asked == ["SELECT 1 / 0"]


def test_a_connection_that_ends_in_the_middle_of_a_session_is_not_tried_again(database: Database) -> None:
    runs = 0

    def work() -> None:
        nonlocal runs
        with database.session() as session:
            runs += 1
            session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    with pytest.raises(OperationalError):
        work()
    assert runs == 1
