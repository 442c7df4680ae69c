from __future__ import annotations

import json
from decimal import Decimal

from brokersync import live


def test_amounts_are_exact_decimals_and_versions_whole_numbers() -> None:
    document = live.parsed(json.dumps({"schema": 1, "version": 3, "net_liq": 1.10, "cash": 700}))
    assert (document["version"], document["net_liq"], document["cash"]) == (3, Decimal("1.1"), Decimal(700))
    assert [type(document[name]) for name in ("version", "net_liq", "cash")] == [int, Decimal, Decimal]
