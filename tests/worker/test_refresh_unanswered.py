"""A refresh that was sent and not answered is asked for once more, with the old token and under the same lock."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import text

from brokers.errors import AppMisconfigured, BadAnswer, BrokerDown, BrokerError, LoginEnded, RateLimited, Unreachable
from models.connection import Credential
from models.session import Database
from tests.fakes import FakeBroker
from tests.records import CREDENTIALS, a_connection, a_grant
from tests.worker.stored import credential_row, database_now, put_credential, usable
from worker import limits
from worker.limits import Deadline
from worker.logins import LoginBusy, LoginRefused

pytestmark = pytest.mark.servers

AT = ("POST /token", "what was wrong")
NOTHING_CAME = (Unreachable(*AT, unanswered=True), BrokerDown(*AT, unanswered=True), BadAnswer(*AT, unanswered=True))
DEFINITE = (Unreachable(*AT), BrokerDown(*AT), RateLimited(*AT), BadAnswer(*AT), AppMisconfigured(*AT))


@pytest.fixture
def ending(database: Database) -> uuid.UUID:
    return a_connection(database, lasts=timedelta(seconds=30))


def deadline() -> Deadline:
    return Deadline(limits.SYNC_DEADLINE)


def refused(database: Database, broker: FakeBroker, connection_id: uuid.UUID) -> Credential:
    """The credentials after a refresh that failed; they are the old ones."""
    with pytest.raises(BrokerError):
        usable(database, broker, connection_id, deadline())
    stored = credential_row(database, connection_id)
    assert (stored.document, stored.token_version) == (CREDENTIALS, 1)
    return stored


@pytest.mark.parametrize("error", NOTHING_CAME)
def test_an_answer_that_never_came_is_asked_for_once_more_with_the_old_token(
    database: Database, broker: FakeBroker, ending: uuid.UUID, error: BrokerError
) -> None:
    broker.will("refresh", error, a_grant(2))
    assert usable(database, broker, ending, deadline()).version == 2
    assert broker.calls == [("refresh", CREDENTIALS)] * 2
    stored = credential_row(database, ending)
    assert (stored.cut_short_by, stored.cut_short_at, stored.refresh_attempt_id) == (None, None, None)


@pytest.mark.parametrize("error", [*DEFINITE, LoginEnded(*AT)])
def test_a_definite_answer_is_not_asked_for_again_and_ends_the_attempt(
    database: Database, broker: FakeBroker, ending: uuid.UUID, error: BrokerError
) -> None:
    broker.will("refresh", error)
    stored = refused(database, broker, ending)
    assert broker.called("refresh") == 1
    assert (stored.refresh_attempt_id, stored.refresh_started_at, stored.cut_short_by) == (None, None, None)


def test_two_answers_that_never_came_are_remembered_and_are_no_crash(
    database: Database, broker: FakeBroker, ending: uuid.UUID
) -> None:
    broker.will("refresh", Unreachable(*AT, unanswered=True))
    before = database_now(database)
    stored = refused(database, broker, ending)
    assert broker.called("refresh") == 2
    assert (stored.cut_short_by, stored.refresh_attempt_id) == ("no_answer", None)
    assert stored.cut_short_at is not None
    assert before <= stored.cut_short_at <= database_now(database)


def test_an_end_that_is_told_to_the_second_try_was_lost_on_the_way(
    database: Database, broker: FakeBroker, ending: uuid.UUID
) -> None:
    broker.will("refresh", Unreachable(*AT, unanswered=True), LoginEnded(*AT))
    assert refused(database, broker, ending).cut_short_by == "no_answer"


@pytest.mark.parametrize("error", DEFINITE)
def test_what_may_pass_does_not_make_an_answer_that_never_came_forgotten(
    database: Database, broker: FakeBroker, ending: uuid.UUID, error: BrokerError
) -> None:
    broker.will("refresh", Unreachable(*AT, unanswered=True), error)
    refused(database, broker, ending)
    broker.will("refresh", error)
    assert refused(database, broker, ending).cut_short_by == "no_answer"


def test_only_new_tokens_make_it_forgotten(database: Database, broker: FakeBroker, ending: uuid.UUID) -> None:
    broker.will("refresh", Unreachable(*AT, unanswered=True))
    refused(database, broker, ending)
    broker.will("refresh", a_grant(2))
    usable(database, broker, ending, deadline())
    assert credential_row(database, ending).cut_short_by is None


def test_an_attempt_that_never_came_to_an_end_is_found_as_a_crash(
    database: Database, broker: FakeBroker, ending: uuid.UUID
) -> None:
    began = database_now(database) - timedelta(minutes=2)
    put_credential(database, ending, refresh_attempt_id=uuid.uuid4(), refresh_started_at=began)
    broker.will("refresh", BrokerDown(*AT))
    stored = refused(database, broker, ending)
    assert (stored.cut_short_by, stored.cut_short_at, stored.refresh_attempt_id) == ("crash", began, None)


def test_a_process_that_ends_while_the_broker_is_asked_leaves_its_mark(
    database: Database, broker: FakeBroker, ending: uuid.UUID
) -> None:
    broker.will("refresh", _killed)
    with pytest.raises(SystemExit):
        usable(database, broker, ending, deadline())
    assert credential_row(database, ending).refresh_attempt_id is not None


def _killed() -> None:
    raise SystemExit(9)


def test_an_attempt_that_began_a_moment_ago_is_somebody_elses_and_no_crash(
    database: Database, broker: FakeBroker, ending: uuid.UUID
) -> None:
    put_credential(database, ending, refresh_attempt_id=uuid.uuid4(), refresh_started_at=database_now(database))
    with pytest.raises(LoginBusy):
        usable(database, broker, ending, deadline())
    assert broker.calls == []
    assert credential_row(database, ending).cut_short_by is None


def test_the_lock_is_held_and_the_transaction_kept_awake_between_the_two(
    database: Database, broker: FakeBroker, ending: uuid.UUID
) -> None:
    ask = text(
        "SELECT state, query_start, xact_start FROM pg_stat_activity"
        " WHERE state = 'idle in transaction' AND pid <> pg_backend_pid() AND datname = current_database()"
    )
    seen: list[tuple[str, object, object]] = []

    def look(answer: object) -> Callable[[], object]:
        def asked() -> object:
            with database.session() as session:
                (row,) = session.execute(ask).all()
                seen.append((row.state, row.query_start, row.xact_start))
            with database.session() as session:
                free = session.get(Credential, ending, with_for_update={"key_share": True, "skip_locked": True})
                assert free is None
            return answer

        return asked

    broker.will("refresh", look(Unreachable(*AT, unanswered=True)), look(a_grant(2)))
    usable(database, broker, ending, deadline())
    (_, first, began), (_, second, began_too) = seen
    assert began == began_too, "one transaction"
    assert first != second, "a statement between the two, so that it is not idle for both waits"


def test_it_is_not_asked_again_when_no_time_is_left_to_hear_the_answer(
    database: Database, broker: FakeBroker, ending: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    nearly_over = deadline()
    broker.will("refresh", lambda: monkeypatch.setattr(nearly_over, "_end", 0) or NOTHING_CAME[0])
    with pytest.raises(Unreachable):
        usable(database, broker, ending, nearly_over)
    assert broker.called("refresh") == 1
    assert credential_row(database, ending).cut_short_by == "no_answer"


def test_a_refresh_is_not_begun_when_no_time_is_left_to_hear_the_answer(
    database: Database, broker: FakeBroker, ending: uuid.UUID
) -> None:
    with pytest.raises(LoginBusy):
        usable(database, broker, ending, Deadline(limits.REFRESH_NEEDS - timedelta(milliseconds=1)))
    assert broker.calls == []
    assert credential_row(database, ending).refresh_attempt_id is None


def test_a_refused_login_is_told_by_its_own_error(database: Database, broker: FakeBroker, ending: uuid.UUID) -> None:
    broker.will("refresh", LoginEnded(*AT))
    with pytest.raises(LoginRefused, match="POST /token: what was wrong") as caught:
        usable(database, broker, ending, deadline())
    assert caught.value.kind == "login_ended"
