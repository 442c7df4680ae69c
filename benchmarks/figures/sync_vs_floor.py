"""One in-process sync of 2 accounts × 50 positions, every price moved, against the floor on the same answers."""

from __future__ import annotations

from benchmarks.answers import Shape
from benchmarks.report import Line, Report
from benchmarks.rounds import compared
from benchmarks.stage import Stage
from benchmarks.turns import linked

SHAPE = Shape(2, 50)
ROUNDS = 150
AIM = 1.5


def take(stage: Stage, rounds: int | None) -> Report:
    turns = linked(stage, SHAPE)
    ours, floor, times = compared(rounds or ROUNDS, turns.changed, turns.floor)
    return Report(
        {"sync_vs_floor": {"cpu": round(times.cpu, 2), "wall": round(times.wall, 2)}},
        [
            Line("CPU of a sync, floor = 1", times.cpu, "×", AIM),
            Line("wall time of a sync, floor = 1", times.wall, "×", AIM),
            Line("CPU of a sync", ours.cpu * 1000, "ms"),
            Line("CPU of the floor", floor.cpu * 1000, "ms"),
            Line("wall time of a sync", ours.wall * 1000, "ms"),
            Line("wall time of the floor", floor.wall * 1000, "ms"),
        ],
        [f"{SHAPE.accounts} accounts × {SHAPE.positions} positions, every price moved; CPU is this process's alone"],
    )
