"""Each answer of Schwab's token endpoint, through a whole sync: what becomes of the connection, and when it goes on."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest

from models.connection import Connection, Status
from tests.brokers.fake_transport import FakeTransport, Reply
from tests.brokers.schwab.given import TOKEN, network, schwab
from tests.brokers.schwab.token_answers import ENDED, PASSING, WRONG_APP, Meaning
from tests.records import CREDENTIALS, a_connection
from tests.worker.stored import connection_row, credential_row, events, wait_left
from worker.circuits import FIRST_PROBE
from worker.outcomes import SyncFailed
from worker.parts import Parts
from worker.sync import sync_connection

pytestmark = pytest.mark.servers


@pytest.fixture
def connection_id(parts: Parts) -> uuid.UUID:
    return a_connection(parts.database, broker="schwab", lasts=timedelta(seconds=30))


def after(parts: Parts, connection_id: uuid.UUID, answer: Reply, kind: str) -> tuple[Connection, int]:
    """The connection after a sync whose refresh is answered so, and how often tokens were asked for."""
    transport: FakeTransport = network({TOKEN: answer})
    parts.brokers["schwab"] = schwab(transport)
    with pytest.raises(SyncFailed) as caught:
        sync_connection(parts, connection_id, "demand")
    assert caught.value.kind == kind
    assert {(sent.method, sent.path) for sent in transport.sent} == {TOKEN}, "no data without a login"
    stored = credential_row(parts.database, connection_id)
    assert (stored.document, stored.token_version, stored.refresh_attempt_id) == (CREDENTIALS, 1, None)
    return connection_row(parts.database, connection_id), len(transport.sent)


@pytest.mark.parametrize("name", ENDED)
def test_a_clear_word_asks_for_a_new_login(parts: Parts, connection_id: uuid.UUID, name: str) -> None:
    stored, asked = after(parts, connection_id, ENDED[name], "login_ended")
    assert (stored.status, stored.next_sync_at, asked) == (Status.REAUTH_REQUIRED, None, 1)
    assert events(parts.database, connection_id) == ["reauth_required"]


@pytest.mark.parametrize("name", WRONG_APP)
def test_a_refused_app_makes_the_connection_wait_and_ends_no_login(
    parts: Parts, connection_id: uuid.UUID, name: str
) -> None:
    stored, asked = after(parts, connection_id, WRONG_APP[name], "app_misconfigured")
    assert (stored.status, asked) == (Status.ACTIVE, 2), "once with the login, once for the app alone"
    assert FIRST_PROBE - timedelta(seconds=5) < wait_left(parts.database, connection_id) <= FIRST_PROBE
    assert events(parts.database, connection_id) == []


@pytest.mark.parametrize("name", PASSING)
def test_what_may_pass_changes_no_state_and_is_tried_again_soon(
    parts: Parts, connection_id: uuid.UUID, name: str
) -> None:
    meaning: Meaning = PASSING[name]
    stored, asked = after(parts, connection_id, meaning.answer, meaning.kind)
    assert (stored.status, stored.last_error_kind) == (Status.ACTIVE, meaning.kind)
    assert asked == (2 if meaning.unanswered else 1)
    # Half of the first ceiling of 30 s, by the coin of these tests.
    wait = timedelta(seconds=meaning.wait or 15)
    assert wait - timedelta(seconds=5) < wait_left(parts.database, connection_id) <= wait
    assert events(parts.database, connection_id) == []
    left = credential_row(parts.database, connection_id).cut_short_by
    assert left == ("no_answer" if meaning.unanswered else None)


def test_fifty_html_pages_in_a_row_change_nobodys_state(parts: Parts, connection_id: uuid.UUID) -> None:
    for _ in range(50):
        stored, _ = after(parts, connection_id, PASSING["HTML 403"].answer, "broker_down")
    assert stored.status == Status.ACTIVE
    assert events(parts.database, connection_id) == []
    assert wait_left(parts.database, connection_id) <= timedelta(minutes=15)
