"""Every wait has a limit, and every session ends."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.exc import DataError, OperationalError, StatementError
from sqlalchemy.orm import Session

from models import session as sessions
from models.connection import Connection
from models.session import Database
from tests.records import a_connection
from worker import limits

pytestmark = pytest.mark.servers

LIMITS = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")


def shown(database: Database, *given: timedelta) -> dict[str, str]:
    with database.session(*given) as session:
        return {name: session.scalars(text(f"SHOW {name}")).one() for name in LIMITS}


def test_a_session_has_all_three_limits(database: Database) -> None:
    assert shown(database) == {
        "statement_timeout": "25s",
        "lock_timeout": "5s",
        "idle_in_transaction_session_timeout": "30s",
    }


def test_the_limits_end_with_the_transaction(database: Database) -> None:
    shown(database)
    with database.engine.connect() as connection:
        assert connection.exec_driver_sql("SHOW statement_timeout").scalar_one() == "0"


def test_a_statement_is_cut_at_its_limit(database: Database) -> None:
    def sleep() -> None:
        with database.session(timedelta(milliseconds=50)) as session:
            session.execute(text("SELECT pg_sleep(10)"))

    began = time.monotonic()
    with pytest.raises(OperationalError, match="statement timeout"):
        sleep()
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("given", [timedelta(0), timedelta(microseconds=10), timedelta(seconds=-3)])
def test_no_time_left_is_the_shortest_limit_and_not_none(database: Database, given: timedelta) -> None:
    def sleep() -> None:
        with database.session(given) as session:
            session.execute(text("SELECT pg_sleep(0.2)"))

    with pytest.raises(OperationalError, match="statement timeout"):
        sleep()


def test_a_limit_may_be_shortened_only(database: Database) -> None:
    assert shown(database, timedelta(hours=1))["statement_timeout"] == "25s"


def test_a_lock_is_not_waited_for_longer_than_its_limit(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    connection_id = a_connection(database)
    monkeypatch.setattr(sessions, "LOCK_TIMEOUT", timedelta(milliseconds=50))

    def lock() -> None:
        with database.session() as session:
            session.get_one(Connection, connection_id, with_for_update=True)

    with database.session() as holder:
        holder.get_one(Connection, connection_id, with_for_update=True)
        with pytest.raises(OperationalError, match="lock timeout"):
            lock()


def test_a_statement_sent_at_once_is_committed(database: Database) -> None:
    connection_id = a_connection(database)
    database.at_once("UPDATE connections SET user_id = %(name)s", {"name": "100% other"})
    with database.session() as session:
        assert session.get_one(Connection, connection_id).user_id == "100% other"


def test_a_statement_sent_at_once_has_all_limits_and_they_end_with_it(database: Database) -> None:
    connection_id = a_connection(database)
    shown = " || ' ' || ".join(f"current_setting('{name}')" for name in LIMITS)
    database.at_once(f"UPDATE connections SET user_id = {shown}", {})
    with database.session() as session:
        assert session.get_one(Connection, connection_id).user_id == "25s 5s 30s"
    with database.engine.connect() as connection:
        assert connection.exec_driver_sql("SHOW statement_timeout").scalar_one() == "0"


def test_a_statement_sent_at_once_is_cut_at_its_limit_and_leaves_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection_id = a_connection(database)
    monkeypatch.setattr(sessions, "STATEMENT_TIMEOUT", timedelta(milliseconds=50))
    with pytest.raises(OperationalError, match="statement timeout"):
        database.at_once("UPDATE connections SET user_id = 'other' || pg_sleep(10)", {})
    monkeypatch.undo()
    with database.session() as session:
        assert session.get_one(Connection, connection_id).user_id == "42"


def test_a_session_after_a_statement_sent_at_once_is_one_transaction_again(database: Database) -> None:
    connection_id = a_connection(database)
    database.at_once("SELECT 1", {})

    def fail() -> None:
        with database.session() as session:
            session.get_one(Connection, connection_id).user_id = "other"
            session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with database.session() as session:
        assert session.scalars(select(Connection.user_id)).one() == "42"


def test_a_refresh_fits_into_the_limits_of_its_transaction() -> None:
    assert limits.HTTP_TOTAL < sessions.STATEMENT_TIMEOUT < sessions.IDLE_IN_TRANSACTION_TIMEOUT


def test_the_clock_is_read_in_utc_whatever_the_zone_of_the_server(database: Database) -> None:
    url = database.engine.url.update_query_dict({"options": "-ctimezone=Asia/Tokyo"})
    elsewhere = Database(url.render_as_string(hide_password=False))
    with elsewhere.engine.connect() as connection:
        assert connection.exec_driver_sql("SHOW timezone").scalar_one() == "Asia/Tokyo"
    with elsewhere.session() as session:
        assert session.scalars(text("SELECT now()")).one().utcoffset() == timedelta(0)
    elsewhere.close()


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


def test_a_commit_that_fails_leaves_nothing_for_the_next_session_to_commit(database: Database) -> None:
    connection_id = a_connection(database)

    def refuse(_: object) -> None:
        event.remove(database.engine, "commit", refuse)
        raise RuntimeError

    event.listen(database.engine, "commit", refuse)
    with pytest.raises(RuntimeError), database.session() as session:
        session.get_one(Connection, connection_id).user_id = "other"
    with database.session() as session:
        assert session.scalars(select(Connection.user_id)).one() == "42"


def test_an_error_rolls_back_and_gives_the_session_back(database: Database) -> None:
    connection_id = a_connection(database)

    def fail() -> None:
        with database.session() as session:
            session.get_one(Connection, connection_id).user_id = "other"
            session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with database.session() as session:
        assert session.scalars(select(Connection.user_id)).one() == "42"
    assert database.engine.pool.checkedout() == 0


def test_rows_stay_readable_after_the_session(database: Database) -> None:
    connection_id = a_connection(database)
    with database.session() as session:
        connection = session.get_one(Connection, connection_id)
    assert connection.user_id == "42"
    assert connection.login_at.tzinfo is UTC


def test_a_time_without_a_zone_is_refused(database: Database) -> None:
    with pytest.raises(StatementError, match="naive datetime"):
        a_connection(database, checked_at=datetime.now(UTC).replace(tzinfo=None))


def test_an_error_text_holds_no_value(database: Database) -> None:
    with pytest.raises(OperationalError) as raised, database.session(timedelta(milliseconds=50)) as session:
        session.execute(text("SELECT pg_sleep(10), :secret"), {"secret": "refresh-1"})
    assert "refresh-1" not in str(raised.value)
