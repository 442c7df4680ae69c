"""What every broker's records keep: each account once, exact, whole, and in agreement with itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from brokers import errors
from brokers.records import AccountFault, AccountSnapshot, Position
from brokers.registry import BROKERS, declaration
from tests.brokers.contract import everybody, nobody, snapshot_of, well
from tests.brokers.fake_transport import Reply
from tests.brokers.given import GIVEN

pytestmark = pytest.mark.parametrize("name", sorted(BROKERS))


def test_every_account_comes_once_and_matches_the_listing(name: str) -> None:
    broker, _ = well(name)
    listing = broker.list_accounts(GIVEN[name].credentials, deadline=5)
    snapshot = snapshot_of(name, {})
    numbers = [account.number for account in snapshot.accounts]
    assert len(set(numbers)) == len(numbers)
    assert set(numbers) == {account.number for account in listing.accounts}
    ids = {account.number: account.broker_account_id for account in listing.accounts}
    for account in snapshot.accounts:
        assert isinstance(account, AccountSnapshot)
        assert account.broker_account_id == ids[account.number]


def test_known_accounts_are_the_same_and_are_told_no_wrong_id(name: str) -> None:
    whole = {account.number: account for account in snapshot_of(name, {}).accounts}
    known = snapshot_of(name, {}, everybody).accounts
    assert [account.number for account in known] == list(whole)
    for account in known:
        listed = whole[account.number]
        assert isinstance(account, AccountSnapshot)
        assert isinstance(listed, AccountSnapshot)
        assert account.broker_account_id in {None, listed.broker_account_id}
        assert replace(account, broker_account_id=listed.broker_account_id) == listed


def test_where_one_account_is_not_known_its_id_is_told(name: str) -> None:
    first, *_ = snapshot_of(name, {}).accounts
    told = next(
        account
        for account in snapshot_of(name, {}, lambda number: number != first.number).accounts
        if account.number == first.number
    )
    assert isinstance(told, AccountSnapshot)
    assert told == first


def test_its_records_are_exact_finite_and_agree_with_themselves(name: str) -> None:
    positions = 0
    for account in snapshot_of(name, {}).accounts:
        assert isinstance(account, AccountSnapshot)
        assert account.as_of is None or account.as_of.tzinfo is not None
        assert len(account.currency) == 3
        require_exact(account.balances)
        assert len({position.instrument_key for position in account.positions}) == len(account.positions)
        for position in account.positions:
            positions += 1
            require_exact(position)
            require_agreement(position)
    assert positions > 1


def require_exact(record: msgspec.Struct) -> None:
    for value in msgspec.structs.asdict(record).values():
        assert not isinstance(value, float)
        assert not isinstance(value, Decimal) or value.is_finite()


def require_agreement(position: Position) -> None:
    if position.mark_price is not None:
        assert position.multiplier is not None
        assert position.market_value is not None
        value = position.mark_price * position.quantity * position.multiplier
        assert abs(value - position.market_value) <= abs(position.quantity * position.multiplier) * Decimal("1e-10")
    if position.cost_basis is not None and position.avg_price is not None and position.multiplier is not None:
        cost = position.avg_price * position.quantity * position.multiplier
        assert abs(cost - position.cost_basis) <= abs(position.quantity * position.multiplier) * Decimal("1e-10")


def test_the_terms_of_the_proof_add_up_to_the_net_liquidation_value(name: str) -> None:
    for account in snapshot_of(name, {}).accounts:
        assert isinstance(account, AccountSnapshot)
        terms = [getattr(account.balances, term) for term in declaration(name).proof_terms]
        assert sum(term for term in terms if term is not None) == account.balances.net_liq


def test_new_fields_anywhere_change_nothing(name: str) -> None:
    given = GIVEN[name]
    network = given.network({})
    grown = {
        route: Reply(200, json.dumps(grow(json.loads(answer.body))).encode())
        for route, answer in network.routes.items()
    }
    before, after = snapshot_of(name, {}), snapshot_of(name, grown)
    assert msgspec.structs.asdict(before) == msgspec.structs.asdict(after)
    assert given.build(given.network(grown)).refresh(given.credentials, deadline=5).credentials


def grow(document: Any) -> Any:
    """The same document with a field in every object that nobody has heard of."""
    if isinstance(document, dict):
        return {"brandNewField": [{"x": None}], **{name: grow(value) for name, value in document.items()}}
    return [grow(item) for item in document] if isinstance(document, list) else document


@pytest.mark.parametrize("knows", [nobody, everybody])
def test_an_answer_that_ends_too_early_is_never_a_smaller_account(name: str, knows: Callable[[str], bool]) -> None:
    given = GIVEN[name]
    whole = given.network({}).routes[given.accounts].body
    for end in range(0, len(whole), 7):
        try:
            snapshot = snapshot_of(name, {given.accounts: Reply(200, whole[:end])}, knows)
        except errors.BadAnswer:
            continue
        assert all(isinstance(account, AccountFault) for account in snapshot.accounts)
