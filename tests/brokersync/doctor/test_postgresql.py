"""PostgreSQL as the doctor sees it: each mistake made at the run's own server."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy
from sqlalchemy import text

from brokersync.doctor import connections, postgresql
from brokersync.doctor.clocks import Reading
from brokersync.doctor.connections import Room, Slots
from brokersync.doctor.findings import Finding, Level
from brokersync.doctor.postgresql_refusals import refusal
from models import migrate
from models.migrate import Schema
from models.session import Database
from settings import Settings

NOWHERE = "postgresql+psycopg2://me:ersecret@127.0.0.1:1/x"
ROLE = "brokersync_test_reader"


def findings(url: str | None) -> list[Finding]:
    return [each for each in postgresql.examine(Settings(database_url=url)) if isinstance(each, Finding)]


def room(url: str) -> list[Room]:
    return [each for each in postgresql.examine(Settings(database_url=url)) if isinstance(each, Room)]


def bad(url: str | None) -> list[Finding]:
    found = [each for each in findings(url) if each.level is not Level.OK]
    assert all(each.remedy for each in found)
    return found


def run(url: str, *statements: str) -> None:
    engine = sqlalchemy.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sqlalchemy.NullPool)
    with engine.connect() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


@pytest.mark.servers
def test_a_database_in_order_is_good_and_tells_its_time(database: Database, database_url: str) -> None:
    assert bad(database_url) == []
    (reading,) = [each for each in postgresql.examine(Settings(database_url=database_url)) if isinstance(each, Reading)]
    assert (reading.whose, reading.agrees, reading.elsewhere) == ("PostgreSQL", True, False)


@pytest.mark.servers
def test_an_empty_database_needs_its_tables(empty_database_url: str) -> None:
    (found,) = bad(empty_database_url)
    assert (found.check, found.level, found.remedy) == ("Tables", Level.FAULT, "brokersync init-db")


def test_old_tables_need_an_upgrade() -> None:
    found = postgresql.tables(Schema(present="0001", wanted="0002"))
    assert (found.level, found.remedy) == (Level.FAULT, "brokersync init-db")


@pytest.mark.servers
def test_a_database_of_a_newer_version_is_not_called_old(empty_database_url: str) -> None:
    migrate.upgrade(empty_database_url)
    run(empty_database_url, "UPDATE alembic_version SET version_num = '9999'")
    (found,) = bad(empty_database_url)
    assert "newer than this version" in found.said
    assert "Upgrade brokersync" in str(found.remedy)


@pytest.fixture
def reader_url(empty_database_url: str) -> Iterator[str]:
    """A database with all tables, and a user who owns none of them."""
    migrate.upgrade(empty_database_url)
    run(empty_database_url, f"CREATE ROLE {ROLE} LOGIN PASSWORD 'ersecret'")
    yield (
        sqlalchemy.make_url(empty_database_url)
        .set(username=ROLE, password="ersecret")
        .render_as_string(hide_password=False)
    )
    run(empty_database_url, f"DROP OWNED BY {ROLE}", f"DROP ROLE {ROLE}")


@pytest.mark.servers
def test_a_user_without_rights_to_the_tables_is_told(reader_url: str, empty_database_url: str) -> None:
    (found,) = bad(reader_url)
    assert (found.check, "may not read and write" in found.said) == ("Tables", True)
    run(empty_database_url, f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {ROLE}")
    (found,) = bad(reader_url)
    assert "may not read and write" in found.said
    run(empty_database_url, f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {ROLE}")
    run(empty_database_url, f"REVOKE UPDATE, DELETE ON events FROM {ROLE}")
    assert bad(reader_url) == []


@pytest.mark.servers
def test_a_table_that_was_dropped_is_told_apart_from_missing_rights(empty_database_url: str) -> None:
    migrate.upgrade(empty_database_url)
    run(empty_database_url, "DROP TABLE positions CASCADE")
    (found,) = bad(empty_database_url)
    assert (found.check, found.level) == ("Tables", Level.FAULT)
    assert found.said.startswith("The database lacks 1 table (positions), though it is of this version")
    assert "GRANT" not in str(found.remedy)
    run(empty_database_url, "DROP TABLE sync_runs CASCADE")
    (found,) = bad(empty_database_url)
    assert "lacks 2 tables (positions …)" in found.said


@pytest.mark.servers
def test_a_database_that_takes_no_writes_is_a_fault_and_its_remedy_works(
    reader_url: str, empty_database_url: str
) -> None:
    run(empty_database_url, f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {ROLE}")
    name = sqlalchemy.make_url(empty_database_url).database
    run(empty_database_url, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    (found,) = bad(reader_url)
    assert found.said == "It takes no writes (default_transaction_read_only is on)."
    statements = re.findall("-c '([^']+)'", str(found.remedy))
    run(reader_url, *statements)
    assert bad(reader_url) == []
    run(empty_database_url, "SET default_transaction_read_only = off", f"ALTER DATABASE {name} RESET ALL")


@pytest.mark.servers
def test_a_standby_is_told_with_what_to_set(empty_database_url: str) -> None:
    # A function that stands before the server's own in the search path: the server then says what a standby says.
    name = sqlalchemy.make_url(empty_database_url).database
    run(
        empty_database_url,
        "CREATE SCHEMA standby",
        "CREATE FUNCTION standby.pg_is_in_recovery() RETURNS boolean LANGUAGE sql AS 'SELECT true'",
        f"ALTER DATABASE {name} SET search_path = standby, pg_catalog, public",
    )
    found = bad(empty_database_url)[0]
    assert (found.level, found.said) == (Level.FAULT, "It is a standby, where nothing can be written.")
    assert found.remedy == "Set DATABASE_URL to the primary."


@pytest.mark.servers
def test_a_limit_of_the_server_that_is_shorter_than_a_refresh_is_a_warning(empty_database_url: str) -> None:
    migrate.upgrade(empty_database_url)
    name = sqlalchemy.make_url(empty_database_url).database
    run(empty_database_url, f"ALTER DATABASE {name} SET transaction_timeout = '5s'")
    (found,) = bad(empty_database_url)
    assert (found.level, "transaction_timeout is 5 s" in found.said) == (Level.WARNING, True)


@pytest.mark.servers
def test_the_room_for_connections_is_the_smallest_of_all_limits(reader_url: str, empty_database_url: str) -> None:
    (whole,) = room(reader_url)
    assert whole.left > 100
    run(empty_database_url, f"ALTER ROLE {ROLE} CONNECTION LIMIT 10")
    assert room(reader_url) == [Room(10)]
    name = sqlalchemy.make_url(empty_database_url).database
    run(empty_database_url, f"ALTER DATABASE {name} CONNECTION LIMIT 5")
    assert room(reader_url) == [Room(5)]


@pytest.mark.parametrize(
    ("left", "slots", "level"),
    [
        (69, Slots(1, 32), Level.WARNING),
        (70, Slots(1, 32), Level.OK),
        (101, Slots(1, 64), Level.WARNING),
        (105, Slots(2, 64), Level.WARNING),
        (106, Slots(2, 64), Level.OK),
    ],
)
def test_all_slots_and_threads_must_have_room(left: int, slots: Slots, level: Level) -> None:
    found = connections.judged(Room(left), slots)
    assert found.level is level
    assert level is Level.OK or "max_connections" in str(found.remedy)


@pytest.mark.servers
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"password": "wrong-ersecret"}, "does not take that user and password"),
        ({"database": "nosuch"}, "It has no such database."),
        ({"host": "127.0.0.1", "port": 1, "query": {}}, "Nobody listens at 127.0.0.1:1."),
    ],
)
def test_who_is_not_let_in_is_told_why(change: dict[str, object], said: str, database_url: str) -> None:
    url = sqlalchemy.make_url(database_url).set(**change)
    (found,) = bad(url.render_as_string(hide_password=False))
    assert said in found.said
    assert "ersecret" not in str(found)


@pytest.mark.parametrize(
    ("libpq", "said", "remedy"),
    [
        ('could not translate host name "ersecret" to address', "is not known here", "127.0.0.1"),
        ('FATAL:  role "me" does not exist', "no such user", "createuser --pwprompt me"),
        ('FATAL:  database "x" does not exist', "no such database", "createdb --owner me x"),
        ("FATAL:  sorry, too many clients already", "no connection left", "max_connections"),
        ("FATAL:  remaining connection slots are reserved for roles", "no connection left", "max_connections"),
        ('FATAL:  no pg_hba.conf entry for host "::1"', "elsewhere only", "pg_hba.conf"),
        ("FATAL:  the database system is starting up", "starting", "Wait"),
        ("received invalid response to SSL negotiation: H", "is not PostgreSQL", "host and port"),
        ("server does not support SSL, but SSL was required", "TLS", "sslmode"),
        ("FATAL:  no such database: ersecret", "pooler knows no such database", "[databases]"),
        ("fe_sendauth: no password supplied", "wants a password", "postgresql://"),
        ("what nobody has seen: ersecret", "reason that is new", "psql"),
    ],
)
def test_each_refusal_of_libpq_has_its_sentence_and_remedy(libpq: str, said: str, remedy: str) -> None:
    found = refusal(libpq, sqlalchemy.make_url(NOWHERE))
    assert found.level is Level.FAULT
    assert said in found.said
    assert remedy in str(found.remedy)
    assert "ersecret" not in str(found)


def test_a_name_that_does_not_look_like_one_is_not_shown() -> None:
    found = refusal('role "a" does not exist', sqlalchemy.make_url("postgresql+psycopg2://er%23secret@h/x"))
    assert "createuser --pwprompt USER" in str(found.remedy)


@pytest.mark.sockets
def test_a_server_that_takes_the_connection_and_says_nothing_is_given_up_in_seconds() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        (found,) = bad(f"postgresql+psycopg2://me:ersecret@127.0.0.1:{port}/x")
    assert "took the connection and did not answer" in found.said


def test_a_database_that_is_not_named_is_a_fault() -> None:
    assert [each.check for each in bad(None)] == ["DATABASE_URL"]


@pytest.mark.servers
def test_a_pooler_in_between_is_seen_and_its_limits_are_looked_at(
    pooled: Database, database: Database, database_url: str
) -> None:
    with pooled.session(timedelta(seconds=3)) as session:
        assert connections.is_pooled(session)
        assert session.scalars(text("SHOW statement_timeout")).one() == "3s"
    with database.session() as session:
        assert not connections.is_pooled(session)
    url = pooled.engine.url.render_as_string(hide_password=False)
    assert findings(url)[0].said == "It answers through a pooler (PgBouncer), and our limits hold."
    assert room(url) == []
