"""From the two answers of a fetch to one snapshot: accounts joined by number, each once, readable or not.

`GET /accounts` has numbers and no hashes, `GET /accounts/accountNumbers` has both. What is wrong with one account stays
with that account; what is wrong with the whole answer is a `BadAnswer`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

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


def snapshot(hashes: Mapping[str, str], body: bytes) -> Snapshot:
    """All accounts of `hashes`, and any other that the answer holds, each once."""
    try:
        entries = decode(_ENTRIES, body)
    except Unreadable as error:
        raise BadAnswer(str(ACCOUNTS), error.fault) from None
    if not entries:
        raise BadAnswer(str(ACCOUNTS), "an empty list, though the login has accounts")
    found: dict[str, AccountSnapshot | AccountFault] = {}
    for entry in entries:
        account = _account(ACCOUNTS, entry, hashes)
        if account.number in found:
            account = AccountFault(
                number=account.number, endpoint=str(ACCOUNTS), fault="an account that stands there twice"
            )
        found[account.number] = account
    missing = {
        number: AccountFault(number=number, endpoint=str(ACCOUNTS), fault="a listed account that is not in the answer")
        for number in hashes
        if number not in found
    }
    return Snapshot(accounts=(*found.values(), *missing.values()))


def single(broker_account_id: str, body: bytes) -> AccountSnapshot | AccountFault:
    """The one account that was asked for by its hash."""
    entry = msgspec.Raw(body)
    number = _number(ACCOUNT, entry)
    return _account(ACCOUNT, entry, {number: broker_account_id})


def _account(endpoint: Endpoint, entry: msgspec.Raw, hashes: Mapping[str, str]) -> AccountSnapshot | AccountFault:
    try:
        account = decode(_ACCOUNT, entry).securities_account
    except Unreadable as error:
        return AccountFault(number=_number(endpoint, entry), endpoint=str(endpoint), fault=error.fault)
    try:
        return _snapshot(account, hashes)
    except Unreadable as error:
        return AccountFault(number=account.account_number, endpoint=str(endpoint), fault=error.fault)


def _number(endpoint: Endpoint, entry: msgspec.Raw) -> str:
    """Of an account that cannot be read otherwise. Without it nobody knows whose rows to keep, so all are kept."""
    try:
        return decode(_NAMED, entry).securities_account.account_number
    except Unreadable as error:
        raise BadAnswer(str(endpoint), error.fault) from None


def _snapshot(account: SecuritiesAccount, hashes: Mapping[str, str]) -> AccountSnapshot:
    number, current = account.account_number, account.current_balances
    if number not in hashes:
        raise Unreadable("an account that the login does not list")
    if current is None:
        raise Unreadable("an account without balances")
    if current.cash_balance is None or current.liquidation_value is None:
        raise Unreadable("balances without cashBalance or liquidationValue")
    kind = account.type.strip().upper()
    rows: Sequence[object] = account.positions or ()
    if not rows and not show_no_holding(current):
        raise Unreadable("no positions, and balances that do not say there are none")
    return AccountSnapshot(
        number=number,
        broker_account_id=hashes[number],
        type=kind,
        currency=CURRENCY,
        balances=balances(kind, current, account.projected_balances),
        positions=positions(account.positions or ()),
    )
