"""Accounts and what they hold. Cash and quantities are exact; every value is in USD and to the cent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from sandbox.instruments import Instrument
from sandbox.market import Market
from sandbox.seeded import upper_hex

NOTHING = Decimal(0)
# Schwab's real rules look at much more; these make plausible figures.
STOCK_REQUIREMENT = Decimal("0.3")
SHORT_OPTION_REQUIREMENT = Decimal(2)

AVERAGE_DIGITS = Decimal("0.000000000001")


class Side(StrEnum):
    LONG = "long"
    SHORT = "short"


@dataclass(kw_only=True)
class Holding:
    """`quantity` is positive on both sides. `average` includes fees, `trade_average` does not.

    `previous_quantity` is what was held at the day's start, `day_cost` what today's trades cost (negative: brought in).
    """

    instrument: Instrument
    side: Side
    quantity: Decimal
    average: Decimal
    trade_average: Decimal
    previous_quantity: Decimal = NOTHING
    day_cost: Decimal = NOTHING

    @property
    def sign(self) -> int:
        return 1 if self.side is Side.LONG else -1

    @property
    def signed(self) -> Decimal:
        return self.sign * self.quantity

    @property
    def settled(self) -> Decimal:
        """What is not of today's trades; negative on the short side, as live."""
        return self.sign * min(self.quantity, self.previous_quantity)

    def value(self, market: Market) -> Decimal:
        return market.value(self.instrument, self.signed)

    def cost(self, market: Market) -> Decimal:
        return market.value(self.instrument, self.signed, self.average)

    def requirement(self, market: Market) -> Decimal:
        """The equity that it ties up in a margin account."""
        value = self.value(market)
        if self.instrument.asset_type == "OPTION":
            return max(NOTHING, -value) * SHORT_OPTION_REQUIREMENT
        return abs(value) * STOCK_REQUIREMENT

    def day_profit(self, market: Market) -> Decimal:
        close = market.previous_close(self.instrument.symbol)
        before = market.value(self.instrument, self.sign * self.previous_quantity, close)
        return self.value(market) - before - self.day_cost

    def add(self, quantity: Decimal, price: Decimal, cost: Decimal) -> None:
        total = self.quantity + quantity
        self.average = ((self.average * self.quantity + price * quantity) / total).quantize(AVERAGE_DIGITS)
        self.trade_average = ((self.trade_average * self.quantity + price * quantity) / total).quantize(AVERAGE_DIGITS)
        self.quantity = total
        self.day_cost += cost


@dataclass(frozen=True)
class Totals:
    """The terms of the net liquidation value, and the equity that is tied up. What is short is negative or 0."""

    cash: Decimal = NOTHING
    long: Decimal = NOTHING
    short: Decimal = NOTHING
    long_option: Decimal = NOTHING
    short_option: Decimal = NOTHING
    bond: Decimal = NOTHING
    fund: Decimal = NOTHING
    money_market: Decimal = NOTHING
    required: Decimal = NOTHING

    @property
    def liquidation(self) -> Decimal:
        options = self.long_option + self.short_option
        return self.cash + self.long + self.short + options + self.bond + self.fund + self.money_market


@dataclass(kw_only=True)
class Account:
    """One account of a person. `opening` are the totals at the day's start; `unsettled` is what today's sales brought."""

    number: str
    hash: str
    type: str
    nickname: str
    cash: Decimal
    primary: bool = False
    holdings: dict[tuple[str, Side], Holding] = field(default_factory=dict)
    unsettled: Decimal = NOTHING
    opening: Totals = field(default_factory=Totals)

    def take_new_hash(self) -> None:
        """The old one means nothing from then on."""
        self.hash = upper_hex("hash", self.hash)

    def held(self, symbol: str, side: Side) -> Holding | None:
        return self.holdings.get((symbol, side))

    def rows(self) -> Iterator[Holding]:
        yield from self.holdings.values()

    def totals(self, market: Market) -> Totals:
        sums: defaultdict[str, Decimal] = defaultdict(Decimal, cash=self.cash)
        for holding in self.rows():
            sums[_term(holding)] += holding.value(market)
            sums["required"] += holding.requirement(market)
        return Totals(**sums)

    def open_day(self, market: Market) -> None:
        self.opening = self.totals(market)
        self.unsettled = NOTHING
        for holding in self.rows():
            holding.previous_quantity = holding.quantity
            holding.day_cost = NOTHING


def _term(holding: Holding) -> str:
    term = {
        "OPTION": f"{holding.side}_option",
        "FIXED_INCOME": "bond",
        "MUTUAL_FUND": "fund",
        "CASH_EQUIVALENT": "money_market",
    }
    return term.get(holding.instrument.asset_type, str(holding.side))
