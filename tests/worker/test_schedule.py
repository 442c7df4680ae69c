"""When a connection may be asked: its hours, by the clocks of its zone, with both nights on which they are moved."""

from __future__ import annotations

import logging
import uuid
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.connection import Connection, Status
from worker.schedule import Hours, hours_of, in_hours

NEW_YORK = "America/New_York"


def hours(window: str, zone: str = "UTC") -> Hours:
    """`09:30-16:00`"""
    opens, _, closes = window.partition("-")
    return Hours(time.fromisoformat(opens), time.fromisoformat(closes), ZoneInfo(zone))


def at(moment: str, zone: str = "UTC", fold: int = 0) -> datetime:
    """What the clocks of `zone` show; `fold` 1 is the second time that they show it."""
    return datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


def a_connection(**values: object) -> Connection:
    """Asked from 09:30 to 16:00 in New York."""
    given: dict[str, object] = {
        "id": uuid.uuid4(),
        "status": Status.ACTIVE,
        "hours_from": time(9, 30),
        "hours_until": time(16),
        "time_zone": NEW_YORK,
    }
    return Connection(**(given | values))


@pytest.mark.parametrize(
    ("window", "candidate", "next_time"),
    [
        ("09:30-16:00", "2026-03-02 09:29:59", "2026-03-02 09:30:00"),
        ("09:30-16:00", "2026-03-02 09:30:00", "2026-03-02 09:30:00"),
        ("09:30-16:00", "2026-03-02 09:30:01", "2026-03-02 09:30:01"),
        ("09:30-16:00", "2026-03-02 15:59:59", "2026-03-02 15:59:59"),
        ("09:30-16:00", "2026-03-02 16:00:00", "2026-03-03 09:30:00"),
        ("09:30-16:00", "2026-03-02 16:00:01", "2026-03-03 09:30:00"),
        ("22:00-06:00", "2026-03-02 21:59:59", "2026-03-02 22:00:00"),
        ("22:00-06:00", "2026-03-02 22:00:00", "2026-03-02 22:00:00"),
        ("22:00-06:00", "2026-03-02 23:59:59", "2026-03-02 23:59:59"),
        ("22:00-06:00", "2026-03-03 00:00:00", "2026-03-03 00:00:00"),
        ("22:00-06:00", "2026-03-03 05:59:59", "2026-03-03 05:59:59"),
        ("22:00-06:00", "2026-03-03 06:00:00", "2026-03-03 22:00:00"),
        ("16:00-00:00", "2026-03-02 23:59:59", "2026-03-02 23:59:59"),
        ("16:00-00:00", "2026-03-03 00:00:00", "2026-03-03 16:00:00"),
        ("00:00-00:01", "2026-03-02 00:01:00", "2026-03-03 00:00:00"),
    ],
)
def test_a_time_inside_the_hours_stays_and_any_other_waits_for_the_next_opening(
    window: str, candidate: str, next_time: str
) -> None:
    for zone in ("UTC", NEW_YORK, "Asia/Kolkata"):
        assert hours(window, zone).next(at(candidate, zone)) == at(next_time, zone)


def test_a_fraction_of_a_second_is_neither_lost_nor_added() -> None:
    inside = at("2026-03-02 12:00:00.250001")
    assert hours("09:30-16:00").next(inside) == inside
    assert hours("09:30-16:00").next(at("2026-03-02 16:00:00.250001")) == at("2026-03-03 09:30:00")


def test_the_answer_is_in_utc_whatever_zone_was_asked_in() -> None:
    evening = datetime(2026, 3, 2, 20, 0, tzinfo=ZoneInfo(NEW_YORK))
    answer = hours("09:30-16:00", NEW_YORK).next(evening)
    assert (answer, answer.tzinfo) == (datetime(2026, 3, 3, 14, 30, tzinfo=UTC), UTC)


def test_the_opening_moves_with_the_clocks_over_a_weekend() -> None:
    friday = at("2026-03-06 16:00:00", NEW_YORK)
    assert hours("16:30-17:00", NEW_YORK).next(friday).isoformat() == "2026-03-06T21:30:00+00:00"
    saturday = at("2026-03-07 17:00:00", NEW_YORK)
    assert hours("16:30-17:00", NEW_YORK).next(saturday).isoformat() == "2026-03-08T20:30:00+00:00"


@pytest.mark.parametrize(
    ("window", "candidate", "next_time"),
    [
        # On 8 March 2026 New York's clocks show 01:59:59, then 03:00:00.
        ("02:30-05:00", "2026-03-08 01:59:59", "2026-03-08 03:00:00"),
        ("02:30-05:00", "2026-03-08 03:00:00", "2026-03-08 03:00:00"),
        ("02:10-02:50", "2026-03-08 01:59:59", "2026-03-09 02:10:00"),
        ("02:10-03:00", "2026-03-08 01:59:59", "2026-03-09 02:10:00"),
        ("23:00-02:30", "2026-03-08 03:00:00", "2026-03-08 23:00:00"),
        ("03:00-05:00", "2026-03-08 01:59:59", "2026-03-08 03:00:00"),
    ],
)
def test_an_opening_that_the_clocks_leave_out_is_when_they_have_moved_on(
    window: str, candidate: str, next_time: str
) -> None:
    assert hours(window, NEW_YORK).next(at(candidate, NEW_YORK)) == at(next_time, NEW_YORK)


@pytest.mark.parametrize(
    ("window", "candidate", "fold", "next_time", "next_fold"),
    [
        # On 1 November 2026 New York's clocks show 01:59:59 EDT, then 01:00:00 EST.
        ("01:30-03:00", "2026-11-01 01:29:59", 0, "2026-11-01 01:30:00", 0),
        ("01:30-03:00", "2026-11-01 01:59:59", 0, "2026-11-01 01:59:59", 0),
        ("01:30-03:00", "2026-11-01 01:00:00", 1, "2026-11-01 01:30:00", 1),
        ("01:30-03:00", "2026-11-01 01:30:00", 1, "2026-11-01 01:30:00", 1),
        ("00:30-01:30", "2026-11-01 01:30:00", 0, "2026-11-01 01:00:00", 1),
        ("00:30-01:30", "2026-11-01 01:30:00", 1, "2026-11-02 00:30:00", 0),
        ("02:00-03:00", "2026-11-01 01:30:00", 0, "2026-11-01 02:00:00", 0),
    ],
)
def test_an_hour_that_the_clocks_show_twice_counts_twice(
    window: str, candidate: str, fold: int, next_time: str, next_fold: int
) -> None:
    assert hours(window, NEW_YORK).next(at(candidate, NEW_YORK, fold)) == at(next_time, NEW_YORK, next_fold)


# When clocks were moved: by an hour, by half an hour, at midnight, for Ramadan, and over a whole day.
CHANGES = (
    (NEW_YORK, "2026-03-08T07:00Z"),
    (NEW_YORK, "2026-11-01T06:00Z"),
    ("Europe/Berlin", "2026-03-29T01:00Z"),
    ("Europe/Berlin", "2026-10-25T01:00Z"),
    ("Australia/Lord_Howe", "2026-04-04T15:00Z"),
    ("Australia/Lord_Howe", "2026-10-03T15:30Z"),
    ("America/Santiago", "2026-04-05T03:00Z"),
    ("America/Santiago", "2026-09-06T04:00Z"),
    ("Africa/Casablanca", "2026-02-15T02:00Z"),
    ("Africa/Casablanca", "2026-03-22T02:00Z"),
    ("Pacific/Apia", "2011-12-30T10:00Z"),
    ("UTC", "2026-03-02T00:00Z"),
)
AROUND = st.integers(-150, 150).map(lambda minutes: timedelta(minutes=minutes))


@given(
    change=st.sampled_from(CHANGES),
    away=st.timedeltas(-timedelta(days=2), timedelta(days=2)) | AROUND,
    opens=AROUND | st.integers(0, 1439).map(lambda minutes: timedelta(minutes=minutes)),
    lasts=st.integers(1, 1439),
)
@settings(max_examples=300, deadline=None)  # a busy machine is no fault of it
def test_the_next_time_is_the_earliest_inside_the_hours_that_is_not_before_the_candidate(
    change: tuple[str, str], away: timedelta, opens: timedelta, lasts: int
) -> None:
    zone, moment = ZoneInfo(change[0]), datetime.fromisoformat(change[1])
    # The window opens by what the clocks show near the change; its end is so many minutes on by the same clocks.
    opening = moment.astimezone(zone).replace(tzinfo=None) + opens
    window = Hours(opening.time(), (opening + timedelta(minutes=lasts)).time(), zone)
    candidate = moment + away
    found = window.next(candidate)
    assert found >= candidate
    assert window.include(found)
    # Windows and clock changes begin on whole minutes: where neither the candidate nor any minute after it is inside,
    # nothing between them is.
    earlier = candidate
    while earlier < found:
        assert not window.include(earlier)
        earlier = earlier.replace(second=0, microsecond=0) + timedelta(minutes=1)


def test_a_connection_without_hours_is_asked_when_it_is_due() -> None:
    night = at("2026-03-02 03:00:00", NEW_YORK)
    assert in_hours(a_connection(hours_from=None, hours_until=None), night) == night


def test_hours_are_those_of_the_connections_zone() -> None:
    assert in_hours(a_connection(), at("2026-03-02 03:00:00", NEW_YORK)) == at("2026-03-02 09:30:00", NEW_YORK)


@pytest.mark.parametrize("status", [each for each in Status if each is not Status.ACTIVE])
def test_hours_bind_active_connections_alone(status: Status) -> None:
    night = at("2026-03-02 03:00:00", NEW_YORK)
    assert in_hours(a_connection(status=status), night) == night


@pytest.mark.parametrize("unknown", ["Atlantis/Capital", "../etc/passwd", "", "America", "x" * 300])
def test_where_the_zone_is_unknown_it_is_asked_at_any_hour_and_the_log_says_why(
    unknown: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert hours_of(a_connection(time_zone=unknown)) is None
    assert [record.message for record in caplog.records] == [
        "time zone unknown on this machine, hours not kept: install tzdata"
    ]
