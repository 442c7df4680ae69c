"""From what the broker sent to the rows it means: which account is which, and which cannot be believed."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from brokers.errors import BadAnswer
from brokers.records import AccountFault, AccountSnapshot, ListedAccount
from models.installation import Fingerprints
from worker.claims import KnownAccount
from worker.outcomes import AccountOutcome, Outcome


@dataclass
class Matched:
    """`accounts` and `positions` are rows to write, `new` the accounts never seen before, `failed` those left alone.

    `renamed` are known accounts that the broker calls by another id than before, `shared_again` those that the person had
    left out at the last login."""

    accounts: list[dict[str, Any]] = field(default_factory=list)
    positions: list[dict[str, Any]] = field(default_factory=list)
    new: dict[str, tuple[uuid.UUID, ListedAccount]] = field(default_factory=dict)
    renamed: dict[uuid.UUID, str] = field(default_factory=dict)
    shared_again: list[uuid.UUID] = field(default_factory=list)
    failed: list[AccountOutcome] = field(default_factory=list)


def match(
    fetched: Sequence[AccountSnapshot | AccountFault],
    known: Mapping[str, KnownAccount],
    broker: str,
    prints: Fingerprints,
) -> Matched:
    """Sort an answer that should hold all accounts of a login.

    Raises `BadAnswer` when one account comes twice. An account we know that is not in the answer fails: it is never
    taken for closed. One that the person left out at the last login is not expected.
    """
    matched = Matched()
    seen: set[str] = set()
    for item in fetched:
        number_fp = prints.of(broker, item.number)
        if number_fp in seen:
            raise BadAnswer("the accounts", "one account comes twice in the answer")
        seen.add(number_fp)
        account = known.get(number_fp)
        if isinstance(item, AccountFault):
            matched.failed.append(_failed(account, f"{item.endpoint}: {item.fault}"))
            continue
        if account is not None:
            _add_known(matched, account, item)
        elif item.broker_account_id is None:
            matched.failed.append(_failed(None, "the accounts: a new account without the broker's id for it"))
        else:
            account_id = uuid.uuid4()
            matched.new[number_fp] = (account_id, ListedAccount(item.number, item.broker_account_id))
            _add_rows(matched, account_id, item)
    for number_fp, account in known.items():
        if number_fp not in seen and account.missing_since is None:
            matched.failed.append(_failed(account, "the accounts: this account is missing from the answer"))
    return matched


def match_one(
    item: AccountSnapshot | AccountFault, account: KnownAccount, number_fp: str, broker: str, prints: Fingerprints
) -> Matched:
    """The same for the answer about one account, which must be about that account."""
    matched = Matched()
    if isinstance(item, AccountFault):
        matched.failed.append(_failed(account, f"{item.endpoint}: {item.fault}"))
    elif prints.of(broker, item.number) != number_fp:
        matched.failed.append(_failed(account, "the account: the answer is about another account"))
    else:
        _add_known(matched, account, item)
    return matched


def _add_known(matched: Matched, account: KnownAccount, item: AccountSnapshot) -> None:
    told = item.broker_account_id
    if told is not None and told != account.broker_account_id:
        matched.renamed[account.id] = told
    if account.missing_since is not None:
        matched.shared_again.append(account.id)
    _add_rows(matched, account.id, item)


def _add_rows(matched: Matched, account_id: uuid.UUID, item: AccountSnapshot) -> None:
    matched.accounts.append(
        {
            "id": account_id,
            "type": item.type,
            "currency": item.currency,
            "as_of": item.as_of,
            **msgspec.structs.asdict(item.balances),
        }
    )
    matched.positions.extend({"account_id": account_id, **msgspec.structs.asdict(row)} for row in item.positions)


def _failed(account: KnownAccount | None, error: str) -> AccountOutcome:
    return AccountOutcome(None if account is None else account.id, Outcome.FAILED, error=error)
