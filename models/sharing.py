"""Which accounts a person shares with a login, and what that changes about the connection's accounts."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.account import Account
from models.connection import Connection
from models.installation import fingerprints


@dataclass(frozen=True)
class ListedRow:
    """An account of the login, as the broker listed it. `number` is the full number; it is sealed and fingerprinted."""

    number: str
    masked: str
    broker_account_id: str
    nickname: str | None


@dataclass(frozen=True)
class Shared:
    """The accounts of a connection as a new login changes them, in the broker's order.

    `returned` were shared until now and still are; `added` were not, be they new or shared again; `missing` were shared
    until now and are not any more: they stay with their history, and are not read.
    """

    returned: tuple[Account, ...] = ()
    added: tuple[Account, ...] = ()
    missing: tuple[Account, ...] = ()


def fingerprinted(
    session: Session, fresh: Connection, login_id: str | None, listed: Sequence[ListedRow]
) -> tuple[str | None, dict[str, ListedRow]]:
    """The login's fingerprint, where the broker told its id, and what was listed by the numbers'."""
    prints = fingerprints(session)
    login_fp = None if login_id is None else prints.of(fresh.broker, f"login {login_id}")
    return login_fp, {prints.of(fresh.broker, row.number): row for row in listed}


def shared_accounts(session: Session, connection_id: uuid.UUID) -> Sequence[Account]:
    """What the person shares, in the broker's order."""
    return session.scalars(
        select(Account)
        .where(Account.connection_id == connection_id, Account.missing_since.is_(None))
        .order_by(Account.created_at)
    ).all()


def share(session: Session, connection: Connection, numbers: Mapping[str, ListedRow]) -> Shared:
    """Insert the new, refresh the broker's ids of the known, and mark those the person no longer shares as missing.

    `numbers` is what was listed, by the fingerprint of the number.
    """
    known = {
        account.number_fp: account
        for account in session.scalars(
            select(Account).where(Account.connection_id == connection.id).order_by(Account.created_at)
        )
    }
    returned, added = [], []
    for number_fp, row in numbers.items():
        account = known.pop(number_fp, None)
        if account is None:
            account = Account(id=uuid.uuid4(), connection_id=connection.id, number_fp=number_fp, masked=row.masked)
            session.add(account)
            added.append(account)
        elif account.missing_since is None:
            returned.append(account)
        else:
            account.missing_since = None
            added.append(account)
        # Of known ones too: the key that sealed it may be lost, and a new login is what repairs that.
        account.number = row.number
        account.broker_account_id = row.broker_account_id
        account.nickname = row.nickname or account.nickname
    now = session.scalars(select(func.now())).one()
    missing = [account for account in known.values() if account.missing_since is None]
    for account in missing:
        account.missing_since = now
    return Shared(tuple(returned), tuple(added), tuple(missing))
