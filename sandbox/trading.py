"""Trades that a control call makes: cash and holdings change together and no cent is made or lost."""

from __future__ import annotations

from decimal import Decimal

from sandbox.instruments import Instrument, Option
from sandbox.market import Market
from sandbox.portfolio import NOTHING, Account, Holding, Side

SHARES_OF_A_CONTRACT = Decimal(100)
CANNOT_BE_SHORT = {"MUTUAL_FUND", "FIXED_INCOME", "CASH_EQUIVALENT"}


class TradeRefused(Exception):
    """The trade cannot be made. The message says why and what would do."""


class Trader:
    """Trades in one account. `price` None means the market's price; quantities are positive."""

    def __init__(self, account: Account, market: Market) -> None:
        self._account = account
        self._market = market

    def buy(self, symbol: str, quantity: Decimal, price: Decimal | None) -> None:
        instrument = self._instrument(symbol)
        at = self._price(symbol, price)
        needed = self._market.value(instrument, quantity, at)
        if self._account.type == "CASH" and needed > self._account.cash:
            raise TradeRefused(f"this CASH account has {self._account.cash} and the purchase takes {needed}")
        self._open(instrument, Side.LONG, quantity, at)

    def sell(self, symbol: str, quantity: Decimal, price: Decimal | None) -> None:
        held = self._account.held(symbol, Side.LONG)
        if held is None or held.quantity < quantity:
            has = held.quantity if held else 0
            raise TradeRefused(f"the account holds {has} {symbol}; selling what it does not hold is the action short")
        self._reduce(held, quantity, self._price(symbol, price))

    def close(self, symbol: str, quantity: Decimal | None, price: Decimal | None) -> None:
        """Close the whole position, both sides; with a quantity so much of the short side, else of the long one."""
        sides = [held for side in (Side.SHORT, Side.LONG) if (held := self._account.held(symbol, side))]
        if not sides:
            raise TradeRefused(f"the account holds no {symbol}")
        if quantity is not None and quantity > sides[0].quantity:
            raise TradeRefused(f"the account is {sides[0].side} {sides[0].quantity} {symbol}")
        for held in sides if quantity is None else sides[:1]:
            self._reduce(held, held.quantity if quantity is None else quantity, self._price(symbol, price))

    def short(self, symbol: str, quantity: Decimal, price: Decimal | None) -> None:
        instrument = self._instrument(symbol)
        if self._account.type != "MARGIN":
            raise TradeRefused("only a MARGIN account can be short")
        if instrument.asset_type in CANNOT_BE_SHORT:
            raise TradeRefused(f"{symbol} is a {instrument.asset_type} and cannot be sold short")
        self._open(instrument, Side.SHORT, quantity, self._price(symbol, price))

    def assign(self, symbol: str, contracts: Decimal | None) -> None:
        """A short option is exercised against the account: shares change hands at the strike, the option is gone."""
        held = self._account.held(symbol, Side.SHORT)
        if held is None or not isinstance(held.instrument, Option):
            raise TradeRefused(f"only a short option can be assigned, and the account has none in {symbol}")
        count = held.quantity if contracts is None else contracts
        if count > held.quantity:
            raise TradeRefused(f"the account is short only {held.quantity} contracts of {symbol}")
        contract = held.instrument
        shares = count * SHARES_OF_A_CONTRACT
        self._reduce(held, count, NOTHING)
        if contract.put_call == "PUT":
            self._receive(contract.underlying, shares, contract.strike)
        else:
            self._deliver(contract.underlying, shares, contract.strike)

    def _receive(self, symbol: str, shares: Decimal, price: Decimal) -> None:
        covered = self._account.held(symbol, Side.SHORT)
        back = min(shares, covered.quantity) if covered else NOTHING
        if covered and back:
            self._reduce(covered, back, price)
        if shares > back:
            self._open(self._instrument(symbol), Side.LONG, shares - back, price)

    def _deliver(self, symbol: str, shares: Decimal, price: Decimal) -> None:
        owned = self._account.held(symbol, Side.LONG)
        given = min(shares, owned.quantity) if owned else NOTHING
        if owned and given:
            self._reduce(owned, given, price)
        if shares > given:
            self._open(self._instrument(symbol), Side.SHORT, shares - given, price)

    def _open(self, instrument: Instrument, side: Side, quantity: Decimal, price: Decimal) -> None:
        _check_whole_contracts(instrument, quantity)
        held = self._account.held(instrument.symbol, side)
        if held is None:
            held = Holding(instrument=instrument, side=side, quantity=NOTHING, average=price, trade_average=price)
            self._account.holdings[instrument.symbol, side] = held
        after = self._market.value(instrument, held.signed + held.sign * quantity, price)
        cost = after - self._market.value(instrument, held.signed, price)
        held.add(quantity, price, cost)
        self._account.cash -= cost

    def _reduce(self, held: Holding, quantity: Decimal, price: Decimal) -> None:
        _check_whole_contracts(held.instrument, quantity)
        # The difference of two values that are to the cent: fractions of a share lose nothing by rounding.
        before = self._market.value(held.instrument, held.signed, price)
        held.quantity -= quantity
        brought = before - self._market.value(held.instrument, held.signed, price)
        held.day_cost -= brought
        self._account.cash += brought
        if held.side is Side.LONG:
            self._account.unsettled += brought
        if held.quantity == 0:
            del self._account.holdings[held.instrument.symbol, held.side]

    def _instrument(self, symbol: str) -> Instrument:
        instrument = self._market.instruments.get(symbol)
        if instrument is None:
            known = ", ".join(repr(each) for each in sorted(self._market.instruments))
            raise TradeRefused(f"the sandbox's market has no {symbol!r}; it has {known}")
        return instrument

    def _price(self, symbol: str, price: Decimal | None) -> Decimal:
        return self._market.price(self._instrument(symbol).symbol) if price is None else price


def _check_whole_contracts(instrument: Instrument, quantity: Decimal) -> None:
    if isinstance(instrument, Option) and quantity != quantity.to_integral_value():
        raise TradeRefused(f"{instrument.symbol} is an option: it trades in whole contracts")
