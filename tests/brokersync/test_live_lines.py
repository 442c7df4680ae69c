from __future__ import annotations

from decimal import Decimal
from typing import Any

from brokersync.live_lines import LiveLines

ACCOUNT = "6f1c03aa-0000-4000-8000-000000000002"


def document(kind: str, version: int, **values: Any) -> dict[str, Any]:
    return {
        "kind": kind,
        "account_id": ACCOUNT,
        "version": version,
        "fetched_at": "2026-03-02T15:00:01.5Z",
        "currency": "USD",
    } | values


def balances(version: int, net_liq: str | None) -> dict[str, Any]:
    worth = None if net_liq is None else Decimal(net_liq)
    return document("balances", version, net_liq=worth, cash=Decimal("4488.1"))


def row(symbol: str, quantity: str, value: str, **option: Any) -> dict[str, Any]:
    return {
        "instrument_key": symbol,
        "symbol": symbol,
        "qty": Decimal(quantity),
        "market_value": Decimal(value),
        "currency": "USD",
        "underlying": None,
        "expiry": None,
        "strike": None,
        "put_call": None,
    } | option


def positions(version: int, *rows: dict[str, Any]) -> dict[str, Any]:
    return document("positions", version, positions=list(rows))


def said(lines: LiveLines, *documents: dict[str, Any]) -> str:
    """What the last of them says behind its time."""
    return [lines.line(each).plain for each in documents][-1].partition("  ")[2]


def test_a_first_line_says_what_the_account_is_worth() -> None:
    assert said(LiveLines({ACCOUNT: "…733"}), balances(17, "19046.56")) == (
        "…733  v17    net liq $19,046.56  cash $4,488.10"
    )


def test_the_next_line_says_how_it_moved() -> None:
    lines = LiveLines({ACCOUNT: "…733"})
    assert "net liq $19,058.86  +$12.30  cash" in said(lines, balances(17, "19046.56"), balances(18, "19058.86"))
    assert "net liq $19,000.00  -$58.86  cash" in said(lines, balances(19, "19000"))


def test_an_account_linked_meanwhile_is_named_by_its_id() -> None:
    assert said(LiveLines({}), balances(1, "1")).startswith("6f1c03aa  v1")


def test_a_balance_that_is_not_given_has_no_move() -> None:
    assert "net liq —  cash" in said(LiveLines({}), balances(1, "1"), balances(2, None))


def test_the_positions_that_moved_most_are_named() -> None:
    before = [row(name, "1", "100") for name in "ABCDE"]
    after = [row(name, "1", value) for name, value in zip("ABCDE", ("101", "95", "100", "110", "102"), strict=True)]
    line = said(LiveLines({}), positions(1, *before), positions(2, *after))
    assert line.endswith("5 positions  D  +$10.00  B  -$5.00  E  +$2.00")


def test_what_was_bought_and_sold_is_told_before_what_moved() -> None:
    before = [row("F", "700", "8302"), row("INTC", "-60", "-1500")]
    after = [row("F", "650", "7700"), row("VTI", "2.5", "700")]
    line = said(LiveLines({}), positions(1, *before), positions(2, *after))
    assert line.endswith("2 positions  F 700 → 650  INTC -60 → 0  VTI 0 → 2.5")


def test_an_option_is_named_as_in_the_tables() -> None:
    option = {"underlying": "F", "expiry": "2027-01-15", "strike": Decimal(11), "put_call": "PUT"}
    line = said(LiveLines({}), positions(1), positions(2, row("F     270115P00011000", "-5", "-178", **option)))
    assert line.endswith("1 position  F 15 Jan 27 11 P 0 → -5")
