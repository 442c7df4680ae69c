"""Works whose cost is known, on clocks that only they move."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.rounds import Cost, Work

NOT_MEASURED = Cost(1000.0, 5000.0)


@dataclass
class Clocks:
    """Stands in for the module `time`. Before and after each work something dear happens that is not to be measured."""

    cpu: float = 0.0
    wall: float = 0.0

    def process_time(self) -> float:
        return self.cpu

    def perf_counter(self) -> float:
        return self.wall

    def spend(self, cost: Cost) -> None:
        self.cpu += cost.cpu
        self.wall += cost.wall

    def work(self, cpu: float, wall: float) -> Work:
        """Seconds of each run."""
        return Work(
            lambda: self.spend(NOT_MEASURED),
            lambda _: self.spend(Cost(cpu, wall)),
            lambda _: self.spend(NOT_MEASURED),
        )
