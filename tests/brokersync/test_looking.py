from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest

from brokersync import looking
from brokersync.looking import DatabaseAway, Look, Looking
from models.session import Database
from tests.brokersync.rows import a_login

pytestmark = pytest.mark.servers


def test_a_look_shows_the_accounts_that_are_asked_for_with_their_connection(database: Database) -> None:
    connection_id, account_id = a_login(database, user_id="42")
    a_login(database, number="11110000", user_id="43")
    for asked in (("42", None, None), (None, connection_id, None), (None, None, account_id)):
        (found,) = Looking(database, *asked).look().accounts
        assert (found.account_id, found.number, found.shared) == (str(account_id), "…452", True)
        assert (found.connection.id, found.connection.user_id) == (connection_id, "42")
        assert found.checked_at is not None
        assert found.checked_at < found.created_at
    assert len(Looking(database, None, None, None).look().accounts) == 2


def test_it_goes_on_with_the_time_of_the_database() -> None:
    at = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
    taken_before = Look(at, (), time.monotonic() - 60)
    assert at + timedelta(seconds=60) <= taken_before.now() < at + timedelta(seconds=90)


def test_it_looks_now_and_then_and_at_once_when_it_is_asked(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "LOOK_SECONDS", 60)
    looks = Looking(database, None, None, None)
    events = looks.events()
    for _ in range(2):
        looks.soon()
        assert isinstance(next(events), Look)


def test_it_waits_again_after_a_look_that_was_asked_for(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking, "LOOK_SECONDS", 0.5)
    looks = Looking(database, None, None, None)
    events = looks.events()
    looks.soon()
    next(events)
    asked_at = time.monotonic()
    next(events)
    assert time.monotonic() - asked_at > 0.4


def test_a_database_that_is_away_is_no_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking, "LOOK_SECONDS", 0.01)
    nowhere = Database("postgresql+psycopg2://nobody@127.0.0.1:1/nothing", pool_size=1)
    try:
        assert list(islice(Looking(nowhere, None, None, None).events(), 2)) == [DatabaseAway(), DatabaseAway()]
    finally:
        nowhere.close()
