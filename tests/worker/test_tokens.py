"""Keeping a login usable."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from threading import Barrier, Event

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from brokers.records import Grant
from models.connection import Credential
from models.sealing import CredentialsUnreadable
from models.session import Database
from tests.fakes import FakeBroker
from tests.records import CREDENTIALS, a_connection, a_grant
from tests.worker.stored import credential_row, database_now, put_tokens, usable
from worker import limits
from worker.limits import Deadline
from worker.logins import Login, LoginBusy, NoCredentials, SeenLogin
from worker.tokens import refresh, usable_login

NOW = datetime(2026, 11, 20, 18, tzinfo=UTC)
ENDING = timedelta(seconds=30)
"""Less than the margin: the access token is refreshed before it is used."""


def deadline() -> Deadline:
    return Deadline(limits.SYNC_DEADLINE)


def test_a_login_shows_no_token() -> None:
    assert repr(Login(CREDENTIALS, 3, NOW)) == "Login(version=3)"


@pytest.mark.servers
class TestOneProcess:
    def test_a_fresh_token_is_used_and_nobody_is_asked(self, database: Database, broker: FakeBroker) -> None:
        login = usable(database, broker, a_connection(database), deadline())
        assert (login.credentials, login.version, broker.calls) == (CREDENTIALS, 1, [])

    def test_an_ending_token_is_refreshed_and_saved(self, database: Database, broker: FakeBroker) -> None:
        connection_id = a_connection(database, lasts=ENDING)
        broker.will("refresh", a_grant(2))
        login = usable(database, broker, connection_id, deadline())
        stored = credential_row(database, connection_id)
        assert login.credentials == stored.document == a_grant(2).credentials
        assert login.version == stored.token_version == 2
        assert broker.calls == [("refresh", CREDENTIALS)]
        assert stored.access_expires_at is not None
        left = stored.access_expires_at - database_now(database)
        assert timedelta(minutes=29) < left <= timedelta(minutes=30)

    def test_a_token_that_was_refreshed_before_and_ends_is_refreshed_again(
        self, database: Database, broker: FakeBroker
    ) -> None:
        connection_id = a_connection(database, lasts=ENDING)
        broker.will("refresh", a_grant(2, ENDING), a_grant(3))
        for version in (2, 3):
            login = usable(database, broker, connection_id, deadline())
            assert (login.version, login.credentials) == (version, a_grant(version).credentials)

    def test_an_ending_token_that_another_process_refreshed_since_it_was_read_is_not_refreshed_again(
        self, database: Database, broker: FakeBroker
    ) -> None:
        connection_id = a_connection(database, lasts=ENDING)
        broker.will("refresh", a_grant(2, ENDING), a_grant(3))
        usable(database, broker, connection_id, deadline())
        read, now = credential_row(database, connection_id), database_now(database)
        usable(database, broker, connection_id, deadline())
        login = usable_login(database, broker, SeenLogin(read, now, None, now), deadline())
        assert (login.version, login.credentials) == (3, a_grant(3).credentials)
        assert broker.called("refresh") == 2

    def test_an_access_token_that_no_longer_ends_is_stored_so(self, database: Database, broker: FakeBroker) -> None:
        connection_id = a_connection(database, lasts=ENDING)
        broker.will("refresh", a_grant(2, lasts=None))
        usable(database, broker, connection_id, deadline())
        assert credential_row(database, connection_id).access_expires_at is None

    def test_the_attempt_is_marked_before_the_broker_is_asked(self, database: Database, broker: FakeBroker) -> None:
        connection_id = a_connection(database, lasts=ENDING)
        seen: list[Credential] = []

        def look() -> Grant:
            seen.append(credential_row(database, connection_id))
            return a_grant()

        broker.will("refresh", look)
        usable(database, broker, connection_id, deadline())
        assert seen[0].refresh_attempt_id is not None
        assert seen[0].refresh_started_at is not None
        assert seen[0].document == CREDENTIALS
        assert credential_row(database, connection_id).refresh_attempt_id is None

    def test_a_login_refreshed_meanwhile_is_used_without_asking(self, database: Database, broker: FakeBroker) -> None:
        connection_id = a_connection(database)
        broker.will("refresh", a_grant(2))
        refresh(database, broker, connection_id, 1, deadline())
        login = refresh(database, broker, connection_id, 1, deadline())
        assert (login.version, login.credentials) == (2, a_grant(2).credentials)
        assert broker.called("refresh") == 1
        assert credential_row(database, connection_id).refresh_attempt_id is None

    def test_a_login_refreshed_between_mark_and_lock_is_used_without_asking(
        self, database: Database, broker: FakeBroker, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        connection_id = a_connection(database)
        sessions = database.session

        def first(*given: timedelta) -> AbstractContextManager[Session]:
            monkeypatch.setattr(database, "session", second)
            return sessions(*given)

        def second(*given: timedelta) -> AbstractContextManager[Session]:
            monkeypatch.setattr(database, "session", sessions)
            put_tokens(database, connection_id, a_grant(2))
            return sessions(*given)

        monkeypatch.setattr(database, "session", first)
        assert refresh(database, broker, connection_id, 1, deadline()).credentials == a_grant(2).credentials
        assert broker.calls == []

    def test_the_broker_is_asked_within_what_is_left_of_the_deadline(
        self, database: Database, broker: FakeBroker
    ) -> None:
        broker.will("refresh", a_grant())
        usable(database, broker, a_connection(database, lasts=ENDING), Deadline(timedelta(seconds=9)))
        usable(database, broker, a_connection(database, lasts=ENDING), deadline())
        assert 8 < broker.deadlines[0] <= 9
        assert broker.deadlines[1] == limits.HTTP_TOTAL.total_seconds()

    @pytest.mark.parametrize("ask", [usable, lambda *a: refresh(*a[:3], 1, a[3])])
    def test_without_credentials_there_is_no_login(
        self, database: Database, broker: FakeBroker, ask: Callable[..., Login]
    ) -> None:
        with pytest.raises(NoCredentials):
            ask(database, broker, uuid.uuid4(), deadline())

    def test_credentials_that_no_key_opens_are_not_sent(self, database: Database, broker: FakeBroker) -> None:
        connection_id, other = a_connection(database, lasts=ENDING), a_connection(database)
        foreign = credential_row(database, other).document_sealed
        with database.session() as session:
            session.execute(update(Credential).values(document_sealed=foreign))
        with pytest.raises(CredentialsUnreadable):
            usable(database, broker, connection_id, deadline())
        assert broker.calls == []


@pytest.mark.servers
class TestManyAtOnce:
    def test_who_finds_the_login_being_refreshed_does_not_wait(self, database: Database, broker: FakeBroker) -> None:
        connection_id = a_connection(database, lasts=ENDING)
        asked, answer = Event(), Event()

        def slow() -> Grant:
            asked.set()
            assert answer.wait(10)
            return a_grant()

        broker.will("refresh", slow)
        with ThreadPoolExecutor(1) as pool:
            first = pool.submit(usable, database, broker, connection_id, deadline())
            assert asked.wait(10)
            began = time.monotonic()
            with pytest.raises(LoginBusy):
                usable(database, broker, connection_id, deadline())
            waited = time.monotonic() - began
            answer.set()
            assert first.result().version == 2
        assert waited < 1
        assert broker.called("refresh") == 1

    def test_eight_threads_with_one_ending_login_refresh_it_once(self, database: Database, broker: FakeBroker) -> None:
        connection_id = a_connection(database, lasts=ENDING)
        together = Barrier(8)

        def slow() -> Grant:
            time.sleep(0.05)
            return a_grant()

        broker.will("refresh", slow, AssertionError("refreshed twice"))

        def work() -> int:
            together.wait()
            while True:
                try:
                    return usable(database, broker, connection_id, deadline()).version
                except LoginBusy:
                    time.sleep(0.01)

        with ThreadPoolExecutor(8) as pool:
            versions = [done.result() for done in [pool.submit(work) for _ in range(8)]]
        assert versions == [2] * 8
        assert broker.called("refresh") == 1
