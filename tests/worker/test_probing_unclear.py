"""A broker that says neither yes nor no of the app, or nothing: a real login is asked with, so that there is a way out."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import func

from brokers.errors import (
    AccessRefused,
    AppMisconfigured,
    BrokerDown,
    BrokerError,
    LoginEnded,
    RateLimited,
    Unreachable,
)
from brokers.records import Grant
from models.connection import SCHEDULED, Credential, Status
from tests.fakes import FakeBroker
from tests.records import a_connection, a_grant
from tests.worker.opened import circuits, kinds, open_circuit, probe_due, the_circuit
from tests.worker.stored import connection_row, credential_row, put, put_credential
from worker.parts import Parts
from worker.probing import NO_ANSWER_ENOUGH, UNCLEAR_ENOUGH, probe_apps

pytestmark = pytest.mark.servers

REFUSED = AppMisconfigured("POST /token", "the app was refused")


def linked_before(parts: Parts) -> uuid.UUID:
    """A connection whose login is older than the circuit."""
    connection_id = a_connection(parts.database)
    put(parts.database, connection_id, login_at=func.now() - timedelta(days=1))
    return connection_id


def unclear(parts: Parts, broker: FakeBroker, probes: int = UNCLEAR_ENOUGH - 1, **values: object) -> None:
    """An open circuit whose probe is due, and the next question about the app gets no clear answer."""
    broker.will("check_app", BrokerDown("POST /token", "a refusal that proves nothing"))
    open_circuit(parts, probes=probes, **values)
    probe_due(parts.database)


@pytest.mark.parametrize(
    ("answer", "left", "told"),
    [
        (a_grant(2), 0, ["app_accepted"]),
        (LoginEnded("POST /token", "ended"), 0, ["app_accepted"]),
        (REFUSED, 1, []),
        (AccessRefused("POST /token", "refused"), 1, []),
        (BrokerDown("POST /token", "a page"), 1, []),
        (RateLimited("POST /token", "too many"), 1, []),
    ],
)
def test_an_app_that_is_neither_taken_nor_refused_again_and_again_is_asked_for_by_one_real_login(
    parts: Parts, broker: FakeBroker, answer: BrokerError | Grant, left: int, told: list[str]
) -> None:
    ids = [linked_before(parts) for _ in range(3)]
    unclear(parts, broker)
    broker.will("refresh", answer)
    assert probe_apps(parts) == 1
    assert (len(circuits(parts.database)), kinds(parts.database)) == (left, told)
    assert (broker.called("refresh"), broker.called("fetch")) == (1, 0)
    assert {connection_row(parts.database, each).status for each in ids} == {Status.ACTIVE}


def test_after_fewer_unclear_answers_and_after_a_refusal_no_login_is_used(parts: Parts, broker: FakeBroker) -> None:
    linked_before(parts)
    unclear(parts, broker, probes=UNCLEAR_ENOUGH - 2)
    assert probe_apps(parts) == 1
    broker.will("check_app", REFUSED)
    probe_due(parts.database)
    assert probe_apps(parts) == 1
    assert (the_circuit(parts.database).probes, broker.called("refresh")) == (UNCLEAR_ENOUGH, 0)


def test_who_linked_since_the_app_was_refused_is_asked_for_at_once_and_nobody_else(
    parts: Parts, broker: FakeBroker
) -> None:
    for _ in range(5):
        linked_before(parts)
    unclear(parts, broker, probes=0)
    assert probe_apps(parts) == 1
    assert broker.called("refresh") == 0
    fresh = a_connection(parts.database)
    broker.will("refresh", a_grant(7))
    probe_due(parts.database)
    assert probe_apps(parts) == 1
    assert (circuits(parts.database), kinds(parts.database)) == ([], ["app_accepted"])
    assert credential_row(parts.database, fresh).token_version == 2


def test_one_odd_login_that_was_linked_since_does_not_keep_the_others_from_their_turn(
    parts: Parts, broker: FakeBroker
) -> None:
    odd, well = a_connection(parts.database), linked_before(parts)
    put_credential(parts.database, odd, document_sealed="nonsense")
    broker.will("refresh", a_grant(2))
    unclear(parts, broker)
    for _ in range(40):
        probe_due(parts.database)
        probe_apps(parts)
    assert circuits(parts.database) == []
    assert credential_row(parts.database, well).token_version == 2


no_answer = pytest.mark.parametrize(
    "error",
    [
        Unreachable("POST /token", "time-out"),
        BrokerDown("POST /token", "a gateway's page", 504, unanswered=True),
        RateLimited("POST /token", "too many"),
    ],
)


@no_answer
def test_where_nobody_answers_or_only_to_say_later_a_login_is_used_after_more_probes_only(
    parts: Parts, broker: FakeBroker, error: BrokerError
) -> None:
    linked_before(parts)
    unclear(parts, broker, probes=NO_ANSWER_ENOUGH - 2)
    broker.will("check_app", error)
    assert probe_apps(parts) == 1
    assert (len(circuits(parts.database)), broker.called("refresh")) == (1, 0)
    broker.will("refresh", a_grant(2))
    probe_due(parts.database)
    assert probe_apps(parts) == 1
    assert (circuits(parts.database), kinds(parts.database)) == ([], ["app_accepted"])
    assert broker.called("refresh") == 1


@no_answer
def test_who_linked_since_is_asked_for_at_once_where_nobody_answers_for_the_app_alone(
    parts: Parts, broker: FakeBroker, error: BrokerError
) -> None:
    old, fresh = linked_before(parts), a_connection(parts.database)
    unclear(parts, broker, probes=0)
    broker.will("check_app", error)
    broker.will("refresh", a_grant(7))
    assert probe_apps(parts) == 1
    assert (circuits(parts.database), kinds(parts.database)) == ([], ["app_accepted"])
    assert [credential_row(parts.database, each).token_version for each in (old, fresh)] == [1, 2]


@pytest.mark.parametrize("status", [*sorted(set(Status) - set(SCHEDULED)), Status.LINKING])
def test_a_login_that_nobody_waits_for_or_that_is_being_linked_now_is_not_used_for_a_probe(
    parts: Parts, broker: FakeBroker, status: Status
) -> None:
    put(parts.database, a_connection(parts.database, status=status), next_sync_at=func.now() + timedelta(minutes=1))
    a_connection(parts.database, broker="another")
    unclear(parts, broker)
    assert probe_apps(parts) == 1
    assert (len(circuits(parts.database)), broker.called("refresh")) == (1, 0)


def test_a_login_that_somebody_holds_or_no_key_opens_leaves_the_probe_unclear(parts: Parts, broker: FakeBroker) -> None:
    connection_id = a_connection(parts.database)
    unclear(parts, broker)
    with parts.database.session() as session:
        session.get_one(Credential, connection_id, with_for_update={"key_share": True})
        assert probe_apps(parts) == 1
    put_credential(parts.database, connection_id, document_sealed="nonsense")
    probe_due(parts.database)
    assert probe_apps(parts) == 1
    assert (len(circuits(parts.database)), broker.called("refresh")) == (1, 0)
