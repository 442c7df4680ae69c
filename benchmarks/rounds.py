"""Taking turns: each work once a round, so that what else the machine does meets all of them; then the medians."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

WARM_UP = 3
"""Rounds that do not count: connections are made, statements compiled, answers rendered."""


@dataclass(frozen=True)
class Cost:
    """Of one run in seconds, or against another run in times.

    `cpu` is this process's alone, user and system: neither the servers' nor the broker's.
    """

    cpu: float
    wall: float


@dataclass(frozen=True)
class Work:
    """`prepare` is not measured; what it returns is handed to `run`, and what that returns to `check`."""

    prepare: Callable[[], object]
    run: Callable[[object], object]
    check: Callable[[object], None]


def compared(rounds: int, work: Work, other: Work) -> tuple[Cost, Cost, Cost]:
    """The median cost of each, and the median over the rounds of how many times the other's cost the first one's is.

    Of each round, because a machine that is slow for a while is then slow for both.
    """
    costs, others = _turns(rounds, work, other)
    times = [Cost(one.cpu / two.cpu, one.wall / two.wall) for one, two in zip(costs, others, strict=True)]
    return _median(costs), _median(others), _median(times)


def medians(rounds: int, *works: Work) -> list[Cost]:
    """The median cost of each work."""
    return [_median(costs) for costs in _turns(rounds, *works)]


def _turns(rounds: int, *works: Work) -> list[list[Cost]]:
    """What each run of each work cost, over so many rounds after the first ones."""
    costs: list[list[Cost]] = [[] for _ in works]
    for number in range(WARM_UP + rounds):
        # Who comes first changes, so that nobody always runs on warm caches.
        order = range(len(works)) if number % 2 else reversed(range(len(works)))
        for place in order:
            cost = _measured(works[place])
            if number >= WARM_UP:
                costs[place].append(cost)
    return costs


def _measured(work: Work) -> Cost:
    prepared = work.prepare()
    cpu, wall = time.process_time(), time.perf_counter()
    result = work.run(prepared)
    cost = Cost(time.process_time() - cpu, time.perf_counter() - wall)
    work.check(result)
    return cost


def _median(costs: Sequence[Cost]) -> Cost:
    return Cost(median(cost.cpu for cost in costs), median(cost.wall for cost in costs))
