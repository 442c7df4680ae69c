from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from brokersync import cells
from tests.brokersync.rows import option_row, position_row


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s ago"),
        (12.9, "12 s ago"),
        (60, "1 min ago"),
        (3599, "59 min ago"),
        (7200, "2 h ago"),
        (200_000, "2 d ago"),
    ],
)
def test_an_age_is_its_largest_unit_cut(seconds: float, said: str) -> None:
    assert cells.ago(timedelta(seconds=seconds)).plain == said


def test_what_was_never_checked_says_so() -> None:
    assert cells.ago(None).plain == "never"


@pytest.mark.parametrize(
    ("span", "said", "style"),
    [
        (timedelta(days=6, hours=23, minutes=59), "in 6 d 23 h", ""),
        (timedelta(days=2, seconds=1), "in 2 d", ""),
        (timedelta(days=2), "in 2 d", "yellow"),
        (timedelta(hours=23, minutes=59), "in 23 h 59 min", "yellow"),
        (timedelta(seconds=1), "in 1 s", "yellow"),
        (timedelta(0), "over for 0 s", "bold red"),
        (timedelta(minutes=-5), "over for 5 min", "bold red"),
    ],
)
def test_a_login_stands_out_in_its_last_two_days_and_after_them(span: timedelta, said: str, style: str) -> None:
    cell = cells.login_end(span)
    assert (cell.plain, cell.style) == (said, style)


def test_a_moment_has_its_year_only_where_it_is_asked_for() -> None:
    at = datetime(2026, 11, 7, 18, 5, tzinfo=UTC)
    assert (cells.moment(at), cells.moment(at, year=True)) == ("Sat 7 Nov 18:05 UTC", "Sat 7 Nov 2026 18:05 UTC")


def test_a_login_without_an_end_says_so() -> None:
    assert cells.login_end(None).plain == "no end"


def test_a_negative_amount_has_a_minus_sign() -> None:
    assert cells.amount(Decimal("-4488.1"), "USD").plain == "-$4,488.10"


def test_an_amount_is_in_its_own_currency() -> None:
    assert cells.amount(Decimal("1234.5"), "EUR").plain == "1,234.50 EUR"


@pytest.mark.parametrize(
    ("value", "currency", "said"),
    [
        ("0.00000001", "BTC", "0.00000001 BTC"),
        ("-1234.50000000", "BTC", "-1,234.5 BTC"),
        ("0E-8", "BTC", "0 BTC"),
        ("1E+3", "BTC", "1,000 BTC"),
        ("1234567.0000", "JPY", "1,234,567 JPY"),
        ("0.6", "KRW", "1 KRW"),
        ("0.005", "GBP", "0.00 GBP"),
        ("1.005", "", "1.00"),
    ],
)
def test_an_amount_has_the_places_of_its_currency(value: str, currency: str, said: str) -> None:
    assert cells.amount(Decimal(value), currency).plain == said
    assert cells.amount(Decimal(value), currency, named=True).plain == said


def test_a_gain_has_the_places_of_its_currency_too() -> None:
    assert cells.gain(Decimal("0.00000001"), "BTC", named=True).plain == "+0.00000001 BTC"
    assert cells.gain(Decimal("0.4"), "JPY").plain == "0 JPY"


@pytest.mark.parametrize(
    ("value", "said", "style"),
    [
        ("624.6", "+$624.60", "green"),
        ("-71.83", "-$71.83", "red"),
        ("0", "$0.00", ""),
        ("0.004", "$0.00", ""),
        ("-0.004", "$0.00", ""),
    ],
)
def test_a_gain_and_a_loss_are_told_apart_by_their_sign(value: str, said: str, style: str) -> None:
    cell = cells.gain(Decimal(value), "USD")
    assert (cell.plain, cell.style) == (said, style)


def test_a_gain_is_in_its_own_currency_and_a_missing_one_is_a_dash() -> None:
    assert cells.gain(Decimal("1234.5"), "EUR").plain == "+1,234.50 EUR"
    assert cells.gain(Decimal("1234.5"), "USD", named=True).plain == "+1,234.50 USD"
    assert cells.gain(None, "USD", named=True).plain == "—"


def test_what_the_broker_does_not_give_is_a_dash_and_not_0() -> None:
    assert [cells.amount(None, "USD").plain, cells.price(None).plain, cells.plain(None).plain] == ["—", "—", "—"]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("700", "700"),
        ("700.00", "700"),
        ("61.5854", "61.5854"),
        ("-5", "-5"),
        ("1E+4", "10,000"),
        ("0.000000001", "0.000000001"),
    ],
)
def test_a_quantity_keeps_all_its_digits_and_no_empty_ones(value: str, said: str) -> None:
    assert cells.quantity(Decimal(value)).plain == said


@pytest.mark.parametrize(
    ("value", "said"), [("11.207714285714", "11.21"), ("0.53333", "0.5333"), ("12345.6", "12,345.60")]
)
def test_a_price_has_two_places_and_below_1_four(value: str, said: str) -> None:
    assert cells.price(Decimal(value)).plain == said


def test_an_option_is_named_by_underlying_expiry_strike_and_kind() -> None:
    assert cells.instrument(option_row()).plain == "F 15 Jan 27 11 P"


def test_anything_else_is_named_by_its_symbol() -> None:
    assert cells.instrument(position_row()).plain == "F"


def test_words_from_elsewhere_can_neither_colour_nor_steer_a_terminal() -> None:
    assert cells.plain("[red]x\x1b[2J\n").plain == "[red]x·[2J·"


@pytest.mark.parametrize(
    ("value", "style"), [("active", "green"), ("paused", "yellow"), ("reauth_required", "bold red")]
)
def test_only_a_status_that_is_a_fault_is_red(value: str, style: str) -> None:
    assert cells.status(value).style == style
