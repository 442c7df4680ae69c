from __future__ import annotations

from datetime import timedelta

import pytest
from freezegun import freeze_time

from brokers.deadline import Deadline


def test_a_deadline_counts_down_and_below_zero() -> None:
    with freeze_time("2026-11-20") as clock:
        deadline = Deadline(10)
        clock.tick(timedelta(seconds=4))
        assert deadline.left() == pytest.approx(6)
        clock.tick(timedelta(seconds=7))
        assert deadline.left() == pytest.approx(-1)


def test_a_part_of_a_deadline_is_never_longer_than_the_whole() -> None:
    with freeze_time("2026-11-20"):
        assert Deadline(10).at_most(3).left() == pytest.approx(3)
        assert Deadline(2).at_most(3).left() == pytest.approx(2)
