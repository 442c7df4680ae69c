from __future__ import annotations

from decimal import Decimal

import pytest

from brokers.derived import rounded


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("174.6600000", "174.66"),
        ("0.33333333333333333333", "0.3333333333"),
        ("-0.00000000005", "0"),
        ("-0.00000000015", "-0.0000000002"),
        ("1E+3", "1000"),
        ("-0.0", "0"),
        ("100", "100"),
        ("0E-20", "0"),
        ("123456789012345678901234567890.12345678901", "123456789012345678901234567890.123456789"),
    ],
)
def test_a_figure_has_ten_decimals_at_most_and_one_way_to_write_it(value: str, text: str) -> None:
    assert format(rounded(Decimal(value)), "f") == text
