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
    """Of one run, in seconds. `cpu` is this process's alone, user and system: neither the servers' nor the broker's."""

    cpu: float
    wall: float


@dataclass(frozen=True)
class Work:
    """`prepare` is not measured; what it returns is handed to `run`, and what that returns to `check`."""

    prepare: Callable[[], object]
    run: Callable[[object], object]
    check: Callable[[object], None]


def medians(rounds: int, *works: Work) -> list[Cost]:
    """The median cost of each work, over so many rounds after the first ones."""
    costs: list[list[Cost]] = [[] for _ in works]
    for number in range(WARM_UP + rounds):
        # Who comes first changes, so that nobody always runs on warm caches.
        order = range(len(works)) if number % 2 else reversed(range(len(works)))
        for place in order:
            cost = _measured(works[place])
            if number >= WARM_UP:
                costs[place].append(cost)
    return [_median(each) for each in costs]


def _measured(work: Work) -> Cost:
    prepared = work.prepare()
    cpu, wall = time.process_time(), time.perf_counter()
    result = work.run(prepared)
    cost = Cost(time.process_time() - cpu, time.perf_counter() - wall)
    work.check(result)
    return cost


def _median(costs: Sequence[Cost]) -> Cost:
    return Cost(median(cost.cpu for cost in costs), median(cost.wall for cost in costs))
