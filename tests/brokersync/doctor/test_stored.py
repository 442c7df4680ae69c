"""What the rows say: keys that open them, connections that nobody takes."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.fernet import Fernet

from brokersync.doctor import stored
from brokersync.doctor.findings import Finding, Level
from models.connection import Connection, Credential, Status
from models.installation import fingerprints
from models.sealing import keyring
from models.session import Database

pytestmark = pytest.mark.servers


def connect(database: Database, **more: object) -> None:
    """A linked connection with its credentials."""
    with database.session() as session:
        connection = Connection(
            **{
                "id": uuid.uuid4(),
                "user_id": "42",
                "broker": "schwab",
                "status": Status.ACTIVE,
                "login_at": datetime.now(UTC),
                "sync_interval": timedelta(minutes=5),
                **more,
            }
        )
        session.add(connection)
        session.flush()
        session.add(Credential(connection_id=connection.id, document={"access_token": "ersecret"}))


def examined(database: Database) -> list[Finding]:
    with database.session() as session:
        return stored.examine(session)


def use_keys(monkeypatch: pytest.MonkeyPatch, *keys: str) -> None:
    monkeypatch.setenv("ENCRYPTION_KEY", ",".join(keys))
    keyring.cache_clear()


def test_before_anything_is_sealed_any_key_will_do(database: Database) -> None:
    assert examined(database) == []


def test_the_key_that_sealed_is_good(database: Database) -> None:
    with database.session() as session:
        fingerprints(session)
    connect(database)
    (found,) = examined(database)
    assert (found.level, found.check) == (Level.OK, "ENCRYPTION_KEY")


def test_a_well_formed_key_that_did_not_seal_is_called_the_wrong_one(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.session() as session:
        fingerprints(session)
    use_keys(monkeypatch, Fernet.generate_key().decode())
    (found,) = examined(database)
    assert found.level is Level.FAULT
    assert "well formed, but not the key that sealed this database" in found.said
    assert "key that was used before" in str(found.remedy)


def test_an_older_key_that_was_taken_away_too_early_is_found_by_its_logins(
    database: Database, encryption_key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(database)
    newer = Fernet.generate_key().decode()
    use_keys(monkeypatch, newer)
    with database.session() as session:
        fingerprints(session)
    (found,) = examined(database)
    assert (found.level, "not 1 of the 1 logins" in found.said) == (Level.FAULT, True)
    use_keys(monkeypatch, newer, encryption_key)
    assert [each.level for each in examined(database)] == [Level.OK]


def test_more_logins_are_tried_than_the_first(
    database: Database, encryption_key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(database, id=uuid.UUID(int=2))
    use_keys(monkeypatch, Fernet.generate_key().decode())
    connect(database, id=uuid.UUID(int=1))
    with database.session() as session:
        fingerprints(session)
    (found,) = examined(database)
    assert (found.level, "not 1 of the 2 logins" in found.said) == (Level.FAULT, True)


def test_a_key_that_is_no_key_is_left_to_its_own_check(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with database.session() as session:
        fingerprints(session)
    use_keys(monkeypatch, "nonsense")
    assert examined(database) == []


@pytest.mark.parametrize(("minutes", "count"), [(1, 0), (3, 1)])
def test_a_connection_that_nobody_takes_for_two_minutes_is_a_warning(
    minutes: int, count: int, database: Database
) -> None:
    connect(database, next_sync_at=datetime.now(UTC) - timedelta(minutes=minutes))
    assert [(each.level, each.check) for each in examined(database)] == [(Level.WARNING, "Schedule")] * count


def test_a_connection_that_is_being_synced_is_not_overdue(database: Database) -> None:
    now = datetime.now(UTC)
    connect(database, next_sync_at=now - timedelta(minutes=3), claim_until=now + timedelta(minutes=1))
    connect(database, next_sync_at=now - timedelta(minutes=3), status=Status.PAUSED)
    assert examined(database) == []
