"""What a sync asks the broker, and how often: counted by the sandbox, over HTTP."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from sqlalchemy import func, update

from brokers.schwab import Schwab
from models.account import Account
from models.connection import Credential
from sandbox.server import RunningSandbox
from tests.fakes import FakeBroker
from tests.models.snapshots import account_row
from tests.records import ANOTHER_NUMBER, NUMBER, a_connection, a_snapshot, an_account, an_answer
from tests.sandbox.person import APP, OPTIONS, REDIRECT_URI, link
from worker.outcomes import Outcome
from worker.parts import Parts
from worker.sync import sync_account, sync_connection

pytestmark = pytest.mark.servers


@pytest.fixture
def sandbox() -> Iterator[RunningSandbox]:
    running = RunningSandbox(OPTIONS)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def linked(parts: Parts, sandbox: RunningSandbox) -> Iterator[uuid.UUID]:
    """A connection of the sandbox's `demo`, no account of it known yet."""
    key, secret = APP
    values = {"SCHWAB_CLIENT_ID": key, "SCHWAB_CLIENT_SECRET": secret, "SCHWAB_REDIRECT_URI": REDIRECT_URI}
    broker = Schwab({**values, "SCHWAB_BASE_URL": sandbox.address})
    parts.brokers["schwab"] = broker
    tokens = link(sandbox.app.test_client())
    connection_id = a_connection(parts.database, broker="schwab")
    with parts.database.session() as session:
        session.get_one(Credential, connection_id).document = {
            name: tokens[name] for name in ("access_token", "refresh_token")
        }
    yield connection_id
    broker.close()


def asked(sandbox: RunningSandbox) -> dict[str, int]:
    """The requests since the last look."""
    counted = dict(sandbox.app.world.requests)
    sandbox.app.world.requests.clear()
    return {
        endpoint: times for endpoint, times in counted.items() if endpoint in {"account", "accounts", "accountNumbers"}
    }


def numbers(sandbox: RunningSandbox) -> list[str]:
    return [account.number for account in sandbox.app.world.users["demo"].accounts]


def test_a_sync_of_known_accounts_is_one_request(parts: Parts, sandbox: RunningSandbox, linked: uuid.UUID) -> None:
    for number in numbers(sandbox):
        an_account(parts.database, linked, number)
    for expected in (Outcome.OK, Outcome.UNCHANGED):
        assert sync_connection(parts, linked, "demand").outcome is expected
        assert asked(sandbox) == {"accounts": 1}


def test_an_account_that_is_new_takes_a_second_request_once(
    parts: Parts, sandbox: RunningSandbox, linked: uuid.UUID
) -> None:
    an_account(parts.database, linked, numbers(sandbox)[0])
    assert len(sync_connection(parts, linked, "demand").accounts) == 3
    assert asked(sandbox) == {"accounts": 1, "accountNumbers": 1}
    assert sync_connection(parts, linked, "demand").outcome is Outcome.UNCHANGED
    assert asked(sandbox) == {"accounts": 1}


def test_a_hash_that_the_broker_changed_is_found_once_and_kept(
    parts: Parts, sandbox: RunningSandbox, linked: uuid.UUID
) -> None:
    account_id = sync_connection(parts, linked, "demand").accounts[0].account_id
    assert account_id is not None
    before = account_row(parts.database, account_id)
    asked(sandbox)
    sandbox.app.world.faults.add("new_hash")
    assert sync_account(parts, linked, account_id).outcome is Outcome.UNCHANGED
    assert asked(sandbox) == {"account": 2, "accountNumbers": 1}
    after = account_row(parts.database, account_id)
    assert after.broker_account_id == sandbox.app.world.users["demo"].accounts[0].hash != before.broker_account_id
    assert (after.version, after.net_liq) == (before.version, before.net_liq)
    assert sync_account(parts, linked, account_id).outcome is Outcome.UNCHANGED
    assert asked(sandbox) == {"account": 1}


def test_the_broker_is_told_which_accounts_are_known_by_their_fingerprints(parts: Parts, broker: FakeBroker) -> None:
    connection_id = a_connection(parts.database)
    account_id = an_account(parts.database, connection_id)
    broker.will("fetch", an_answer(a_snapshot()))
    broker.will("fetch_account", a_snapshot())
    for sync in (
        lambda: sync_connection(parts, connection_id, "demand"),
        lambda: sync_account(parts, connection_id, account_id),
    ):
        sync()
        assert broker.recognises is not None
        assert (broker.recognises(NUMBER), broker.recognises(ANOTHER_NUMBER)) == (True, False)


def test_an_account_that_the_person_left_out_is_not_taken_for_known(parts: Parts, broker: FakeBroker) -> None:
    connection_id = a_connection(parts.database)
    account_id = an_account(parts.database, connection_id)
    with parts.database.session() as session:
        session.execute(update(Account).where(Account.id == account_id).values(missing_since=func.now()))
    broker.will("fetch", an_answer(a_snapshot()))
    sync_connection(parts, connection_id, "demand")
    assert broker.recognises is not None
    assert not broker.recognises(NUMBER)
