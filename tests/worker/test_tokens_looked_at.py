"""Between the mark of an attempt and its lock others may look at the row: nobody shall give up for that."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.connection import Credential
from models.session import Database
from tests.fakes import FakeBroker
from tests.records import a_connection, a_grant
from tests.worker.stored import credential_row, until_waiting
from worker import limits
from worker.limits import Deadline
from worker.logins import LoginBusy
from worker.tokens import refresh

pytestmark = pytest.mark.servers


class Looking:
    """Somebody who takes the row's lock right after an attempt was marked, and keeps it until `seen` returns."""

    def __init__(
        self,
        database: Database,
        connection_id: uuid.UUID,
        monkeypatch: pytest.MonkeyPatch,
        seen: Callable[[], object],
    ) -> None:
        self._database, self._connection_id, self._monkeypatch, self._seen = database, connection_id, monkeypatch, seen
        self._plain = database.session
        self._has_it = threading.Event()
        self._thread = threading.Thread(target=self._look)
        monkeypatch.setattr(database, "session", self._first)

    def _first(self, *given: timedelta) -> AbstractContextManager[Session]:
        self._monkeypatch.setattr(self._database, "session", self._second)
        return self._plain(*given)

    def _second(self, *given: timedelta) -> AbstractContextManager[Session]:
        self._monkeypatch.setattr(self._database, "session", self._plain)
        self._thread.start()
        assert self._has_it.wait(10)
        return self._plain(*given)

    def _look(self) -> None:
        with self._plain() as session:
            wanted = select(Credential).where(Credential.connection_id == self._connection_id)
            session.scalars(wanted.with_for_update(key_share=True)).one()
            self._has_it.set()
            self._seen()

    def end(self) -> None:
        self._thread.join()


def test_who_has_marked_an_attempt_waits_for_those_who_only_look(
    database: Database, broker: FakeBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection_id = a_connection(database)
    broker.will("refresh", a_grant(2))
    looking = Looking(database, connection_id, monkeypatch, lambda: until_waiting(database))
    assert refresh(database, broker, connection_id, 1, Deadline(limits.SYNC_DEADLINE)).version == 2
    looking.end()
    assert credential_row(database, connection_id).cut_short_by is None


def test_who_has_marked_an_attempt_does_not_wait_for_one_who_stays(
    database: Database, broker: FakeBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection_id = a_connection(database)
    monkeypatch.setattr("models.session.LOCK_TIMEOUT", timedelta(milliseconds=100))
    given_up = threading.Event()
    looking = Looking(database, connection_id, monkeypatch, lambda: given_up.wait(10))
    with pytest.raises(LoginBusy):
        refresh(database, broker, connection_id, 1, Deadline(limits.SYNC_DEADLINE))
    given_up.set()
    looking.end()
    assert broker.calls == []
