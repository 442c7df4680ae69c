from __future__ import annotations

import time

import pytest

from benchmarks import rounds
from benchmarks.rounds import Cost, Work
from tests.benchmarks.known_costs import Clocks


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> Clocks:
    clocks = Clocks()
    monkeypatch.setattr(rounds, "time", clocks)
    return clocks


def test_only_the_run_itself_is_measured(clocks: Clocks) -> None:
    assert rounds.medians(4, clocks.work(2, 8), clocks.work(1, 16)) == [Cost(2, 8), Cost(1, 16)]


def test_what_one_costs_is_told_in_times_of_the_other(clocks: Clocks) -> None:
    one, other, times = rounds.compared(4, clocks.work(6, 8), clocks.work(2, 4))
    assert (one, other, times) == (Cost(6, 8), Cost(2, 4), Cost(3, 2))


def test_the_first_rounds_do_not_count(clocks: Clocks) -> None:
    coming = iter([100.0] * rounds.WARM_UP + [1.0, 2.0, 9.0])
    work = Work(lambda: None, lambda _: clocks.spend(Cost(next(coming), 1)), lambda _: None)
    assert rounds.medians(3, work) == [Cost(2, 1)]


def test_who_comes_first_changes_from_round_to_round() -> None:
    ran: list[str] = []
    one = Work(lambda: None, lambda _: ran.append("a"), lambda _: None)
    other = Work(lambda: None, lambda _: ran.append("b"), lambda _: None)
    rounds.medians(1, one, other)
    assert "".join(ran) in {"abbaabba", "baabbaab"}


def test_waiting_takes_time_but_no_cpu() -> None:
    waiting = Work(lambda: None, lambda _: time.sleep(0.05), lambda _: None)
    (cost,) = rounds.medians(3, waiting)
    assert cost.wall > 0.049
    assert cost.cpu < cost.wall / 2
