from __future__ import annotations

import json
from decimal import Decimal

import pytest

from brokersync import live
from tests.brokersync.followed import an_event

EVENT = json.loads(an_event("9c"))
ENVELOPE = {"schema": 1, "version": 1, "kind": "balances", "account_id": "a", "connection_id": "c", "user_id": "42"}


def test_amounts_are_exact_decimals_and_versions_whole_numbers() -> None:
    document = live.parsed(json.dumps({**ENVELOPE, "version": 3, "net_liq": 1.10, "cash": 700}))
    assert (document["version"], document["net_liq"], document["cash"]) == (3, Decimal("1.1"), Decimal(700))
    assert [type(document[name]) for name in ("version", "net_liq", "cash")] == [int, Decimal, Decimal]


@pytest.mark.parametrize("text", ["", "no JSON", "[]", "7", "{}", '{"schema": 1, "version": 2, "kind": "balances"}'])
def test_what_another_program_put_there_is_no_document(text: str) -> None:
    with pytest.raises(live.NotADocument):
        live.parsed(text)


def test_a_connection_event_is_taken_as_it_is_its_numbers_are_counts() -> None:
    assert live.parsed_event(json.dumps(EVENT)) == EVENT
    assert live.parsed_event(json.dumps({**EVENT, "login_expires_at": None}))["login_expires_at"] is None


@pytest.mark.parametrize(
    "text",
    [
        "no JSON",
        "[]",
        "7",
        *[json.dumps({name: value for name, value in EVENT.items() if name != gone}) for gone in live.EVENT_ENVELOPE],
        *[json.dumps({**EVENT, "at": at}) for at in (None, 7, "soon", "2026-11-20T18:00:15")],
        *[json.dumps({**EVENT, "login_expires_at": at}) for at in (7, "never", "2026-11-20T18:00:15")],
    ],
)
def test_what_is_no_connection_event_is_told_apart(text: str) -> None:
    with pytest.raises(live.NotADocument):
        live.parsed_event(text)
