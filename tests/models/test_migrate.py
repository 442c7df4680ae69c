"""The migrations make the tables that the models say, and take them away again."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Engine, NullPool, create_engine, inspect, text
from sqlalchemy.exc import IntegrityError

from models import migrate
from models.tables import Base

pytestmark = pytest.mark.servers


@pytest.fixture
def empty(empty_database_url: str) -> Iterator[Engine]:
    engine = create_engine(empty_database_url, poolclass=NullPool)
    yield engine
    engine.dispose()


@pytest.fixture
def migrated(database_url: str) -> Iterator[Connection]:
    engine = create_engine(database_url, poolclass=NullPool)
    with engine.connect() as connection:
        yield connection


def url_of(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=False)


def test_tables_and_models_agree(migrated: Connection) -> None:
    context = MigrationContext.configure(migrated, opts={"compare_type": True, "compare_server_default": True})
    assert compare_metadata(context, Base.metadata) == []


def test_constraints_partial_indexes_and_room_in_pages_are_those_of_the_models(
    migrated: Connection, empty: Engine
) -> None:
    # Alembic compares neither: the tables that the models make by themselves must read the same in the catalogue.
    catalogue = text(
        "SELECT conname AS name, pg_get_constraintdef(oid) AS body FROM pg_constraint"
        " WHERE connamespace = 'public'::regnamespace AND conrelid <> 0"
        " AND conrelid IS DISTINCT FROM to_regclass('alembic_version')"
        " UNION ALL SELECT indexname, indexdef FROM pg_indexes"
        " WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
        " UNION ALL SELECT relname, array_to_string(reloptions, ' ') FROM pg_class"
        " WHERE relnamespace = 'public'::regnamespace AND reloptions IS NOT NULL ORDER BY 1, 2"
    )
    Base.metadata.create_all(empty)
    with empty.connect() as connection:
        expected = connection.execute(catalogue).all()
    assert migrated.execute(catalogue).all() == expected
    assert len(expected) > 30


def test_a_downgrade_leaves_nothing_and_an_upgrade_brings_it_back(empty: Engine) -> None:
    left = text(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace UNION ALL"
        " SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
    )
    migrate.upgrade(url_of(empty))
    with empty.begin() as connection:
        command.downgrade(migrate._config(connection), "base")
        assert set(connection.scalars(left)) == {"alembic_version", "alembic_version_pkc"}
    migrate.upgrade(url_of(empty))
    assert "connections" in inspect(empty).get_table_names()


def test_connections_of_the_first_revision_go_on_at_any_hour_and_survive_the_way_back(empty: Engine) -> None:
    stored = text(
        "INSERT INTO connections (id, user_id, broker, status, login_at, sync_interval)"
        " VALUES (gen_random_uuid(), '42', 'fake', 'active', now(), '5 minutes')"
    )
    shown = text("SELECT * FROM v_connections")
    with empty.begin() as connection:
        command.upgrade(migrate._config(connection), "0001")
        connection.execute(stored)
        before = connection.execute(shown).mappings().one().keys()
        # Somebody else's, built on ours: it must not stand in the way of an upgrade.
        connection.execute(text("CREATE VIEW theirs AS SELECT user_id FROM v_connections"))
    migrate.upgrade(url_of(empty))
    with empty.begin() as connection:
        row = connection.execute(shown).mappings().one()
        assert list(row)[: len(before)] == list(before)
        settings = ("label", "sync_interval", "hours_from", "hours_until", "time_zone")
        assert [row[name] for name in settings] == [None, timedelta(minutes=5), None, None, "UTC"]
        connection.execute(text("DROP VIEW theirs"))
        command.downgrade(migrate._config(connection), "0001")
        assert connection.execute(shown).mappings().one().keys() == before


def test_tokens_of_an_older_revision_count_as_old_as_their_login(empty: Engine) -> None:
    """When they were issued nobody wrote down: taken for new, they would speak for a login that is over already."""
    connections = text(
        "INSERT INTO connections (id, user_id, broker, status, login_at, login_expires_at, sync_interval)"
        " VALUES (gen_random_uuid(), 'over', 'fake', 'paused', now() - interval '9 d', now() - interval '2 d', '5 min'),"
        " (gen_random_uuid(), 'ahead', 'fake', 'active', now() + interval '1 hour', NULL, '5 min')"
    )
    with empty.begin() as connection:
        command.upgrade(migrate._config(connection), "0003")
        connection.execute(connections)
        connection.execute(
            text("INSERT INTO credentials (connection_id, document_sealed) SELECT id, 'x' FROM connections")
        )
    migrate.upgrade(url_of(empty))
    issued = text(
        "SELECT user_id, refreshed_at = login_at AS as_old, refreshed_at <= now() AS past"
        " FROM credentials JOIN connections ON id = connection_id ORDER BY user_id"
    )
    with empty.begin() as connection:
        assert connection.execute(issued).all() == [("ahead", False, True), ("over", True, True)]
        command.downgrade(migrate._config(connection), "0003")


@pytest.mark.parametrize("hours", ["'09:30', NULL", "NULL, '16:00'", "'09:30', '09:30'"])
def test_half_a_window_or_one_that_never_opens_is_refused(migrated: Connection, hours: str) -> None:
    with pytest.raises(IntegrityError, match="ck_connections_hours"):
        migrated.execute(
            text(
                "INSERT INTO connections (id, user_id, broker, status, login_at, sync_interval, hours_from, hours_until)"
                f" VALUES (gen_random_uuid(), '42', 'fake', 'active', now(), '5 minutes', {hours})"
            )
        )


def test_an_upgrade_may_be_repeated_and_started_twice_at_once(empty: Engine) -> None:
    with ThreadPoolExecutor() as pool:
        for done in [pool.submit(migrate.upgrade, url_of(empty)) for _ in range(3)]:
            done.result()
    with empty.connect() as connection:
        assert migrate.schema(connection).is_current


def test_an_empty_database_is_told_from_a_current_one(empty: Engine) -> None:
    with empty.connect() as connection:
        schema = migrate.schema(connection)
        assert (schema.present, schema.is_current) == (None, False)
    migrate.upgrade(url_of(empty))
    with empty.connect() as connection:
        assert migrate.schema(connection).present == schema.wanted


def test_every_time_is_kept_with_its_zone_and_no_amount_is_cut(migrated: Connection) -> None:
    columns = migrated.execute(
        text(
            "SELECT table_name || '.' || column_name AS name, data_type, numeric_precision FROM information_schema.columns"
            " WHERE table_schema = 'public' AND data_type ~ '^(timestamp|numeric|real|double)'"
        )
    ).all()
    assert {row.data_type for row in columns} == {"timestamp with time zone", "numeric"}
    assert [row.name for row in columns if row.data_type == "numeric" and row.numeric_precision is not None] == []
