"""When what nobody took is tried again, and when it is given up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import cache

from models.event import Target

FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(hours=1)
LONGEST_WAIT_FOR_REDIS = timedelta(seconds=30)
"""A publish costs nothing, and who follows a user's connections shall hear soon that Redis is back."""
GIVEN_UP_AFTER = timedelta(days=1)
"""What nobody took for a day is no news any more."""
UNCLAIMED = timedelta(minutes=10)
"""What has been due for so long is for nobody whom the settings of any worker name. Until then one with newer settings may
run beside this one: on another host, or while all of them are restarted one after the other."""


def wait_before_next(target: str, attempts: int, random: Callable[[], float]) -> timedelta:
    """5 s doubling to an hour (for Redis to half a minute), of which up to a half is taken off at random.

    `random` gives [0, 1).
    """
    return _ceiling(_longest(target), attempts) * (1 - random() / 2)


def is_worn_out(target: str, attempts: int) -> bool:
    """After that many tries of its own it has been tried for a day.

    Tries are counted, not hours: while no worker runs nobody is asked, and what waited meanwhile is not given up for that.
    """
    return attempts >= _tries_of_a_day(_longest(target))


def _longest(target: str) -> timedelta:
    return LONGEST_WAIT_FOR_REDIS if target == Target.SUBSCRIBERS else LONGEST_WAIT


def _ceiling(longest: timedelta, attempts: int) -> timedelta:
    ceiling: timedelta = min(FIRST_WAIT * 2 ** min(attempts - 1, 10), longest)
    return ceiling


@cache
def _tries_of_a_day(longest: timedelta) -> int:
    """The first try, and one after each wait, which lasts three quarters of its ceiling on average."""
    tries, passed = 1, timedelta(0)
    while passed < GIVEN_UP_AFTER:
        passed += _ceiling(longest, tries) * 3 / 4
        tries += 1
    return tries
