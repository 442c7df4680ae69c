"""Every wait has a limit, and every session ends."""

from __future__ import annotations

import time
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.exc import OperationalError, StatementError

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


def fail_after_a_change(database: Database, connection_id: uuid.UUID) -> None:
    def fail() -> None:
        with database.session() as session:
            session.get_one(Connection, connection_id).user_id = "other"
            session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()


def test_a_session_after_a_statement_sent_at_once_is_one_transaction_again(database: Database) -> None:
    connection_id = a_connection(database)
    database.at_once("SELECT 1", {})
    fail_after_a_change(database, connection_id)
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
    fail_after_a_change(database, connection_id)
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
