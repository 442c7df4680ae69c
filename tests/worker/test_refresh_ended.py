"""The broker calls a login ended: when that is believed, what is told of it, and that nobody asks again afterwards."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from brokers.errors import LoginEnded, Unreachable
from models import links
from models.connection import Connection, Status
from models.event import Event
from models.link import Link
from models.session import Database
from tests.fakes import FakeBroker
from tests.records import CREDENTIALS, a_connection, a_grant, a_snapshot, an_account, an_answer
from tests.worker.stored import connection_row, database_now, events, put, put_credential, put_tokens, wait_left
from worker import limits, tokens
from worker.demand import sync_account
from worker.ended_logins import end_login
from worker.limits import Deadline
from worker.logins import Login, LoginRefused, NoCredentials
from worker.outcomes import CannotSync, Outcome, SyncFailed
from worker.parts import Parts
from worker.sync import sync_connection

pytestmark = pytest.mark.servers

ENDED = LoginEnded("POST /token", "the broker ended this login")
NOTHING_CAME = Unreachable("POST /token", "no answer came", unanswered=True)
ENDING = timedelta(seconds=30)


@pytest.fixture
def connection_id(parts: Parts, broker: FakeBroker) -> uuid.UUID:
    """Its access token is about to end; a fetch would go well."""
    broker.will("fetch", an_answer(a_snapshot()))
    return a_connection(parts.database, lasts=ENDING)


def refused(parts: Parts, connection_id: uuid.UUID) -> None:
    with pytest.raises(SyncFailed) as caught:
        sync_connection(parts, connection_id, "demand")
    assert caught.value.kind == "login_ended"


def reasons(database: Database, connection_id: uuid.UUID) -> list[object]:
    with database.session() as session:
        told = select(Event.details).where(Event.connection_id == connection_id, Event.kind == "reauth_required")
        return [details["reason"] for details in session.scalars(told)]


def since(database: Database, connection_id: uuid.UUID) -> datetime | None:
    with database.session() as session:
        told = select(Event.details).where(Event.connection_id == connection_id, Event.kind == "reauth_required")
        said = session.scalars(told).one().get("since")
    return None if said is None else datetime.fromisoformat(said)


def before_it_is_read_again(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]) -> None:
    """Something that another process does between the broker's word and the look at what is stored now."""
    newer_login = tokens.newer_login

    def later(database: Database, about: uuid.UUID, refused: LoginRefused, deadline: Deadline) -> Login:
        happens()
        return newer_login(database, about, refused, deadline)

    monkeypatch.setattr(tokens, "newer_login", later)


class TestWhy:
    def test_a_refusal_out_of_the_blue_was_the_brokers_doing(
        self, parts: Parts, broker: FakeBroker, connection_id: uuid.UUID
    ) -> None:
        broker.will("refresh", ENDED)
        refused(parts, connection_id)
        assert reasons(parts.database, connection_id) == ["ended by the broker"]
        assert since(parts.database, connection_id) is None

    def test_a_refusal_after_an_attempt_that_a_crash_cut_short_is_told_apart(
        self, parts: Parts, broker: FakeBroker, connection_id: uuid.UUID
    ) -> None:
        began = database_now(parts.database) - timedelta(minutes=2)
        put_credential(parts.database, connection_id, refresh_attempt_id=uuid.uuid4(), refresh_started_at=began)
        broker.will("refresh", ENDED)
        refused(parts, connection_id)
        assert reasons(parts.database, connection_id) == ["lost in a crash"]
        assert since(parts.database, connection_id) == began

    def test_a_refusal_of_the_second_try_was_lost_on_the_way(
        self, parts: Parts, broker: FakeBroker, connection_id: uuid.UUID
    ) -> None:
        broker.will("refresh", NOTHING_CAME, ENDED)
        refused(parts, connection_id)
        assert reasons(parts.database, connection_id) == ["lost on the way"]

    def test_a_refusal_long_after_an_answer_that_never_came_was_lost_on_the_way(
        self, parts: Parts, broker: FakeBroker, connection_id: uuid.UUID
    ) -> None:
        broker.will("refresh", NOTHING_CAME)
        with pytest.raises(SyncFailed, match="unreachable"):
            sync_connection(parts, connection_id, "demand")
        broker.will("refresh", ENDED)
        refused(parts, connection_id)
        assert reasons(parts.database, connection_id) == ["lost on the way"]

    def test_tokens_that_came_since_make_a_crash_void(
        self, parts: Parts, broker: FakeBroker, connection_id: uuid.UUID
    ) -> None:
        put_credential(parts.database, connection_id, cut_short_at=func.now(), cut_short_by="crash")
        broker.will("refresh", a_grant(2, ENDING), ENDED)
        sync_connection(parts, connection_id, "demand")
        refused(parts, connection_id)
        assert reasons(parts.database, connection_id) == ["ended by the broker"]


class TestBelieved:
    def test_a_login_that_another_process_refreshed_meanwhile_goes_on_with_that(
        self, parts: Parts, broker: FakeBroker, connection_id: uuid.UUID, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before_it_is_read_again(monkeypatch, lambda: put_tokens(parts.database, connection_id, a_grant(2)))
        broker.will("refresh", ENDED)
        assert sync_connection(parts, connection_id, "demand").outcome is Outcome.OK
        assert broker.calls == [("refresh", CREDENTIALS), ("fetch", a_grant(2).credentials)]
        assert events(parts.database, connection_id) == []

    def test_a_login_that_was_linked_anew_meanwhile_goes_on_with_that(
        self, parts: Parts, broker: FakeBroker, connection_id: uuid.UUID, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before_it_is_read_again(monkeypatch, lambda: put(parts.database, connection_id, login_at=func.now()))
        broker.will("refresh", ENDED)
        assert sync_connection(parts, connection_id, "demand").outcome is Outcome.OK
        assert events(parts.database, connection_id) == []

    def test_an_end_that_a_fetch_is_told_is_read_again_too(self, parts: Parts, broker: FakeBroker) -> None:
        connection_id = a_connection(parts.database)

        def ended_meanwhile() -> LoginEnded:
            put_tokens(parts.database, connection_id, a_grant(2))
            return ENDED

        broker.will("fetch", ended_meanwhile, an_answer(a_snapshot()))
        assert sync_connection(parts, connection_id, "demand").outcome is Outcome.OK
        assert broker.calls == [("fetch", CREDENTIALS), ("fetch", a_grant(2).credentials)]

    def test_an_end_that_both_logins_are_told_is_believed_of_the_second(self, parts: Parts, broker: FakeBroker) -> None:
        connection_id = a_connection(parts.database)

        def ended_meanwhile() -> LoginEnded:
            put_tokens(parts.database, connection_id, a_grant(2))
            return ENDED

        broker.will("fetch", ended_meanwhile, ENDED)
        refused(parts, connection_id)
        assert connection_row(parts.database, connection_id).status == Status.REAUTH_REQUIRED

    @pytest.mark.parametrize("change", ["tokens", "login"])
    def test_what_changes_after_the_look_is_seen_by_the_move_itself(
        self,
        parts: Parts,
        broker: FakeBroker,
        connection_id: uuid.UUID,
        monkeypatch: pytest.MonkeyPatch,
        change: str,
    ) -> None:
        newer_login = tokens.newer_login

        def looked(database: Database, about: uuid.UUID, refused: LoginRefused, deadline: Deadline) -> Login:
            try:
                return newer_login(database, about, refused, deadline)
            finally:
                if change == "tokens":
                    put_tokens(parts.database, connection_id, a_grant(2))
                else:
                    put(parts.database, connection_id, login_at=func.now())

        monkeypatch.setattr(tokens, "newer_login", looked)
        broker.will("refresh", ENDED)
        refused(parts, connection_id)
        assert (connection_row(parts.database, connection_id).status, events(parts.database, connection_id)) == (
            Status.ACTIVE,
            [],
        )
        assert wait_left(parts.database, connection_id) <= timedelta(seconds=15)

    def test_a_refusal_while_this_user_links_at_this_broker_is_passing(
        self, parts: Parts, broker: FakeBroker, connection_id: uuid.UUID
    ) -> None:
        with parts.database.session() as session:
            links.make_link(session, "42", "fake")
            session.execute(update(Link).values(callback_at=func.now()))
        broker.will("refresh", ENDED)
        refused(parts, connection_id)
        assert connection_row(parts.database, connection_id).status == Status.ACTIVE
        with parts.database.session() as session:
            session.execute(update(Link).values(user_id="43"))
        refused(parts, connection_id)
        assert connection_row(parts.database, connection_id).status == Status.REAUTH_REQUIRED

    def test_a_login_in_another_state_is_not_ended_twice(self, parts: Parts, connection_id: uuid.UUID) -> None:
        login = Login(CREDENTIALS, 1, connection_row(parts.database, connection_id).login_at)
        found = []
        for _ in range(2):
            with parts.database.session() as session:
                connection = session.get_one(Connection, connection_id, with_for_update=True)
                found.append(end_login(session, connection, LoginRefused(ENDED, login)))
        assert (found, events(parts.database, connection_id)) == ([True, False], ["reauth_required"])


class TestAfterwards:
    def test_there_is_one_event_and_no_further_call_until_somebody_logs_in(
        self, parts: Parts, broker: FakeBroker, connection_id: uuid.UUID
    ) -> None:
        account_id = an_account(parts.database, connection_id)
        claim_id = uuid.uuid4()
        in_time = func.now() + timedelta(minutes=1)
        put(parts.database, connection_id, claim_id=claim_id, claim_until=in_time)
        broker.will("refresh", ENDED)
        with pytest.raises(SyncFailed):
            sync_connection(parts, connection_id, "schedule", str(claim_id))
        asked = list(broker.calls)
        # The message comes once more, as it does when a worker is killed before it could acknowledge it.
        assert sync_connection(parts, connection_id, "schedule", str(claim_id)).outcome is Outcome.SUPERSEDED
        for _ in range(2):
            with pytest.raises(CannotSync, match="needs a new login"):
                sync_connection(parts, connection_id, "demand")
            with pytest.raises(CannotSync, match="needs a new login"):
                sync_account(parts, account_id, True, None)
        with pytest.raises(NoCredentials):
            tokens.refresh(parts.database, broker, connection_id, 1, Deadline(limits.SYNC_DEADLINE))
        assert broker.calls == asked == [("refresh", CREDENTIALS)]
        assert events(parts.database, connection_id) == ["reauth_required"]
        assert connection_row(parts.database, connection_id).next_sync_at is None
