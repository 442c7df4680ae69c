from datetime import UTC, datetime, timedelta

import pytest

from sandbox.clock import LATEST, Clock, duration

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


class FakeMonotonic:
    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def test_a_clock_without_a_start_begins_now_and_runs() -> None:
    monotonic = FakeMonotonic()
    clock = Clock(monotonic=monotonic)
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)
    monotonic.seconds += 90
    assert clock.now() == clock.start + timedelta(seconds=90)


def test_a_clock_with_a_start_stands_until_it_is_turned() -> None:
    monotonic = FakeMonotonic()
    clock = Clock(NOON, monotonic)
    monotonic.seconds += 90
    assert clock.now() == NOON
    clock.advance(timedelta(days=6))
    clock.advance(timedelta(hours=1))
    assert clock.now() == NOON + timedelta(days=6, hours=1)
    assert clock.turned == timedelta(days=6, hours=1)


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("31m", 1860), ("2h", 7200), ("6d", 518_400), ("1d12h", 129_600)]
)
def test_a_duration_is_read(text: str, seconds: int) -> None:
    assert duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "6", "d", "6 d", "-6d", "6w", "1.5h", 6, None, "6d!"])
def test_anything_else_is_refused_with_what_is_allowed(text: object) -> None:
    with pytest.raises(ValueError, match="a number and a unit"):
        duration(text)


def test_a_turn_of_centuries_is_refused() -> None:
    with pytest.raises(ValueError, match="at most 3650d"):
        duration("999999999d")


def test_the_clock_goes_no_further_than_the_year_9000_and_stays_as_it_was() -> None:
    clock = Clock(LATEST - timedelta(days=2))
    clock.advance(timedelta(days=1))
    with pytest.raises(ValueError, match="no further than the year 9000"):
        clock.advance(timedelta(days=1, seconds=1))
    assert clock.now() == LATEST - timedelta(days=1)
