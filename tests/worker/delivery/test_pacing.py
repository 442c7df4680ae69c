"""When what nobody took is tried again, and when it is given up."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

import pytest

from worker.delivery.pacing import GIVEN_UP_AFTER, is_worn_out, wait_before_next


@pytest.mark.parametrize(
    ("target", "attempts", "longest"),
    [("webhook", 1, 5), ("webhook", 2, 10), ("people/3", 11, 3600), ("people/3", 99, 3600), ("subscribers", 9, 30)],
)
def test_a_wait_doubles_to_its_longest_of_which_chance_takes_up_to_half(
    target: str, attempts: int, longest: int
) -> None:
    assert wait_before_next(target, attempts, lambda: 0.0) == timedelta(seconds=longest)
    assert wait_before_next(target, attempts, lambda: 1.0) == timedelta(seconds=longest) / 2


@pytest.mark.parametrize("target", ["webhook", "people/3", "subscribers"])
def test_a_target_is_tried_for_a_day_from_the_first_try_before_it_is_given_up(target: str) -> None:
    last = next(attempts for attempts in count(1) if is_worn_out(target, attempts))
    waited = sum((wait_before_next(target, attempts, lambda: 0.5) for attempts in range(1, last)), timedelta())
    assert GIVEN_UP_AFTER <= waited < GIVEN_UP_AFTER + timedelta(hours=1)
