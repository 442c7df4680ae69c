from decimal import Decimal

import pytest

from sandbox.numbers import encode, money, noisy, quantity


@pytest.mark.parametrize(
    ("amount", "written"), [("0.00", b"0"), ("1200", b"1200"), ("10.50", b"10.5"), ("-3.07", b"-3.07"), ("0.001", b"0")]
)
def test_money_is_written_without_trailing_zeros(amount: str, written: bytes) -> None:
    assert encode(money(Decimal(amount))) == written


@pytest.mark.parametrize(("amount", "written"), [("700", b"700.0"), ("0", b"0.0"), ("61.58540", b"61.5854")])
def test_a_quantity_is_written_with_a_point(amount: str, written: bytes) -> None:
    assert encode(quantity(Decimal(amount))) == written


def test_noise_changes_the_fifteenth_digit_only() -> None:
    made = {noisy(Decimal("-273.90"), place) for place in range(20)}
    assert made == {Decimal("-273.9"), Decimal("-273.900000000001"), Decimal("-273.899999999999")}


def test_nothing_is_added_to_zero() -> None:
    assert {noisy(Decimal(0), place) for place in range(20)} == {0}
