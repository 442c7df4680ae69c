"""Prices that walk by the seed, one step each tick, and stand still in between."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal

from sandbox.catalogue import catalogue
from sandbox.instruments import Instrument, Option
from sandbox.seeded import number_below

# A clock turned by a year would otherwise ask for millions of ticks; nobody can tell the rest of such a walk.
MOST_TICKS_AT_ONCE = 1000
HUNDREDTHS_OF_A_PERCENT = Decimal(10_000)


class Market:
    """`tick_every` is the time between ticks on the sandbox's clock; None: it moves only when told to.

    A new day begins with the first tick of a date (UTC): the prices before it become the day's previous close.
    `on_new_day` is called then, before prices move.
    """

    def __init__(
        self, seed: int, start: datetime, tick_every: timedelta | None, on_new_day: Callable[[], None]
    ) -> None:
        self.instruments = catalogue(start.date())
        self.tick_count = 0
        self._seed = seed
        self._tick_every = tick_every
        self._last_tick = start
        self._day: date = start.date()
        self._on_new_day = on_new_day
        self._prices = {symbol: each.price for symbol, each in self.instruments.items()}
        self._move("yesterday", stretch=4)
        self._closes = dict(self._prices)

    def open(self) -> None:
        """Move from yesterday's close to where the first day begins."""
        self._move("open", stretch=2)

    def price(self, symbol: str) -> Decimal:
        return self._prices[symbol]

    def previous_close(self, symbol: str) -> Decimal:
        return self._closes[symbol]

    def value(self, instrument: Instrument, quantity: Decimal, price: Decimal | None = None) -> Decimal:
        """What `quantity` (signed) is worth in USD, to the cent; at the market's price unless one is given."""
        at = self._prices[instrument.symbol] if price is None else price
        return (quantity * at * instrument.multiplier).quantize(Decimal("0.01"), ROUND_HALF_EVEN)

    def catch_up(self, now: datetime) -> None:
        """Make the ticks that the clock has passed since the last one."""
        if self._tick_every is None:
            return
        due = (now - self._last_tick) // self._tick_every
        if due:
            self._last_tick += due * self._tick_every
            self.tick(min(due, MOST_TICKS_AT_ONCE), now)

    def tick(self, times: int, now: datetime) -> None:
        if now.date() != self._day:
            self._day = now.date()
            self._closes = dict(self._prices)
            self._on_new_day()
        for _ in range(times):
            self.tick_count += 1
            self._move(self.tick_count)

    def _move(self, occasion: object, stretch: int = 1) -> None:
        before = dict(self._prices)
        options = [each for each in self.instruments.values() if isinstance(each, Option)]
        for symbol, instrument in self.instruments.items():
            widest = instrument.swing * stretch
            move = number_below(2 * widest + 1, self._seed, occasion, symbol) - widest
            self._prices[symbol] = _moved(instrument, before[symbol], move)
        for each in options:
            moved = self._prices[each.underlying] - before[each.underlying]
            self._prices[each.symbol] = _in_steps(each, before[each.symbol] + moved * each.delta)


def _moved(instrument: Instrument, price: Decimal, hundredths_of_a_percent: int) -> Decimal:
    return _in_steps(instrument, price * (HUNDREDTHS_OF_A_PERCENT + hundredths_of_a_percent) / HUNDREDTHS_OF_A_PERCENT)


def _in_steps(instrument: Instrument, price: Decimal) -> Decimal:
    step = instrument.price_step
    return max(step, (price / step).quantize(Decimal(1), ROUND_HALF_EVEN) * step)
