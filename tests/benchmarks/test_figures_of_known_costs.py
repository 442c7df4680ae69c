"""Each figure says what it is named for: the right one divided by the right other one, of the right clock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast

import pytest

from benchmarks import receipts, rounds, workers
from benchmarks.answers import Shape
from benchmarks.drain import Queue, Span
from benchmarks.figures import import_ms, per_position_us, pools, sync_vs_floor, unchanged, worker
from benchmarks.stage import Stage
from benchmarks.workers import FLOOR, OURS, Workers
from tests.benchmarks.known_costs import Clocks

STAGE = cast(
    Stage,
    SimpleNamespace(
        stand_in=SimpleNamespace(answer=lambda **_: None),
        parts=SimpleNamespace(database=None),
        environ={"REDIS_URL": ""},
    ),
)


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> Clocks:
    clocks = Clocks()
    monkeypatch.setattr(rounds, "time", clocks)
    return clocks


def test_a_sync_is_told_in_times_of_the_floor(clocks: Clocks, monkeypatch: pytest.MonkeyPatch) -> None:
    turns = SimpleNamespace(changed=clocks.work(0.012, 0.020), floor=clocks.work(0.004, 0.010))
    monkeypatch.setattr(sync_vs_floor, "linked", lambda *_: turns)
    report = sync_vs_floor.take(STAGE, 2)
    assert report.keys == {"sync_vs_floor": {"cpu": 3.0, "wall": 2.0}}
    assert [line.value for line in report.lines] == pytest.approx([3, 2, 12, 4, 20, 10])


def test_unchanged_syncs_are_told_in_times_of_a_changed_ones_cpu(
    clocks: Clocks, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns = SimpleNamespace(
        changed=clocks.work(0.010, 0.016),
        first_unchanged=clocks.work(0.009, 0.004),
        unchanged=clocks.work(0.005, 0.002),
    )
    written = {id(turns.changed): 102, id(turns.first_unchanged): 3, id(turns.unchanged): 4}
    monkeypatch.setattr(unchanged, "linked", lambda *_: turns)
    monkeypatch.setattr(unchanged, "rows_written", lambda _, work: written[id(work)])
    report = unchanged.take(STAGE, 2)
    assert report.keys == {
        "unchanged_rows_written": 7,
        "unchanged_vs_changed": 0.5,
        "first_unchanged_vs_changed": 0.9,
    }
    assert [line.value for line in report.lines] == pytest.approx([7, 102, 0.5, 0.9, 5, 9])


def test_a_further_position_is_the_growth_of_the_cpu_over_the_positions_between(
    clocks: Clocks, monkeypatch: pytest.MonkeyPatch
) -> None:
    few, many = Shape(2, 5), Shape(2, 505)
    of = {
        few: SimpleNamespace(changed=clocks.work(0.010, 0.5), floor=clocks.work(0.004, 0.5)),
        many: SimpleNamespace(changed=clocks.work(0.060, 9.0), floor=clocks.work(0.014, 9.0)),
    }
    monkeypatch.setattr(per_position_us, "MANY", many)
    monkeypatch.setattr(per_position_us, "linked", lambda _, shape: of[shape])
    report = per_position_us.take(STAGE, 2)
    assert report.keys == {"per_position_us": 50.0}
    assert [line.value for line in report.lines] == pytest.approx([50, 10])


def test_the_start_of_a_program_is_the_median_of_its_own_times(monkeypatch: pytest.MonkeyPatch) -> None:
    clocks = Clocks()

    def run(command: Sequence[str], **_: object) -> None:
        for sign, seconds in (("worker.app", 0.3), ("--help", 0.2)):
            if sign in command[-1]:
                clocks.wall += seconds
        clocks.wall += 0.1

    monkeypatch.setattr(import_ms, "time", clocks)
    monkeypatch.setattr(import_ms, "subprocess", SimpleNamespace(run=run, DEVNULL=None))
    report = import_ms.take(STAGE, 2)
    assert report.keys == {"import_ms": {"worker_app": 400, "brokersync_help": 300}}
    assert [line.value for line in report.lines] == [400, 300, 100]


@dataclass
class AtWork:
    """Both workers: ours has used 1 s of CPU before, and 10 ms more for each sync; the floor's half of that."""

    ran: list[str]

    def cpu_seconds(self, app: str) -> float:
        syncs = self.ran.count(app) * worker.LOGINS
        return {OURS: 1 + syncs * 0.010, FLOOR: 0.5 + syncs * 0.005}[app]

    def resident_mb(self, app: str) -> float:
        return {OURS: 134.2, FLOOR: 120.0}[app]


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Who worked off a queue, in order: ours 60 a second, then 80, then 90; the floor 100 a second."""
    ran: list[str] = []
    speeds = iter([60.0, 80.0, 90.0] * len(pools.POOLS))

    def ours(_: Queue, pause: float = 0.0) -> Span:
        ran.append(OURS if not pause else "with pauses")
        return Span(100, 0, 100 / next(speeds)) if not pause else Span(1, 0, 1)

    def floor(_: Queue) -> Span:
        ran.append(FLOOR)
        return Span(100, 0, 1)

    @contextmanager
    def running(*_: object) -> Iterator[Workers]:
        yield cast(Workers, AtWork(ran))

    @contextmanager
    def noted(_: str) -> Iterator[dict[Any, float]]:
        yield {}

    monkeypatch.setattr(Queue, "ours", ours)
    monkeypatch.setattr(Queue, "floor", floor)
    monkeypatch.setattr(workers, "running", running)
    for module in (worker, pools):
        monkeypatch.setattr(module, "filled", lambda stage, both, *_: Queue(stage, both, []))
    monkeypatch.setattr(receipts, "noted", noted)
    monkeypatch.setattr(receipts, "delays_ms", lambda *_: [float(each) for each in range(1, 100)])
    return ran


def test_the_worker_is_told_in_times_of_the_floor(ran: list[str]) -> None:
    report = worker.take(STAGE, 3)
    assert report.keys == {
        "worker_vs_floor": {"ratio": 0.8, "syncs_per_s": 80.0},
        "worker_rss_mb": 134,
        "commit_to_message_ms": {"p50": 50.0, "p99": 99.0},
    }
    assert [line.value for line in report.lines] == pytest.approx([0.8, 80, 100, 10, 5, 134.2, 50, 99])
    assert ran[-1] == "with pauses"


def test_each_pool_has_the_worker_and_the_floor_in_it(ran: list[str]) -> None:
    found = pools.take(STAGE, 3).keys["pools"]
    assert found == {
        str(pool): {"syncs_per_s": 80.0, "rss_mb": 134, "floor_per_s": 100.0, "floor_rss_mb": 120}
        for pool in pools.POOLS
    }


def test_who_works_off_its_queue_first_changes_from_round_to_round(ran: list[str]) -> None:
    queue = Queue(STAGE, cast(Workers, None), [])
    assert queue.turns(3) == [pytest.approx(pair) for pair in ((60, 100), (80, 100), (90, 100))]
    assert ran in ([OURS, FLOOR, FLOOR, OURS, OURS, FLOOR], [FLOOR, OURS, OURS, FLOOR, FLOOR, OURS])
