"""Logins that nobody uses are kept alive where a broker ends idle ones, and nowhere else."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from brokers import registry
from brokers.errors import AppMisconfigured, BrokerDown, BrokerError, LoginEnded, RateLimited, Unreachable
from brokers.interface import Declaration
from brokers.records import Grant
from brokers.schwab import Schwab
from models.circuit import Circuit
from models.connection import Credential, Status
from tests.fakes import FakeBroker
from tests.records import CREDENTIALS, a_grant
from tests.worker.idle import LIFETIME, Forgetful, an_idle_login
from tests.worker.stored import connection_row, credential_row, put, put_credential, put_tokens
from worker import idle_logins, limits, tokens
from worker.idle_logins import FIRST_AFTER, LAST_AFTER, refresh_idle_logins
from worker.parts import Parts

AT = ("POST /token", "what was wrong")


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> FakeBroker:
    monkeypatch.setitem(registry.BROKERS, "fake", Forgetful)
    return Forgetful()


pytestmark = pytest.mark.servers


@pytest.mark.parametrize("status", [Status.ACTIVE, Status.PAUSED])
def test_an_idle_login_is_refreshed_and_no_data_are_asked_for(parts: Parts, broker: FakeBroker, status: Status) -> None:
    connection_id = an_idle_login(parts, status=status)
    before = connection_row(parts.database, connection_id)
    broker.will("refresh", a_grant(2))
    assert refresh_idle_logins(parts) == 1
    assert credential_row(parts.database, connection_id).document == a_grant(2).credentials
    assert broker.calls == [("refresh", CREDENTIALS)]
    after = connection_row(parts.database, connection_id)
    assert (after.status, after.next_sync_at, after.claim_id) == (status, before.next_sync_at, None)
    assert refresh_idle_logins(parts) == 0


@pytest.mark.parametrize(
    "status", [Status.LINKING, Status.REAUTH_REQUIRED, Status.CREDENTIALS_UNREADABLE, Status.DISCONNECTED]
)
def test_a_connection_without_a_login_to_keep_is_left_alone(parts: Parts, broker: FakeBroker, status: Status) -> None:
    an_idle_login(parts, 2.0, status=status)
    assert (refresh_idle_logins(parts), broker.calls) == (0, [])


def test_nobody_is_asked_at_a_broker_whose_idle_logins_live(parts: Parts) -> None:
    parts.brokers["schwab"] = asked = FakeBroker()
    connection_id = an_idle_login(parts, 9.0, broker="schwab")
    assert Schwab.declaration.idle_login_lifetime is None
    assert (refresh_idle_logins(parts), asked.calls) == (0, [])
    assert credential_row(parts.database, connection_id).token_version == 1


def test_logins_that_were_linked_together_come_one_after_the_other(parts: Parts, broker: FakeBroker) -> None:
    for _ in range(60):
        an_idle_login(parts, 0.0)
    broker.will("refresh", a_grant(2))
    found = []
    for part in (FIRST_AFTER - 0.01, (FIRST_AFTER + LAST_AFTER) / 2, LAST_AFTER):
        with parts.database.session() as session:
            for credential in session.scalars(select(Credential).where(Credential.token_version == 1)):
                credential.refreshed_at = session.scalars(select(func.now())).one() - LIFETIME * part
        found.append(refresh_idle_logins(parts))
    assert found[0] == 0
    assert 15 <= found[1] <= 45
    assert sum(found) == 60


def test_one_run_takes_no_more_than_its_batch(
    parts: Parts, broker: FakeBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idle_logins, "BATCH", 2)
    for _ in range(3):
        an_idle_login(parts)
    broker.will("refresh", a_grant(2))
    assert [refresh_idle_logins(parts) for _ in range(2)] == [2, 1]


def test_a_login_that_fails_again_and_again_does_not_keep_the_others_from_their_turn(
    parts: Parts, broker: FakeBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idle_logins, "BATCH", 1)
    an_idle_login(parts, 2.0)
    other = an_idle_login(parts)
    put_tokens(parts.database, other, a_grant(7))
    put_credential(parts.database, other, refreshed_at=func.now() - LIFETIME)

    def answer() -> object:
        _, sent = broker.calls[-1]
        return a_grant(8) if sent == a_grant(7).credentials else BrokerDown(*AT)

    broker.will("refresh", answer)
    assert any(refresh_idle_logins(parts) for _ in range(40))


def test_a_run_begins_nothing_when_its_time_is_over_and_the_watchdog_never_finds_it_at_work(
    parts: Parts, broker: FakeBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    last_one = 2 * limits.HTTP_TOTAL + timedelta(seconds=sum(tokens.SAVE_AGAIN_AFTER))
    assert idle_logins.LONGEST_RUN + last_one < limits.SYNC_DEADLINE + limits.WATCHDOG_GRACE
    monkeypatch.setattr(idle_logins, "LONGEST_RUN", timedelta(0))
    an_idle_login(parts)
    assert (refresh_idle_logins(parts), broker.calls) == (0, [])


@pytest.mark.parametrize("error", [BrokerDown(*AT), Unreachable(*AT), Unreachable(*AT, unanswered=True)])
def test_a_fault_of_one_login_holds_up_no_other_and_changes_no_state(
    parts: Parts, broker: FakeBroker, error: BrokerError
) -> None:
    ids = [an_idle_login(parts, status=Status.PAUSED) for _ in range(3)]
    broker.will("refresh", *([error] * (2 if error.unanswered else 1)), a_grant(2))
    assert refresh_idle_logins(parts) == 2
    assert {connection_row(parts.database, each).status for each in ids} == {Status.PAUSED}
    assert refresh_idle_logins(parts) == 1


@pytest.mark.parametrize("error", [RateLimited(*AT), AppMisconfigured(*AT)])
def test_what_all_logins_of_a_broker_share_ends_the_run_for_it(
    parts: Parts, broker: FakeBroker, error: BrokerError
) -> None:
    for _ in range(3):
        an_idle_login(parts)
    broker.will("refresh", error)
    assert refresh_idle_logins(parts) == 0
    assert broker.called("refresh") == 1


def test_a_refused_app_opens_the_circuit_and_is_not_asked_for_behind_it(parts: Parts, broker: FakeBroker) -> None:
    an_idle_login(parts)
    broker.will("refresh", AppMisconfigured(*AT))
    broker.will("check_app", AppMisconfigured(*AT))
    refresh_idle_logins(parts)
    with parts.database.session() as session:
        assert session.scalars(select(Circuit.broker)).all() == ["fake"]
    assert refresh_idle_logins(parts) == 0
    assert broker.called("refresh") == 1


def test_one_idle_login_that_is_refused_as_an_app_stops_no_others(parts: Parts, broker: FakeBroker) -> None:
    an_idle_login(parts)
    broker.will("refresh", AppMisconfigured(*AT))
    refresh_idle_logins(parts)
    with parts.database.session() as session:
        assert session.scalars(select(Circuit.broker)).all() == []


def test_a_broker_that_said_when_to_come_back_is_not_asked_sooner(parts: Parts, broker: FakeBroker) -> None:
    connection_id = an_idle_login(parts)
    later = func.now() + timedelta(minutes=5)
    put(parts.database, connection_id, last_error_kind="rate_limited", next_sync_at=later)
    assert (refresh_idle_logins(parts), broker.calls) == (0, [])


def test_a_broker_without_its_variables_is_no_reason_to_fail(parts: Parts) -> None:
    connection_id = an_idle_login(parts)
    parts.brokers.clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry.BROKERS["fake"], "declaration", _needing_a_key())
        assert refresh_idle_logins(parts) == 0
    assert credential_row(parts.database, connection_id).token_version == 1


def _needing_a_key() -> Declaration:
    return dataclasses.replace(Forgetful.declaration, variables=(registry.declaration("schwab").variables[0],))


def test_a_login_that_a_sync_refreshes_right_now_is_left_to_it(parts: Parts, broker: FakeBroker) -> None:
    connection_id = an_idle_login(parts)
    with parts.database.session() as session:
        session.get_one(Credential, connection_id, with_for_update={"key_share": True})
        assert (refresh_idle_logins(parts), broker.calls) == (0, [])


def test_two_workers_at_once_refresh_each_login_once(parts: Parts, broker: FakeBroker) -> None:
    connection_id = an_idle_login(parts)

    def beside() -> Grant:
        assert refresh_idle_logins(parts) == 0
        return a_grant(2)

    broker.will("refresh", beside)
    assert refresh_idle_logins(parts) == 1
    assert broker.called("refresh") == 1
    assert credential_row(parts.database, connection_id).token_version == 2


def test_a_fault_of_ours_at_one_login_is_logged_and_holds_up_no_other(
    parts: Parts, broker: FakeBroker, caplog: pytest.LogCaptureFixture
) -> None:
    """A document without what its broker reads of it, for one."""
    for _ in range(3):
        an_idle_login(parts)
    broker.will("refresh", KeyError("refresh_token"), a_grant(2))
    assert refresh_idle_logins(parts) == 2
    assert [record.message for record in caplog.records if record.exc_info] == ["internal fault"]


def test_a_login_whose_end_cannot_be_written_holds_up_no_other(
    parts: Parts, broker: FakeBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def held(*_: object) -> bool:
        raise SQLAlchemyError

    monkeypatch.setattr(idle_logins, "end_login", held)
    for _ in range(3):
        an_idle_login(parts)
    broker.will("refresh", LoginEnded(*AT), a_grant(2))
    assert refresh_idle_logins(parts) == 2
