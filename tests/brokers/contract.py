"""Every call of the broker seam, and brokers on networks that answer well or badly: for the contract tests."""

from __future__ import annotations

from collections.abc import Callable

from brokers.errors import BrokerError
from brokers.interface import Broker
from brokers.records import Snapshot
from tests.brokers.fake_transport import FakeTransport, Reply
from tests.brokers.given import GIVEN, Given


def nobody(number: str) -> bool:
    """Who knows no account yet."""
    return False


def everybody(number: str) -> bool:
    """Who knows every account."""
    return True


CALLS: dict[str, Callable[[Broker, Given], object]] = {
    "exchange": lambda broker, given: broker.exchange("the-code", "the-verifier", deadline=5),
    "refresh": lambda broker, given: broker.refresh(given.credentials, deadline=5),
    "list_accounts": lambda broker, given: broker.list_accounts(given.credentials, deadline=5),
    "fetch": lambda broker, given: broker.fetch(given.credentials, None, knows=nobody, deadline=5),
    "fetch of known accounts": lambda broker, given: broker.fetch(given.credentials, None, knows=everybody, deadline=5),
    "fetch_account": lambda broker, given: broker.fetch_account(
        given.credentials, given.one_account, is_it=everybody, deadline=5
    ),
}


def well(name: str) -> tuple[Broker, FakeTransport]:
    transport = GIVEN[name].network({})
    return GIVEN[name].build(transport), transport


def with_answer(name: str, answer: Reply) -> Broker:
    """A broker whose every answer is this one."""
    return GIVEN[name].build(FakeTransport({}, answer))


def outcome(call: str, broker: Broker, given: Given) -> object:
    """What a call returns, or the error it raises."""
    try:
        return CALLS[call](broker, given)
    except BrokerError as error:
        return error


def snapshot_of(name: str, changes: dict[tuple[str, str], Reply], knows: Callable[[str], bool] = nobody) -> Snapshot:
    given = GIVEN[name]
    result = given.build(given.network(changes)).fetch(given.credentials, None, knows=knows, deadline=5)
    assert isinstance(result, Snapshot)
    return result
