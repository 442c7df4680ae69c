"""Updates as lines that fit the terminal: when, which account, what it is worth now, what moved."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

from rich.text import Text

from brokersync import cells
from brokersync.updates import Change, Holding, Update
from worker.money import money

UNITS = {"EQ": "share", "ETF": "share", "OPT": "contract"}
"""What a quantity counts, by asset type, where everybody calls it so."""
NARROW = 72
"""Columns below which the version makes room for what it brought."""
GAP = 2
"""Blanks between two things on a line."""
BELOW = " " * len("18:00:05")
"""What goes on below stands under the account, as a note's words do."""


def update_line(update: Update, masked: str, at: datetime, width: int) -> Text:
    """`18:00:05  …733  v3  $61,758.77  +$49.20  AAPL 231.11 → 231.52 +$49.20  +3 more`, no wider than `width`.

    What was traded comes first, then the cash that moved: all of it, gone on with below where it does not fit beside. The
    prices take the room that is left, each told as fully as it fits, and the others are counted.
    """
    version = f"  v{update.version:<3} " if width >= NARROW else "  "
    line = Text.assemble(
        (clock(at), "dim"),
        f"  {masked}{version}",
        (money(update.net_liq, update.currency), "bold"),
    )
    if update.again:
        return line.append("  sent again, as it was", style="dim")
    if update.first:
        return line.append("  1 position" if update.held == 1 else f"  {update.held} positions")
    if update.net_liq_change is not None:
        line.append_text(Text.assemble("  ", cells.gain(update.net_liq_change, update.currency)))
    told = [change_texts(change) for change in update.changes if change.traded]
    if update.cash_change:
        told.append([Text.assemble("cash ", cells.gain(update.cash_change, update.currency))])
    prices = [change_texts(change) for change in update.changes if not change.traded]
    lines = _with_all(line, told, width)
    if told and prices and lines[-1].cell_len + len(_more(len(prices))) > width:
        lines.append(Text(BELOW))
    _add_prices(lines[-1], prices, width, alone=not told)
    return Text("\n").join(lines)


def _with_all(line: Text, pieces: Sequence[Sequence[Text]], width: int) -> list[Text]:
    """The line with all the pieces, and as many lines below it as they need."""
    lines = [line]
    for forms in pieces:
        # The shortest form of a trade is without its value: it is better told below.
        piece = _fullest(forms[:-1] or forms, width - lines[-1].cell_len)
        if piece is None:
            lines.append(Text(BELOW))
            piece = _fullest(forms, width - len(BELOW)) or forms[-1]
        lines[-1].append_text(Text.assemble(" " * GAP, piece))
    return lines


def _add_prices(line: Text, pieces: Sequence[Sequence[Text]], width: int, *, alone: bool) -> None:
    """As many of the pieces as fit, and how many more there are. `alone`: nothing else of the changes is told."""
    for place, forms in enumerate(pieces):
        left = len(pieces) - place
        piece = _fullest(forms, width - line.cell_len - (len(_more(left)) if left > 1 else 0))
        if piece is None:
            more = f"  {left} change{'' if left == 1 else 's'}" if alone and not place else _more(left)
            if line.cell_len + len(more) <= width:
                line.append(more, style="dim")
            return
        line.append_text(Text.assemble(" " * GAP, piece))


def _more(count: int) -> str:
    return f"  +{count} more"


def _fullest(forms: Sequence[Text], room: int) -> Text | None:
    return next((form for form in forms if form.cell_len + GAP <= room), None)


def change_texts(change: Change) -> list[Text]:
    """One holding's change, as fully as a line may have room for, and in shorter forms.

    `AAPL 231.11 → 231.52 +$49.20` or `AAPL 231.52 +$49.20`; of a trade `F 700 → 600 shares, 11.84 → 11.86 -$1,172.00` or
    `F 700 → 600`, `KO opened, 3 shares at 68.33 +$205.00`, `F closed, 700 shares before -$8,302.00`. Of a value that the
    broker does not give any more, or gives again, `F value $8,302.00 → —`.
    """
    name, currency = _label(change.position), change.position["currency"]
    before, now = cells.price(change.price_before).plain, cells.price(change.price_now).plain
    moved = change.price_before is not None and change.price_now is not None and before != now
    if not change.traded and change.value_change is None:
        return [Text(f"{name} value {money(change.value_before, currency)} → {money(change.value_now, currency)}")]
    value = Text() if change.value_change is None else Text(" ").append_text(cells.gain(change.value_change, currency))
    if not change.traded:
        forms = [f"{name} {now}", name]
        if moved:
            forms.insert(0, f"{name} {before} → {now}")
        return [Text.assemble(form, value) for form in forms]
    held, holds = cells.quantity(change.quantity_before).plain, cells.quantity(change.quantity_now).plain
    if not change.quantity_now:
        forms = [f"{name} closed, {held}{_unit(change, change.quantity_before)} before", f"{name} closed"]
    elif not change.quantity_before:
        at = "" if change.price_now is None else f" at {now}"
        forms = [f"{name} opened, {holds}{_unit(change, change.quantity_now)}{at}", f"{name} opened, {holds}"]
    else:
        forms = [f"{name} {held} → {holds}{_unit(change, change.quantity_now)}", f"{name} {held} → {holds}"]
        if moved:
            forms.insert(0, f"{forms[0]}, {before} → {now}")
    return [*[Text.assemble((form, "bold"), value) for form in forms], Text(forms[-1], "bold")]


def _unit(change: Change, quantity: Decimal) -> str:
    unit = UNITS.get(change.position["asset_type"])
    return "" if unit is None else f" {unit}{'' if abs(quantity) == 1 else 's'}"


def clock(at: datetime) -> str:
    """UTC, like all times that this program shows."""
    return f"{at.astimezone(UTC):%H:%M:%S}"


def _label(position: Holding) -> str:
    """The symbol; an option in short, as `AAPL 240C`."""
    if position["put_call"] is None or position["strike"] is None:
        return cells.plain(position["symbol"]).plain
    return cells.plain(f"{position['underlying']} {position['strike']:f}{position['put_call'][0]}").plain
