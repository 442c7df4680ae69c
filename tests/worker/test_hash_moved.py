"""A broker's id of an account that has changed, as a worker meets it: by the real broker code, with a fake network."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from models.account import Account
from tests.brokers.fake_transport import Reply, page, reply
from tests.brokers.schwab import payloads
from tests.brokers.schwab.given import ACCOUNT, NUMBERS, network, schwab
from tests.records import a_connection
from worker.outcomes import Outcome
from worker.parts import Parts
from worker.sync import sync_account, sync_connection

pytestmark = pytest.mark.servers

NEW_HASH = "B" * 64


@pytest.mark.parametrize(
    "refusal",
    [page(404, "Not Found", "text/plain"), reply({"message": "x"}, 403), reply(payloads.cash_account())],
    ids=["plain text", "another refusal", "another account"],
)
def test_an_account_whose_hash_has_changed_can_be_asked_for_again(parts: Parts, refusal: Reply) -> None:
    transport = network()
    parts.brokers["schwab"] = schwab(transport)
    connection_id = a_connection(parts.database, broker="schwab")
    sync_connection(parts, connection_id, "demand")
    account_id = margin(parts).id
    transport.routes |= {
        ACCOUNT: refusal,
        NUMBERS: reply([{"accountNumber": payloads.MARGIN_NUMBER, "hashValue": NEW_HASH}]),
        ("GET", f"/trader/v1/accounts/{NEW_HASH}"): reply(payloads.margin_account()),
    }
    assert sync_account(parts, connection_id, account_id).outcome is Outcome.UNCHANGED
    transport.sent.clear()
    assert sync_account(parts, connection_id, account_id).outcome is Outcome.UNCHANGED
    assert len(transport.sent) == 1, "the new one was kept"


def margin(parts: Parts) -> Account:
    with parts.database.session() as session:
        wanted = select(Account).where(Account.masked.endswith(payloads.MARGIN_NUMBER[-3:]))
        return session.scalars(wanted).one()
