from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from sandbox.catalogue import third_friday
from sandbox.market import Market

START = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)


def market(seed: int = 7, tick_every: timedelta | None = None) -> Market:
    made = Market(seed, START, tick_every, on_new_day=lambda: None)
    made.open()
    return made


def prices(of: Market) -> dict[str, Decimal]:
    return {symbol: of.price(symbol) for symbol in of.instruments}


def test_the_same_seed_and_ticks_give_the_same_prices() -> None:
    one, other = market(), market()
    one.tick(50, START)
    for _ in range(50):
        other.tick(1, START + timedelta(hours=1))
    assert prices(one) == prices(other)


def test_another_seed_gives_other_prices() -> None:
    assert prices(market(seed=7)) != prices(market(seed=8))


def test_prices_move_on_the_clock_and_only_at_its_ticks() -> None:
    moving = market(tick_every=timedelta(seconds=5))
    before = prices(moving)
    moving.catch_up(START + timedelta(seconds=4.9))
    assert prices(moving) == before
    moving.catch_up(START + timedelta(seconds=5))
    assert prices(moving) != before
    assert moving.tick_count == 1
    moving.catch_up(START + timedelta(seconds=26))
    assert moving.tick_count == 5


def test_without_an_interval_the_clock_moves_nothing() -> None:
    still = market()
    before = prices(still)
    still.catch_up(START + timedelta(days=30))
    assert prices(still) == before


def test_a_jump_of_years_makes_a_bounded_number_of_ticks() -> None:
    moving = market(tick_every=timedelta(seconds=5))
    moving.catch_up(START + timedelta(days=3650))
    assert moving.tick_count == 1000


def test_prices_stay_positive_and_in_their_steps() -> None:
    walked = market()
    walked.tick(400, START)
    for symbol, instrument in walked.instruments.items():
        assert walked.price(symbol) >= instrument.price_step
        assert walked.price(symbol) % instrument.price_step == 0


def test_a_money_fund_stays_at_one_dollar() -> None:
    walked = market()
    walked.tick(20, START)
    assert walked.price("SWVXX") == 1


def test_a_call_follows_its_underlying_and_a_put_goes_against_it() -> None:
    moving = market()
    before = prices(moving)
    while moving.price("AAPL") <= before["AAPL"] + 1 or moving.price("F") <= before["F"] + Decimal("0.1"):
        moving.tick(1, START)
    call = next(each for each in before if each.startswith("AAPL  "))
    put = next(each for each in before if each.startswith("F     "))
    assert moving.price(call) > before[call]
    assert moving.price(put) < before[put]


def test_a_new_day_keeps_yesterdays_prices_as_its_close() -> None:
    opened: list[str] = []
    moving = Market(7, START, None, on_new_day=lambda: opened.append("day"))
    moving.tick(3, START)
    last = moving.price("AAPL")
    assert not opened
    moving.tick(1, START + timedelta(days=1))
    assert moving.previous_close("AAPL") == last
    assert opened == ["day"]


def test_options_expire_on_third_fridays_after_the_start() -> None:
    assert third_friday(2027, 1) == date(2027, 1, 15)
    assert third_friday(2027, 6) == date(2027, 6, 18)
    assert {"AAPL  270618C00240000", "F     270115P00011000"} <= set(market().instruments)
