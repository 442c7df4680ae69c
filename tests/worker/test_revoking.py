"""A login that is disconnected is withdrawn at its broker where that harms nobody else."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, ClassVar

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import func, select, update

from brokers.errors import Unreachable
from brokers.interface import Declaration, Revoking
from models.connection import Connection, Credential, Status
from models.link import Link
from models.links import make_link
from models.sealing import keyring
from models.session import Database
from tests.fakes import FakeBroker
from tests.records import ANOTHER_NUMBER, CREDENTIALS, NUMBER, a_connection, an_account
from tests.worker.stored import connection_row, events
from worker import limits, revoking
from worker.disconnect import disconnect
from worker.parts import Parts
from worker.revoking import NO_LOGIN, SHARED, UNREADABLE, Revocable

pytestmark = pytest.mark.servers


class RevokingBroker(FakeBroker):
    """A fake broker with a call that withdraws a login."""

    declaration: ClassVar[Declaration] = replace(FakeBroker.declaration, revocable=True)

    def __init__(self) -> None:
        super().__init__()
        self.will("revoke", None)

    def revoke(self, credentials: Mapping[str, str], *, deadline: float) -> None:
        self._answer("revoke", credentials, deadline)


@pytest.fixture
def broker() -> FakeBroker:
    return RevokingBroker()


def a_login(database: Database, number: str = NUMBER, **values: Any) -> uuid.UUID:
    connection_id = a_connection(database, **values)
    an_account(database, connection_id, number)
    return connection_id


def reason(parts: Parts, connection_id: uuid.UUID, *, erase: bool = False) -> str | None:
    answer = disconnect(parts, connection_id, erase)
    assert answer["revoked"] == (answer["why_not_revoked"] is None)
    return answer["why_not_revoked"]


def test_only_a_broker_that_has_the_call_is_one_that_revokes() -> None:
    assert isinstance(RevokingBroker(), Revoking)
    assert not isinstance(FakeBroker(), Revoking)


@pytest.mark.parametrize("erase", [False, True])
def test_the_broker_is_asked_with_the_credentials_that_were_forgotten(
    parts: Parts, broker: FakeBroker, *, erase: bool
) -> None:
    connection_id = a_login(parts.database)

    def forgotten() -> None:
        with parts.database.session() as session:
            assert session.get(Credential, connection_id) is None, "asked after the commit"

    broker.will("revoke", forgotten)
    assert reason(parts, connection_id, erase=erase) is None
    assert broker.calls == [("revoke", CREDENTIALS)]
    assert broker.deadlines == [limits.HTTP_TOTAL.total_seconds()]


def test_a_second_time_there_is_no_login_left(parts: Parts, broker: FakeBroker) -> None:
    connection_id = a_login(parts.database)
    disconnect(parts, connection_id, erase=False)
    assert reason(parts, connection_id) == NO_LOGIN
    assert broker.called("revoke") == 1


@pytest.mark.parametrize(
    ("mine", "other"),
    [
        ({"login_fp": "a"}, {"login_fp": "a", "number": ANOTHER_NUMBER}),
        ({"login_fp": "a"}, {"login_fp": "a", "number": ANOTHER_NUMBER, "status": Status.REAUTH_REQUIRED}),
        ({"login_fp": "a"}, {"login_fp": "a", "number": ANOTHER_NUMBER, "user_id": "another"}),
        ({"login_fp": "a"}, {}),
        ({}, {"login_fp": "a"}),
        ({}, {}),
    ],
)
def test_a_login_that_another_connection_may_hold_is_left_alone(
    parts: Parts, broker: FakeBroker, mine: dict[str, Any], other: dict[str, Any]
) -> None:
    connection_id = a_login(parts.database, **mine)
    a_login(parts.database, **other)
    assert reason(parts, connection_id) == SHARED
    assert broker.calls == []
    assert connection_row(parts.database, connection_id).status == Status.DISCONNECTED


@pytest.mark.parametrize(
    ("mine", "other"),
    [
        ({"login_fp": "a"}, {"login_fp": "b"}),
        ({"login_fp": "a"}, {"login_fp": "a", "status": Status.DISCONNECTED}),
        ({"login_fp": "a"}, {"login_fp": "a", "broker": "other"}),
        ({}, {"number": ANOTHER_NUMBER}),
    ],
)
def test_what_others_have_beside_it_is_in_nobodys_way(
    parts: Parts, mine: dict[str, Any], other: dict[str, Any]
) -> None:
    connection_id = a_login(parts.database, **mine)
    a_login(parts.database, **other)
    assert reason(parts, connection_id) is None


def test_a_login_that_is_being_linked_may_be_the_same(parts: Parts) -> None:
    connection_id = a_login(parts.database, login_fp="a")
    a_connection(parts.database, status=Status.LINKING, user_id="another")
    assert reason(parts, connection_id) == SHARED


@pytest.mark.parametrize(("ago", "told"), [(timedelta(seconds=1), SHARED), (timedelta(minutes=3), None)])
def test_a_callback_under_way_may_bring_the_same(parts: Parts, ago: timedelta, told: str | None) -> None:
    connection_id = a_login(parts.database, login_fp="a")
    with parts.database.session() as session:
        make_link(session, "another", "fake")
        session.flush()
        session.scalars(select(Link)).one().callback_at = datetime.now(UTC) - ago
    assert reason(parts, connection_id) == told


def test_a_login_of_which_nothing_is_known_is_withdrawn_only_where_it_is_the_only_one(parts: Parts) -> None:
    waiting = a_connection(parts.database, status=Status.LINKING)
    other = a_login(parts.database, login_fp="a")
    assert reason(parts, waiting) == SHARED
    waiting = a_connection(parts.database, status=Status.LINKING)
    disconnect(parts, other, erase=True)
    assert reason(parts, waiting) is None


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (
            Unreachable("POST /revoke", "no answer in 20 s"),
            "Fake Broker did not do it (POST /revoke: no answer in 20 s)",
        ),
        (ValueError("a-secret"), "a fault of brokersync itself came in the way; the log says more"),
    ],
)
def test_a_failure_is_told_and_undoes_nothing(
    parts: Parts, broker: FakeBroker, caplog: pytest.LogCaptureFixture, fault: Exception, said: str
) -> None:
    connection_id = a_login(parts.database)
    broker.will("revoke", fault)
    with caplog.at_level(logging.WARNING):
        assert reason(parts, connection_id) == said
    assert connection_row(parts.database, connection_id).status == Status.DISCONNECTED
    assert events(parts.database, connection_id) == ["disconnected"]
    assert "withdrawn" in caplog.text


def test_where_no_key_opens_the_login_it_is_forgotten_all_the_same(
    parts: Parts, monkeypatch: pytest.MonkeyPatch, encryption_key: str
) -> None:
    connection_id = a_login(parts.database)
    monkeypatch.setenv("ENCRYPTION_KEY", Fernet.generate_key().decode())
    keyring.cache_clear()
    assert reason(parts, connection_id) == UNREADABLE
    with parts.database.session() as session:
        assert session.scalars(select(Credential)).all() == []


@pytest.mark.parametrize("broker_name", ["schwab", "gone"])
def test_a_broker_that_is_not_set_up_here_is_not_asked(parts: Parts, broker_name: str) -> None:
    connection_id = a_connection(parts.database, broker=broker_name)
    assert reason(parts, connection_id) == f"{broker_name} is not set up here, so it cannot be asked"


def test_the_credentials_are_in_no_repr(parts: Parts) -> None:
    assert "access-1" not in repr(
        Revocable(RevokingBroker.declaration, RevokingBroker(), CREDENTIALS, datetime.now(UTC))
    )
    with parts.database.session() as session:
        assert session.scalars(select(Connection)).all() == []


def right_before_the_broker_is_asked(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]) -> None:
    revoke = revoking.revoke

    def later(database: Database, login: Revocable) -> None:
        happens()
        revoke(database, login)

    monkeypatch.setattr(revoking, "revoke", later)


@pytest.mark.parametrize("erase", [False, True])
def test_a_login_that_may_have_been_made_anew_since_is_not_withdrawn_with_the_old_one(
    parts: Parts, broker: FakeBroker, monkeypatch: pytest.MonkeyPatch, erase: bool
) -> None:
    connection_id = a_login(parts.database)
    linked = partial(a_connection, parts.database, status=Status.LINKING, login_at=func.clock_timestamp())
    right_before_the_broker_is_asked(monkeypatch, linked)
    assert reason(parts, connection_id, erase=erase) == SHARED
    assert broker.calls == []


def test_somebodys_callback_that_began_since_keeps_the_login_too(
    parts: Parts, broker: FakeBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection_id = a_login(parts.database)

    def began() -> None:
        with parts.database.session() as session:
            make_link(session, "43", "fake")
            session.execute(update(Link).values(callback_at=func.now()))

    right_before_the_broker_is_asked(monkeypatch, began)
    assert reason(parts, connection_id) == SHARED
    assert broker.calls == []


def test_a_login_made_anew_at_another_broker_stands_in_no_ones_way(
    parts: Parts, broker: FakeBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection_id = a_login(parts.database)
    elsewhere = partial(a_connection, parts.database, broker="elsewhere", login_at=func.clock_timestamp())
    right_before_the_broker_is_asked(monkeypatch, elsewhere)
    assert reason(parts, connection_id) is None
