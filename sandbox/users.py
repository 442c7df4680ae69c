"""The people who can sign in at the sandbox, and which accounts they have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from sandbox.instruments import Instrument, Option
from sandbox.market import Market
from sandbox.openings import PEOPLE, UNNAMED, Opening
from sandbox.portfolio import Account, Holding
from sandbox.seeded import number_below, upper_hex

# It is shown on the login page: nothing here is worth protecting.
SIGN_IN_WORD = "sandbox"


@dataclass(frozen=True)
class User:
    name: str
    accounts: tuple[Account, ...]


def people(seed: int, market: Market, more: int) -> dict[str, User]:
    """Everyone by name, with account numbers (8 digits) and hashes that follow from the seed; `more` beside those with a
    name, from `person-1` on."""
    users = {}
    taken: set[str] = set()
    unnamed = {f"person-{place}": UNNAMED for place in range(1, more + 1)}
    for name, openings in (PEOPLE | unnamed).items():
        accounts = []
        for place, opening in enumerate(openings):
            number = next(each for each in _numbers(seed, name, place) if each not in taken)
            taken.add(number)
            accounts.append(_account(seed, number, opening, market, primary=place == 0))
        users[name] = User(name, tuple(accounts))
    return users


def _numbers(seed: int, name: str, place: int) -> Iterator[str]:
    attempt = 0
    while True:
        yield str(10_000_000 + number_below(90_000_000, seed, "number", name, place, attempt))
        attempt += 1


def _account(seed: int, number: str, opening: Opening, market: Market, *, primary: bool) -> Account:
    account = Account(
        number=number,
        hash=upper_hex(seed, "hash", number),
        type=opening.type,
        nickname=opening.nickname,
        cash=Decimal(opening.cash),
        primary=primary,
    )
    for name, side, quantity, average, trade_average in opening.rows:
        instrument = _instrument(market, name)
        account.holdings[instrument.symbol, side] = Holding(
            instrument=instrument,
            side=side,
            quantity=Decimal(quantity),
            average=Decimal(average),
            trade_average=Decimal(trade_average),
        )
    account.open_day(market)
    return account


def _instrument(market: Market, name: str) -> Instrument:
    underlying, _, put_call = name.partition(" ")
    if not put_call:
        return market.instruments[name]
    return next(
        each
        for each in market.instruments.values()
        if isinstance(each, Option) and (each.underlying, each.put_call) == (underlying, put_call)
    )
