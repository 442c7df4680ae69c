"""From single messages to what they say together: one update per account and version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from brokersync.live import Document

Holding = Mapping[str, Any]
"""One position of a document."""


@dataclass(frozen=True)
class Change:
    """One holding that moved; its values are in the position's own currency. A quantity of 0: not held, and worth 0.

    Prices are the marks; None where it was not held. A price or a value that the broker does not give is None, not 0.
    """

    position: Holding
    quantity_before: Decimal
    quantity_now: Decimal
    price_before: Decimal | None
    price_now: Decimal | None
    value_before: Decimal | None
    value_now: Decimal | None

    @property
    def traded(self) -> bool:
        return self.quantity_before != self.quantity_now

    @property
    def value_change(self) -> Decimal | None:
        """None where one of the two values is not known."""
        return _difference(self.value_before, self.value_now)


@dataclass(frozen=True)
class Update:
    """What a version of an account brought; amounts in `currency`.

    `first`: nothing was heard of the account before, so there are no changes to tell. `again`: it was sent before. A
    change is None where one of the two values is not known.
    `held` is the number of positions, `fetched_at` when the broker was asked.
    """

    account_id: str
    version: int
    fetched_at: datetime
    currency: str | None
    net_liq: Decimal | None
    net_liq_change: Decimal | None
    cash_change: Decimal | None
    held: int
    changes: list[Change]
    first: bool = False
    again: bool = False


class Updates:
    """Puts balances and positions of one version together, and holds them against the version before."""

    def __init__(self) -> None:
        self._balances: dict[str, Document] = {}
        self._told: dict[str, tuple[Document, Document]] = {}

    def take(self, document: Document) -> Update | None:
        """The update that this message completes; None for the first half of one."""
        account_id = document["account_id"]
        if document["kind"] == "balances":
            self._balances[account_id] = document
            return None
        # The two are sent together, balances first; a subscriber that lost its connection may have missed those.
        balances = self._balances.get(account_id)
        if balances is None or balances["version"] != document["version"]:
            return None
        before = self._told.get(account_id)
        self._told[account_id] = balances, document
        earlier = {} if before is None else before[0]
        return Update(
            account_id=account_id,
            version=document["version"],
            fetched_at=datetime.fromisoformat(document["fetched_at"]),
            currency=balances["currency"],
            net_liq=balances["net_liq"],
            net_liq_change=_difference(earlier.get("net_liq"), balances["net_liq"]),
            cash_change=_difference(earlier.get("cash"), balances["cash"]),
            held=len(document["positions"]),
            changes=[] if before is None else changes(before[1], document),
            first=before is None,
            again=before is not None and document["version"] <= before[1]["version"],
        )


def changes(before: Document, now: Document) -> list[Change]:
    """The holdings that differ between two position documents of one account: trades first, then by how much.

    Those of which that is not known come before the others.
    """
    old, new = _by_instrument(before), _by_instrument(now)
    found = [_change(old.get(key), new.get(key)) for key in old | new]
    moved = [change for change in found if change.traded or change.value_before != change.value_now]
    return sorted(moved, key=_order)


def _order(change: Change) -> tuple[bool, bool, Decimal]:
    by = change.value_change
    return not change.traded, by is not None, Decimal(0) if by is None else -abs(by)


def _by_instrument(document: Document) -> dict[str, Holding]:
    return {position["instrument_key"]: position for position in document["positions"]}


def _change(before: Holding | None, now: Holding | None) -> Change:
    return Change(
        position=now or before or {},
        quantity_before=Decimal(0) if before is None else before["qty"],
        quantity_now=Decimal(0) if now is None else now["qty"],
        price_before=None if before is None else before["mark_price"],
        price_now=None if now is None else now["mark_price"],
        value_before=Decimal(0) if before is None else before["market_value"],
        value_now=Decimal(0) if now is None else now["market_value"],
    )


def _difference(before: Decimal | None, now: Decimal | None) -> Decimal | None:
    return None if before is None or now is None else now - before
