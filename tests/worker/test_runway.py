"""Which notice of a login's end is due, and when the next one is: a second either side of every edge."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from freezegun import freeze_time
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from settings import Settings
from worker import runway
from worker.runway import BEFORE_NIGHT, Outlook, Runway, longest_night, night_of, outlook
from worker.schedule import Hours

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
TWO_DAYS, DAY, TWO_HOURS = SPANS = (48 * HOUR, 24 * HOUR, 2 * HOUR)
NOON = datetime(2026, 3, 20, 12, tzinfo=UTC)
NEW_YORK = "America/New_York"


def a_week(ends_at: datetime = NOON, told: timedelta | None = None) -> Runway:
    return Runway(ends_at - timedelta(days=7), ends_at, told)


def night(zone: str = "UTC", begins: time = time(22), ends: time = time(7)) -> Hours:
    return Hours(begins, ends, ZoneInfo(zone))


def due(login: Runway, kept: Hours | None = None) -> timedelta | None:
    """At the frozen time."""
    return outlook(login, SPANS, kept, datetime.now(UTC)).due


@pytest.mark.parametrize(
    ("span", "before"), [(TWO_DAYS, None), (DAY, TWO_DAYS), (TWO_HOURS, DAY)], ids=["48 h", "24 h", "2 h"]
)
def test_a_notice_is_due_from_its_span_before_the_end_and_is_given_once(
    span: timedelta, before: timedelta | None
) -> None:
    for at, expected in [(-SECOND, None), (timedelta(0), span), (SECOND, span)]:
        with freeze_time(NOON - span + at):
            assert due(a_week(told=before)) == expected
            assert due(a_week(told=span)) is None


def test_of_several_that_have_passed_only_the_shortest_is_due() -> None:
    with freeze_time(NOON - DAY + SECOND):
        assert due(a_week()) == DAY
    with freeze_time(NOON - SECOND):
        assert due(a_week()) == TWO_HOURS


def test_at_the_end_and_after_it_no_notice_is_due() -> None:
    for at in (NOON, NOON + SECOND):
        assert outlook(a_week(), SPANS, None, at) == Outlook(None, None)


@pytest.mark.parametrize(
    ("lifetime", "told"),
    [(DAY - SECOND, TWO_HOURS), (DAY, TWO_HOURS), (DAY + SECOND, DAY), (TWO_HOURS, None)],
)
def test_only_a_span_that_is_shorter_than_the_logins_own_life_counts(
    lifetime: timedelta, told: timedelta | None
) -> None:
    login = Runway(NOON - lifetime, NOON, None)
    assert max((span for span in SPANS if _given_at_any_time(login, span)), default=None) == told


def _given_at_any_time(login: Runway, span: timedelta) -> bool:
    return outlook(login, (span,), None, login.ends_at - SECOND).due == span


def test_the_next_notice_is_the_first_that_is_still_to_come() -> None:
    assert outlook(a_week(), SPANS, None, NOON - 60 * HOUR) == Outlook(None, NOON - TWO_DAYS)
    assert outlook(a_week(), SPANS, None, NOON - TWO_DAYS) == Outlook(TWO_DAYS, NOON - DAY)
    assert outlook(a_week(told=DAY), SPANS, None, NOON - 12 * HOUR) == Outlook(None, NOON - TWO_HOURS)
    assert outlook(a_week(told=TWO_HOURS), SPANS, None, NOON - HOUR) == Outlook(None, None)


def test_without_spans_there_are_no_notices() -> None:
    assert outlook(a_week(), (), None, NOON - SECOND) == Outlook(None, None)


@pytest.mark.parametrize(
    ("ends_at", "at"),
    [
        # Two hours before: right before, in, and right after a night from 22:00 to 07:00.
        ("2026-03-20 23:54:59", "2026-03-20 21:54:59"),
        ("2026-03-20 23:55:00", "2026-03-20 21:55:00"),
        ("2026-03-20 23:55:01", "2026-03-20 21:55:00"),
        ("2026-03-21 00:00:00", "2026-03-20 21:55:00"),
        ("2026-03-21 08:54:59", "2026-03-20 21:55:00"),
        ("2026-03-21 08:59:59", "2026-03-20 21:55:00"),
        ("2026-03-21 09:00:00", "2026-03-21 07:00:00"),
        ("2026-03-21 09:00:01", "2026-03-21 07:00:01"),
    ],
)
@pytest.mark.parametrize("zone", ["UTC", NEW_YORK, "Asia/Kolkata"])
def test_a_notice_that_would_come_in_the_night_comes_before_it(zone: str, ends_at: str, at: str) -> None:
    end, due_at = (
        datetime.fromisoformat(each).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC) for each in (ends_at, at)
    )
    login = a_week(end, told=DAY)
    assert outlook(login, SPANS, night(zone), due_at - SECOND) == Outlook(None, due_at)
    for now in (due_at, due_at + SECOND):
        assert outlook(login, SPANS, night(zone), now) == Outlook(TWO_HOURS, None)


@pytest.mark.parametrize(
    ("ends_at", "due_at"),
    [
        # New York's clocks are moved on 8 March and on 1 November 2026 at 2 o'clock: 22:00 is 03:00 and 02:00 UTC.
        ("2026-03-08T10:30Z", "2026-03-08T02:55Z"),
        ("2026-03-09T10:30Z", "2026-03-09T01:55Z"),
        ("2026-11-01T10:30Z", "2026-11-01T01:55Z"),
        ("2026-11-02T10:30Z", "2026-11-02T02:55Z"),
    ],
)
def test_the_night_begins_by_the_clocks_on_the_wall_also_when_they_are_moved_in_it(ends_at: str, due_at: str) -> None:
    login = a_week(datetime.fromisoformat(ends_at), told=DAY)
    now = datetime.fromisoformat(due_at)
    assert outlook(login, SPANS, night(NEW_YORK), now - SECOND) == Outlook(None, now)
    assert outlook(login, SPANS, night(NEW_YORK), now).due == TWO_HOURS


def test_two_notices_of_one_night_are_one() -> None:
    login = a_week(datetime(2026, 3, 21, 9, tzinfo=UTC), told=DAY)
    before_night = datetime(2026, 3, 20, 21, 55, tzinfo=UTC)
    spans = (10 * HOUR, 8 * HOUR, 4 * HOUR)
    assert outlook(login, spans, night(), before_night - SECOND) == Outlook(None, before_night)
    assert outlook(login, spans, night(), before_night) == Outlook(4 * HOUR, None)


def test_a_notice_that_is_late_is_due_in_the_night_too() -> None:
    in_the_night = datetime(2026, 3, 19, 3, tzinfo=UTC)
    assert outlook(a_week(), SPANS, night(), in_the_night).due == TWO_DAYS


@given(
    hours_to_end=st.integers(1, 400),
    minute=st.integers(0, 24 * 60 - 1),
    begins=st.times(),
    lasts=st.integers(10, 20 * 60),
    told=st.none() | st.sampled_from(SPANS),
)
@hypothesis_settings(max_examples=300, deadline=None)  # a busy machine is no fault of it
def test_what_comes_in_time_is_never_in_the_night_nor_later_than_its_span(
    hours_to_end: int, minute: int, begins: time, lasts: int, told: timedelta | None
) -> None:
    begins = begins.replace(second=0, microsecond=0, fold=0)
    ends = (datetime.combine(NOON, begins) + timedelta(minutes=lasts)).time()
    kept = night(NEW_YORK, begins, ends)
    ends_at = NOON + timedelta(minutes=minute)
    login = a_week(ends_at, told)
    now = ends_at - hours_to_end * HOUR
    seen = outlook(login, SPANS, kept, now)
    left = [span for span in SPANS if told is None or span < told]
    if seen.next_at is not None:
        assert now < seen.next_at <= ends_at - min(left)
        assert not kept.include(seen.next_at)
        then = outlook(login, SPANS, kept, seen.next_at)
        assert then.due in left
        early = longest_night(Settings(night_hours=(begins, ends)))
        assert seen.next_at >= ends_at - then.due - early
    if seen.due is not None:
        after = outlook(a_week(ends_at, seen.due), SPANS, kept, now)
        assert after == Outlook(None, seen.next_at), "given once, and the next one keeps its time"


def test_the_night_is_that_of_the_settings_by_the_connections_clocks() -> None:
    assert night_of(Settings(), NEW_YORK) == night(NEW_YORK)
    assert night_of(Settings(night_hours=None), NEW_YORK) is None
    assert longest_night(Settings(night_hours=None)) == timedelta(0)
    assert longest_night(Settings()) == 11 * HOUR + BEFORE_NIGHT


def test_a_zone_that_the_machine_does_not_know_has_no_night_and_the_log_says_so_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    runway._warn_of.cache_clear()
    with caplog.at_level(logging.WARNING):
        assert [night_of(Settings(), "Atlantis/Capital") for _ in range(3)] == [None] * 3
    assert [record.message for record in caplog.records] == [
        "time zone unknown on this machine, notices come in the night too: install tzdata"
    ]
