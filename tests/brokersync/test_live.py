from __future__ import annotations

import json
from decimal import Decimal

import pytest

from brokersync import live

ENVELOPE = {"schema": 1, "version": 1, "kind": "balances", "account_id": "a", "connection_id": "c", "user_id": "42"}


def test_amounts_are_exact_decimals_and_versions_whole_numbers() -> None:
    document = live.parsed(json.dumps({**ENVELOPE, "version": 3, "net_liq": 1.10, "cash": 700}))
    assert (document["version"], document["net_liq"], document["cash"]) == (3, Decimal("1.1"), Decimal(700))
    assert [type(document[name]) for name in ("version", "net_liq", "cash")] == [int, Decimal, Decimal]


@pytest.mark.parametrize("text", ["", "no JSON", "[]", "7", "{}", '{"schema": 1, "version": 2, "kind": "balances"}'])
def test_what_another_program_put_there_is_no_document(text: str) -> None:
    with pytest.raises(live.NotADocument):
        live.parsed(text)
