"""Option symbols of the Options Clearing Corporation: 21 characters, `TSLA  250221P00340000`.

The root (the underlying's symbol, or the option's own class such as `SPXW`) is padded with spaces to six characters;
then the expiry as YYMMDD, `C` or `P`, and the strike in thousandths. The spaces belong to the symbol;
one that comes with fewer of them is read, and its `symbol` is the full form.
Source: OCC's Options Symbology Initiative (2010).
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from brokers.derived import rounded

_SYMBOL = re.compile(r"(?P<root>[A-Z][A-Z0-9]{0,5}) *(?P<expiry>[0-9]{6})(?P<side>[CP])(?P<strike>[0-9]{8})")
_LENGTH = 21
_STANDARD_MULTIPLIER = Decimal(100)


class OptionSymbol(NamedTuple):
    """`symbol` is all 21 characters, however it was written; `strike` is in the currency of the underlying, per unit of
    it; `put_call` is `CALL` or `PUT`."""

    symbol: str
    root: str
    expiry: date
    put_call: str
    strike: Decimal

    @property
    def multiplier(self) -> Decimal | None:
        """100 units of the underlying; None for an adjusted or mini option (its root ends in a digit), whose deliverable
        the symbol does not tell."""
        return None if self.root[-1].isdigit() else _STANDARD_MULTIPLIER


@lru_cache(maxsize=8192)  # the same holdings come with every sync
def parse(symbol: str | None) -> OptionSymbol | None:
    """None for whatever is no OCC symbol, such as a futures option."""
    match = _SYMBOL.fullmatch(symbol) if symbol and len(symbol) <= _LENGTH else None
    if match is None:
        return None
    year, month, day = (int(match["expiry"][at : at + 2]) for at in (0, 2, 4))
    try:
        expiry = date(2000 + year, month, day)
    except ValueError:
        return None
    root, written_expiry, side, thousandths = match.groups()
    strike = rounded(Decimal(thousandths) / 1000)
    full = f"{root:<6}{written_expiry}{side}{thousandths}"
    return OptionSymbol(full, root, expiry, "CALL" if side == "C" else "PUT", strike)
