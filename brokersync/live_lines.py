"""Updates as lines that fit the terminal: when, which account, what it is worth now, what moved."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from rich.text import Text

from brokersync import cells
from brokersync.updates import Change, Holding, Update
from worker.summary import money


def update_line(update: Update, masked: str, at: datetime, width: int) -> Text:
    """`18:00:05  …733  v3  $61,758.77  +$12.21  AAPL 231.52 +$14.40  F 11.84 -$14.00  +3 more`."""
    line = Text.assemble(
        (clock(at), "dim"),
        f"  {masked}  v{update.version:<3} ",
        (money(update.net_liq, update.currency), "bold"),
    )
    if update.again:
        return line.append("  sent again, as it was", style="dim")
    if update.first:
        return line.append("  1 position" if update.held == 1 else f"  {update.held} positions")
    if update.net_liq_change is not None:
        line.append_text(Text.assemble("  ", signed(update.net_liq_change, update.currency)))
    left = len(update.changes)
    for change in update.changes:
        piece = Text.assemble("  ", change_text(change, update.currency))
        more = f"  +{left} more"
        room = width - line.cell_len
        if piece.cell_len + (len(more) if left > 1 else 0) > room:
            return line.append(more, style="dim") if len(more) <= room else line
        line.append_text(piece)
        left -= 1
    return line


def change_text(change: Change, currency: str | None) -> Text:
    """`AAPL 231.52 +$14.40`; a trade as `F 700 → 600`, `F closed, 700 before`, `KO opened, 3`."""
    name = _label(change.position)
    before, now = cells.quantity(change.quantity_before).plain, cells.quantity(change.quantity_now).plain
    if not change.traded:
        mark = cells.price(change.position["mark_price"]).plain
        return Text.assemble(f"{name} {mark} ", signed(change.value_change, currency))
    if not change.quantity_now:
        return Text(f"{name} closed, {before} before", style="bold")
    return Text(f"{name} {before} → {now}" if change.quantity_before else f"{name} opened, {now}", style="bold")


def signed(value: Decimal, currency: str | None) -> Text:
    """`+$14.40` in green, `-$14.00` in red, `$0.00` without a sign."""
    sign, style = ("+", "green") if value > 0 else ("", "red" if value < 0 else "")
    return Text(f"{sign}{money(value, currency)}", style=style)


def clock(at: datetime) -> str:
    """UTC, like all times that this program shows."""
    return f"{at.astimezone(UTC):%H:%M:%S}"


def _label(position: Holding) -> str:
    """The symbol; an option in short, as `AAPL 240C`."""
    if position["put_call"] is None or position["strike"] is None:
        return cells.plain(position["symbol"]).plain
    return cells.plain(f"{position['underlying']} {position['strike']:f}{position['put_call'][0]}").plain
