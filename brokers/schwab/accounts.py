"""From the answers of a fetch to one snapshot: each account once, readable or not.

`GET /accounts` has numbers and no hashes; `GET /accounts/accountNumbers` has both, and is asked only where the first
brings an account that the caller does not know. A second list of all accounts also protects, so what does without it?

- Left out of the first answer, a known account is missed by the caller, and fails. One that nobody knows has no rows
  that could go wrong: it comes with an answer that does not leave it out.
- Of another person's accounts none is known: an answer that brings one is always held against the list.
- An empty list of accounts is never true of a login that can be asked: a `BadAnswer`, whoever is known.
- A hash that changed is noticed where it is used: the request for one account is refused, or answered with another one,
  and the list read then.

What is wrong with one account stays with that account; what is wrong with the whole answer is a `BadAnswer`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from msgspec.structs import replace

from brokers.decoding import Unreadable, decode, decoder
from brokers.endpoints import Endpoint
from brokers.errors import BadAnswer
from brokers.records import AccountFault, AccountSnapshot, Snapshot
from brokers.schwab.balances import balances, show_no_holding
from brokers.schwab.declaration import ACCOUNT, ACCOUNT_NUMBERS, ACCOUNTS
from brokers.schwab.positions import CURRENCY, positions
from brokers.schwab.wire import Account, AccountNumber, Named, SecuritiesAccount

_NUMBERS = msgspec.json.Decoder(list[AccountNumber])
_ENTRIES = msgspec.json.Decoder(list[msgspec.Raw])
_ACCOUNT = decoder(Account)
_NAMED = msgspec.json.Decoder(Named)


def account_hashes(body: bytes) -> dict[str, str]:
    """The hash of each account number that the login may read. A login without accounts is a `BadAnswer`."""
    try:
        listed = decode(_NUMBERS, body)
    except Unreadable as error:
        raise BadAnswer(str(ACCOUNT_NUMBERS), error.fault) from None
    hashes = {account.account_number: account.hash_value for account in listed}
    if not hashes:
        raise BadAnswer(str(ACCOUNT_NUMBERS), "an empty list: no account is linked to this login")
    if not all(hashes) or not all(hashes.values()):
        raise BadAnswer(str(ACCOUNT_NUMBERS), "an account without number or hash")
    if any(hashes[account.account_number] != account.hash_value for account in listed):
        raise BadAnswer(str(ACCOUNT_NUMBERS), "one account with two hashes")
    return hashes


def found(body: bytes) -> dict[str, AccountSnapshot | AccountFault]:
    """The accounts of `GET /accounts` by their numbers, their hashes not told."""
    try:
        entries = decode(_ENTRIES, body)
    except Unreadable as error:
        raise BadAnswer(str(ACCOUNTS), error.fault) from None
    if not entries:
        raise BadAnswer(str(ACCOUNTS), "an empty list, though the login has accounts")
    accounts: dict[str, AccountSnapshot | AccountFault] = {}
    for entry in entries:
        account = _account(ACCOUNTS, entry)
        if account.number in accounts:
            account = _fault(account.number, "an account that stands there twice")
        accounts[account.number] = account
    return accounts


def checked(accounts: Mapping[str, AccountSnapshot | AccountFault], hashes: Mapping[str, str]) -> Snapshot:
    """The same accounts with their hashes. One that stands in one of the two answers only is a fault."""
    told = (_told(account, hashes.get(number)) for number, account in accounts.items())
    missing = (
        _fault(number, "a listed account that is not in the answer") for number in hashes if number not in accounts
    )
    return Snapshot(accounts=(*told, *missing))


def single(hashed: str, body: bytes) -> AccountSnapshot | AccountFault:
    """The one account that was asked for by its hash."""
    return _told(_account(ACCOUNT, msgspec.Raw(body)), hashed)


def _told(account: AccountSnapshot | AccountFault, hashed: str | None) -> AccountSnapshot | AccountFault:
    if isinstance(account, AccountFault):
        return account
    if hashed is None:
        return _fault(account.number, "an account that the login does not list")
    return replace(account, broker_account_id=hashed)


def _fault(number: str, fault: str) -> AccountFault:
    return AccountFault(number=number, endpoint=str(ACCOUNTS), fault=fault)


def _account(endpoint: Endpoint, entry: msgspec.Raw) -> AccountSnapshot | AccountFault:
    try:
        account = decode(_ACCOUNT, entry).securities_account
    except Unreadable as error:
        return AccountFault(number=_number(endpoint, entry), endpoint=str(endpoint), fault=error.fault)
    try:
        return _snapshot(account)
    except Unreadable as error:
        return AccountFault(number=account.account_number, endpoint=str(endpoint), fault=error.fault)


def _number(endpoint: Endpoint, entry: msgspec.Raw) -> str:
    """Of an account that cannot be read otherwise. Without it nobody knows whose rows to keep, so all are kept."""
    try:
        return decode(_NAMED, entry).securities_account.account_number
    except Unreadable as error:
        raise BadAnswer(str(endpoint), error.fault) from None


def _snapshot(account: SecuritiesAccount) -> AccountSnapshot:
    current = account.current_balances
    if current is None:
        raise Unreadable("an account without balances")
    if current.cash_balance is None or current.liquidation_value is None:
        raise Unreadable("balances without cashBalance or liquidationValue")
    kind = account.type.strip().upper()
    rows: Sequence[object] = account.positions or ()
    if not rows and not show_no_holding(current):
        raise Unreadable("no positions, and balances that do not say there are none")
    return AccountSnapshot(
        number=account.account_number,
        broker_account_id=None,
        type=kind,
        currency=CURRENCY,
        balances=balances(kind, current, account.projected_balances),
        positions=positions(account.positions or ()),
    )
