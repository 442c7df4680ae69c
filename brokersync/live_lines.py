"""Live documents as lines for people: what an account is worth now, and what moved since the last line."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from rich.text import Text

from brokersync import cells
from brokersync.live import Document
from worker.summary import money

MOST_MOVES = 3
"""So many positions are named in one line, those whose value moved most."""


class LiveLines:
    """Remembers what each account's last line said. `masked`: the numbers of the accounts, by id."""

    def __init__(self, masked: Mapping[str, str]) -> None:
        self._masked = masked
        self._last: dict[tuple[str, str], Document] = {}

    def line(self, document: Document) -> Text:
        """`12:00:01  …733  v17  net liq $19,046.56  +$12.30  cash $4,488.10`"""
        key = (document["account_id"], document["kind"])
        before = self._last.get(key)
        self._last[key] = document
        told = _balances(document, before) if document["kind"] == "balances" else _positions(document, before)
        number = self._masked.get(document["account_id"]) or document["account_id"][: cells.SHORT_ID]
        at = datetime.fromisoformat(document["fetched_at"]).astimezone()
        return Text.assemble((f"{at:%H:%M:%S}", "dim"), "  ", number, (f"  v{document['version']:<4}  ", "dim"), told)


def _balances(document: Document, before: Document | None) -> Text:
    currency = document["currency"]
    line = Text.assemble("net liq ", (money(document["net_liq"], currency), "bold"))
    if before is not None:
        line.append_text(_moved(document["net_liq"], before["net_liq"], currency))
    return line.append(f"  cash {money(document['cash'], currency)}")


def _positions(document: Document, before: Document | None) -> Text:
    held = _by_key(document)
    line = Text("1 position" if len(held) == 1 else f"{len(held)} positions")
    if before is None:
        return line
    earlier = _by_key(before)
    for key in sorted(held.keys() | earlier.keys(), key=str):
        old, new = _quantity(earlier.get(key)), _quantity(held.get(key))
        if old != new:
            name = cells.instrument(held.get(key) or earlier[key])
            line.append("  ").append_text(name)
            line.append(f" {cells.quantity(old)} → {cells.quantity(new)}", style="bold yellow")
    same = [key for key in held.keys() & earlier.keys() if _quantity(held[key]) == _quantity(earlier[key])]
    moves = {key: moved for key in same if (moved := _value(held[key]) - _value(earlier[key]))}
    for key in sorted(moves, key=lambda key: -abs(moves[key]))[:MOST_MOVES]:
        line.append("  ").append_text(cells.instrument(held[key]))
        line.append_text(_signed(moves[key], held[key]["currency"]))
    return line


def _by_key(document: Document) -> dict[str, dict[str, Any]]:
    """The rows by instrument, their fields named and typed as those of `v_positions`."""
    return {
        row["instrument_key"]: row | {"expiry": row["expiry"] and datetime.fromisoformat(row["expiry"]).date()}
        for row in document["positions"]
    }


def _quantity(row: Mapping[str, Any] | None) -> Decimal:
    return Decimal(0) if row is None else row["qty"]


def _value(row: Mapping[str, Any]) -> Decimal:
    return row["market_value"] or Decimal(0)


def _moved(now: Decimal | None, before: Decimal | None, currency: str | None) -> Text:
    return Text() if now is None or before is None or now == before else _signed(now - before, currency)


def _signed(moved: Decimal, currency: str | None) -> Text:
    sign = "+" if moved > 0 else ""
    return Text(f"  {sign}{money(moved, currency)}", style="green" if moved > 0 else "red")
