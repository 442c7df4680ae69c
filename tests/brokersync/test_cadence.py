from __future__ import annotations

import uuid
from datetime import time, timedelta

from brokersync.cadence import cadence, cadence_lines
from tests.brokersync.rows import connection_row

MARKET = {"hours_from": time(9, 30), "hours_until": time(16), "time_zone": "America/New_York"}


def ids(count: int) -> list[uuid.UUID]:
    return [uuid.UUID(int=number << 96) for number in range(1, count + 1)]


def test_a_cadence_is_how_often_and_when() -> None:
    assert cadence(connection_row()) == "every 5 min, at any hour"
    row = connection_row(sync_interval=timedelta(seconds=5430), **MARKET)
    assert cadence(row) == "every 1 h 30 min 30 s, from 09:30 to 16:00 in America/New_York"


def test_one_line_does_for_all_that_are_asked_alike() -> None:
    rows = [connection_row(connection_id=each) for each in ids(3)]
    assert [line.plain for line in cadence_lines(rows)] == ["Asked every 5 min, at any hour"]


def test_those_asked_otherwise_than_most_are_named() -> None:
    first, second, third, fourth, fifth = ids(5)
    rows = [
        connection_row(connection_id=first, sync_interval=timedelta(hours=1)),
        connection_row(connection_id=second),
        connection_row(connection_id=third, **MARKET),
        connection_row(connection_id=fourth, **MARKET),
        *[connection_row(connection_id=each) for each in (fifth, *ids(9)[5:])],
    ]
    assert [line.plain for line in cadence_lines(rows)] == [
        "00000001: asked every 1 h, at any hour",
        "00000003, 00000004: asked every 5 min, from 09:30 to 16:00 in America/New_York",
        "The others: asked every 5 min, at any hour",
    ]


def test_what_is_not_asked_has_no_cadence_to_tell() -> None:
    first, second = ids(2)
    rows = [connection_row(connection_id=first), connection_row(connection_id=second, status="paused", **MARKET)]
    assert [line.plain for line in cadence_lines(rows)] == ["Asked every 5 min, at any hour"]
    assert cadence_lines(rows[1:]) == []
