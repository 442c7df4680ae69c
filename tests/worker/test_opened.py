"""When a window opened that a moment is inside of: the way back, with both nights on which clocks are moved."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.worker.test_schedule import AROUND, CHANGES, NEW_YORK, at, hours
from worker.schedule import Hours

INSTANT = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("window", "moment", "opened"),
    [
        ("22:00-07:00", "2026-03-02 21:59:59", "2026-03-02 21:59:59"),
        ("22:00-07:00", "2026-03-02 22:00:00", "2026-03-02 22:00:00"),
        ("22:00-07:00", "2026-03-02 22:00:01", "2026-03-02 22:00:00"),
        ("22:00-07:00", "2026-03-03 06:59:59", "2026-03-02 22:00:00"),
        ("22:00-07:00", "2026-03-03 07:00:00", "2026-03-03 07:00:00"),
        ("01:00-05:00", "2026-03-03 04:59:59", "2026-03-03 01:00:00"),
        ("00:00-23:59", "2026-03-03 23:58:59", "2026-03-03 00:00:00"),
    ],
)
def test_inside_it_is_the_last_opening_and_outside_the_moment_itself(window: str, moment: str, opened: str) -> None:
    for zone in ("UTC", NEW_YORK, "Asia/Kolkata"):
        assert hours(window, zone).opened(at(moment, zone)) == at(opened, zone)


@pytest.mark.parametrize(
    ("window", "moment", "fold", "opened", "opened_fold"),
    [
        # On 8 March 2026 New York's clocks show 01:59:59, then 03:00:00.
        ("22:00-07:00", "2026-03-08 06:00:00", 0, "2026-03-07 22:00:00", 0),
        ("02:30-07:00", "2026-03-08 06:00:00", 0, "2026-03-08 03:00:00", 0),
        ("03:00-02:30", "2026-03-08 06:00:00", 0, "2026-03-07 03:00:00", 0),
        # On 1 November 2026 they show 01:59:59 EDT, then 01:00:00 EST.
        ("22:00-07:00", "2026-11-01 06:00:00", 0, "2026-10-31 22:00:00", 0),
        ("01:00-07:00", "2026-11-01 06:00:00", 0, "2026-11-01 01:00:00", 0),
        ("01:30-07:00", "2026-11-01 01:45:00", 0, "2026-11-01 01:30:00", 0),
        ("01:30-07:00", "2026-11-01 06:00:00", 0, "2026-11-01 01:30:00", 1),
        ("00:30-01:30", "2026-11-01 01:15:00", 1, "2026-11-01 01:00:00", 1),
    ],
)
def test_clocks_that_are_moved_inside_the_window_are_heeded(
    window: str, moment: str, fold: int, opened: str, opened_fold: int
) -> None:
    assert hours(window, NEW_YORK).opened(at(moment, NEW_YORK, fold)) == at(opened, NEW_YORK, opened_fold)


@given(
    change=st.sampled_from(CHANGES),
    away=st.timedeltas(-timedelta(days=2), timedelta(days=2)) | AROUND,
    opens=AROUND | st.integers(0, 1439).map(lambda minutes: timedelta(minutes=minutes)),
    lasts=st.integers(1, 1439),
)
@settings(max_examples=300, deadline=None)  # a busy machine is no fault of it
def test_from_the_opening_on_all_is_inside_and_right_before_it_nothing_was(
    change: tuple[str, str], away: timedelta, opens: timedelta, lasts: int
) -> None:
    zone, moment = ZoneInfo(change[0]), datetime.fromisoformat(change[1]) + away
    opening = datetime.fromisoformat(change[1]).astimezone(zone).replace(tzinfo=None) + opens
    window = Hours(opening.time(), (opening + timedelta(minutes=lasts)).time(), zone)
    opened = window.opened(moment)
    if not window.include(moment):
        assert opened == moment
        return
    assert not window.include(opened - INSTANT)
    # Windows and clock changes begin on whole minutes.
    inside = opened
    while inside <= moment:
        assert window.include(inside)
        inside = inside.replace(second=0, microsecond=0) + timedelta(minutes=1)
