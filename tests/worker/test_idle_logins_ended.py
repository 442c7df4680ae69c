"""A login that nobody used turns out to have ended: believed and told by the same rules as in a sync."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from brokers import registry
from brokers.errors import LoginEnded
from models.connection import Connection, Status
from tests.fakes import FakeBroker
from tests.records import a_grant, a_snapshot, an_answer
from tests.worker.idle import Forgetful, an_idle_login
from tests.worker.stored import connection_row, events, put_tokens
from worker import idle_logins, limits, tokens
from worker.ended_logins import end_login
from worker.idle_logins import refresh_idle_logins
from worker.limits import Deadline
from worker.logins import LoginRefused, NoCredentials
from worker.outcomes import CannotSync, Outcome
from worker.parts import Parts
from worker.sync import sync_connection

AT = ("POST /token", "what was wrong")

pytestmark = pytest.mark.servers


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> FakeBroker:
    monkeypatch.setitem(registry.BROKERS, "fake", Forgetful)
    return Forgetful()


@pytest.mark.parametrize("status", [Status.ACTIVE, Status.PAUSED])
def test_the_brokers_clear_word_asks_for_a_new_login_once(parts: Parts, broker: FakeBroker, status: Status) -> None:
    connection_id = an_idle_login(parts, status=status)
    broker.will("refresh", LoginEnded(*AT))
    for _ in range(3):
        assert refresh_idle_logins(parts) == 0
    stored = connection_row(parts.database, connection_id)
    assert (stored.status, stored.next_sync_at) == (Status.REAUTH_REQUIRED, None)
    assert (stored.last_error_kind, stored.last_error_text) == ("login_ended", "POST /token: what was wrong")
    assert events(parts.database, connection_id) == ["reauth_required"]
    assert broker.called("refresh") == 1, "nobody is asked again before a person has logged in"


def test_one_that_another_process_refreshed_meanwhile_stays(
    parts: Parts, broker: FakeBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection_id = an_idle_login(parts)

    def late(session: Session, connection: Connection, refused: LoginRefused) -> bool:
        put_tokens(parts.database, connection_id, a_grant(2))
        return end_login(session, connection, refused)

    monkeypatch.setattr(idle_logins, "end_login", late)
    broker.will("refresh", LoginEnded(*AT))
    refresh_idle_logins(parts)
    assert connection_row(parts.database, connection_id).status == Status.ACTIVE
    assert events(parts.database, connection_id) == []


def test_a_sync_at_work_with_the_old_access_token_does_not_make_it_active_again(
    parts: Parts, broker: FakeBroker
) -> None:
    connection_id = an_idle_login(parts)
    broker.will("refresh", LoginEnded(*AT))

    def ended_meanwhile() -> object:
        refresh_idle_logins(parts)
        return an_answer(a_snapshot())

    broker.will("fetch", ended_meanwhile)
    assert sync_connection(parts, connection_id, "demand").outcome is Outcome.SUPERSEDED
    assert connection_row(parts.database, connection_id).status == Status.REAUTH_REQUIRED
    with pytest.raises(CannotSync):
        sync_connection(parts, connection_id, "demand")
    assert events(parts.database, connection_id) == ["reauth_required"]


def test_one_that_is_refreshed_while_it_moves_is_asked_for_no_more(parts: Parts, broker: FakeBroker) -> None:
    connection_id = an_idle_login(parts)
    broker.will("refresh", LoginEnded(*AT))
    refresh_idle_logins(parts)
    with pytest.raises(NoCredentials):
        tokens.refresh(parts.database, broker, connection_id, 1, Deadline(limits.SYNC_DEADLINE))
    assert broker.called("refresh") == 1
