"""Rows as Schwab writes them, read by what is tested."""

from __future__ import annotations

import msgspec

from brokers.decoding import decode, decoder
from brokers.records import Position
from brokers.schwab.positions import positions
from brokers.schwab.wire import Row
from tests.brokers.schwab import payloads

ROWS = decoder(list[Row])


def read(*rows: payloads.Document) -> tuple[Position, ...]:
    listed = decode(ROWS, msgspec.json.encode(rows))
    return positions(listed)


def one(document: payloads.Document) -> Position:
    [position] = read(document)
    return position
